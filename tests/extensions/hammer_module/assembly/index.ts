// What two tenants call at once, in the small runtime: the deeds of `hammer`, in which all that the guest can see of its tenant is
// shown, and then something is kept, or fails on purpose.

import {
  Answer, clients, config, context, events, JSON, json, KeyQuery, log, NewValue, Pair, Request, Response, secrets, storage, user,
} from "@deskhand/extension-sdk-as";

@json
class Order {
  deed: string = "";
  /** Belongs to this call alone. */
  mark: string = "";
}

@json
class Where {
  tenantId: string = "";
  requestId: string = "";
}

@json
class Who {
  id: string = "";
}

@json
class Seen {
  mark: string = "";
  remembered: string = "";
  token: string = "";
  config: string = "";
  context: Where = new Where();
  user: Who = new Who();
  clients: string[] = [];
  kept: string = "";
  keys: string[] = [];
  count: i32 = 0;
}

@json
class Refused {
  mark: string = "";
  refused: string = "";
}

let remembered = "";
let refusal = "";

/** Whether the host gave it; what it said instead is kept for the answer. */
function given<T>(answer: Answer<T>): bool {
  if (!answer.ok && refusal == "") refusal = answer.error;
  return answer.ok;
}

export function handler(request: Request): Response {
  const order = JSON.parse<Order>(request.body);
  log.info(order.mark);
  const seen = look(order.mark);
  const told = refusal == "" ? done(order.deed, seen) : new Response();
  if (refusal == "") return told;
  log.warn(`${order.mark} ${refusal}`);
  const refused = new Refused();
  refused.mark = order.mark;
  refused.refused = refusal;
  const answer = json(refused);
  answer.status = 409;
  return answer;
}

function look(mark: string): Seen {
  const seen = new Seen();
  seen.mark = mark;
  seen.remembered = remembered;
  const token = secrets.get("token");
  if (given(token) && token.some) seen.token = token.value!;
  const setting = config.get("token");
  if (given(setting) && setting.some) seen.config = setting.value!;
  const where = context.current();
  if (given(where)) {
    seen.context.tenantId = where.value.tenant_id;
    seen.context.requestId = where.value.request_id;
  }
  const who = user.current();
  if (given(who) && who.some) seen.user.id = who.value!.id;
  const found = clients.list();
  if (given(found)) {
    const items = found.value.items;
    for (let i = 0; i < items.length; i++) seen.clients.push(items[i].name);
  }
  remembered = JSON.stringify(seen);
  return seen;
}

function done(deed: string, seen: Seen): Response {
  if (deed == "keep") return keep(seen);
  if (deed == "count") return count(seen);
  if (deed == "publish") given(events.publish("hammered", JSON.stringify(seen)));
  if (deed == "throw") throw new Error(JSON.stringify(seen));
  if (deed == "loop") while (true) remembered = deed;
  if (deed == "memory") fill();
  if (deed == "recursion") seen.count = deeper(seen, 1);
  if (deed == "flood") while (true) config.get("token");
  if (deed == "header") return forged(seen);
  return json(seen);
}

function keep(seen: Seen): Response {
  const value = new NewValue();
  value.namespace = "own";
  value.key = seen.mark;
  value.value = `${seen.token} ${seen.mark}`;
  if (given(storage.put(value))) {
    const kept = storage.get("own", seen.mark);
    if (given(kept) && kept.some) seen.kept = kept.value!.value;
    const query = new KeyQuery();
    query.namespace = "own";
    query.limit = 200;
    const page = storage.list(query);
    if (given(page)) {
      const items = page.value.items;
      for (let i = 0; i < items.length; i++) seen.keys.push(items[i].key);
    }
  }
  return json(seen);
}

function count(seen: Seen): Response {
  const before = storage.get("shared", "count");
  if (!given(before)) return json(seen);
  let revision: u64 = 0;
  if (before.some) {
    const kept = before.value!;
    revision = kept.revision;
    seen.count = I32.parseInt(kept.value.split(" ")[1]);
  }
  seen.count += 1;
  const value = new NewValue();
  value.namespace = "shared";
  value.key = "count";
  value.value = `${seen.token} ${seen.count}`;
  value.if_revision = JSON.Box.from<u64>(revision);
  given(storage.put(value));
  return json(seen);
}

function fill(): void {
  const kept: StaticArray<i64>[] = [];
  while (true) kept.push(new StaticArray<i64>(100_000));
}

function deeper(seen: Seen, depth: i32): i32 {
  const below = deeper(seen, depth + 1);
  return below + seen.mark.length + depth;
}

function forged(seen: Seen): Response {
  const answer = json(seen);
  const pair = new Pair();
  pair.name = "x-mark";
  pair.value = `${seen.mark}\r\nset-cookie: a=b`;
  answer.headers.push(pair);
  return answer;
}
