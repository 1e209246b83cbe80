/** Requests and responses of a handler. */

import { JSON } from "json-as";

/** A name and its value: a header, a query parameter, what an endpoint's `:name` matched. */
@json
export class Pair {
  name: string = "";
  value: string = "";
}

/** `path` starts with a slash and has no query; header names are lower case; `body` is empty when none was sent. */
@json
export class Request {
  method: string = "";
  path: string = "";
  params: Pair[] = [];
  query: Pair[] = [];
  headers: Pair[] = [];
  body: string = "";

  /** What the endpoint's `:name` matched. */
  param(name: string): string {
    return lastOf(this.params, name, "");
  }

  /** The last value of a query parameter, or `otherwise`. */
  queryOr(name: string, otherwise: string): string {
    return lastOf(this.query, name, otherwise);
  }

  /** A header by its lower-case name, or `otherwise`. */
  headerOr(name: string, otherwise: string): string {
    return lastOf(this.headers, name, otherwise);
  }
}

/** `status` is an HTTP status from 200 to 599. */
@json
export class Response {
  status: i32 = 200;
  headers: Pair[] = [];
  body: string = "";
}

/** A response of a class marked `@json`. */
export function json<T>(value: T, status: i32 = 200): Response {
  return answering("application/json", JSON.stringify<T>(value), status);
}

/** A response in plain words. */
export function text(body: string, status: i32 = 200): Response {
  return answering("text/plain", body, status);
}

function answering(kind: string, body: string, status: i32): Response {
  const response = new Response();
  response.status = status;
  response.body = body;
  const header = new Pair();
  header.name = "content-type";
  header.value = kind;
  response.headers.push(header);
  return response;
}

function lastOf(pairs: Pair[], name: string, otherwise: string): string {
  for (let at = pairs.length - 1; at >= 0; at--) {
    if (pairs[at].name == name) {
      return pairs[at].value;
    }
  }
  return otherwise;
}
