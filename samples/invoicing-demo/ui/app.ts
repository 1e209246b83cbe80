// Collects a client and lines, lets the handler create a draft invoice of them, and leads to its page.

import { type CallAnswer, CallFailed, connect } from "@deskhand/extension-sdk/ui";

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
let key = crypto.getRandomValues(new Uint32Array(4)).join("-");
let created: Invoice | null = null;

start();

function start(): void {
  const client = idField("client", page.place.on?.kind === "client" ? page.place.on.id : "");
  client.id = "client";
  find("#client-place").replaceChildren(client);
  addLine();
  find("#add").addEventListener("click", () => addLine().focus());
  find("#open").addEventListener("click", () => created && page.navigate(new URL(created.url, location.href).pathname));
  find("#again").addEventListener("click", again);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void create();
  });
}

function idField(name: string, id = ""): HTMLInputElement {
  return Object.assign(document.createElement("input"), { name, value: id });
}

function addLine(): HTMLElement {
  const line = find<HTMLElement>(".line", find<HTMLTemplateElement>("#line").content.cloneNode(true) as DocumentFragment);
  const service = idField("service");
  find(".service-place", line).replaceChildren(service);
  for (const field of line.querySelectorAll(".field")) {
    const input = find<HTMLElement>("input, select", field);
    input.id = `field-${crypto.getRandomValues(new Uint32Array(1))}`;
    find<HTMLLabelElement>("label", field).htmlFor = input.id;
  }
  find(".remove", line).addEventListener("click", () => lines().length > 1 && line.remove());
  find("#lines").append(line);
  return service;
}

const lines = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".line")];
const typed = (name: string, within: ParentNode): string => find<HTMLInputElement>(`[name=${name}]`, within).value.trim();

/** A price as people write it, in minor units of a currency with two decimals; NaN where it is none. */
function minorUnits(text: string): number {
  const [, whole, part = ""] = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text) ?? [];
  return whole === undefined ? Number.NaN : Number(whole) * 100 + Number(part.padEnd(2, "0"));
}

async function create(): Promise<void> {
  const button = find<HTMLButtonElement>("#create");
  const items = lines().map((line) => ({
    serviceId: typed("service", line),
    description: typed("description", line),
    quantity: typed("quantity", line).replace(",", "."),
    rate: minorUnits(typed("rate", line)),
  }));
  button.disabled = true;
  try {
    const body = { clientId: typed("client", form), items, idempotencyKey: key };
    show(await page.call("/create-invoice", { body }));
  } catch (failed) {
    complain({ success: false, error: failed instanceof CallFailed ? failed.message : String(failed) });
  } finally {
    button.disabled = false;
  }
}

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

/** Each word beside its field: `clientId`, `items[0].quantity`; what belongs to none, on top. */
function complain(result: Result & { success: false }): void {
  const left = { ...result.fieldErrors };
  const say = (place: Element, path: string): void => {
    const words = left[path];
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
  key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  created = null;
  find("#lines").replaceChildren();
  addLine();
  done.hidden = true;
  form.hidden = false;
}
