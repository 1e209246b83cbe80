/** How the host says no. */

export type FieldErrors = Record<string, string>;

export interface Failure {
  success: false;
  /** A code, a colon and a sentence: `capability_denied: grant cap:invoice.manual.create to this install`. */
  error: string;
  /** What is wrong, by field path: `clientId`, `items[0].quantity`. */
  fieldErrors?: FieldErrors;
}

/** Thrown by host functions that have nothing to give when the host says no. */
export class HostRefusal extends Error {
  readonly fieldErrors: FieldErrors;

  constructor(failure: Failure) {
    super(failure.error);
    this.name = "HostRefusal";
    this.fieldErrors = failure.fieldErrors ?? {};
  }
}

interface RawRefusal {
  error: string;
  fieldErrors: { field: string; message: string }[];
}

/** A refusal out of what a host function threw; anything else is thrown on. */
export function failureOf(thrown: unknown): Failure {
  const payload = (thrown as { payload?: RawRefusal } | null)?.payload;
  if (typeof payload?.error !== "string") {
    throw thrown;
  }
  const fieldErrors = Object.fromEntries(payload.fieldErrors.map(({ field, message }) => [field, message]));
  return { success: false, error: payload.error, ...(payload.fieldErrors.length > 0 ? { fieldErrors } : {}) };
}

/** What `call` gives, or a `HostRefusal`. */
export function orRefusal<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw new HostRefusal(failureOf(thrown));
  }
}
