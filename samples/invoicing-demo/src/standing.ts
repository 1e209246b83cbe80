// Orders that are drafted once a month, kept in the extension's storage until somebody ends them.

import { type CreateManualInvoiceInput, host } from "@deskhand/extension-sdk";

const NAMESPACE = "standing";
const MOST = 100;

export interface StandingOrder {
  id: string;
  clientName: string;
  input: CreateManualInvoiceInput;
}

/** Throws a HostRefusal where there is no such client. */
export function keep(input: CreateManualInvoiceInput): StandingOrder {
  const { idempotencyKey: _, ...lasting } = input;
  const order = { id: host.random.uuid(), clientName: host.clients.get(String(input.clientId)).name, input: lasting };
  host.storage.put({ namespace: NAMESPACE, key: order.id, value: JSON.stringify(order) });
  return order;
}

export function listAll(): StandingOrder[] {
  const keys = host.storage.list({ namespace: NAMESPACE, limit: MOST }).items.map(({ key }) => key);
  return keys.length > 0 ? host.storage.getMany(NAMESPACE, keys).map(({ value }) => JSON.parse(value) as StandingOrder) : [];
}

/** Tells whether it was there. */
export function end(id: string): boolean {
  return host.storage.delete({ namespace: NAMESPACE, key: id });
}

/** A draft for each order, once a month: the key is the order's and the month's, however often this is called. */
export function draftAll(month: string): { drafted: number; failed: { id: string; error: string }[] } {
  const failed: { id: string; error: string }[] = [];
  let drafted = 0;
  for (const { id, input } of listAll()) {
    const result = host.invoicing.createManualInvoice({ ...input, idempotencyKey: `standing ${id} ${month}` });
    if (result.success) drafted += 1;
    else failed.push({ id, error: `${result.error} ${Object.values(result.fieldErrors ?? {}).join(" ")}`.trim() });
  }
  return { drafted, failed };
}
