// The app's script: htmx for fragments, and small listeners on the document, so that swapped-in parts need no wiring.
import htmx from "htmx.org/dist/htmx.esm.js";
import "./combo.js";
import "./dialogs.js";
import "./dragging.js";
import "./forms.js";
import "./frames.js";
import "./keys.js";
import "./lists.js";
import "./palette.js";
import { words } from "./words.js";
import { fadeToasts, say } from "./toasts.js";

// Blank filters stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const [name, value] of [...event.detail.formData.entries()]) if (value === "") event.detail.formData.delete(name);
});
// Parts that refresh themselves rest while nobody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.hasAttribute("data-poll") && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:sendError", () => say(words().offline));
document.addEventListener("htmx:afterSwap", fadeToasts);

document.addEventListener("click", (event) => {
  const tab = event.target.closest(".tabs a");
  if (!tab) return;
  for (const one of tab.parentElement.children) one.removeAttribute("aria-current");
  tab.setAttribute("aria-current", "true");
});

// Relative times: the server writes them; they are corrected while the page stays open.
const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang.replace("en-XA", "en"), { numeric: "always" });
setInterval(() => {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const unit = units.find(([, length]) => Math.abs(seconds) >= length * 0.85);
    if (unit) time.textContent = ago.format(Math.round(seconds / unit[1]), unit[0]);
  }
}, 60_000);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  const root = document.documentElement;
  if (root.dataset.theme === "auto") root.dataset.bsTheme = event.matches ? "dark" : "light";
});
document.querySelector("[data-focus]")?.focus();
document.querySelector(".side [aria-current=page]")?.scrollIntoView({ block: "nearest" });
const tab = document.querySelector(".tabs [aria-current]");
if (tab) tab.parentElement.scrollLeft += tab.getBoundingClientRect().left - tab.parentElement.getBoundingClientRect().left - 16;
fadeToasts();
export default htmx;
