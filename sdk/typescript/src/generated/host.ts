// Made by `deskhand sdk` from the host functions that plugins register.

import rawClock from "deskhand:extension/clock@1.0.0";
import rawConfig from "deskhand:extension/config@1.0.0";
import rawContext from "deskhand:extension/context@1.0.0";
import rawEvents from "deskhand:extension/events@1.0.0";
import rawLog from "deskhand:extension/log@1.0.0";
import rawRandom from "deskhand:extension/random@1.0.0";
import rawScheduler, { type WantedSchedule as RawWantedSchedule, type ScheduleChanges as RawScheduleChanges } from "deskhand:extension/scheduler@1.0.0";
import rawSecrets from "deskhand:extension/secrets@1.0.0";
import rawStorage, { type NewValue as RawNewValue, type NewValues as RawNewValues, type Removal as RawRemoval, type KeyQuery as RawKeyQuery } from "deskhand:extension/storage@1.0.0";
import rawUser from "deskhand:extension/user@1.0.0";
import rawClients, { type ClientQuery as RawClientQuery } from "deskhand:extension/clients@1.0.0";
import rawServices, { type ServiceQuery as RawServiceQuery } from "deskhand:extension/services@1.0.0";
import rawTickets, { type TicketQuery as RawTicketQuery, type NewTicket as RawNewTicket, type NewComment as RawNewComment } from "deskhand:extension/tickets@1.0.0";
import rawTime, { type NewTime as RawNewTime } from "deskhand:extension/time@1.0.0";
import { orRefusal } from "../refusal.ts";

/** Real time. The guest's own clock may stand still. */
export const clock = {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs: (): number => rawClock.nowMs(),
};

/** The settings that an administrator gave to this install. Values are text as it was entered. */
export const config = {
  /**
   * One setting of this install, or none.
   * Throws a `HostRefusal` without `cap:config.read`.
   */
  get: (key: string): string | null => orRefusal(() => rawConfig.get(key)),
  /**
   * The names of this install's settings.
   * Throws a `HostRefusal` without `cap:config.read`.
   */
  keys: (): string[] => orRefusal(() => rawConfig.keys()),
};

export type Trigger = "http" | "schedule" | "event" | "hook" | "workflow";

export interface Invocation {
  /** A UUID. */
  tenantId: string;
  /** A UUID. */
  installId: string;
  extensionName: string;
  extensionVersion: string;
  trigger: Trigger;
  requestId: string;
  /** When the handler is stopped: milliseconds since 1970-01-01 UTC. */
  deadlineMs: number;
}

/** The MSP for whom the handler runs, and what it counts in. */
export interface Msp {
  name: string;
  /** An IANA name: `Europe/Berlin`. */
  zone: string;
  /** The business date in its zone. `YYYY-MM-DD`. */
  today: string;
  /** ISO 4217. */
  currency: string;
  /** A BCP 47 tag: `de`. */
  locale: string;
}

/** Who and where the handler is. */
export const context = {
  /**
   * Who and where the handler is.
   * Throws a `HostRefusal` without `cap:context.read`.
   */
  current: (): Invocation => orRefusal(() => rawContext.current()),
  /**
   * The MSP for whom the handler runs.
   * Throws a `HostRefusal` without `cap:context.read`.
   */
  tenant: (): Msp => orRefusal(() => rawContext.tenant()),
};

/** Events of the extension's own, for itself and for other extensions of the tenant that list them. */
export const events = {
  /**
   * Say that something happened.
   * `name`: Lower-case letters, digits and _; the extension's own name, with _ for -, is put before it.
   * `payload`: JSON text, at most 64 KiB.
   * Throws a `HostRefusal` without `cap:event.publish`.
   */
  publish: (name: string, payload: string): string => orRefusal(() => rawEvents.publish(name, payload)),
};

/** Lines for whoever looks after the extension. Lines over the limit of one invocation are dropped and counted. */
export const log = {
  /** Write a line at the level debug. */
  debug: (message: string): void => rawLog.debug(message),
  /** Write a line at the level info. */
  info: (message: string): void => rawLog.info(message),
  /** Write a line at the level warn. */
  warn: (message: string): void => rawLog.warn(message),
  /** Write a line at the level error. */
  error: (message: string): void => rawLog.error(message),
};

/** Randomness from the operating system. */
export const random = {
  /** A number from 0 up to, not including, 1, with 53 random bits. */
  fraction: (): number => rawRandom.fraction(),
  /** A UUID of version 4. */
  uuid: (): string => rawRandom.uuid(),
  /**
   * Some random bytes.
   * `count`: From 0 to 1,024.
   */
  bytes: (count: number): Uint8Array => rawRandom.bytes(count),
};

/** A schedule of this install. Times are RFC 3339 in UTC. */
export interface KeptSchedule {
  name: string;
  cron: string;
  zone: string;
  endpoint: string;
  enabled: boolean;
  /** Changed by a new version only. */
  ofManifest: boolean;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  nextRunAt: string | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  lastRunAt: string | null;
}

/** A schedule that the extension makes for itself. */
export interface WantedSchedule {
  name: string;
  /** Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters. */
  cron: string;
  /** An IANA name; the tenant's zone unless given. At most 64 characters. */
  zone: string | null;
  /** One of the manifest's: `POST /nightly`. At most 300 characters. */
  endpoint: string;
}

/** What is left out stays as it is. */
export interface ScheduleChanges {
  name: string;
  /** Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters. */
  cron: string | null;
  /** An IANA name; the tenant's zone unless given. At most 64 characters. */
  zone: string | null;
  enabled: boolean | null;
}

const filledWantedSchedule = (given: WantedSchedule): RawWantedSchedule => ({
  name: given.name,
  cron: given.cron,
  zone: given.zone,
  endpoint: given.endpoint,
});

const filledScheduleChanges = (given: ScheduleChanges): RawScheduleChanges => ({
  name: given.name,
  cron: given.cron,
  zone: given.zone,
  enabled: given.enabled,
});

/**
 * Calls of this install's own endpoints at times of its choice: at most 50 schedules, at least 5 minutes apart. A call
 * is left out while the one before it still runs.
 */
export const scheduler = {
  /**
   * The schedules of this install.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  list: (): KeptSchedule[] => orRefusal(() => rawScheduler.list()),
  /**
   * One schedule of this install.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  get: (name: string): KeptSchedule => orRefusal(() => rawScheduler.get(name)),
  /**
   * Make a schedule.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  create: (input: WantedSchedule): KeptSchedule => orRefusal(() => rawScheduler.create(filledWantedSchedule(input))),
  /**
   * Change a schedule that the extension made.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  update: (input: ScheduleChanges): KeptSchedule => orRefusal(() => rawScheduler.update(filledScheduleChanges(input))),
  /**
   * Remove a schedule that the extension made.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  delete: (name: string): void => orRefusal(() => rawScheduler.delete(name)),
  /**
   * The endpoints that a schedule may call.
   * Throws a `HostRefusal` without `cap:scheduler.manage`.
   */
  listEndpoints: (): string[] => orRefusal(() => rawScheduler.listEndpoints()),
};

/** What an administrator entrusted to this install and nobody sees again: keys, tokens, passwords. */
export const secrets = {
  /**
   * One secret of this install, or none.
   * `name`: 1 to 64 characters.
   * Throws a `HostRefusal` without `cap:secrets.get`.
   */
  get: (name: string): string | null => orRefusal(() => rawSecrets.get(name)),
  /**
   * The names of this install's secrets.
   * Throws a `HostRefusal` without `cap:secrets.get`.
   */
  keys: (): string[] => orRefusal(() => rawSecrets.keys()),
};

/** A value with its revision, which grows with each write of the install and never comes twice. */
export interface StoredValue {
  key: string;
  value: string;
  revision: number;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expiresAt: string | null;
}

/** A value to be kept under a key, which need not be there yet. */
export interface NewValue {
  namespace: string;
  /** 1 to 256 characters. */
  key: string;
  /** At most 64 KiB of UTF-8. */
  value: string;
  /** When it goes by itself; never unless given. From 60 to 2,592,000. */
  ttlSeconds?: number | null;
  /**
   * The revision that the key must have: 0 for a key that is not there yet, none for any. From 0 to
   * 9,223,372,036,854,775,807.
   */
  ifRevision?: number | null;
}

/** What a value is known by from now on. */
export interface KeptValue {
  key: string;
  revision: number;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expiresAt: string | null;
}

/** Values to be kept, all or none. */
export interface NewValues {
  /** 1 to 100 items. */
  items: NewValue[];
}

/** A key to be taken away. */
export interface Removal {
  namespace: string;
  /** 1 to 256 characters. */
  key: string;
  /** The revision that the key must have; none for any. From 1 to 9,223,372,036,854,775,807. */
  ifRevision?: number | null;
}

/** Which keys of a namespace, in the order of their code points. */
export interface KeyQuery {
  namespace: string;
  /**
   * At most 256 characters.
   * Unless given: `""`.
   */
  prefix?: string;
  /**
   * From 1 to 200.
   * Unless given: `50`.
   */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

/** A key without its value; `bytes` are those of key and value in UTF-8. */
export interface StoredKey {
  key: string;
  bytes: number;
  revision: number;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  expiresAt: string | null;
}

/** Some keys, and where the next page starts: none after the last. */
export interface KeyPage {
  items: StoredKey[];
  nextCursor: string | null;
}

const filledNewValue = (given: NewValue): RawNewValue => ({
  namespace: given.namespace,
  key: given.key,
  value: given.value,
  ttlSeconds: given.ttlSeconds ?? null,
  ifRevision: given.ifRevision ?? null,
});

const filledNewValues = (given: NewValues): RawNewValues => ({
  items: given.items.map(filledNewValue),
});

const filledRemoval = (given: Removal): RawRemoval => ({
  namespace: given.namespace,
  key: given.key,
  ifRevision: given.ifRevision ?? null,
});

const filledKeyQuery = (given: KeyQuery): RawKeyQuery => ({
  namespace: given.namespace,
  prefix: given.prefix ?? "",
  limit: given.limit ?? 50,
  cursor: given.cursor ?? null,
});

/** What this install keeps from call to call: text by namespace and key. No other install sees it. */
export const storage = {
  /**
   * One value, or none.
   * `key`: 1 to 256 characters.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  get: (namespace: string, key: string): StoredValue | null => orRefusal(() => rawStorage.get(namespace, key)),
  /**
   * Those of some values that are there, by key.
   * `keys`: 1 to 100 items.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  getMany: (namespace: string, keys: string[]): StoredValue[] => orRefusal(() => rawStorage.getMany(namespace, keys)),
  /**
   * Keep a value.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  put: (input: NewValue): KeptValue => orRefusal(() => rawStorage.put(filledNewValue(input))),
  /**
   * Keep values, all or none.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  putMany: (input: NewValues): KeptValue[] => orRefusal(() => rawStorage.putMany(filledNewValues(input))),
  /**
   * Take a key away; tells whether it was there.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  delete: (input: Removal): boolean => orRefusal(() => rawStorage.delete(filledRemoval(input))),
  /**
   * Take keys away; tells how many were there.
   * `keys`: 1 to 100 items.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  deleteMany: (namespace: string, keys: string[]): number => orRefusal(() => rawStorage.deleteMany(namespace, keys)),
  /**
   * Keys that begin with a prefix, a page at a time.
   * Throws a `HostRefusal` without `cap:storage.kv`.
   */
  list: (input: KeyQuery): KeyPage => orRefusal(() => rawStorage.list(filledKeyQuery(input))),
};

export type PersonKind = "user" | "contact";

/** Somebody on whose behalf the handler runs. A contact belongs to a client. */
export interface Person {
  kind: PersonKind;
  /** A UUID. */
  id: string;
  name: string;
  email: string | null;
  /** A UUID. */
  clientId: string | null;
}

/** The person on whose behalf the handler runs. */
export const user = {
  /**
   * Whom the handler acts for, if anybody.
   * Throws a `HostRefusal` without `cap:user.read`.
   */
  current: (): Person | null => orRefusal(() => rawUser.current()),
};

export type ClientStatus = "active" | "inactive";

/** Which clients, by name. What is left out narrows nothing. */
export interface ClientQuery {
  /** Part of the name. At most 255 characters. */
  text?: string | null;
  status?: ClientStatus | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedSince?: string | null;
  /**
   * From 1 to 200.
   * Unless given: `50`.
   */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

export type ClientKind = "company" | "individual";

/** A client as lists show it; place and country are those of its default location. */
export interface ClientRow {
  /** A UUID. */
  id: string;
  name: string;
  kind: ClientKind;
  status: ClientStatus;
  /** ISO 4217. */
  currency: string;
  email: string | null;
  billingEmail: string | null;
  phone: string | null;
  city: string | null;
  /** ISO 3166. */
  country: string | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  createdAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
}

/** Some clients, and where the next page starts: none after the last. */
export interface ClientPage {
  items: ClientRow[];
  nextCursor: string | null;
}

/** A client. */
export interface Client {
  /** A UUID. */
  id: string;
  name: string;
  kind: ClientKind;
  status: ClientStatus;
  /** ISO 4217. */
  currency: string;
  email: string | null;
  billingEmail: string | null;
  phone: string | null;
  website: string | null;
  notes: string;
  /** A UUID. */
  accountManagerId: string | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  createdAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
}

const filledClientQuery = (given: ClientQuery): RawClientQuery => ({
  text: given.text ?? null,
  status: given.status ?? null,
  updatedSince: given.updatedSince ?? null,
  limit: given.limit ?? 50,
  cursor: given.cursor ?? null,
});

/** The companies and people that the tenant serves. */
export const clients = {
  /**
   * Clients by name, a page at a time.
   * Throws a `HostRefusal` without `cap:client.read`.
   */
  list: (input: ClientQuery = {}): ClientPage => orRefusal(() => rawClients.list(filledClientQuery(input))),
  /**
   * One client.
   * `clientId`: A UUID.
   * Throws a `HostRefusal` without `cap:client.read`.
   */
  get: (clientId: string): Client => orRefusal(() => rawClients.get(clientId)),
};

export type ServiceKind = "service" | "product" | "license";

/** Which items of the catalog, by name. What is left out narrows nothing. */
export interface ServiceQuery {
  /** Part of the name, SKU or part number. At most 255 characters. */
  text?: string | null;
  kind?: ServiceKind | null;
  active?: boolean | null;
  /** The whole SKU, whatever its case. */
  sku?: string | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedSince?: string | null;
  /**
   * From 1 to 200.
   * Unless given: `50`.
   */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

/** Today's list price of one unit, in minor units of the currency. */
export interface Price {
  /** ISO 4217. */
  currency: string;
  amount: number;
}

/** An item of the catalog as lists show it. */
export interface ServiceRow {
  /** A UUID. */
  id: string;
  name: string;
  kind: ServiceKind;
  sku: string | null;
  /** One of `fixed`, `hourly`, `usage`, `perUnit`. */
  billingMethod: string;
  unit: string;
  category: string | null;
  /** None where it is not taxed at all. One of `standard`, `reduced`, `exempt`. */
  taxCategory: string | null;
  active: boolean;
  prices: Price[];
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
}

/** Some items, and where the next page starts: none after the last. */
export interface ServicePage {
  items: ServiceRow[];
  nextCursor: string | null;
}

/** An item of the catalog. */
export interface Service {
  /** A UUID. */
  id: string;
  name: string;
  kind: ServiceKind;
  sku: string | null;
  /** One of `fixed`, `hourly`, `usage`, `perUnit`. */
  billingMethod: string;
  unit: string;
  category: string | null;
  /** One of `standard`, `reduced`, `exempt`. */
  taxCategory: string | null;
  vendor: string | null;
  manufacturer: string | null;
  partNumber: string | null;
  /** Decimal text. */
  defaultQuantity: string;
  description: string;
  active: boolean;
  prices: Price[];
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
}

const filledServiceQuery = (given: ServiceQuery): RawServiceQuery => ({
  text: given.text ?? null,
  kind: given.kind ?? null,
  active: given.active ?? null,
  sku: given.sku ?? null,
  updatedSince: given.updatedSince ?? null,
  limit: given.limit ?? 50,
  cursor: given.cursor ?? null,
});

/** What the tenant sells: services, products and licenses. Costs are not told. */
export const services = {
  /**
   * Items of the catalog by name, a page at a time.
   * Throws a `HostRefusal` without `cap:service.read`.
   */
  list: (input: ServiceQuery = {}): ServicePage => orRefusal(() => rawServices.list(filledServiceQuery(input))),
  /**
   * One item of the catalog.
   * `serviceId`: A UUID.
   * Throws a `HostRefusal` without `cap:service.read`.
   */
  get: (serviceId: string): Service => orRefusal(() => rawServices.get(serviceId)),
};

/** Which tickets, the latest first. What is left out narrows nothing. */
export interface TicketQuery {
  /** The number, or part of the title. At most 255 characters. */
  text?: string | null;
  /** A UUID. */
  clientId?: string | null;
  /** A UUID. */
  assigneeId?: string | null;
  isClosed?: boolean | null;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedSince?: string | null;
  /**
   * From 1 to 200.
   * Unless given: `50`.
   */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

/** A ticket as lists show it. */
export interface TicketRow {
  /** A UUID. */
  id: string;
  number: number;
  title: string;
  /** A UUID. */
  clientId: string;
  clientName: string;
  statusName: string;
  priorityName: string;
  /** A UUID. */
  assigneeId: string | null;
  assigneeName: string | null;
  /** `YYYY-MM-DD`. */
  dueOn: string | null;
  isClosed: boolean;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  createdAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
}

/** Some tickets, and where the next page starts: none after the last. */
export interface TicketPage {
  items: TicketRow[];
  nextCursor: string | null;
}

/** A ticket. `url` is its page. */
export interface Ticket {
  /** A UUID. */
  id: string;
  number: number;
  title: string;
  description: string;
  /** A UUID. */
  clientId: string;
  /** A UUID. */
  locationId: string | null;
  /** A UUID. */
  contactId: string | null;
  /** A UUID. */
  boardId: string;
  /** A UUID. */
  statusId: string;
  /** A UUID. */
  priorityId: string;
  /** A UUID. */
  assigneeId: string | null;
  /** `YYYY-MM-DD`. */
  dueOn: string | null;
  isClosed: boolean;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  createdAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  updatedAt: string;
  url: string;
}

/** What somebody said about a ticket. */
export interface TicketComment {
  /** A UUID. */
  id: string;
  body: string;
  internal: boolean;
  /** One of `user`, `contact`, `apiKey`, `extension`, `system`. */
  authorKind: string;
  authorName: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  createdAt: string;
}

/** A ticket to be opened; board, status and priority are the tenant's usual ones unless given. */
export interface NewTicket {
  /** A UUID. */
  clientId: string;
  /** 1 to 255 characters. */
  title: string;
  /**
   * At most 20,000 characters.
   * Unless given: `""`.
   */
  description?: string;
  /** A UUID. */
  boardId?: string | null;
  /** A UUID. */
  priorityId?: string | null;
  /** A person of the client. A UUID. */
  contactId?: string | null;
  /** A place of the client. A UUID. */
  locationId?: string | null;
  /** A UUID. */
  assigneeId?: string | null;
  /** `YYYY-MM-DD`. */
  dueOn?: string | null;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotencyKey?: string | null;
}

/** A comment. An internal one is for the staff alone. */
export interface NewComment {
  /** A UUID. */
  ticketId: string;
  /** 1 to 20,000 characters. */
  body: string;
  /** Unless given: `false`. */
  internal?: boolean;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotencyKey?: string | null;
}

/** A status of a board. A closed one closes the tickets that come into it. */
export interface TicketStatus {
  /** A UUID. */
  id: string;
  name: string;
  isClosed: boolean;
}

/** A board with its statuses in their order; new tickets begin on the default one. */
export interface Board {
  /** A UUID. */
  id: string;
  name: string;
  isDefault: boolean;
  statuses: TicketStatus[];
}

/** A priority; level 1 is the most urgent. */
export interface Priority {
  /** A UUID. */
  id: string;
  name: string;
  level: number;
}

const filledTicketQuery = (given: TicketQuery): RawTicketQuery => ({
  text: given.text ?? null,
  clientId: given.clientId ?? null,
  assigneeId: given.assigneeId ?? null,
  isClosed: given.isClosed ?? null,
  updatedSince: given.updatedSince ?? null,
  limit: given.limit ?? 50,
  cursor: given.cursor ?? null,
});

const filledNewTicket = (given: NewTicket): RawNewTicket => ({
  clientId: given.clientId,
  title: given.title,
  description: given.description ?? "",
  boardId: given.boardId ?? null,
  priorityId: given.priorityId ?? null,
  contactId: given.contactId ?? null,
  locationId: given.locationId ?? null,
  assigneeId: given.assigneeId ?? null,
  dueOn: given.dueOn ?? null,
  idempotencyKey: given.idempotencyKey ?? null,
});

const filledNewComment = (given: NewComment): RawNewComment => ({
  ticketId: given.ticketId,
  body: given.body,
  internal: given.internal ?? false,
  idempotencyKey: given.idempotencyKey ?? null,
});

/** Tickets of the service desk. */
export const tickets = {
  /**
   * Tickets, a page at a time.
   * Throws a `HostRefusal` without `cap:ticket.read`.
   */
  list: (input: TicketQuery = {}): TicketPage => orRefusal(() => rawTickets.list(filledTicketQuery(input))),
  /**
   * One ticket.
   * `ticketId`: A UUID.
   * Throws a `HostRefusal` without `cap:ticket.read`.
   */
  get: (ticketId: string): Ticket => orRefusal(() => rawTickets.get(ticketId)),
  /**
   * A ticket's comments, the oldest first.
   * `ticketId`: A UUID.
   * Throws a `HostRefusal` without `cap:ticket.read`.
   */
  comments: (ticketId: string): TicketComment[] => orRefusal(() => rawTickets.comments(ticketId)),
  /**
   * Open a ticket.
   * Throws a `HostRefusal` without `cap:ticket.write`.
   */
  create: (input: NewTicket): Ticket => orRefusal(() => rawTickets.create(filledNewTicket(input))),
  /**
   * Comment on a ticket.
   * Throws a `HostRefusal` without `cap:ticket.write`.
   */
  comment: (input: NewComment): TicketComment => orRefusal(() => rawTickets.comment(filledNewComment(input))),
  /**
   * Close a ticket, on the first closed status of its board.
   * `ticketId`: A UUID.
   * Throws a `HostRefusal` without `cap:ticket.close`.
   */
  close: (ticketId: string): Ticket => orRefusal(() => rawTickets.close(ticketId)),
  /**
   * Open a closed ticket again.
   * `ticketId`: A UUID.
   * Throws a `HostRefusal` without `cap:ticket.close`.
   */
  reopen: (ticketId: string): Ticket => orRefusal(() => rawTickets.reopen(ticketId)),
  /**
   * The boards with their statuses, the default one first.
   * Throws a `HostRefusal` without `cap:ticket.read`.
   */
  boards: (): Board[] => orRefusal(() => rawTickets.boards()),
  /**
   * The priorities, the most urgent first.
   * Throws a `HostRefusal` without `cap:ticket.read`.
   */
  priorities: (): Priority[] => orRefusal(() => rawTickets.priorities()),
};

/** Time on a ticket. `itemId` is the service of the catalog that it is billed as. */
export interface NewTime {
  /** A UUID. */
  ticketId: string;
  /** A UUID. */
  itemId: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  startedAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  endedAt: string;
  /** Billable minutes; the whole span unless given. From 0 to 44,640. */
  minutes?: number | null;
  /**
   * At most 5,000 characters.
   * Unless given: `""`.
   */
  notes?: string;
  /** Whose time it is: the acting user's unless given. A UUID. */
  userId?: string | null;
  /** The same key of one install has its effect once, and the first answer again, for a day. 1 to 255 characters. */
  idempotencyKey?: string | null;
}

/** An entry; `workedOn` is the day in the tenant's zone. */
export interface TimeEntry {
  /** A UUID. */
  id: string;
  /** A UUID. */
  userId: string;
  /** A UUID. */
  clientId: string;
  /** A UUID. */
  itemId: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  startedAt: string;
  /** ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`. */
  endedAt: string;
  /** `YYYY-MM-DD`. */
  workedOn: string;
  minutes: number;
  notes: string;
  /** One of `draft`, `submitted`, `approved`, `changesRequested`. */
  state: string;
}

const filledNewTime = (given: NewTime): RawNewTime => ({
  ticketId: given.ticketId,
  itemId: given.itemId,
  startedAt: given.startedAt,
  endedAt: given.endedAt,
  minutes: given.minutes ?? null,
  notes: given.notes ?? "",
  userId: given.userId ?? null,
  idempotencyKey: given.idempotencyKey ?? null,
});

/** Time spent on tickets. */
export const time = {
  /**
   * Log time on a ticket. It waits for approval like any other.
   * Throws a `HostRefusal` without `cap:time.write`.
   */
  log: (input: NewTime): TimeEntry => orRefusal(() => rawTime.log(filledNewTime(input))),
};
