// A field that offers what is called like the words in it.

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly aside: string;
}

const PAUSE_MS = 150;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Picker<T extends Choice> {
  readonly input = document.createElement("input");
  readonly #list = document.createElement("datalist");
  readonly #known = new Map<string, T>();
  readonly #find: (text: string) => Promise<T[]>;
  readonly #picked: (choice: T) => void;
  #waiting = 0;

  /** `find` gives what is called so; `picked` hears of each choice. */
  constructor(name: string, find: (text: string) => Promise<T[]>, picked: (choice: T) => void) {
    this.#find = find;
    this.#picked = picked;
    this.#list.id = `list-${crypto.getRandomValues(new Uint32Array(1))}`;
    Object.assign(this.input, { name, autocomplete: "off", placeholder: "Type part of the name" });
    this.input.setAttribute("list", this.#list.id);
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("focus", () => void this.#offer(), { once: true });
  }

  /** What goes into the page. */
  get parts(): Node[] {
    return [this.input, this.#list];
  }

  /** What is picked, or else an id that was typed; empty where there is neither. */
  get id(): string {
    const text = this.input.value.trim();
    return this.choice?.id ?? (UUID.test(text) ? text : "");
  }

  get choice(): T | undefined {
    return this.#known.get(this.input.value.trim());
  }

  pick(choice: T): void {
    this.#know([choice]);
    this.input.value = label(choice);
    this.#picked(choice);
  }

  #typed(): void {
    clearTimeout(this.#waiting);
    if (this.choice) this.#picked(this.choice);
    else this.#waiting = window.setTimeout(() => void this.#offer(), PAUSE_MS);
  }

  async #offer(): Promise<void> {
    const text = this.input.value.trim();
    const found = await this.#find(text);
    if (this.input.value.trim() === text) this.#know(found);
  }

  #know(choices: readonly T[]): void {
    for (const one of choices) this.#known.set(label(one), one);
    this.#list.replaceChildren(...choices.map((one) => Object.assign(document.createElement("option"), { value: label(one) })));
  }
}

const label = ({ name, aside }: Choice): string => (aside ? `${name} (${aside})` : name);
