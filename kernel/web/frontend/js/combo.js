// The picker: a text field that searches by address and posts the id of what was chosen.
import { Options, asker } from "./options.js";
import { words } from "./words.js";

const made = new WeakMap();

function make(box) {
  const input = box.querySelector("[role=combobox]");
  const hidden = box.querySelector("input[type=hidden]");
  const list = box.querySelector("[role=listbox]");
  let shown = input.value;

  const open = (yes) => { list.hidden = !yes; input.setAttribute("aria-expanded", String(yes)); };
  const settle = (value, text) => {
    const changed = hidden.value !== value;
    hidden.value = value;
    hidden.setAttribute("value", value);
    input.value = shown = text;
    input.setCustomValidity("");
    open(false);
    if (changed) hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const options = new Options(input, list, (option) => settle(option.dataset.value, option.querySelector("span").textContent));
  const ask = asker(box.dataset.combo, (html) => { options.show(html, words().nothing); open(document.activeElement === input); });

  input.addEventListener("input", (event) => { event.stopPropagation(); ask(input.value); });
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("click", () => { if (list.hidden) ask(input.value === shown ? "" : input.value, 0); });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      if (event.key === "ArrowDown") { ask("", 0); event.preventDefault(); }
    } else if (event.key === "Escape") {
      input.value = shown;
      open(false);
      event.stopPropagation();
      event.preventDefault();
    } else options.key(event);
  });
  input.addEventListener("blur", () => {
    open(false);
    if (input.value.trim() === "") settle("", "");
    else input.value = shown; // what is not chosen from the list is not an answer
  });
  return true;
}

document.addEventListener("focusin", (event) => {
  const box = event.target.closest?.("[data-combo]");
  if (box && !made.has(box)) made.set(box, make(box));
});
