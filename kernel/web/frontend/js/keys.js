// Single keys, when nobody is typing: "/" search, "?" help, and whatever [data-key] on the page asks for.
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (event.key === "?") document.querySelector("[data-help]")?.click();
  else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) search.focus();
    else document.querySelector("[data-palette]")?.click();
  }
  else {
    const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key && one.getClientRects().length);
    if (!wanted) return;
    if (wanted.matches("input, textarea, select")) wanted.focus();
    else wanted.click();
  }
  event.preventDefault();
});
