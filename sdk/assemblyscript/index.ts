/** Everything an extension imports from `@deskhand/extension-sdk-as`. */

export { callHost, log } from "./assembly/host";
export { json, Pair, Request, Response, text } from "./assembly/http";
export { Event } from "./assembly/events";
export { JSON } from "json-as";
