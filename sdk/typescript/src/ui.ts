/// <reference lib="dom" />
/**
 * The browser side of an extension: what a page of the bundle imports from `@deskhand/extension-sdk/ui`.
 *
 * The page stands in a sandboxed frame at an origin of its own, without network. It asks the page around it over a message
 * port: `const page = await connect()`.
 */

export type Theme = "light" | "dark";
export type Slot = "app" | "ticket_panel" | "client_tab" | "invoice_action" | "dashboard_widget" | "settings";

/** What the page around says when it lets this one in. */
export interface Place {
  readonly slot: Slot;
  /** The install that this page belongs to. */
  readonly installId: string;
  /** BCP 47, the language of who looks at it. */
  readonly locale: string;
  /** What it is shown beside, if it is: the ticket, client or invoice. */
  readonly on: { readonly kind: "ticket" | "client" | "invoice"; readonly id: string } | null;
}

export interface CallOptions {
  /** `GET` unless given, `POST` with a body. */
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Text as it is; anything else is sent as JSON. */
  body?: unknown;
  /** The same key is carried out once, however often it is sent. */
  idempotencyKey?: string;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body read as JSON. Throws a `SyntaxError` when it is none. */
  json<T = unknown>(): T;
}

/** No answer: the server cannot be reached, or the call may not be made. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

type Sent =
  | { type: "call"; id: number; method: string; path: string; headers: Record<string, string>; body?: string }
  | { type: "resize"; height: number }
  | { type: "navigate"; path: string }
  | { type: "toast"; text: string };

type Got =
  | { type: "theme"; theme: Theme }
  | { type: "answer"; id: number; error: string }
  | { type: "answer"; id: number; status: number; headers: Record<string, string>; body: string };

type Welcome = Place & { deskhand: 1; type: "welcome"; nonce: string; theme: Theme };

const ASK_AGAIN_MS = 150;
const GIVE_UP_MS = 15_000;

/** Speak to the page around; once, when the page starts. From then on this one is as high as its content and has its theme. */
export function connect(): Promise<Page> {
  if (window.parent === window) {
    return Promise.reject(new Error("this page belongs in a frame of Deskhand"));
  }
  const nonce = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  const around = new URL(location.href).origin; // the frame's address is ours, though its origin is opaque
  return new Promise((resolve, reject) => {
    const ask = (): void => window.parent.postMessage({ deskhand: 1, type: "ready", nonce }, around);
    const asking = setInterval(ask, ASK_AGAIN_MS);
    const givingUp = setTimeout(() => end(() => reject(new Error("the page around does not answer"))), GIVE_UP_MS);
    const hear = (event: MessageEvent<Welcome>): void => {
      const [port] = event.ports;
      const ours = event.source === window.parent && event.origin === around && event.data?.deskhand === 1;
      if (ours && event.data.type === "welcome" && event.data.nonce === nonce && port) {
        end(() => resolve(new Page(port, event.data)));
      }
    };
    const end = (last: () => void): void => {
      clearInterval(asking);
      clearTimeout(givingUp);
      removeEventListener("message", hear);
      last();
    };
    addEventListener("message", hear);
    ask();
  });
}

/** The page around, as this one may use it. */
export class Page {
  readonly place: Place;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, { resolve: (answer: CallAnswer) => void; reject: (reason: CallFailed) => void }>();
  readonly #listeners = new Set<(theme: Theme) => void>();
  #theme: Theme = "light";
  #last = 0;

  constructor(port: MessagePort, welcome: Welcome) {
    this.#port = port;
    this.place = { slot: welcome.slot, installId: welcome.installId, locale: welcome.locale, on: welcome.on };
    port.onmessage = (event: MessageEvent<Got>) => this.#hear(event.data);
    this.#wear(welcome.theme);
    new ResizeObserver(() => this.resize()).observe(document.documentElement);
    this.resize();
  }

  get theme(): Theme {
    return this.#theme;
  }

  /** Call the extension's own handler, as who is signed in. Any status is an answer. Rejects with `CallFailed`. */
  call(path: string, options: CallOptions = {}): Promise<CallAnswer> {
    const { body, idempotencyKey } = options;
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = typeof body === "string" ? "text/plain" : "application/json";
    if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const method = options.method ?? (body === undefined ? "GET" : "POST");
      this.#send({ type: "call", id, method, path, headers, ...(text === undefined ? {} : { body: text }) });
    });
  }

  /** Make the frame this high, in CSS pixels; as high as the content unless given. */
  resize(height = document.documentElement.getBoundingClientRect().height): void {
    this.#send({ type: "resize", height });
  }

  /** Leave for a page of Deskhand: `/invoices/…`. Only at a click or key of the person. */
  navigate(path: string): void {
    this.#send({ type: "navigate", path });
  }

  /** A short message, shown with the extension's title; one a second, 200 characters. */
  toast(text: string): void {
    this.#send({ type: "toast", text });
  }

  /** Be told when the theme changes. Returns what ends it. */
  onTheme(listener: (theme: Theme) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #send(message: Sent): void {
    this.#port.postMessage(message);
  }

  #hear(message: Got): void {
    if (message.type === "theme") {
      this.#wear(message.theme);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ("error" in message) {
      waiting?.reject(new CallFailed(message.error));
    } else {
      const { status, headers, body } = message;
      waiting?.resolve({ status, headers, body, json: <T>() => JSON.parse(body) as T });
    }
  }

  /** `data-theme` for the page's own style sheet, `color-scheme` for what the browser draws. */
  #wear(theme: Theme): void {
    this.#theme = theme;
    document.documentElement.dataset["theme"] = theme;
    document.documentElement.style.colorScheme = theme;
    for (const listener of this.#listeners) listener(theme);
  }
}
