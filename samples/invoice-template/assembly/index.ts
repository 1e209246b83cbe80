/** An invoice template: the layout of each invoice, and what the page asks on which the template is edited. */

import { InvoiceFacts, JSON, Request, Response, text } from "@deskhand/extension-sdk-as";
import { keepOptions, keptOptions, Options, readOptions } from "./options";
import { sampleFacts } from "./sample";
import { template } from "./template";

/** The layout of one invoice, by the options that are kept now. */
export function renderInvoice(facts: InvoiceFacts): string {
  return template(keptOptions(), facts);
}

export function handler(request: Request): Response {
  if (request.method == "GET") {
    return answer(JSON.stringify(keptOptions()), 200);
  }
  const options = new Options();
  const wrong = readOptions(request.body, options);
  if (wrong != "") {
    return text(wrong, 422);
  }
  if (request.method == "POST") {
    const facts = sampleFacts();
    return answer(`{"layout":${template(options, facts)},"facts":${JSON.stringify(facts)}}`, 200);
  }
  const refused = keepOptions(options);
  return refused == "" ? answer(JSON.stringify(options), 200) : text(refused, 502);
}

function answer(json: string, status: i32): Response {
  const response = text(json, status);
  response.headers[0].value = "application/json";
  return response;
}
