/** The host's functions, by one call that takes and gives JSON. */

import { quoted } from "./quoting";
import { Memory } from "@extism/as-pdk";
import { length } from "@extism/as-pdk/lib/env";

@external("extism:host/user", "deskhand_call")
declare function deskhand_call(asked: u64): u64;

/** Call `host.<face>.<name>`; `args` is a JSON object with snake_case names.
 *
 * The answer is JSON: `{"success": true, "value": …}`, or `{"success": false, "error": "code: sentence"}`, perhaps with `field_errors`.
 */
export function callHost(face: string, name: string, args: string): string {
  const asked = `{"interface":${quoted(face)},"function":${quoted(name)},"args":${args}}`;
  const sent = Memory.allocateBytes(Uint8Array.wrap(String.UTF8.encode(asked)));
  const given = deskhand_call(sent.offset);
  const answer = new Memory(given, length(given)).toUint8Array();
  return String.UTF8.decodeUnsafe(answer.dataStart, answer.byteLength);
}

/** Lines for whoever looks after the extension. */
export namespace log {
  export function debug(message: string): void {
    write("debug", message);
  }

  export function info(message: string): void {
    write("info", message);
  }

  export function warn(message: string): void {
    write("warn", message);
  }

  export function error(message: string): void {
    write("error", message);
  }

  function write(level: string, message: string): void {
    callHost("log", level, `{"message":${quoted(message)}}`);
  }
}
