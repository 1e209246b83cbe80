// Shows the latest report and how the days before went; as a card of the overview, only its numbers.

import { CallFailed, connect } from "@deskhand/extension-sdk/ui";
import type { Report } from "../src/shape.ts";

const DAYS = 20;

const find = <T extends Element>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`nothing on the page is ${selector}`);
  return found;
};

const page = await connect();
const number = new Intl.NumberFormat(page.place.locale);
const date = new Intl.DateTimeFormat(page.place.locale, { day: "numeric", month: "short", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat(page.place.locale, { dateStyle: "medium", timeStyle: "short" });

document.body.classList.toggle("small", page.place.slot === "dashboard_widget");
find<HTMLButtonElement>("#make").addEventListener("click", () => void make());
await look();

async function make(): Promise<void> {
  const button = find<HTMLButtonElement>("#make");
  button.disabled = true;
  try {
    const { status, json } = await page.call("/report", { method: "POST" });
    await look();
    if (status !== 200) complain(`The report was made but not sent: ${json<{ problem?: string }>().problem ?? status}`);
    else page.toast("A new report is there");
  } catch (failed) {
    complain(words(failed));
  } finally {
    button.disabled = false;
  }
}

async function look(): Promise<void> {
  complain("");
  try {
    const answer = await page.call("/reports");
    if (answer.status === 200) show(answer.json<{ reports: Report[] }>().reports);
    else complain(`The reports cannot be read: ${answer.status}`);
  } catch (failed) {
    complain(words(failed));
  }
}

function show(reports: readonly Report[]): void {
  const latest = reports.at(-1);
  find<HTMLElement>("#none").hidden = latest !== undefined;
  find<HTMLElement>("#report").hidden = latest === undefined;
  if (!latest) return;
  find("#numbers").replaceChildren(
    tile("Open tickets", latest.open),
    tile("New in a week", latest.fresh),
    tile("Overdue", latest.overdue, latest.overdue > 0),
    tile("Left behind", latest.stale, latest.stale > 0),
  );
  const most = Math.max(1, ...reports.map(({ open }) => open));
  const days = find("#days");
  days.replaceChildren(...reports.slice(-DAYS).map((one) => bar(one, most)));
  days.scrollLeft = days.scrollWidth;
  find("#waiting").replaceChildren(...latest.waiting.map(({ id, name, open }) => line(name, number.format(open), `/clients/${id}`)));
  find<HTMLElement>("#none-overdue").hidden = latest.mostOverdue.length > 0;
  find("#overdue").replaceChildren(
    ...latest.mostOverdue.map((one) => line(`#${one.number} ${one.title}`, date.format(new Date(one.dueOn)), `/tickets/${one.id}`)),
  );
  find("#made").textContent = `Made ${moment.format(new Date(latest.madeAt))}, of ${number.format(latest.clients)} active clients.`;
}

function tile(name: string, count: number, bad = false): HTMLElement {
  const row = document.createElement("div");
  const value = Object.assign(document.createElement("dd"), { textContent: number.format(count) });
  value.classList.toggle("bad", bad);
  row.append(Object.assign(document.createElement("dt"), { textContent: name }), value);
  return row;
}

function line(name: string, aside: string, path: string): HTMLElement {
  const row = document.createElement("li");
  const link = Object.assign(document.createElement("button"), { type: "button", textContent: name, title: name });
  link.addEventListener("click", () => page.navigate(path));
  row.append(link, Object.assign(document.createElement("span"), { textContent: aside }));
  return row;
}

/** A bar with its number above and its day below; the highest number has the highest bar. */
function bar({ day, open }: Report, most: number): HTMLElement {
  const column = document.createElement("li");
  const stick = document.createElement("i");
  stick.style.blockSize = `${Math.max(1, Math.round((open / most) * 48))}px`;
  column.append(
    Object.assign(document.createElement("span"), { textContent: number.format(open) }),
    stick,
    Object.assign(document.createElement("time"), { dateTime: day, textContent: date.format(new Date(day)) }),
  );
  return column;
}

const words = (failed: unknown): string => (failed instanceof CallFailed ? failed.message : String(failed));

function complain(text: string): void {
  const problem = find<HTMLElement>("#problem");
  problem.textContent = text;
  problem.hidden = text === "";
}
