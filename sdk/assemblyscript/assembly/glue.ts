/** What stands between the host's bytes and an author's functions; the build's entry calls it. */

import { JSON } from "json-as";
import { Host } from "@extism/as-pdk";
import { Event } from "./events";
import { log } from "./host";
import { Request, Response } from "./http";
import { InvoiceFacts } from "./invoices";
import { quoted } from "./quoting";

export function serve(handler: (request: Request) => Response): i32 {
  return put(JSON.stringify(handler(JSON.parse<Request>(input()))));
}

/** The handler of an extension without endpoints: every guest has one, and nobody calls this one. */
export function unserved(): i32 {
  return put('{"status":404,"headers":[],"body":""}');
}

/** An author's error is what they return; nothing is an event that was taken. */
export function listen(onEvent: (event: Event) => string | null): i32 {
  const refused = onEvent(JSON.parse<Event>(input()));
  return put(refused === null ? '{"success":true,"value":null}' : failure(refused));
}

/** JSON in, JSON out: a hook whose answer is a value. */
export function answer(hook: (asked: string) => string): i32 {
  return put(`{"success":true,"value":${hook(input())}}`);
}

/** The facts of an invoice in, its layout out, which the host takes as text. */
export function render(hook: (facts: InvoiceFacts) => string): i32 {
  return put(`{"success":true,"value":${quoted(hook(JSON.parse<InvoiceFacts>(input())))}}`);
}

/** The last words of a guest that breaks down. */
export function lastWords(message: string | null, file: string | null, line: u32, column: u32): void {
  log.error(`${message === null ? "abort" : message} (${file === null ? "?" : file}:${line}:${column})`);
  unreachable();
}

function failure(words: string): string {
  return `{"success":false,"error":${JSON.stringify(words)}}`;
}

function input(): string {
  const given = Host.input();
  return String.UTF8.decodeUnsafe(given.dataStart, given.byteLength);
}

// Host.outputString counts UTF-16 units where the host counts bytes.
function put(words: string): i32 {
  Host.output(Uint8Array.wrap(String.UTF8.encode(words)));
  return 0;
}
