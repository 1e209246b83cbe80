// What two tenants call at once. Each deed shows all that the guest can see of its tenant, then keeps something or fails on purpose.

import { host, json, type Request, type Response } from "@deskhand/extension-sdk";

interface Order {
  deed: string;
  /** Belongs to this call alone. */
  mark: string;
}

interface Seen {
  mark: string;
  token: string;
}

let remembered = "";

export function handler(request: Request): Response {
  const order = request.json() as Order;
  host.log.info(order.mark);
  try {
    return deeds[order.deed]!(look(order.mark));
  } catch (refusal) {
    if ((refusal as Error).name !== "HostRefusal") {
      throw refusal;
    }
    host.log.warn(`${order.mark} ${(refusal as Error).message}`);
    return json({ mark: order.mark, refused: (refusal as Error).message }, 409);
  }
}

function look(mark: string): Seen {
  const seen = {
    mark,
    remembered,
    token: host.secrets.get("token") ?? "",
    config: host.config.get("token"),
    context: host.context.current(),
    user: host.user.current(),
    clients: host.clients.list({}).items.map((client) => client.name),
  };
  remembered = JSON.stringify(seen);
  return seen;
}

const deeds: Record<string, (seen: Seen) => Response> = {
  look: (seen) => json(seen),
  keep: (seen) => {
    host.storage.put({ namespace: "own", key: seen.mark, value: `${seen.token} ${seen.mark}` });
    const kept = host.storage.get("own", seen.mark)?.value;
    const keys = host.storage.list({ namespace: "own", limit: 200 }).items.map((item) => item.key);
    return json({ ...seen, kept, keys });
  },
  count: (seen) => {
    const before = host.storage.get("shared", "count");
    const count = Number(before?.value.split(" ")[1] ?? 0) + 1;
    host.storage.put({ namespace: "shared", key: "count", value: `${seen.token} ${count}`, ifRevision: before?.revision ?? 0 });
    return json({ ...seen, count });
  },
  publish: (seen) => json({ ...seen, event: host.events.publish("hammered", JSON.stringify(seen)) }),
  throw: (seen) => {
    throw new Error(JSON.stringify(seen));
  },
  loop: () => {
    for (;;) {}
  },
  memory: () => {
    const kept: unknown[] = [];
    for (;;) {
      kept.push(new Array(100_000).fill(kept.length));
    }
  },
  recursion: (seen) => deeper(seen),
  flood: () => {
    for (;;) {
      host.config.get("token");
    }
  },
  header: (seen) => ({ status: 200, headers: { "x-mark": `${seen.mark}\r\nset-cookie: a=b` } }),
};

function deeper(seen: Seen): Response {
  return seen.mark ? { ...deeper(seen), status: 200 } : json(seen);
}
