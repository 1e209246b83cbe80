import { json, log, Request, Response } from "@deskhand/extension-sdk-as";

@json
class Greeting {
  hello: string = "";
}

/** The one function that the host calls. */
export function handler(request: Request): Response {
  const greeting = new Greeting();
  greeting.hello = request.queryOr("name", "world");
  log.info(`greeted ${greeting.hello}`);
  return json(greeting);
}
