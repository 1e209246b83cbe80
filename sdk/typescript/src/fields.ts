/** Reads what an author gave, and notes at its field what is wrong with it. */

import type { FieldErrors } from "./refusal.ts";

/** A text that has to be there. */
export function text(value: unknown, field: string, errors: FieldErrors): string {
  if (typeof value === "string") {
    return value;
  }
  errors[field] = value === undefined || value === null ? "is missing" : "must be text";
  return "";
}

/** A text, or null where there is none. */
export function optionalText(value: unknown, field: string, errors: FieldErrors): string | null {
  return value === undefined || value === null ? null : text(value, field, errors);
}

/** The shortest decimal text of a quantity: 0.1 + 0.2 has too many places and is refused, not rounded. */
export function quantityText(value: unknown, field: string, errors: FieldErrors): string {
  const shortest = typeof value === "number" ? String(value) : text(value, field, errors);
  if (!(field in errors) && !/^-?\d+(\.\d{1,4})?$/.test(shortest)) {
    errors[field] = `${shortest} is no decimal number with at most four places`;
  }
  return shortest;
}
