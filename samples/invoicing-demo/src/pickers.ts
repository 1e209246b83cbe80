// What the page's pickers offer: by part of a name, or one by its id.

import { type Client, type ClientRow, host, type Price } from "@deskhand/extension-sdk";

const MOST = 20;
type Query = Readonly<Record<string, string>>;

export interface Choice {
  id: string;
  name: string;
  /** What tells it from others of the name. */
  aside: string;
}

export interface ServiceChoice extends Choice {
  prices: Price[];
}

export function findClients(query: Query): (Choice & { currency: string })[] {
  const found = query["id"] ? [host.clients.get(query["id"])] : host.clients.list({ text: query["text"] || null, status: "active", limit: MOST }).items;
  return found.map((one: Client | ClientRow) => ({ id: one.id, name: one.name, aside: "city" in one ? (one.city ?? "") : "", currency: one.currency }));
}

export function findServices(query: Query): ServiceChoice[] {
  const { items } = host.services.list({ text: query["text"] || null, active: true, limit: MOST });
  return items.map(({ id, name, sku, prices }) => ({ id, name, aside: sku ?? "", prices }));
}
