// A foreign page in a sandboxed frame may ask the page around it for a few things: calls below one address, its height,
// another page of ours, a toast. It says `ready`; who it is, is known by its window, and from then on it talks over a port
// that only the two of them hold. Nothing it says is trusted: types, addresses and amounts are checked here.
import { say } from "./toasts.js";

const SANDBOXED = "null"; // the origin of every frame that is sandboxed without an origin of its own
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const SENT = ["content-type", "idempotency-key"];
const GIVEN = ["content-type", "retry-after", "idempotency-replayed"];
const MOST_CALLS = 8;
const [SHORTEST, TALLEST] = [40, 6000];
const talks = new Set();

addEventListener("message", (event) => {
  const frame = [...document.querySelectorAll("iframe[data-calls]")].find((one) => one.contentWindow === event.source);
  const { deskhand, type, nonce } = event.data ?? {};
  if (!frame || event.origin !== SANDBOXED || deskhand !== 1 || type !== "ready" || typeof nonce !== "string") return;
  const before = [...talks].find((one) => one.frame === frame);
  if (before?.nonce !== nonce) welcome(frame, nonce, before);
});

function welcome(frame, nonce, before) {
  before?.port.close();
  talks.delete(before);
  const { port1: port, port2 } = new MessageChannel();
  const talk = { frame, nonce, port, calls: 0, saidAt: 0 };
  port.onmessage = ({ data }) => Object.hasOwn(wishes, data?.type) && frame.isConnected && wishes[data.type](talk, data);
  talks.add(talk);
  frame.contentWindow.postMessage({ deskhand: 1, type: "welcome", nonce, theme: theme(), ...JSON.parse(frame.dataset.welcome) }, "*", [port2]);
}

const wishes = {
  async call(talk, { id, method, path, headers, body }) {
    const answer = (given) => talk.port.postMessage({ type: "answer", id, ...given });
    const url = addressBelow(talk.frame.dataset.calls, path);
    if (!url || !METHODS.includes(method)) return answer({ error: "refused: the path must start with a slash and stay below the extension" });
    if (talk.calls >= MOST_CALLS) return answer({ error: `busy: ${MOST_CALLS} calls are on their way` });
    talk.calls += 1;
    try {
      answer(await carriedOut(url, method, headers, body));
    } catch {
      answer({ error: "unreachable: the server did not answer" });
    } finally {
      talk.calls -= 1;
    }
  },
  resize({ frame }, { height }) {
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(Math.ceil(height), SHORTEST), TALLEST)}px`;
  },
  navigate(_talk, { path }) {
    const url = addressBelow("/", path);
    if (url && navigator.userActivation?.isActive !== false) location.assign(url);
  },
  toast(talk, { text }) {
    if (typeof text !== "string" || Date.now() - talk.saidAt < 1000) return;
    talk.saidAt = Date.now();
    say(`${talk.frame.title}: ${text.slice(0, 200)}`);
  },
};

// The whole address of a path below one of ours, or null: `//elsewhere`, `\\elsewhere` and `/../elsewhere` lead out of it.
function addressBelow(base, path) {
  if (typeof path !== "string" || !/^\/(?![/\\])/.test(path)) return null;
  const root = new URL(base, location.href);
  const url = URL.parse(root.href.replace(/\/$/, "") + path);
  return url && url.origin === location.origin && url.pathname.startsWith(root.pathname) ? url : null;
}

async function carriedOut(url, method, headers, body) {
  const { "X-CSRF-Token": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  const sent = new Headers(SENT.filter((name) => typeof headers?.[name] === "string").map((name) => [name, headers[name]]));
  sent.set("X-CSRF-Token", token);
  const withBody = method !== "GET" && typeof body === "string";
  const response = await fetch(url, { method, headers: sent, body: withBody ? body : undefined, redirect: "error" });
  const given = GIVEN.filter((name) => response.headers.has(name)).map((name) => [name, response.headers.get(name)]);
  return { status: response.status, headers: Object.fromEntries(given), body: await response.text() };
}

const theme = () => (document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light");

new MutationObserver(() => {
  for (const talk of talks) {
    if (talk.frame.isConnected) talk.port.postMessage({ type: "theme", theme: theme() });
    else talks.delete(talk);
  }
}).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
