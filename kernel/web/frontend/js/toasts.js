// Toasts leave by themselves, later when they offer an undo, never while one is on them.
const settled = new WeakSet();

export function fadeToasts() {
  for (const toast of document.querySelectorAll("[data-toast]")) {
    if (settled.has(toast)) continue;
    settled.add(toast);
    toast.querySelector("[data-close-toast]")?.addEventListener("click", () => toast.remove());
    if (toast.dataset.toast === "stay") continue;
    const wait = toast.querySelector("form") ? 10_000 : 5_000;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2_000) : toast.remove());
    setTimeout(leave, wait);
  }
}

export function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast-box";
  toast.dataset.toast = "";
  toast.append(Object.assign(document.createElement("span"), { textContent: text }));
  document.getElementById("toasts")?.append(toast);
  fadeToasts();
}
