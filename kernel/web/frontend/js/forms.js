// Repeated rows, one submission at a time, and a word before typed text is left behind.
import { words } from "./words.js";

const dirty = new Set();

document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-repeat-add]");
  const drop = event.target.closest("[data-repeat-drop]");
  const group = (add ?? drop)?.closest("[data-repeat]");
  if (!group) return;
  const rows = group.querySelector(".repeat-rows");
  if (drop) {
    const row = drop.closest(".repeat-row");
    (row.previousElementSibling ?? row.nextElementSibling)?.querySelector("input, select, textarea")?.focus();
    row.remove();
    return;
  }
  const next = Math.max(-1, ...[...rows.querySelectorAll("[name]")].map((one) => Number(one.name.split("-")[1]))) + 1;
  const html = group.querySelector("template").innerHTML.replaceAll(`${group.dataset.repeat}-N-`, `${group.dataset.repeat}-${next}-`);
  rows.insertAdjacentHTML("beforeend", html);
  rows.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
});

document.addEventListener("input", (event) => { if (event.target.form?.hasAttribute("data-guard")) dirty.add(event.target.form); });

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  dirty.delete(event.target);
  if (event.target.method === "dialog" || event.target.hasAttribute("hx-get")) return;
  const button = event.submitter;
  if (!button) return;
  setTimeout(() => { button.disabled = true; button.ariaBusy = "true"; });
  const again = () => { button.disabled = false; button.ariaBusy = "false"; };
  if (event.target.hasAttribute("hx-post")) event.target.addEventListener("htmx:afterRequest", again, { once: true });
  else setTimeout(again, 15_000);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const one of document.querySelectorAll("[aria-busy=true]")) one.disabled = false;
});
window.addEventListener("beforeunload", (event) => {
  if ([...dirty].some((form) => form.isConnected)) { event.preventDefault(); event.returnValue = words().leave; }
});
document.addEventListener("htmx:afterSwap", () => dirty.forEach((form) => { if (!form.isConnected) dirty.delete(form); }));
