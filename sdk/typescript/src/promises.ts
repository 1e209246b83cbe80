/** Promises that are settled before a call ends. Host functions answer at once, so nothing is ever left to wait for.
 *
 * The build turns `async` and `await` into generators over this `Promise`, whose jobs wait in a list of ours.
 */

/// <reference path="./promise-polyfill.d.ts" />
import "./timers.ts";
import Settling from "promise-polyfill";

const jobs: (() => void)[] = [];
Settling._immediateFn = (job) => void jobs.push(job);
Settling._unhandledRejectionFn = () => {}; // an author may look at a rejection later, or never
globalThis.Promise = Settling;

/** What a handler gave, or what its promise came to. Throws what it was rejected with. */
export function settled<T>(given: T | PromiseLike<T>): T {
  let outcome: { value: T } | { reason: unknown } | undefined;
  Settling.resolve(given).then(
    (value) => (outcome = { value }),
    (reason: unknown) => (outcome = { reason }),
  );
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    job();
  }
  if (!outcome) {
    throw new Error("the handler's promise can never be settled: nothing is left that could do so");
  }
  if ("reason" in outcome) {
    throw outcome.reason;
  }
  return outcome.value;
}
