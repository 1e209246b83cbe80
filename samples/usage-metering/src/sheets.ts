// What is kept: for each month a namespace, and in it a sheet of readings for each client.

import { host, HostRefusal } from "@deskhand/extension-sdk";
import type { Reading } from "./readings.ts";

const AT_ONCE = 100;
const TRIES = 3;

/** By the reading's id. */
export type Sheet = Record<string, { serviceId: string; name: string; day: string; quantity: string }>;

export interface FoundSheet {
  month: string;
  clientId: string;
  sheet: Sheet;
  revision: number;
}

/** The sheets of these clients that there are. */
export function sheetsOf(month: string, clientIds: readonly string[]): FoundSheet[] {
  const found: FoundSheet[] = [];
  for (let from = 0; from < clientIds.length; from += AT_ONCE) {
    for (const { key, value, revision } of host.storage.getMany(month, clientIds.slice(from, from + AT_ONCE))) {
      found.push({ month, clientId: key, sheet: JSON.parse(value) as Sheet, revision });
    }
  }
  return found;
}

/** Put readings on their sheets, all or none; one with a known id takes the place of the one before. */
export function keep(readings: readonly Reading[]): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      host.storage.putMany({
        items: withReadings(readings).map(({ month, clientId, sheet, revision }) => ({
          namespace: month,
          key: clientId,
          value: JSON.stringify(sheet),
          ifRevision: revision,
        })),
      });
      return;
    } catch (error) {
      // Somebody else wrote on one of the sheets since we read it: read again.
      const met = error instanceof HostRefusal && error.message.startsWith("storage_conflict");
      if (!met || attempt === TRIES) throw error;
    }
  }
}

/** Take away the sheets of these months; returns how many there were. */
export function forget(months: readonly string[]): number {
  let gone = 0;
  for (const namespace of months) {
    for (let keys = keysOf(namespace); keys.length > 0; keys = keysOf(namespace)) {
      gone += host.storage.deleteMany(namespace, keys);
    }
  }
  return gone;
}

const keysOf = (namespace: string): string[] => host.storage.list({ namespace, limit: AT_ONCE }).items.map(({ key }) => key);

function withReadings(readings: readonly Reading[]): FoundSheet[] {
  const sheets = new Map<string, FoundSheet>();
  for (const [month, mine] of grouped(readings, ({ day }) => day.slice(0, 7))) {
    const clientIds = [...new Set(mine.map(({ clientId }) => clientId))];
    for (const clientId of clientIds) sheets.set(`${month} ${clientId}`, { month, clientId, sheet: {}, revision: 0 });
    for (const found of sheetsOf(month, clientIds)) sheets.set(`${month} ${found.clientId}`, found);
    for (const { id, clientId, ...reading } of mine) sheets.get(`${month} ${clientId}`)!.sheet[id] = reading;
  }
  return [...sheets.values()];
}

function grouped<T>(list: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one]);
  return groups;
}
