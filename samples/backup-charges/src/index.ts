// Charges clients for their backups: what a backup service reports each day goes on their next invoice.

import { type Charge, host, json, type Request, type Response } from "@deskhand/extension-sdk";

interface Report {
  /** The day that was measured, `YYYY-MM-DD`. */
  day: string;
  /** Minor units of `currency` for one gigabyte. */
  rate: number;
  currency: string;
  clients: { clientId: string; gigabytes: number }[];
}

/** The one function that the host calls. */
export function handler(request: Request): Response {
  if (`${request.method} ${request.path}` !== "POST /report") {
    return json({ error: `nothing at ${request.method} ${request.path}` }, 404);
  }
  const report = readReport(request);
  if (!report) {
    return json({ success: false, error: "invalid_json: send day, rate, currency and clients" }, 400);
  }
  const result = host.charges.createCharges(chargesOf(report));
  if (!result.success) {
    host.log.warn(`nothing charged: ${result.error}`);
    return json(result, result.error.startsWith("capability_denied") ? 403 : 422);
  }
  const fresh = result.charges.filter((charge) => charge.created).length;
  host.log.info(`${fresh} charges of ${report.day}, ${result.charges.length - fresh} known before`);
  return json(result, 201);
}

function readReport(request: Request): Report | null {
  try {
    const read = request.json() as Report | null;
    return typeof read === "object" && read !== null && Array.isArray(read.clients) ? read : null;
  } catch {
    return null;
  }
}

/** One charge for each client and day: a report that is sent twice charges once. */
function chargesOf(report: Report): Charge[] {
  return report.clients.map(({ clientId, gigabytes }) => ({
    clientId,
    description: `Backup, ${gigabytes} GB`,
    quantity: gigabytes,
    rate: report.rate,
    currencyCode: report.currency,
    chargedOn: report.day,
    idempotencyKey: `${report.day}/${clientId}`,
  }));
}
