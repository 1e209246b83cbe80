// Edits the template's options and shows what an invoice looks like by them while they are typed; nothing is kept before Save.

import { CallFailed, connect } from "@deskhand/extension-sdk/ui";
import { draw, type Shown } from "./parts/drawing.ts";

interface Options {
  accent: string;
  paper: string;
  font_size: number;
  group: string;
  logo: string;
  thanks: string;
  sections: string[];
}

const TITLES: Record<string, string> = {
  head: "Letterhead", parties: "Client and seller", facts: "Dates and numbers", summary: "Sum of each contract", lines: "Lines",
  totals: "Taxes and totals", payment: "How to pay", thanks: "Last words", notes: "Notes",
};
const FIELDS = ["accent", "paper", "font_size", "group", "logo"] as const;
const PATIENCE_MS = 250;

const find = <T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T => {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`nothing on the page is ${selector}`);
  return found;
};
const field = (name: string): HTMLInputElement => find<HTMLInputElement>(`#${name}`);

const page = await connect();
const list = find("#sections");
let waiting = 0;
let asked = 0;

await start();

async function start(): Promise<void> {
  const answer = await page.call("/options");
  fill(answer.json<Options>());
  find("#form").addEventListener("input", soon);
  find("#form").addEventListener("submit", (event) => {
    event.preventDefault();
    void save();
  });
  find("#printed").addEventListener("click", () => page.navigate("/invoice-layouts"));
  await show();
}

function fill(options: Options): void {
  for (const name of FIELDS) field(name).value = String(options[name]);
  field("thanks").value = options.thanks;
  const left = Object.keys(TITLES).filter((name) => !options.sections.includes(name));
  list.replaceChildren(...options.sections.map((name) => row(name, true)), ...left.map((name) => row(name, false)));
}

function row(name: string, chosen: boolean): HTMLLIElement {
  const item = Object.assign(document.createElement("li"), { id: `section-${name}` });
  const title = TITLES[name] ?? name;
  const label = document.createElement("label");
  label.append(Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: chosen }), title);
  item.append(label, mover("↑", `${title}: up`, () => item.previousElementSibling?.before(item)));
  item.append(mover("↓", `${title}: down`, () => item.nextElementSibling?.after(item)));
  return item;
}

function mover(sign: string, says: string, move: () => void): HTMLButtonElement {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign, ariaLabel: says });
  button.addEventListener("click", () => {
    move();
    button.focus();
    soon();
  });
  return button;
}

/** The form as the handler reads it: lines of `name value`. */
function written(): string {
  const sections = [...list.querySelectorAll<HTMLInputElement>("input:checked")].map((one) => one.value);
  return [
    ...FIELDS.map((name) => `${name} ${field(name).value.replaceAll("\n", " ")}`),
    `sections ${sections.join(",")}`,
    ...field("thanks").value.split("\n").map((line) => `thanks ${line}`),
  ].join("\n");
}

function soon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => void show(), PATIENCE_MS);
}

async function show(): Promise<void> {
  asked += 1;
  const mine = asked;
  const answer = await sent("POST", "/preview");
  if (answer && mine === asked) draw(find("#preview"), answer as Shown, page.place.locale);
}

async function save(): Promise<void> {
  const answer = await sent("PUT", "/options");
  if (answer) {
    fill(answer as Options);
    page.toast("Saved. Drafts and new invoices are printed so; final ones stay as they are.");
  }
}

/** The answer to the form, or nothing and the problem in words. */
async function sent(method: "POST" | "PUT", path: string): Promise<unknown> {
  const problem = find("#problem");
  problem.hidden = true;
  try {
    const answer = await page.call(path, { method, body: written() });
    if (answer.status === 200) return answer.json();
    problem.textContent = answer.body;
  } catch (failed) {
    problem.textContent = failed instanceof CallFailed ? failed.message : String(failed);
  }
  problem.hidden = false;
  return undefined;
}
