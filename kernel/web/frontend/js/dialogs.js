// Dialogs, drawers, menus, confirmation, theme, copying.
import { cookie, words } from "./words.js";
import { say } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const open = (dialog) => { if (!dialog.open) dialog.showModal(); };

function openHelp() {
  const here = byId("help-here");
  here.replaceChildren();
  const seen = new Set();
  for (const one of document.querySelectorAll("[data-key]")) {
    if (seen.has(one.dataset.key) || !one.getClientRects().length) continue;
    seen.add(one.dataset.key);
    const [line, dt, dd] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    dt.append(Object.assign(document.createElement("kbd"), { textContent: one.dataset.key }));
    dd.textContent = one.ariaLabel || one.textContent.trim() || one.placeholder || one.labels?.[0]?.textContent || "";
    line.append(dt, dd);
    here.append(line);
  }
  open(byId("help"));
}

function setTheme(theme) {
  const root = document.documentElement;
  cookie("theme", theme);
  root.dataset.theme = theme;
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const one of document.querySelectorAll("[data-set-theme]")) one.ariaPressed = String(one.dataset.setTheme === theme);
}

const acts = {
  "data-dialog": (one) => open(byId(one.dataset.dialog)),
  "data-drawer": (one) => {
    const drawer = byId(one.dataset.drawer);
    if (drawer.tagName === "DIALOG") return open(drawer);
    drawer.classList.toggle("is-open");
    drawer.querySelector("a")?.focus();
  },
  "data-help": openHelp,
  "data-back": () => history.back(),
  "data-set-theme": (one) => setTheme(one.dataset.setTheme),
  "data-fold": () => cookie("nav", document.body.classList.toggle("nav-folded") ? "folded" : "open"),
  "data-group-head": (one) => {
    const name = one.parentElement.dataset.group.replaceAll(" ", "+");
    const others = (one.dataset.groupHead || "").split(".").filter((known) => known && known !== name);
    const open = one.parentElement.open ? others : [...others, name]; // the click has not changed it yet
    cookie("nav-open", open.join("."));
    for (const head of document.querySelectorAll("[data-group-head]")) head.dataset.groupHead = open.join(".");
  },
  "data-copy": async (one) => { await navigator.clipboard.writeText(one.dataset.copy); say(words().copied); },
};

document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(acts)) {
    const one = event.target.closest(`[${name}]`);
    if (one) { act(one); if (one.type === "button") event.preventDefault(); }
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const side = byId("side");
  if (side?.classList.contains("is-open") && !side.contains(event.target) && !event.target.closest("[data-drawer]")) side.classList.remove("is-open");
  if (event.target.tagName === "DIALOG") {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape") {
    byId("side")?.classList.remove("is-open");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  }
  if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const items = [...menu.querySelectorAll(".menu-item")];
    const at = items.indexOf(document.activeElement);
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
    event.preventDefault();
  }
});

// Ask first where there is no undo: the sentence names the thing and the consequence.
document.addEventListener("submit", (event) => {
  const [form, button] = [event.target, event.submitter];
  const asking = button?.dataset.confirm ? button : form;
  if (!asking.dataset?.confirm || form.dataset.sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = byId("confirm");
  byId("confirm-text").textContent = asking.dataset.confirm;
  const yes = byId("confirm-yes");
  yes.textContent = asking.dataset.confirmLabel;
  yes.className = `btn ${button?.classList.contains("is-danger") ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.sure = "1";
    form.requestSubmit(button);
    delete form.dataset.sure;
  }, { once: true });
  open(dialog);
}, true);
