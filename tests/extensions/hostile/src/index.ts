// One extension with many ways to misbehave; the path chooses.

import { host, json, type Request, type Response } from "@deskhand/extension-sdk";

const ways: Record<string, (request: Request) => Response> = {
  "/polite": (request) => json({ method: request.method, params: request.params, query: request.query }),
  "/loop": () => {
    for (;;) {}
  },
  "/work": (request) => {
    let sum = 0;
    for (let step = 0; step < Number(request.query.steps ?? 15_000_000); step++) {
      sum += step % 7;
    }
    return json({ sum, color: host.config.get("color") });
  },
  "/memory": () => {
    const kept: unknown[] = [];
    for (;;) {
      kept.push(new Array(100_000).fill(kept.length));
    }
  },
  "/recursion": () => deeper(0),
  "/flood": () => {
    for (;;) {
      host.config.get("anything");
    }
  },
  "/log-flood": () => {
    for (let line = 0; line < 5_000; line++) {
      host.log.info(`line ${line}`);
    }
    return json({ done: true });
  },
  "/throw": () => {
    throw new Error("the author's own mistake");
  },
  "/promise": () => new Promise(() => {}) as unknown as Response,
  "/number-body": () => ({ status: 200, body: 7 as unknown as string }),
  "/bad-header": () => ({ status: 200, headers: { "x-evil": "a\r\nset-cookie: b" } }),
  "/status": () => ({ status: 99 }),
  "/huge-body": () => ({ status: 200, body: "x".repeat(7 << 20) }),
  "/huge-nothing": () => ({ status: 200, body: "\0".repeat(6 << 20) }),
  "/huge-argument": () => json(host.config.get("\0".repeat(1 << 20))),
  "/echo": (request) => ({ status: 200, body: request.body }),
  "/globals": () => {
    const now = new Date();
    return json({
      year: now.getUTCFullYear(),
      sinceEpoch: Date.now() - now.getTime() < 60_000,
      isDate: now instanceof Date,
      parsed: new Date("2026-02-03T04:05:06Z").getTime(),
      draws: [Math.random(), Math.random()],
      uuid: host.random.uuid(),
      bytes: host.random.bytes(16).length,
    });
  },
  "/console": () => {
    console.warn("seen", { amount: 3 });
    const ring: Record<string, unknown> = {};
    console.info((ring["self"] = ring));
    console.error(new TypeError("no such order"));
    return json({});
  },
  "/invoice": (request) => json(host.invoicing.createManualInvoice(request.json() as never)),
  "/refused-config": () => {
    try {
      return json({ value: host.config.get("color") });
    } catch (refusal) {
      return json({ name: (refusal as Error).name, message: (refusal as Error).message }, 403);
    }
  },
  "/seen": (request) => json({ headers: request.headers, query: request.query }),
  "/answer": (request) => request.json() as Response,
  "/fetch": (request) => {
    try {
      return json(host.http.fetch(request.body, { method: "POST", headers: { "x-kind": "guest" }, body: "Grüße" }));
    } catch (refusal) {
      return json({ message: (refusal as Error).message }, 502);
    }
  },
  "/context": () => json(host.context.current()),
};

function deeper(depth: number): Response {
  return depth < 0 ? json({}) : { ...deeper(depth + 1), status: 200 };
}

export function handler(request: Request): Response {
  const way = ways[request.path];
  return way ? way(request) : json({ error: "not found" }, 404);
}
