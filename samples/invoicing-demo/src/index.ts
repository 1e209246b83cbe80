// Creates draft manual invoices: of lines that somebody typed in, of orders from outside, and of standing orders once a month.

import { type CreateManualInvoiceInput, host, HostRefusal, json, type Request, type Response } from "@deskhand/extension-sdk";
import { findClients, findServices } from "./pickers.ts";
import { draftAll, end, keep, listAll } from "./standing.ts";

type Answer = (request: Request) => Response;

const ANSWERS: Record<string, Answer> = {
  "GET /": about,
  "GET /clients": (request) => json({ items: findClients(request.query) }),
  "GET /services": (request) => json({ items: findServices(request.query) }),
  "POST /create-invoice": createInvoice,
  "POST /orders": takeOrder,
  "GET /standing-orders": () => json({ items: listAll() }),
  "POST /standing-orders": keepOrder,
  "POST /draft-standing-orders": draftOrders,
};

/** The one function that the host calls. */
export function handler(request: Request): Response {
  const answer = request.method === "DELETE" ? endOrder : ANSWERS[`${request.method} ${request.path}`];
  try {
    return answer ? answer(request) : json({ error: `nothing at ${request.method} ${request.path}` }, 404);
  } catch (refused) {
    if (!(refused instanceof HostRefusal)) throw refused;
    host.log.warn(refused.message);
    return refusal({ success: false, error: refused.message, fieldErrors: refused.fieldErrors });
  }
}

function about(): Response {
  const here = host.context.current();
  return json({
    extension: here.extensionName,
    version: here.extensionVersion,
    install: here.installId,
    now: new Date().toISOString(),
    defaultDescription: host.config.get("defaultDescription"),
  });
}

function createInvoice(request: Request): Response {
  const input = readInput(request);
  return input ? create(input) : noJson();
}

/** A program may send an order twice, so it has to say by which number it knows it. */
function takeOrder(request: Request): Response {
  const input = readInput(request);
  if (!input) return noJson();
  if (!input.idempotencyKey) {
    const words = "is missing: the order's number, so that an order that is sent twice is billed once";
    return refusal({ success: false, error: "invalid_input: some fields need another value", fieldErrors: { idempotencyKey: words } });
  }
  return create({ ...input, idempotencyKey: `order ${input.idempotencyKey}` });
}

function create(input: CreateManualInvoiceInput): Response {
  const result = host.invoicing.createManualInvoice(withDefaults(input));
  if (result.success) {
    host.log.info(`created draft invoice ${result.invoice.invoiceId}`);
    return json(result, 201);
  }
  host.log.warn(`no invoice: ${result.error}`);
  return refusal(result);
}

function keepOrder(request: Request): Response {
  const input = readInput(request);
  return input ? json({ success: true, order: keep(withDefaults(input)) }, 201) : noJson();
}

function endOrder({ params: { id = "" } }: Request): Response {
  return end(id) ? { status: 204 } : json({ success: false, error: "order_not_found: there is no such standing order" }, 404);
}

/** Answers 422 when an order could not be drafted, so that the schedule's run is seen to have failed; the others are drafted. */
function draftOrders(): Response {
  const { drafted, failed } = draftAll(new Date().toISOString().slice(0, 7));
  host.log.info(`${drafted} standing orders drafted, ${failed.length} not`);
  for (const { id, error } of failed) host.log.error(`${id}: ${error}`);
  return json({ drafted, failed }, failed.length > 0 ? 422 : 200);
}

function refusal(result: { success: false; error: string; fieldErrors?: Record<string, string> }): Response {
  return json(result, result.error.startsWith("capability_denied") ? 403 : 422);
}

function noJson(): Response {
  return json({ success: false, error: "invalid_json: the body must be a JSON object" }, 400);
}

function readInput(request: Request): CreateManualInvoiceInput | null {
  try {
    const read = request.json();
    return typeof read === "object" && read !== null ? (read as CreateManualInvoiceInput) : null;
  } catch {
    return null;
  }
}

/** Lines without words get those of the install's setting `defaultDescription`, if it has one. */
function withDefaults(input: CreateManualInvoiceInput): CreateManualInvoiceInput {
  const usual = host.config.get("defaultDescription");
  if (!usual || !Array.isArray(input.items)) {
    return input;
  }
  return { ...input, items: input.items.map((item) => ({ ...item, description: item.description || usual })) };
}
