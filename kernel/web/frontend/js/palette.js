// Ctrl-K: go to a page or a thing by its name.
import { Options, asker } from "./options.js";
import { words } from "./words.js";

const dialog = document.getElementById("palette");

function wire() {
  const input = dialog.querySelector("input");
  const go = (option, event) => {
    if (event.ctrlKey || event.metaKey) window.open(option.dataset.value, "_blank", "noopener");
    else location.href = option.dataset.value;
    dialog.close();
  };
  const options = new Options(input, dialog.querySelector("[role=listbox]"), go);
  const ask = asker("/palette", (html) => options.show(html, words().nothing));
  input.addEventListener("input", () => ask(input.value));
  input.addEventListener("keydown", (event) => options.key(event));
  const open = () => { input.value = ""; ask("", 0); dialog.showModal(); input.focus(); };
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) open(); });
}
if (dialog) wire();
