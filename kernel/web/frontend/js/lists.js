// Rows: click opens, Ctrl-click in a new tab; j/k walk, x chooses; the bulk bar shows while rows are chosen.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, summary, select") || getSelection().toString()) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.href = row.dataset.href;
});
document.addEventListener("auxclick", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && event.button === 1 && !event.target.closest("a, button")) window.open(row.dataset.href, "_blank", "noopener");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
  const links = [...document.querySelectorAll(".rows .row-link")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "j" || event.key === "k") links[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), links.length - 1)]?.focus();
  else if (event.key === "x" && at >= 0) links[at].closest("tr").querySelector(".pick input")?.click();
  else return;
  event.preventDefault();
});

function count(list) {
  const boxes = [...list.querySelectorAll("tbody .pick input")];
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = list.querySelector(".bulk");
  const all = list.querySelector("[data-bulk-all]");
  bar.hidden = chosen === 0;
  bar.querySelector("b").textContent = String(chosen);
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

document.addEventListener("change", (event) => {
  const list = event.target.closest(".list");
  if (!list?.querySelector(".bulk") || !event.target.closest(".pick")) return;
  event.stopPropagation();
  if (event.target.hasAttribute("data-bulk-all")) for (const box of list.querySelectorAll("tbody .pick input")) box.checked = event.target.checked;
  count(list);
});
document.addEventListener("click", (event) => {
  const list = event.target.closest("[data-bulk-clear]")?.closest(".list");
  if (!list) return;
  for (const box of list.querySelectorAll(".pick input")) box.checked = false;
  count(list);
});

// A table that is wider than its place scrolls sideways; one that fits keeps its head in view.
function fit() {
  for (const list of document.querySelectorAll(".list")) {
    const table = list.querySelector(".rows");
    list.classList.toggle("is-wide", Boolean(table) && table.offsetWidth > list.clientWidth + 1);
  }
}
document.addEventListener("htmx:afterSettle", fit);
addEventListener("resize", fit);
fit();

// Searching follows typing; the late "change" on leaving the field must not ask once more and undo a newer answer.
document.addEventListener("change", (event) => { if (event.target.matches("[data-search]")) event.stopImmediatePropagation(); }, true);

// A cell that is cut off says the whole when pointed at.
document.addEventListener("mouseover", (event) => {
  const cell = event.target.closest(".rows td > *");
  if (cell && cell.scrollWidth > cell.clientWidth && !cell.title) cell.title = cell.textContent;
});
