/** HTTPS to the hosts that an administrator consented to. */

import http from "deskhand:extension/http@1.0.0";
import { joined } from "./http.ts";
import { orRefusal } from "./refusal.ts";

export interface FetchOptions {
  /** `GET` unless given. */
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** True when `body` is bytes in base64. */
  base64?: boolean;
  /** The whole call, redirects included; 10,000 unless given. */
  timeoutMs?: number;
  /** True unless given. Only consented hosts are followed to. */
  followRedirects?: boolean;
}

export interface FetchResponse {
  status: number;
  /** The last URL asked. */
  url: string;
  /** By lower-case name; several headers of one name are joined by a comma and a space. */
  headers: Record<string, string>;
  body: string;
  /** True when the answer is no UTF-8 text: `body` is then its bytes in base64. */
  base64: boolean;
  /** The body read as JSON. Throws a `SyntaxError` when it is none. */
  json(): unknown;
}

/** Ask a host; any status is an answer. Throws a `HostRefusal` when there is none, or the host may not be asked. */
export function fetch(url: string, options: FetchOptions = {}): FetchResponse {
  const given = orRefusal(() =>
    http.fetch({
      method: options.method ?? "GET",
      url: String(url),
      headers: Object.entries(options.headers ?? {}).map(([name, value]) => ({ name, value: String(value) })),
      body: options.body ?? "",
      base64: options.base64 === true,
      timeoutMs: options.timeoutMs ?? null,
      followRedirects: options.followRedirects !== false,
    }),
  );
  return { ...given, headers: joined(given.headers), json: () => JSON.parse(given.body) };
}
