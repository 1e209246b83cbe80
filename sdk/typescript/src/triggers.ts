/** What an extension may export besides its handler, as its manifest says. */

import type { Charge } from "./charges.ts";

/** Something that happened in the tenant. The same `id` may come again: an event is told at least once. */
export interface Event {
  readonly id: string;
  /** Such as `ticket.opened`. */
  readonly name: string;
  /** RFC 3339 in UTC. */
  readonly occurredAt: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Business dates (`YYYY-MM-DD`) in the tenant's time zone, `end` not included, and the clients that are billed. */
export interface ChargeWindow {
  readonly start: string;
  readonly end: string;
  readonly clientIds: readonly string[];
}

/** Exported as `onEvent` where the manifest lists `events`. What it throws is kept, and the event is told again later. */
export type OnEvent = (event: Event) => void | Promise<void>;

/** Exported as `collectCharges` where the manifest lists that hook: everything that these clients owe before the window's end.
 *
 * It is asked again and again, and each `idempotencyKey` is billed once. `chargedOn` is the last day of the window unless given.
 */
export type CollectCharges = (window: ChargeWindow) => Charge[] | Promise<Charge[]>;
