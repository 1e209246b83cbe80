/** The exports besides the handler, between the host's records and JavaScript's own shapes. What an author throws becomes an error. */

import log from "deskhand:extension/log@1.0.0";
import * as authored from "deskhand:authored";
import { chargeOf } from "./charges.ts";
import type { InvoiceFacts } from "./layouts.ts";
import type { FieldErrors } from "./refusal.ts";
import { settled } from "./promises.ts";

interface RawEvent {
  id: string;
  name: string;
  occurredAt: string;
  payload: string;
}

export function onEvent(raw: RawEvent): void {
  answered(() => authored.onEvent({ ...raw, payload: JSON.parse(raw.payload) as Record<string, unknown> }));
}

export function collectCharges(window: { start: string; end: string; clientIds: string[] }): ReturnType<typeof chargeOf>[] {
  const errors: FieldErrors = {};
  const charges = answered(() => authored.collectCharges(window)).map((one, index) => chargeOf(one, `[${index}]`, errors));
  const words = Object.entries(errors).map(([field, message]) => `${field} ${message}`);
  return words.length > 0 ? refuse(`invalid charges: ${words.join("; ")}`) : charges;
}

export function renderInvoice(document: string): string {
  return JSON.stringify(answered(() => authored.renderInvoice(JSON.parse(document) as InvoiceFacts)));
}

function answered<T>(call: () => T | PromiseLike<T>): T {
  try {
    return settled(call());
  } catch (thrown) {
    log.error(thrown instanceof Error ? `${thrown}\n${thrown.stack ?? ""}` : `thrown: ${String(thrown)}`);
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The error of a result, as the component tool chain takes it. */
function refuse(words: string): never {
  throw Object.assign(new Error(words), { payload: words });
}
