/** What the component exports: the author's handler between the host's records and JavaScript's own shapes. */

import "./globals.ts";
import { settled } from "./promises.ts";
import log from "deskhand:extension/log@1.0.0";
import { handler as authored } from "deskhand:authored";
import { readable, sendable } from "./http.ts";

export function handler(raw: Parameters<typeof readable>[0]): ReturnType<typeof sendable> {
  try {
    return sendable(settled(authored(readable(raw))));
  } catch (thrown) {
    log.error(thrown instanceof Error ? `${thrown}\n${thrown.stack ?? ""}` : `thrown: ${String(thrown)}`);
    throw thrown;
  }
}
