/** What the component exports: the author's handler between the host's records and JavaScript's own shapes. */

import "./globals.ts";
import { settled } from "./promises.ts";
import log from "deskhand:extension/log@1.0.0";
import * as authored from "deskhand:authored";
import { type Handler, json, readable, sendable } from "./http.ts";

// A component has a handler in any case; without endpoints nobody calls it.
const answer: Handler = authored.handler ?? (() => json({ error: "this extension answers no calls" }, 404));

export function handler(raw: Parameters<typeof readable>[0]): ReturnType<typeof sendable> {
  try {
    return sendable(settled(answer(readable(raw))));
  } catch (thrown) {
    log.error(thrown instanceof Error ? `${thrown}\n${thrown.stack ?? ""}` : `thrown: ${String(thrown)}`);
    throw thrown;
  }
}
