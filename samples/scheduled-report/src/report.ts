// What the report says, reckoned from the open tickets and the clients.

import { host, type TicketRow } from "@deskhand/extension-sdk";
import type { Report } from "./shape.ts";

const PAGE = 200;
/** Of the 200 host calls that a call has, these leave room for everything else. */
const MOST_PAGES = 75;
const DAY_MS = 86_400_000;
const LISTED = 10;

export function makeReport(now: Date, staleDays: number): Report {
  const day = now.toISOString().slice(0, 10);
  const open = all((cursor) => host.tickets.list({ isClosed: false, limit: PAGE, cursor }));
  const overdue = open.filter(({ dueOn }) => dueOn !== null && dueOn < day);
  const since = (days: number): number => now.getTime() - days * DAY_MS;
  return {
    day,
    madeAt: now.toISOString(),
    open: open.length,
    fresh: open.filter(({ createdAt }) => Date.parse(createdAt) >= since(7)).length,
    overdue: overdue.length,
    stale: open.filter(({ updatedAt }) => Date.parse(updatedAt) < since(staleDays)).length,
    clients: all((cursor) => host.clients.list({ status: "active", limit: PAGE, cursor })).length,
    waiting: byClient(open).slice(0, LISTED),
    mostOverdue: overdue.sort(longest).slice(0, LISTED).map(shortly),
  };
}

/** All items of a list that comes a page at a time. */
function all<T>(ask: (cursor: string | null) => { items: T[]; nextCursor: string | null }): T[] {
  const found: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, nextCursor } = ask(cursor);
    found.push(...items);
    if (nextCursor === null) return found;
    cursor = nextCursor;
  }
  host.log.warn(`counted the first ${found.length} only`);
  return found;
}

/** Those with the most open tickets first. */
function byClient(open: readonly TicketRow[]): Report["waiting"] {
  const counts = new Map<string, Report["waiting"][number]>();
  for (const { clientId: id, clientName: name } of open) counts.set(id, { id, name, open: (counts.get(id)?.open ?? 0) + 1 });
  return [...counts.values()].sort((one, other) => other.open - one.open || one.name.localeCompare(other.name));
}

const longest = (one: TicketRow, other: TicketRow): number => (one.dueOn! < other.dueOn! ? -1 : 1);

function shortly({ id, number, title, clientName, dueOn }: TicketRow): Report["mostOverdue"][number] {
  return { id, number, title, client: clientName, dueOn: dueOn! };
}
