// Collects a client and lines, lets the handler create a draft invoice of them, and leads to its page.

import { type CallAnswer, CallFailed, connect } from "@deskhand/extension-sdk/ui";
import { type Choice, Picker } from "./parts/picker.ts";
import { keepOrder, showOrders } from "./parts/standing.ts";

interface ClientChoice extends Choice {
  currency: string;
}

interface ServiceChoice extends Choice {
  prices: { currency: string; amount: number }[];
}

interface Invoice {
  invoiceId: string;
  invoiceNumber: string | null;
  subtotal: number;
  tax: number;
  total: number;
  currencyCode: string;
  minorUnitExponent: number;
  url: string;
}

type Result =
  | { success: true; invoice: Invoice }
  | { success: false; error: string; fieldErrors?: Record<string, string> };

const find = <T extends Element>(selector: string, within: ParentNode = document): T => {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`nothing on the page is ${selector}`);
  return found;
};

const page = await connect();
const form = find<HTMLFormElement>("#form");
const done = find<HTMLElement>("#done");
const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
const client = new Picker<ClientChoice>("client", (text) => found("/clients", text), () => {});
const services = new WeakMap<Element, Picker<ServiceChoice>>();
let key = newKey();
let created: Invoice | null = null;

async function start(): Promise<void> {
  client.input.id = "client";
  find("#client-place").replaceChildren(...client.parts);
  addLine();
  find("#add").addEventListener("click", () => addLine().focus());
  find("#open").addEventListener("click", () => created && page.navigate(new URL(created.url, location.href).pathname));
  find("#again").addEventListener("click", again);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void create();
  });
  find<HTMLButtonElement>("#create").disabled = false; // nobody listened before
  const here = page.place.on?.kind === "client" ? page.place.on.id : "";
  const [mine] = here ? await found<ClientChoice>("/clients", "", here) : [];
  if (mine) client.pick(mine);
  else client.input.value = here;
  await showOrders(page, here);
}

/** What the handler finds; nothing, and the reason on top, where it may not look. */
async function found<T>(path: string, text: string, id = ""): Promise<T[]> {
  try {
    const answer = await page.call(`${path}?${new URLSearchParams(id ? { id } : { text })}`);
    if (answer.status === 200) return answer.json<{ items: T[] }>().items;
    if (answer.status !== 403) complain({ success: false, error: `${path} answered ${answer.status}` });
  } catch (failed) {
    complain({ success: false, error: words(failed) });
  }
  return [];
}

function addLine(): HTMLElement {
  const line = find<HTMLElement>(".line", find<HTMLTemplateElement>("#line").content.cloneNode(true) as DocumentFragment);
  const service = new Picker<ServiceChoice>("service", (text) => found("/services", text), (choice) => fill(line, choice));
  services.set(line, service);
  find(".service-place", line).replaceChildren(...service.parts);
  for (const field of line.querySelectorAll(".field")) {
    const input = find<HTMLElement>("input, select", field);
    input.id = `field-${crypto.getRandomValues(new Uint32Array(1))}`;
    find<HTMLLabelElement>("label", field).htmlFor = input.id;
  }
  find(".remove", line).addEventListener("click", () => lines().length > 1 && line.remove());
  find("#lines").append(line);
  return service.input;
}

/** A service brings its name and list price into fields that are empty. */
function fill(line: HTMLElement, { name, prices }: ServiceChoice): void {
  const description = find<HTMLInputElement>("[name=description]", line);
  const rate = find<HTMLInputElement>("[name=rate]", line);
  const price = prices.find(({ currency }) => !client.choice || currency === client.choice.currency);
  description.value ||= name;
  if (price) rate.value ||= (price.amount / 10 ** decimals(price.currency)).toFixed(decimals(price.currency));
}

/** How many decimals a currency has. */
const decimals = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

const lines = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".line")];
const typed = (name: string, within: ParentNode): string => find<HTMLInputElement>(`[name=${name}]`, within).value.trim();

/** A price as people write it, in minor units; NaN where it is none. */
function minorUnits(text: string): number {
  const places = decimals(client.choice?.currency ?? "EUR");
  const [, whole, part = ""] = /^(\d{1,9})(?:[.,](\d+))?$/.exec(text) ?? [];
  return whole === undefined || part.length > places ? Number.NaN : Number(whole + part.padEnd(places, "0"));
}

async function create(): Promise<void> {
  const button = find<HTMLButtonElement>("#create");
  const items = lines().map((line) => ({
    serviceId: services.get(line)?.id ?? "",
    description: typed("description", line),
    quantity: typed("quantity", line).replace(",", "."),
    rate: minorUnits(typed("rate", line)),
  }));
  button.disabled = true;
  try {
    const order = { clientId: client.id, items };
    show(await page.call("/create-invoice", { body: { ...order, idempotencyKey: key } }));
    const monthly = find<HTMLInputElement>("#monthly");
    if (created && monthly.checked) {
      await keepOrder(page, order);
      monthly.checked = false;
    }
  } catch (failed) {
    complain({ success: false, error: words(failed) });
  } finally {
    button.disabled = false;
  }
}

const words = (failed: unknown): string => (failed instanceof CallFailed ? failed.message : String(failed));

function show(answer: CallAnswer): void {
  const result = answer.headers["content-type"]?.startsWith("application/json") ? answer.json<Result>() : undefined;
  if (!result?.success) {
    complain(result ?? { success: false, error: `the handler answered ${answer.status}` });
    return;
  }
  created = result.invoice;
  const { invoiceNumber, subtotal, tax, total, currencyCode, minorUnitExponent } = created;
  const money = new Intl.NumberFormat(page.place.locale, { style: "currency", currency: currencyCode });
  const amount = (minor: number): string => money.format(minor / 10 ** minorUnitExponent);
  const rows = { Number: invoiceNumber ?? "when it is final", Subtotal: amount(subtotal), Tax: amount(tax), Total: amount(total) };
  find("#sums").replaceChildren(...Object.entries(rows).map(([name, value]) => pair(name, value)));
  form.hidden = true;
  done.hidden = false;
  find<HTMLElement>("#open").focus();
  page.toast(`Draft invoice over ${amount(total)} created`);
}

function pair(name: string, value: string): HTMLElement {
  const row = document.createElement("div");
  row.append(
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: value }),
  );
  return row;
}

/** What helps more than the handler's words, which are for programs. */
const HINTS: Record<string, string> = {
  clientId: "Pick a client from the list.",
  serviceId: "Pick a service from the list.",
  rate: "Write a price such as 95.00.",
};

/** Each word beside its field: `clientId`, `items[0].quantity`; what belongs to none, on top. */
function complain(result: Result & { success: false }): void {
  const left = { ...result.fieldErrors };
  const say = (place: Element, path: string): void => {
    const words = left[path] && (HINTS[path.replace(/.*\./, "")] ?? left[path]);
    delete left[path];
    const error = place.matches(".error") ? (place as HTMLElement) : find<HTMLElement>(".error", place);
    error.textContent = words ?? "";
    error.hidden = words === undefined;
    place.querySelector("input, select")?.setAttribute("aria-invalid", String(words !== undefined));
  };
  say(find("[data-field=clientId]"), "clientId");
  say(find("[data-field=items]"), "items");
  for (const [index, line] of lines().entries()) {
    for (const field of line.querySelectorAll<HTMLElement>("[data-field]")) say(field, `items[${index}].${field.dataset["field"]}`);
  }
  const problem = find<HTMLElement>("#problem");
  const others = Object.values(left);
  problem.hidden = others.length === 0 && result.fieldErrors !== undefined;
  problem.textContent = others.length > 0 ? others.join(" ") : result.error;
  document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

function again(): void {
  key = newKey();
  created = null;
  find("#lines").replaceChildren();
  addLine();
  done.hidden = true;
  form.hidden = false;
}

await start();
