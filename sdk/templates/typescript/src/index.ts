import { host, json, type Request, type Response } from "@deskhand/extension-sdk";

/** The one function that the host calls. */
export function handler(request: Request): Response {
  const name = request.query["name"] ?? "world";
  host.log.info(`greeted ${name}`);
  return json({ hello: name });
}
