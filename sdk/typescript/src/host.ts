/** The host's functions, by interface. */

import clock from "deskhand:extension/clock@1.0.0";
import config from "deskhand:extension/config@1.0.0";
import context from "deskhand:extension/context@1.0.0";
import log from "deskhand:extension/log@1.0.0";
import random from "deskhand:extension/random@1.0.0";
import { createCharges } from "./charges.ts";
import { fetch } from "./fetch.ts";
import { createManualInvoice } from "./invoicing.ts";
import { orRefusal } from "./refusal.ts";

export interface Invocation {
  tenantId: string;
  installId: string;
  extensionName: string;
  extensionVersion: string;
  trigger: "http" | "schedule" | "event" | "hook" | "workflow";
  requestId: string;
  /** When the handler is stopped: milliseconds since 1970-01-01 UTC. */
  deadlineMs: number;
}

export const host = {
  context: {
    /** Who and where the handler is. Throws a `HostRefusal` without `cap:context.read`. */
    current: (): Invocation => orRefusal(() => context.current()),
  },
  log: {
    debug: (message: string): void => log.debug(message),
    info: (message: string): void => log.info(message),
    warn: (message: string): void => log.warn(message),
    error: (message: string): void => log.error(message),
  },
  clock: {
    /** Milliseconds since 1970-01-01 UTC; `Date` uses it as well. */
    nowMs: (): number => clock.nowMs(),
  },
  random: {
    /** From 0 up to, not including, 1; `Math.random` is the same. */
    fraction: (): number => random.fraction(),
    uuid: (): string => random.uuid(),
    /** At most 1,024 bytes. */
    bytes: (count: number): Uint8Array => random.bytes(count),
  },
  config: {
    /** A setting of this install as text, or null. Throws a `HostRefusal` without `cap:config.read`. */
    get: (key: string): string | null => orRefusal(() => config.get(key)),
    keys: (): string[] => orRefusal(() => config.keys()),
  },
  http: { fetch },
  invoicing: { createManualInvoice },
  charges: { createCharges },
};
