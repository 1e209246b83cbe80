// Made by `deskhand sdk` from the host functions that plugins register.

import rawClock from "deskhand:extension/clock@1.0.0";
import rawConfig from "deskhand:extension/config@1.0.0";
import rawContext from "deskhand:extension/context@1.0.0";
import rawLog from "deskhand:extension/log@1.0.0";
import rawRandom from "deskhand:extension/random@1.0.0";
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

/** Who and where the handler is. */
export const context = {
  /**
   * Who and where the handler is.
   * Throws a `HostRefusal` without `cap:context.read`.
   */
  current: (): Invocation => orRefusal(() => rawContext.current()),
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
