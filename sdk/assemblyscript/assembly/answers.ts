/** What the host answers. */

import { JSON } from "json-as";
import { callHost } from "./host";

/** Nothing but that it was done. */
@json
export class Nothing {}

/** A value where `ok`; otherwise `error` is a code, a colon and a sentence, and `fieldErrors` say what is wrong with the input, by path. */
export class Answer<T> {
  constructor(
    public ok: bool,
    private found: string,
    public error: string,
    public fieldErrors: Map<string, string>,
  ) {}

  /** What the host gave; there is something only where `ok`. */
  get value(): T {
    assert(this.ok, this.error);
    return JSON.parse<T>(this.found);
  }

  /** Whether the host gave a value, and not null. */
  get some(): bool {
    return this.ok && this.found != "null";
  }
}

@json
class Refusal {
  error: string = "";
  field_errors: Map<string, string> = new Map<string, string>();
}

/** The host's answer begins like this when it is one; the rest up to the last brace is the value. */
const GIVEN = '{"success":true,"value":';

export function ask<T>(face: string, name: string, args: string): Answer<T> {
  const said = callHost(face, name, args);
  if (said.startsWith(GIVEN)) {
    return new Answer<T>(true, said.slice(GIVEN.length, -1), "", new Map<string, string>());
  }
  const refusal = JSON.parse<Refusal>(said);
  return new Answer<T>(false, "null", refusal.error, refusal.field_errors);
}
