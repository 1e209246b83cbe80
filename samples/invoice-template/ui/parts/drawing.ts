// Draws a layout roughly as it will be printed, with the facts of a sample. The real print is the host's.

export interface Shown {
  layout: { page: { accent: string }; blocks: Block[] };
  facts: Facts;
}

interface Facts {
  currency: string;
  exponent: number;
  client: Party;
  seller: Party;
  lines: Line[];
  taxes: { name: string; percent: string; tax: number }[];
  subtotal: number;
  total: number;
}

interface Party {
  name: string;
  address: string[];
}

interface Line {
  description: string;
  quantity: string;
  unit_price: number;
  net: number;
  contract: string;
}

interface Block {
  kind: string;
  text?: string;
  tone?: string;
  group_by?: string;
  image?: string;
  columns?: { show?: string; blocks?: Block[] }[];
}

type Draw = (block: Block, facts: Facts, money: (minor: number) => string) => HTMLElement;

const FACTS: Record<string, string> = { Date: "2 Nov 2026", "Due date": "16 Nov 2026", "Service period": "October 2026" };
const HEADS: Record<string, string> = { description: "Description", quantity: "Qty", unit_price: "Unit price", net: "Amount" };

const DRAWN: Record<string, Draw> = {
  letterhead: (block, facts) => beside([box("large", block.image ? "▣ logo" : facts.seller.name), box("large brand end", "Invoice INV-000042")]),
  client: (_, facts) => party("Bill to", facts.client),
  seller: (_, facts) => party("Seller", facts.seller),
  facts: () => rows(FACTS),
  text: (block, facts, money) => box(`words ${block.tone === "accent" ? "brand" : "muted"}`, filled(block.text ?? "", facts, money)),
  lines: (block, facts, money) => table(block, facts, money),
  taxes: (_, facts, money) => rows(Object.fromEntries(facts.taxes.map((one) => [`${one.name} ${one.percent} %`, money(one.tax)]))),
  totals: (_, facts, money) => rows({ Subtotal: money(facts.subtotal), Total: money(facts.total) }),
  payment: () => box("muted", "How to pay: your account, with a code that banking apps scan"),
  notes: () => box("muted", "The notes of the invoice"),
  spacer: () => box("", " "),
  columns: (block, facts, money) => beside((block.columns ?? []).map((one) => stack(one.blocks ?? [], facts, money))),
};

/** Show a layout in an element; whatever a text says stays text. */
export function draw(into: HTMLElement, { layout, facts }: Shown, locale: string): void {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: facts.currency });
  const money = (minor: number): string => format.format(minor / 10 ** facts.exponent);
  into.style.setProperty("--brand", layout.page.accent);
  into.replaceChildren(...layout.blocks.map((block) => drawn(block, facts, money)));
}

function drawn(block: Block, facts: Facts, money: (minor: number) => string): HTMLElement {
  return (DRAWN[block.kind] ?? (() => box("muted", block.kind)))(block, facts, money);
}

function stack(blocks: Block[], facts: Facts, money: (minor: number) => string): HTMLElement {
  return around("div", "", blocks.map((one) => drawn(one, facts, money)));
}

function table(block: Block, facts: Facts, money: (minor: number) => string): HTMLElement {
  const names = (block.columns ?? []).map((one) => one.show ?? "");
  const head = around("tr", "", names.map((name) => cell("th", HEADS[name] ?? name)));
  const body = grouped(facts.lines, block.group_by).flatMap(([title, lines]) => [
    ...(title ? [around("tr", "group", [cell("td", title)])] : []),
    ...lines.map((line) => around("tr", "", names.map((name) => cell("td", value(line, name, money))))),
  ]);
  return around("table", "", [around("thead", "", [head]), around("tbody", "", body)]);
}

function grouped(lines: Line[], by: string | undefined): [string, Line[]][] {
  if (by !== "contract") return [["", lines]];
  const names = [...new Set(lines.map((one) => one.contract))];
  return names.map((name) => [name || "Without a contract", lines.filter((one) => one.contract === name)]);
}

function value(line: Line, name: string, money: (minor: number) => string): string {
  const given = line[name as keyof Line];
  return typeof given === "number" ? money(given) : given;
}

function filled(text: string, facts: Facts, money: (minor: number) => string): string {
  const known: Record<string, string> = {
    "client.name": facts.client.name, "seller.name": facts.seller.name, "invoice.number": "INV-000042",
    "invoice.total": money(facts.total), "invoice.due": money(facts.total), "invoice.due_date": "16 Nov 2026",
  };
  return text.replaceAll(/\{([a-z_.]+)\}/g, (whole, name: string) => known[name] ?? whole);
}

const party = (label: string, one: Party): HTMLElement => box("words", [label, one.name, ...one.address].join("\n"));
const rows = (of: Record<string, string>): HTMLElement =>
  around("dl", "", Object.entries(of).flatMap(([name, said]) => [cell("dt", name), cell("dd", said)]));
const beside = (parts: HTMLElement[]): HTMLElement => around("div", "beside", parts);
const box = (look: string, text: string): HTMLElement => Object.assign(document.createElement("div"), { className: look, textContent: text });
const cell = (tag: string, text: string): HTMLElement => Object.assign(document.createElement(tag), { textContent: text });

function around(tag: string, look: string, parts: HTMLElement[]): HTMLElement {
  const made = Object.assign(document.createElement(tag), { className: look });
  made.append(...parts);
  return made;
}
