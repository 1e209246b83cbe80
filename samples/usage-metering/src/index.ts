// Bills what meters measured: readings are kept as they come, and each billing run is told what they cost.

import { type Charge, type ChargeWindow, host, HostRefusal, json, type Request, type Response } from "@deskhand/extension-sdk";
import { addDays, monthsBefore } from "./months.ts";
import { Invalid, readReadings } from "./readings.ts";
import { forget, keep, type Sheet, sheetsOf } from "./sheets.ts";

/** Readings that come later than this are not billed any more. */
const MONTHS_BILLED = 12;
const MONTHS_KEPT = 24;
const MONTHS_SEARCHED = 60;

/** Takes readings, shows those of a client and month, and forgets old ones. */
export function handler(request: Request): Response {
  const answer = { "/readings": take, "/tidy": tidy }[request.path] ?? show;
  try {
    return answer(request);
  } catch (refused) {
    if (!(refused instanceof Invalid || refused instanceof HostRefusal)) throw refused;
    host.log.warn(refused.message);
    return json({ error: refused.message, fieldErrors: refused.fieldErrors }, 422);
  }
}

function take(request: Request): Response {
  const readings = readReadings(request.body);
  keep(readings);
  host.log.info(`${readings.length} readings`);
  return json({ kept: readings.length }, 201);
}

function show({ params: { month = "", client = "" } }: Request): Response {
  const [found] = sheetsOf(month, [client]);
  return json({ month, clientId: client, readings: found?.sheet ?? {} });
}

function tidy(): Response {
  const [oldest = ""] = monthsBefore(new Date().toISOString().slice(0, 10), MONTHS_KEPT);
  const gone = forget(monthsBefore(`${oldest}-01`, MONTHS_SEARCHED));
  host.log.info(`forgot ${gone} sheets from before ${oldest}`);
  return json({ forgotten: gone });
}

/** All that these clients owe before the window's end; what is billed already is told again, and known by its key. */
export function collectCharges(window: ChargeWindow): Charge[] {
  return monthsBefore(window.end, MONTHS_BILLED)
    .flatMap((month) => sheetsOf(month, window.clientIds))
    .flatMap(({ clientId, month, sheet }) => chargesOf(clientId, month, sheet))
    .filter((charge) => charge.chargedOn <= addDays(window.end, -1));
}

function chargesOf(clientId: string, month: string, sheet: Sheet): (Charge & { chargedOn: string })[] {
  return Object.entries(sheet).map(([id, { serviceId, name, day, quantity }]) => ({
    clientId,
    serviceId,
    description: `${name}, ${day}`,
    quantity,
    chargedOn: day,
    idempotencyKey: `${month}/${clientId}/${id}`,
  }));
}
