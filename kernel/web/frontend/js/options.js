// A list of options under a text field: arrow keys, Enter, mouse; the field keeps the focus and names the chosen one.
export class Options {
  constructor(input, list, choose) {
    Object.assign(this, { input, list, choose });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option, event);
    });
  }

  get all() { return [...this.list.querySelectorAll("[role=option]")]; }
  get chosen() { return this.list.querySelector("[aria-selected=true]"); }

  show(html, nothing) {
    this.list.innerHTML = html;
    this.all.forEach((option, index) => { option.id = `${this.list.id}-${index}`; });
    if (!this.all.length) this.list.innerHTML = `<li class="option-none"></li>`;
    if (!this.all.length) this.list.firstChild.textContent = nothing;
    this.mark(this.all[0]);
  }

  mark(option) {
    this.chosen?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const all = this.all;
    const at = all.indexOf(this.chosen);
    this.mark(all[(at + step + all.length) % all.length]);
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") this.move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && this.chosen) this.choose(this.chosen, event);
    else return false;
    event.preventDefault();
    return true;
  }
}

// Asks for options once typing pauses; a late answer to an old question is dropped.
export function asker(url, show) {
  let turn = 0;
  let timer;
  return (text, wait = 120) => {
    clearTimeout(timer);
    const mine = ++turn;
    timer = setTimeout(async () => {
      const address = `${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (mine === turn && answer?.ok) show(await answer.text());
      if (answer?.status === 401) location.reload();
    }, wait);
  };
}
