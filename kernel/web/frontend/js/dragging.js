// Rows dragged to another place of their list; the list names the form that tells the server. Buttons do the same by keyboard.
let dragged = null;

const rowOf = (event) => event.target.closest?.("[data-drag]");
const below = (event, row) => event.clientY > row.getBoundingClientRect().top + row.offsetHeight / 2;
const unmark = () => document.querySelectorAll(".drop-before, .drop-after").forEach((one) => one.classList.remove("drop-before", "drop-after"));

document.addEventListener("dragstart", (event) => {
  dragged = rowOf(event) ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.drag);
});
document.addEventListener("dragover", (event) => {
  const row = rowOf(event);
  unmark();
  if (!dragged || !row || row === dragged || row.closest("[data-drop]") !== dragged.closest("[data-drop]")) return;
  event.preventDefault();
  row.classList.add(below(event, row) ? "drop-after" : "drop-before");
});
document.addEventListener("drop", (event) => {
  const row = rowOf(event);
  const form = document.getElementById(dragged?.closest("[data-drop]")?.dataset.drop);
  if (!form || !row || row === dragged) return;
  event.preventDefault();
  form.elements.key.value = dragged.dataset.drag;
  form.elements.near.value = row.dataset.drag;
  form.elements.side.value = below(event, row) ? "after" : "before";
  form.requestSubmit();
});
document.addEventListener("dragend", () => { dragged = null; unmark(); });
