// What a meter sends, checked: whatever comes in is a stranger's word.

import { host, HostRefusal, type ServiceRow } from "@deskhand/extension-sdk";
import { addDays, isDay } from "./months.ts";

const MOST = 50;

/** `id` is the meter's own name for it, one of a kind among the client's readings of a month. */
export interface Reading {
  id: string;
  clientId: string;
  serviceId: string;
  name: string;
  day: string;
  quantity: string;
}

/** What is wrong, by field path. */
export class Invalid extends Error {
  readonly fieldErrors: Record<string, string>;

  constructor(fieldErrors: Record<string, string>) {
    super("invalid_input: some fields need another value");
    this.fieldErrors = fieldErrors;
  }
}

type Sent = Partial<Record<"id" | "clientId" | "sku" | "day" | "quantity", unknown>>;

/** The readings of a body `{"readings": [{"id", "clientId", "sku", "day", "quantity"}]}`. Throws Invalid. */
export function readReadings(body: string): Reading[] {
  const errors: Record<string, string> = {};
  const itemOf = remembered(findItem);
  const isClient = remembered(hasClient);
  const readings = sentIn(body).map((sent, index) => {
    const text = (name: keyof Sent): string => String(sent[name] ?? "");
    const [id, clientId, day, quantity, item] = [text("id"), text("clientId"), text("day"), text("quantity"), itemOf(text("sku"))];
    const wrong = {
      id: /^.{1,100}$/.test(id) ? "" : "is 1 to 100 characters",
      clientId: isClient(clientId) ? "" : "is no client",
      sku: item ? "" : "is no active item of the catalog",
      day: isDay(day) ? tooEarly(day) : "is no day: write 2026-07-31",
      quantity: isQuantity(quantity) ? "" : "is a number above zero with at most four places",
    };
    for (const [field, words] of Object.entries(wrong)) if (words) errors[`readings[${index}].${field}`] = words;
    return { id, clientId, serviceId: item?.id ?? "", name: item?.name ?? "", day, quantity };
  });
  if (Object.keys(errors).length > 0) throw new Invalid(errors);
  return readings;
}

function sentIn(body: string): Sent[] {
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    throw new Invalid({ readings: "the body is no JSON" });
  }
  const list = (read as { readings?: unknown } | null)?.readings;
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST) {
    throw new Invalid({ readings: `is a list of 1 to ${MOST} readings` });
  }
  return list.map((one) => (typeof one === "object" && one !== null ? (one as Sent) : {}));
}

function findItem(sku: string): ServiceRow | undefined {
  return sku ? host.services.list({ sku, active: true, limit: 1 }).items[0] : undefined;
}

function hasClient(clientId: string): boolean {
  try {
    host.clients.get(clientId);
    return true;
  } catch (refused) {
    if (refused instanceof HostRefusal && /^(client_not_found|invalid_input)/.test(refused.message)) return false;
    throw refused;
  }
}

/** Nothing for a day that has begun somewhere on earth. */
function tooEarly(day: string): string {
  return day <= addDays(new Date().toISOString().slice(0, 10), 1) ? "" : "lies in the future";
}

function isQuantity(text: string): boolean {
  return /^\d{1,10}(\.\d{1,4})?$/.test(text) && Number(text) > 0;
}

/** Asks once for each text. */
function remembered<T>(ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (!known.has(text)) known.set(text, ask(text));
    return known.get(text) as T;
  };
}
