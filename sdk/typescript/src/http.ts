/** Requests and responses of a handler. */

export interface Request {
  /** Upper case: `GET`, `POST`. */
  readonly method: string;
  /** Starts with a slash and has no query. */
  readonly path: string;
  /** What the endpoint's `:names` matched. */
  readonly params: Readonly<Record<string, string>>;
  /** The last value of each query parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name; several headers of one name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty when none was sent. */
  readonly body: string;
  /** The body read as JSON. Throws a `SyntaxError` when it is none. */
  json(): unknown;
}

export interface Response {
  /** 200 to 599. */
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** What an extension's source file exports as `handler`; it may be async. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A response with a JSON body. */
export function json(value: unknown, status = 200): Response {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

interface RawRequest {
  method: string;
  path: string;
  params: WitPair[];
  query: WitPair[];
  headers: WitPair[];
  body: string;
}

interface RawResponse {
  status: number;
  headers: WitPair[];
  body: string;
}

/** The request as an author reads it. */
export function readable(raw: RawRequest): Request {
  return {
    method: raw.method,
    path: raw.path,
    params: lastOf(raw.params),
    query: lastOf(raw.query),
    headers: joined(raw.headers),
    body: raw.body,
    json: () => JSON.parse(raw.body),
  };
}

/** An author's response as the host takes it; throws a `TypeError` that says what is wrong with it. */
export function sendable(response: Response): RawResponse {
  if (!response || !Number.isInteger(response.status)) {
    throw new TypeError("handler must return { status, headers?, body? } with a whole number as status");
  }
  if (response.body !== undefined && typeof response.body !== "string") {
    throw new TypeError("body must be a string; use json(value) for anything else");
  }
  const headers = Object.entries(response.headers ?? {}).map(([name, value]) => ({ name, value: String(value) }));
  return { status: response.status, headers, body: response.body ?? "" };
}

function lastOf(pairs: WitPair[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.name, pair.value]));
}

/** Headers by name; several of one name are joined by a comma and a space. */
export function joined(pairs: WitPair[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, value } of pairs) {
    found[name] = Object.hasOwn(found, name) ? `${found[name]}, ${value}` : value;
  }
  return found;
}
