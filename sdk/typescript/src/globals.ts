/** Gives the language's own `Date`, `Math.random` and `console` what the sandbox takes from them. */

import clock from "deskhand:extension/clock@1.0.0";
import log from "deskhand:extension/log@1.0.0";
import random from "deskhand:extension/random@1.0.0";

const FrozenDate = Date;

globalThis.Date = new Proxy(FrozenDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length ? args : [clock.nowMs()], newTarget),
  apply: () => new FrozenDate(clock.nowMs()).toString(),
  get: (target, key) => (key === "now" ? () => clock.nowMs() : Reflect.get(target, key)),
});
FrozenDate.prototype.constructor = globalThis.Date;

Math.random = () => random.fraction();

/** What is logged is no reason to fail: an error is its stack, and what JSON cannot say is said in plain words. */
const word = (part: unknown): string => {
  if (typeof part === "string") return part;
  if (part instanceof Error) return `${part}\n${part.stack ?? ""}`.trimEnd();
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
};

const line = (parts: unknown[]): string => parts.map(word).join(" ");

Object.assign(globalThis, {
  console: {
    debug: (...parts: unknown[]) => log.debug(line(parts)),
    info: (...parts: unknown[]) => log.info(line(parts)),
    log: (...parts: unknown[]) => log.info(line(parts)),
    warn: (...parts: unknown[]) => log.warn(line(parts)),
    error: (...parts: unknown[]) => log.error(line(parts)),
  },
});
