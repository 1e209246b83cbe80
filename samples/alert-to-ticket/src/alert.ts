// What monitoring sends, checked.

export interface Alert {
  /** What the alert is about: the same as long as it is the same trouble. */
  id: string;
  state: "firing" | "resolved";
  /** When, in UTC; an alert that comes twice has the same `at`. */
  at: string;
  title: string;
  details: string;
  severity: string;
  client: string;
}

/** What is wrong, by field. */
export class Invalid extends Error {
  readonly fieldErrors: Record<string, string>;

  constructor(fieldErrors: Record<string, string>) {
    super("invalid_input: some fields need another value");
    this.fieldErrors = fieldErrors;
  }
}

/** The alert of a body. Throws Invalid. */
export function readAlert(body: string): Alert {
  const sent = sentIn(body);
  const text = (name: keyof Alert): string => String(sent[name] ?? "").trim();
  const at = Date.parse(text("at"));
  const state = text("state");
  const wrong = {
    id: /^.{1,100}$/.test(text("id")) ? "" : "is 1 to 100 characters",
    state: state === "firing" || state === "resolved" ? "" : "is firing or resolved",
    at: Number.isNaN(at) ? "is no time: write 2026-07-31T09:30:00Z" : "",
    title: text("title") || state === "resolved" ? "" : "is missing",
    details: text("details").length > 10_000 ? "has more than 10,000 characters" : "",
  };
  const errors = Object.fromEntries(Object.entries(wrong).filter(([, words]) => words));
  if (Object.keys(errors).length > 0) throw new Invalid(errors);
  const words = { title: text("title"), details: text("details"), severity: text("severity"), client: text("client") };
  return { id: text("id"), state: state as Alert["state"], at: new Date(at).toISOString(), ...words };
}

function sentIn(body: string): Partial<Record<keyof Alert, unknown>> {
  try {
    const read = JSON.parse(body) as unknown;
    if (typeof read === "object" && read !== null && !Array.isArray(read)) return read;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Invalid({ body: "is no JSON object" });
}
