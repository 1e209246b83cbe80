// Made by `deskhand sdk` from the host functions that plugins register. Names of fields are those of the wire.

import { JSON } from "json-as";
import { Answer, ask, Nothing } from "../answers";

/** Real time. The guest's own clock may stand still. */
export namespace clock {
  /** Milliseconds since 1970-01-01 UTC. */
  export function nowMs(): Answer<u64> {
    return ask<u64>("clock", "now_ms", `{}`);
  }
}

/** The settings that an administrator gave to this install. Values are text as it was entered. */
export namespace config {
  /**
   * One setting of this install, or none.
   * Needs `cap:config.read`.
   */
  export function get(key: string): Answer<string | null> {
    return ask<string | null>("config", "get", `{"key":${JSON.stringify(key)}}`);
  }

  /**
   * The names of this install's settings.
   * Needs `cap:config.read`.
   */
  export function keys(): Answer<string[]> {
    return ask<string[]>("config", "keys", `{}`);
  }
}

@json
export class Invocation {
  /** A UUID. */
  tenant_id: string = "";
  /** A UUID. */
  install_id: string = "";
  extension_name: string = "";
  extension_version: string = "";
  trigger: string = "";
  request_id: string = "";
  /** When the handler is stopped: milliseconds since 1970-01-01 UTC. */
  deadline_ms: u64 = 0;
}

/** The MSP for whom the handler runs, and what it counts in. */
@json
export class Msp {
  name: string = "";
  /** An IANA name: `Europe/Berlin`. */
  zone: string = "";
  /** The business date in its zone. `YYYY-MM-DD`. */
  today: string = "";
  /** ISO 4217. */
  currency: string = "";
  /** A BCP 47 tag: `de`. */
  locale: string = "";
}

/** Who and where the handler is. */
export namespace context {
  /**
   * Who and where the handler is.
   * Needs `cap:context.read`.
   */
  export function current(): Answer<Invocation> {
    return ask<Invocation>("context", "current", `{}`);
  }

  /**
   * The MSP for whom the handler runs.
   * Needs `cap:context.read`.
   */
  export function tenant(): Answer<Msp> {
    return ask<Msp>("context", "tenant", `{}`);
  }
}

/** Events of the extension's own, for itself and for other extensions of the tenant that list them. */
export namespace events {
  /**
   * Say that something happened.
   * `name`: Lower-case letters, digits and _; the extension's own name, with _ for -, is put before it.
   * `payload`: JSON text, at most 64 KiB.
   * Needs `cap:event.publish`.
   */
  export function publish(name: string, payload: string): Answer<string> {
    return ask<string>("events", "publish", `{"name":${JSON.stringify(name)},"payload":${JSON.stringify(payload)}}`);
  }
}

@json
export class Header {
  name: string = "";
  value: string = "";
}

/** One request. Redirects are followed at most five times, to consented hosts only. */
@json
export class FetchRequest {
  /** At most 16 characters. */
  method: string = "";
  /** At most 8,192 characters. */
  url: string = "";
  /** At most 50 items. */
  headers: Header[] = [];
  /** Empty for none. */
  body: string = "";
  /** `body` is bytes in base64. */
  base64: bool = false;
  /** Of the whole call, redirects included; 10,000 unless given. From 1 to 60,000. */
  timeout_ms: JSON.Box<u32> | null = null;
  follow_redirects: bool = false;
}

/** What came back; any status is an answer. It has at most 2 MiB. */
@json
export class FetchResponse {
  status: u16 = 0;
  /** The last one asked. */
  url: string = "";
  headers: Header[] = [];
  body: string = "";
  /** `body` is no UTF-8 text: its bytes stand in base64. */
  base64: bool = false;
}

/** The way out: HTTPS to the hosts that an administrator consented to, and to no other. */
export namespace http {
  /**
   * Ask a consented host over HTTPS.
   * Needs `cap:http.fetch`.
   */
  export function fetch(input: FetchRequest): Answer<FetchResponse> {
    return ask<FetchResponse>("http", "fetch", `{"input":${JSON.stringify(input)}}`);
  }
}

/** Randomness from the operating system. */
export namespace random {
  /** A number from 0 up to, not including, 1, with 53 random bits. */
  export function fraction(): Answer<f64> {
    return ask<f64>("random", "fraction", `{}`);
  }

  /** A UUID of version 4. */
  export function uuid(): Answer<string> {
    return ask<string>("random", "uuid", `{}`);
  }
}

/** A schedule of this install. Times are RFC 3339 in UTC. */
@json
export class KeptSchedule {
  name: string = "";
  cron: string = "";
  zone: string = "";
  endpoint: string = "";
  enabled: bool = false;
  /** Changed by a new version only. */
  of_manifest: bool = false;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  next_run_at: string | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  last_run_at: string | null = null;
}

/** A schedule that the extension makes for itself. */
@json
export class WantedSchedule {
  name: string = "";
  /** Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters. */
  cron: string = "";
  /** An IANA name; the tenant's zone unless given. At most 64 characters. */
  zone: string | null = null;
  /** One of the manifest's: `POST /nightly`. At most 300 characters. */
  endpoint: string = "";
}

/** What is left out stays as it is. */
@json
export class ScheduleChanges {
  name: string = "";
  /** Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters. */
  cron: string | null = null;
  /** An IANA name; the tenant's zone unless given. At most 64 characters. */
  zone: string | null = null;
  enabled: JSON.Box<bool> | null = null;
}

/**
 * Calls of this install's own endpoints at times of its choice: at most 50 schedules, at least 5 minutes apart. A call
 * is left out while the one before it still runs.
 */
export namespace scheduler {
  /**
   * The schedules of this install.
   * Needs `cap:scheduler.manage`.
   */
  export function list(): Answer<KeptSchedule[]> {
    return ask<KeptSchedule[]>("scheduler", "list", `{}`);
  }

  /**
   * One schedule of this install.
   * Needs `cap:scheduler.manage`.
   */
  export function get(name: string): Answer<KeptSchedule> {
    return ask<KeptSchedule>("scheduler", "get", `{"name":${JSON.stringify(name)}}`);
  }

  /**
   * Make a schedule.
   * Needs `cap:scheduler.manage`.
   */
  export function create(input: WantedSchedule): Answer<KeptSchedule> {
    return ask<KeptSchedule>("scheduler", "create", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Change a schedule that the extension made.
   * Needs `cap:scheduler.manage`.
   */
  export function update(input: ScheduleChanges): Answer<KeptSchedule> {
    return ask<KeptSchedule>("scheduler", "update", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Remove a schedule that the extension made.
   * Needs `cap:scheduler.manage`.
   */
  export function delete(name: string): Answer<Nothing> {
    return ask<Nothing>("scheduler", "delete", `{"name":${JSON.stringify(name)}}`);
  }

  /**
   * The endpoints that a schedule may call.
   * Needs `cap:scheduler.manage`.
   */
  export function listEndpoints(): Answer<string[]> {
    return ask<string[]>("scheduler", "list_endpoints", `{}`);
  }
}

/** What an administrator entrusted to this install and nobody sees again: keys, tokens, passwords. */
export namespace secrets {
  /**
   * One secret of this install, or none.
   * `name`: 1 to 64 characters.
   * Needs `cap:secrets.get`.
   */
  export function get(name: string): Answer<string | null> {
    return ask<string | null>("secrets", "get", `{"name":${JSON.stringify(name)}}`);
  }

  /**
   * The names of this install's secrets.
   * Needs `cap:secrets.get`.
   */
  export function keys(): Answer<string[]> {
    return ask<string[]>("secrets", "keys", `{}`);
  }
}

/** A value with its revision, which grows with each write of the install and never comes twice. */
@json
export class StoredValue {
  key: string = "";
  value: string = "";
  revision: u64 = 0;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expires_at: string | null = null;
}

/** A value to be kept under a key, which need not be there yet. */
@json
export class NewValue {
  namespace: string = "";
  /** 1 to 256 characters. */
  key: string = "";
  /** At most 64 KiB of UTF-8. */
  value: string = "";
  /** When it goes by itself; never unless given. From 60 to 2,592,000. */
  ttl_seconds: JSON.Box<u32> | null = null;
  /**
   * The revision that the key must have: 0 for a key that is not there yet, none for any. From 0 to
   * 9,223,372,036,854,775,807.
   */
  if_revision: JSON.Box<u64> | null = null;
}

/** What a value is known by from now on. */
@json
export class KeptValue {
  key: string = "";
  revision: u64 = 0;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expires_at: string | null = null;
}

/** Values to be kept, all or none. */
@json
export class NewValues {
  /** 1 to 100 items. */
  items: NewValue[] = [];
}

/** A key to be taken away. */
@json
export class Removal {
  namespace: string = "";
  /** 1 to 256 characters. */
  key: string = "";
  /** The revision that the key must have; none for any. From 1 to 9,223,372,036,854,775,807. */
  if_revision: JSON.Box<u64> | null = null;
}

/** Which keys of a namespace, in the order of their code points. */
@json
export class KeyQuery {
  namespace: string = "";
  /** At most 256 characters. */
  prefix: string = "";
  /** From 1 to 200. */
  limit: u32 = 50;
  /** `next_cursor` of the page before. */
  cursor: string | null = null;
}

/** A key without its value; `bytes` are those of key and value in UTF-8. */
@json
export class StoredKey {
  key: string = "";
  bytes: u32 = 0;
  revision: u64 = 0;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expires_at: string | null = null;
}

/** Some keys, and where the next page starts: none after the last. */
@json
export class KeyPage {
  items: StoredKey[] = [];
  next_cursor: string | null = null;
}

/** What this install keeps from call to call: text by namespace and key. No other install sees it. */
export namespace storage {
  /**
   * One value, or none.
   * `key`: 1 to 256 characters.
   * Needs `cap:storage.kv`.
   */
  export function get(namespace: string, key: string): Answer<StoredValue | null> {
    return ask<StoredValue | null>("storage", "get", `{"namespace":${JSON.stringify(namespace)},"key":${JSON.stringify(key)}}`);
  }

  /**
   * Those of some values that are there, by key.
   * `keys`: 1 to 100 items.
   * Needs `cap:storage.kv`.
   */
  export function getMany(namespace: string, keys: string[]): Answer<StoredValue[]> {
    return ask<StoredValue[]>("storage", "get_many", `{"namespace":${JSON.stringify(namespace)},"keys":${JSON.stringify(keys)}}`);
  }

  /**
   * Keep a value.
   * Needs `cap:storage.kv`.
   */
  export function put(input: NewValue): Answer<KeptValue> {
    return ask<KeptValue>("storage", "put", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Keep values, all or none.
   * Needs `cap:storage.kv`.
   */
  export function putMany(input: NewValues): Answer<KeptValue[]> {
    return ask<KeptValue[]>("storage", "put_many", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Take a key away; tells whether it was there.
   * Needs `cap:storage.kv`.
   */
  export function delete(input: Removal): Answer<bool> {
    return ask<bool>("storage", "delete", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Take keys away; tells how many were there.
   * `keys`: 1 to 100 items.
   * Needs `cap:storage.kv`.
   */
  export function deleteMany(namespace: string, keys: string[]): Answer<u32> {
    return ask<u32>("storage", "delete_many", `{"namespace":${JSON.stringify(namespace)},"keys":${JSON.stringify(keys)}}`);
  }

  /**
   * Keys that begin with a prefix, a page at a time.
   * Needs `cap:storage.kv`.
   */
  export function list(input: KeyQuery): Answer<KeyPage> {
    return ask<KeyPage>("storage", "list", `{"input":${JSON.stringify(input)}}`);
  }
}

/** Somebody on whose behalf the handler runs. A contact belongs to a client. */
@json
export class Person {
  kind: string = "";
  /** A UUID. */
  id: string = "";
  name: string = "";
  email: string | null = null;
  /** A UUID. */
  client_id: string | null = null;
}

/** The person on whose behalf the handler runs. */
export namespace user {
  /**
   * Whom the handler acts for, if anybody.
   * Needs `cap:user.read`.
   */
  export function current(): Answer<Person | null> {
    return ask<Person | null>("user", "current", `{}`);
  }
}

/** One charge; its price comes with its currency, or from the service. */
@json
export class Charge {
  /** A UUID. */
  client_id: string = "";
  /** A UUID. */
  service_id: string | null = null;
  /** 1 to 500 characters. */
  description: string = "";
  /** Decimal text above zero with at most four places. */
  quantity: string = "";
  /** From 0 to 1,000,000,000,000. */
  rate: JSON.Box<i64> | null = null;
  currency_code: string | null = null;
  /** Today unless given; says in which period it falls. `YYYY-MM-DD`. From 2000-01-01 to 2100-01-01. */
  charged_on: string | null = null;
  /** The same key is the same charge. 1 to 255 characters. */
  idempotency_key: string = "";
}

/** `created` is false where the key was known, and the charge is left as it was. */
@json
export class KeptCharge {
  /** A UUID. */
  charge_id: string = "";
  created: bool = false;
}

/** Things that clients owe and that the next billing run puts on their invoices, with contracts and approved work. */
export namespace charges {
  /**
   * Keep charges for the next billing run.
   * `charges`: 1 to 1,000 items.
   * Needs `cap:charge.create`.
   */
  export function createCharges(charges: Charge[]): Answer<KeptCharge[]> {
    return ask<KeptCharge[]>("charges", "create_charges", `{"charges":${JSON.stringify(charges)}}`);
  }
}

/** Which clients, by name. What is left out narrows nothing. */
@json
export class ClientQuery {
  /** Part of the name. At most 255 characters. */
  text: string | null = null;
  status: string | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_since: string | null = null;
  /** From 1 to 200. */
  limit: u32 = 50;
  /** `next_cursor` of the page before. */
  cursor: string | null = null;
}

/** A client as lists show it; place and country are those of its default location. */
@json
export class ClientRow {
  /** A UUID. */
  id: string = "";
  name: string = "";
  kind: string = "";
  status: string = "";
  /** ISO 4217. */
  currency: string = "";
  email: string | null = null;
  billing_email: string | null = null;
  phone: string | null = null;
  city: string | null = null;
  /** ISO 3166. */
  country: string | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  created_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
}

/** Some clients, and where the next page starts: none after the last. */
@json
export class ClientPage {
  items: ClientRow[] = [];
  next_cursor: string | null = null;
}

/** A client. */
@json
export class Client {
  /** A UUID. */
  id: string = "";
  name: string = "";
  kind: string = "";
  status: string = "";
  /** ISO 4217. */
  currency: string = "";
  email: string | null = null;
  billing_email: string | null = null;
  phone: string | null = null;
  website: string | null = null;
  notes: string = "";
  /** A UUID. */
  account_manager_id: string | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  created_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
}

/** The companies and people that the tenant serves. */
export namespace clients {
  /**
   * Clients by name, a page at a time.
   * Needs `cap:client.read`.
   */
  export function list(input: ClientQuery = new ClientQuery()): Answer<ClientPage> {
    return ask<ClientPage>("clients", "list", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * One client.
   * `clientId`: A UUID.
   * Needs `cap:client.read`.
   */
  export function get(clientId: string): Answer<Client> {
    return ask<Client>("clients", "get", `{"client_id":${JSON.stringify(clientId)}}`);
  }
}

/** One item; a discount says of which kind it is, and may name one target. `rate` of a percentage is the percentage. */
@json
export class InvoiceItem {
  /** A UUID. */
  service_id: string = "";
  /** Decimal text above zero with at most four places. */
  quantity: string = "";
  /** At most 500 characters. */
  description: string = "";
  /** Minor units; of a percentage, the percentage. At least 0. */
  rate: i64 = 0;
  is_discount: bool = false;
  /** Required with `is_discount`, refused without. One of `percentage`, `fixed`. */
  discount_type: string | null = null;
  /** The position of another item, counted from 0; only of a discount. */
  applies_to_item_id: string | null = null;
  /** Only of a discount. A UUID. */
  applies_to_service_id: string | null = null;
}

/** A draft to be made for a client. */
@json
export class ManualInvoiceInput {
  /** A UUID. */
  client_id: string = "";
  /** 1 to 1,000 items. */
  items: InvoiceItem[] = [];
  /** Today in the tenant's zone unless given. `YYYY-MM-DD`. */
  invoice_date: string | null = null;
  /** The invoice date unless given. `YYYY-MM-DD`. */
  due_date: string | null = null;
  /** At most 128 characters. */
  po_number: string | null = null;
  /** ISO 4217; the client's unless given. */
  currency_code: string | null = null;
  /** The same key gives the same invoice again. 1 to 255 characters. */
  idempotency_key: string | null = null;
}

/** The draft. Amounts in minor units. */
@json
export class CreatedInvoice {
  /** A UUID. */
  invoice_id: string = "";
  /** None where the tenant numbers invoices when they are finalized. */
  invoice_number: string | null = null;
  status: string = "";
  subtotal: i64 = 0;
  tax: i64 = 0;
  total: i64 = 0;
  currency_code: string = "";
  /** 2 where 100 minor units make one unit. */
  minor_unit_exponent: u8 = 0;
  /** The invoice's page. */
  url: string = "";
}

/** Invoices of the tenant's clients. Amounts are integers in minor units of the invoice's currency. */
export namespace invoicing {
  /**
   * Create a draft manual invoice.
   * Needs `cap:invoice.manual.create`.
   */
  export function createManualInvoice(input: ManualInvoiceInput): Answer<CreatedInvoice> {
    return ask<CreatedInvoice>("invoicing", "create_manual_invoice", `{"input":${JSON.stringify(input)}}`);
  }
}

/** Which items of the catalog, by name. What is left out narrows nothing. */
@json
export class ServiceQuery {
  /** Part of the name, SKU or part number. At most 255 characters. */
  text: string | null = null;
  kind: string | null = null;
  active: JSON.Box<bool> | null = null;
  /** The whole SKU, whatever its case. */
  sku: string | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_since: string | null = null;
  /** From 1 to 200. */
  limit: u32 = 50;
  /** `next_cursor` of the page before. */
  cursor: string | null = null;
}

/** Today's list price of one unit, in minor units of the currency. */
@json
export class Price {
  /** ISO 4217. */
  currency: string = "";
  amount: i64 = 0;
}

/** An item of the catalog as lists show it. */
@json
export class ServiceRow {
  /** A UUID. */
  id: string = "";
  name: string = "";
  kind: string = "";
  sku: string | null = null;
  /** One of `fixed`, `hourly`, `usage`, `per_unit`. */
  billing_method: string = "";
  unit: string = "";
  category: string | null = null;
  /** None where it is not taxed at all. One of `standard`, `reduced`, `exempt`. */
  tax_category: string | null = null;
  active: bool = false;
  prices: Price[] = [];
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
}

/** Some items, and where the next page starts: none after the last. */
@json
export class ServicePage {
  items: ServiceRow[] = [];
  next_cursor: string | null = null;
}

/** An item of the catalog. */
@json
export class Service {
  /** A UUID. */
  id: string = "";
  name: string = "";
  kind: string = "";
  sku: string | null = null;
  /** One of `fixed`, `hourly`, `usage`, `per_unit`. */
  billing_method: string = "";
  unit: string = "";
  category: string | null = null;
  /** One of `standard`, `reduced`, `exempt`. */
  tax_category: string | null = null;
  vendor: string | null = null;
  manufacturer: string | null = null;
  part_number: string | null = null;
  /** Decimal text. */
  default_quantity: string = "";
  description: string = "";
  active: bool = false;
  prices: Price[] = [];
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
}

/** What the tenant sells: services, products and licenses. Costs are not told. */
export namespace services {
  /**
   * Items of the catalog by name, a page at a time.
   * Needs `cap:service.read`.
   */
  export function list(input: ServiceQuery = new ServiceQuery()): Answer<ServicePage> {
    return ask<ServicePage>("services", "list", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * One item of the catalog.
   * `serviceId`: A UUID.
   * Needs `cap:service.read`.
   */
  export function get(serviceId: string): Answer<Service> {
    return ask<Service>("services", "get", `{"service_id":${JSON.stringify(serviceId)}}`);
  }
}

/** Which tickets, the latest first. What is left out narrows nothing. */
@json
export class TicketQuery {
  /** The number, or part of the title. At most 255 characters. */
  text: string | null = null;
  /** A UUID. */
  client_id: string | null = null;
  /** A UUID. */
  assignee_id: string | null = null;
  is_closed: JSON.Box<bool> | null = null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_since: string | null = null;
  /** From 1 to 200. */
  limit: u32 = 50;
  /** `next_cursor` of the page before. */
  cursor: string | null = null;
}

/** A ticket as lists show it. */
@json
export class TicketRow {
  /** A UUID. */
  id: string = "";
  number: i64 = 0;
  title: string = "";
  /** A UUID. */
  client_id: string = "";
  client_name: string = "";
  status_name: string = "";
  priority_name: string = "";
  /** A UUID. */
  assignee_id: string | null = null;
  assignee_name: string | null = null;
  /** `YYYY-MM-DD`. */
  due_on: string | null = null;
  is_closed: bool = false;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  created_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
}

/** Some tickets, and where the next page starts: none after the last. */
@json
export class TicketPage {
  items: TicketRow[] = [];
  next_cursor: string | null = null;
}

/** A ticket. `url` is its page. */
@json
export class Ticket {
  /** A UUID. */
  id: string = "";
  number: i64 = 0;
  title: string = "";
  description: string = "";
  /** A UUID. */
  client_id: string = "";
  /** A UUID. */
  location_id: string | null = null;
  /** A UUID. */
  contact_id: string | null = null;
  /** A UUID. */
  board_id: string = "";
  /** A UUID. */
  status_id: string = "";
  /** A UUID. */
  priority_id: string = "";
  /** A UUID. */
  assignee_id: string | null = null;
  /** `YYYY-MM-DD`. */
  due_on: string | null = null;
  is_closed: bool = false;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  created_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updated_at: string = "";
  url: string = "";
}

/** What somebody said about a ticket. */
@json
export class TicketComment {
  /** A UUID. */
  id: string = "";
  body: string = "";
  internal: bool = false;
  /** One of `user`, `contact`, `api_key`, `extension`, `system`. */
  author_kind: string = "";
  author_name: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  created_at: string = "";
}

/** A ticket to be opened; board, status and priority are the tenant's usual ones unless given. */
@json
export class NewTicket {
  /** A UUID. */
  client_id: string = "";
  /** 1 to 255 characters. */
  title: string = "";
  /** At most 20,000 characters. */
  description: string = "";
  /** A UUID. */
  board_id: string | null = null;
  /** A UUID. */
  priority_id: string | null = null;
  /** A person of the client. A UUID. */
  contact_id: string | null = null;
  /** A place of the client. A UUID. */
  location_id: string | null = null;
  /** A UUID. */
  assignee_id: string | null = null;
  /** `YYYY-MM-DD`. */
  due_on: string | null = null;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotency_key: string | null = null;
}

/** A comment. An internal one is for the staff alone. */
@json
export class NewComment {
  /** A UUID. */
  ticket_id: string = "";
  /** 1 to 20,000 characters. */
  body: string = "";
  internal: bool = false;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotency_key: string | null = null;
}

/** A status of a board. A closed one closes the tickets that come into it. */
@json
export class TicketStatus {
  /** A UUID. */
  id: string = "";
  name: string = "";
  is_closed: bool = false;
}

/** A board with its statuses in their order; new tickets begin on the default one. */
@json
export class Board {
  /** A UUID. */
  id: string = "";
  name: string = "";
  is_default: bool = false;
  statuses: TicketStatus[] = [];
}

/** A priority; level 1 is the most urgent. */
@json
export class Priority {
  /** A UUID. */
  id: string = "";
  name: string = "";
  level: u32 = 0;
}

/** Tickets of the service desk. */
export namespace tickets {
  /**
   * Tickets, a page at a time.
   * Needs `cap:ticket.read`.
   */
  export function list(input: TicketQuery = new TicketQuery()): Answer<TicketPage> {
    return ask<TicketPage>("tickets", "list", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * One ticket.
   * `ticketId`: A UUID.
   * Needs `cap:ticket.read`.
   */
  export function get(ticketId: string): Answer<Ticket> {
    return ask<Ticket>("tickets", "get", `{"ticket_id":${JSON.stringify(ticketId)}}`);
  }

  /**
   * A ticket's comments, the oldest first.
   * `ticketId`: A UUID.
   * Needs `cap:ticket.read`.
   */
  export function comments(ticketId: string): Answer<TicketComment[]> {
    return ask<TicketComment[]>("tickets", "comments", `{"ticket_id":${JSON.stringify(ticketId)}}`);
  }

  /**
   * Open a ticket.
   * Needs `cap:ticket.write`.
   */
  export function create(input: NewTicket): Answer<Ticket> {
    return ask<Ticket>("tickets", "create", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Comment on a ticket.
   * Needs `cap:ticket.write`.
   */
  export function comment(input: NewComment): Answer<TicketComment> {
    return ask<TicketComment>("tickets", "comment", `{"input":${JSON.stringify(input)}}`);
  }

  /**
   * Close a ticket, on the first closed status of its board.
   * `ticketId`: A UUID.
   * Needs `cap:ticket.close`.
   */
  export function close(ticketId: string): Answer<Ticket> {
    return ask<Ticket>("tickets", "close", `{"ticket_id":${JSON.stringify(ticketId)}}`);
  }

  /**
   * Open a closed ticket again.
   * `ticketId`: A UUID.
   * Needs `cap:ticket.close`.
   */
  export function reopen(ticketId: string): Answer<Ticket> {
    return ask<Ticket>("tickets", "reopen", `{"ticket_id":${JSON.stringify(ticketId)}}`);
  }

  /**
   * The boards with their statuses, the default one first.
   * Needs `cap:ticket.read`.
   */
  export function boards(): Answer<Board[]> {
    return ask<Board[]>("tickets", "boards", `{}`);
  }

  /**
   * The priorities, the most urgent first.
   * Needs `cap:ticket.read`.
   */
  export function priorities(): Answer<Priority[]> {
    return ask<Priority[]>("tickets", "priorities", `{}`);
  }
}

/** Time on a ticket. `item_id` is the service of the catalog that it is billed as. */
@json
export class NewTime {
  /** A UUID. */
  ticket_id: string = "";
  /** A UUID. */
  item_id: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  started_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  ended_at: string = "";
  /** Billable minutes; the whole span unless given. From 0 to 44,640. */
  minutes: JSON.Box<i64> | null = null;
  /** At most 5,000 characters. */
  notes: string = "";
  /** Whose time it is: the acting user's unless given. A UUID. */
  user_id: string | null = null;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotency_key: string | null = null;
}

/** An entry; `worked_on` is the day in the tenant's zone. */
@json
export class TimeEntry {
  /** A UUID. */
  id: string = "";
  /** A UUID. */
  user_id: string = "";
  /** A UUID. */
  client_id: string = "";
  /** A UUID. */
  item_id: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  started_at: string = "";
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  ended_at: string = "";
  /** `YYYY-MM-DD`. */
  worked_on: string = "";
  minutes: i64 = 0;
  notes: string = "";
  /** One of `draft`, `submitted`, `approved`, `changes_requested`. */
  state: string = "";
}

/** Time spent on tickets. */
export namespace time {
  /**
   * Log time on a ticket. It waits for approval like any other.
   * Needs `cap:time.write`.
   */
  export function log(input: NewTime): Answer<TimeEntry> {
    return ask<TimeEntry>("time", "log", `{"input":${JSON.stringify(input)}}`);
  }
}
