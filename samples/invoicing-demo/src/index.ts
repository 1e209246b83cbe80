// Creates a draft manual invoice for a client out of a few lines that somebody typed in.

import { type CreateManualInvoiceInput, host, json, type Request, type Response } from "@deskhand/extension-sdk";

/** The one function that the host calls. */
export function handler(request: Request): Response {
  switch (`${request.method} ${request.path}`) {
    case "GET /":
      return about();
    case "POST /create-invoice":
      return createInvoice(request);
    default:
      return json({ error: `nothing at ${request.method} ${request.path}` }, 404);
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
  if (!input) {
    return json({ success: false, error: "invalid_json: the body must be a JSON object" }, 400);
  }
  const result = host.invoicing.createManualInvoice(withDefaults(input));
  if (result.success) {
    host.log.info(`created draft invoice ${result.invoice.invoiceId}`);
    return json(result, 201);
  }
  host.log.warn(`no invoice: ${result.error}`);
  return json(result, result.error.startsWith("capability_denied") ? 403 : 422);
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
