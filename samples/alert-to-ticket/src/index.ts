// Opens a ticket when monitoring raises an alert. The same alert has one ticket as long as that is open, however often it comes.

import { host, HostRefusal, json, type Request, type Response } from "@deskhand/extension-sdk";
import { type Alert, Invalid, readAlert } from "./alert.ts";
import { type Kept, read, write } from "./kept.ts";

const TRIES = 3;

/** `POST /alert`, the only endpoint. */
export function handler(request: Request): Response {
  try {
    return answer(note(readAlert(request.body)));
  } catch (refused) {
    if (!(refused instanceof Invalid || refused instanceof HostRefusal)) throw refused;
    host.log.warn(refused.message);
    return json({ error: refused.message, fieldErrors: refused.fieldErrors }, 422);
  }
}

function answer(kept: Kept | null): Response {
  if (!kept?.ticket) return json({ ticket: null });
  return json({ ticket: kept.ticket, times: kept.times, resolved: kept.resolved });
}

/** What is known of an alert, with this one noted; nothing where there is nothing to resolve. */
function note(alert: Alert): Kept | null {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return noted(alert);
    } catch (error) {
      // The same alert is being noted by another call: look again at what it left.
      const met = error instanceof HostRefusal && error.message.startsWith("storage_conflict");
      if (!met || attempt === TRIES) throw error;
    }
  }
}

/** Each step is kept before the next one is taken, and repeats nothing: a call that broke off is taken up by the next. */
function noted(alert: Alert): Kept | null {
  let kept = read(alert.id);
  const isNews = !kept || alert.at > kept.lastAt;
  if (alert.state === "firing" && isNews && (!kept || isOver(kept))) kept = begin(alert, kept);
  if (!kept) return null;
  if (!kept.ticket) kept = open(kept);
  return alert.at > kept.lastAt ? again(alert, kept) : kept;
}

/** The ticket was closed, or is gone. */
function isOver({ ticket }: Kept): boolean {
  if (!ticket) return false;
  try {
    return host.tickets.get(ticket.id).isClosed;
  } catch (refused) {
    if (refused instanceof HostRefusal && refused.message.startsWith("ticket_not_found")) return true;
    throw refused;
  }
}

function begin(alert: Alert, before: Kept | null): Kept {
  const fresh = { first: alert, clientId: clientOf(alert), ticket: null, lastAt: alert.at, saidAt: alert.at, times: 1, resolved: false };
  return write({ ...fresh, revision: before?.revision ?? 0 });
}

function open(kept: Kept): Kept {
  const { first, clientId } = kept;
  const { id, number, url } = host.tickets.create({
    clientId,
    title: `${first.severity ? `[${first.severity}] ` : ""}${first.title}`.slice(0, 255),
    description: `${first.details}\n\nAlert ${first.id}, raised at ${first.at}.`.trim(),
    idempotencyKey: `${first.id} ${first.at}`,
  });
  host.log.info(`opened ticket ${number} for ${first.id}`);
  return write({ ...kept, ticket: { id, number, url } });
}

function again(alert: Alert, kept: Kept): Kept {
  const resolved = alert.state === "resolved";
  const times = kept.times + (resolved ? 0 : 1);
  const told = resolved || kept.resolved || isLater(alert.at, kept.saidAt);
  if (told) {
    host.tickets.comment({
      ticketId: kept.ticket!.id,
      body: `${resolved ? "Resolved" : `Raised again, for the ${times}. time,`} at ${alert.at}. ${alert.details}`.trim(),
      internal: true,
      idempotencyKey: `${alert.id} ${alert.at}`,
    });
  }
  return write({ ...kept, lastAt: alert.at, saidAt: told ? alert.at : kept.saidAt, times, resolved });
}

/** Whether an alert that comes again has been quiet for long enough to be commented on. */
function isLater(at: string, saidAt: string): boolean {
  const minutes = Number(host.config.get("quietMinutes") ?? 60);
  return Date.parse(at) - Date.parse(saidAt) >= minutes * 60_000;
}

/** The client that the alert names, by id or by its whole name, or else that of the settings. Throws Invalid. */
function clientOf(alert: Alert): string {
  const named = alert.client || host.config.get("defaultClient");
  if (!named) throw new Invalid({ client: "is missing, and the settings name none" });
  const found = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(named) ? clientWithId(named) : clientsCalled(named);
  if (found.length !== 1) throw new Invalid({ client: `${found.length === 0 ? "no client is" : "several clients are"} called ${named}` });
  return found[0]!;
}

function clientWithId(id: string): string[] {
  try {
    return [host.clients.get(id).id];
  } catch (refused) {
    if (refused instanceof HostRefusal && refused.message.startsWith("client_not_found")) return [];
    throw refused;
  }
}

function clientsCalled(name: string): string[] {
  const { items } = host.clients.list({ text: name, limit: 200 });
  return items.filter((one) => one.name.toLowerCase() === name.toLowerCase()).map((one) => one.id);
}
