// Makes a report on the service desk each working day, keeps it for a month, and sends it on if the settings say where to.

import { host, HostRefusal, json, type Request, type Response } from "@deskhand/extension-sdk";
import { makeReport } from "./report.ts";
import type { Report } from "./shape.ts";

const NAMESPACE = "reports";
const MONTH_SECONDS = 30 * 24 * 3600;

/** `POST /report` makes one, called by the schedule or by somebody; `GET /reports` gives those that are kept. */
export function handler(request: Request): Response {
  return request.path === "/report" ? make() : json({ reports: kept() });
}

/** Answers 502 when the report could not be sent, so that the schedule's run is seen to have failed; it is kept all the same. */
function make(): Response {
  const report = makeReport(new Date(), Number(host.config.get("staleDays") ?? 7));
  host.storage.put({ namespace: NAMESPACE, key: report.day, value: JSON.stringify(report), ttlSeconds: MONTH_SECONDS });
  host.log.info(`${report.day}: ${report.open} open, ${report.overdue} overdue`);
  const problem = send(report);
  if (problem) host.log.error(`not sent: ${problem}`);
  return json({ report, ...(problem ? { problem } : {}) }, problem ? 502 : 200);
}

/** The oldest first. */
function kept(): Report[] {
  const keys = host.storage.list({ namespace: NAMESPACE, limit: 100 }).items.map(({ key }) => key);
  return keys.length > 0 ? host.storage.getMany(NAMESPACE, keys).map(({ value }) => JSON.parse(value) as Report) : [];
}

/** What went wrong; nothing when it was sent, or is not to be. */
function send(report: Report): string {
  const url = host.config.get("sendTo");
  if (!url) return "";
  try {
    const headers = { "content-type": "application/json" };
    const { status } = host.http.fetch(url, { method: "POST", headers, body: JSON.stringify(report) });
    return status < 400 ? "" : `${url.split("/")[2]} answered ${status}`;
  } catch (refused) {
    if (refused instanceof HostRefusal) return refused.message;
    throw refused;
  }
}
