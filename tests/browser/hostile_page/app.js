// A page of an extension that tries to get out of its frame; `tried` says what became of each try.
const tried = {};
const refused = (make) => {
  try {
    const got = make();
    return got === undefined || got === null ? "refused" : `got ${String(got).slice(0, 80)}`;
  } catch (error) {
    return "refused";
  }
};
const fails = async (make) => {
  try {
    await make();
    return "got through";
  } catch {
    return "refused";
  }
};
const loads = (element, url) => new Promise((resolve) => {
  element.onload = () => resolve("got through");
  element.onerror = () => resolve("refused");
  element.src = url;
  document.body.append(element);
  setTimeout(() => resolve("refused"), 1500);
});

tried.cookie = refused(() => document.cookie);
tried.storage = refused(() => localStorage.length);
tried.parentDocument = refused(() => parent.document.body.innerHTML);
tried.parentLocation = refused(() => parent.location.href);
tried.topNavigation = refused(() => void (top.location = "/logout"));
tried.window = refused(() => open("/"));
tried.code = refused(() => Function("return 1")());
tried.inline = window.inline ? "got through" : "refused";
tried.handler = window.handler ? "got through" : "refused";
tried.fetch = await fails(() => fetch("/api/v1/clients"));
tried.fetchElsewhere = await fails(() => fetch("https://elsewhere.invalid/"));
tried.socket = await fails(() => new Promise((ok, no) => Object.assign(new WebSocket("wss://elsewhere.invalid/"), { onopen: ok, onerror: no })));
tried.image = await loads(new Image(), `${new URL(location.href).origin}/static/dist/icon.svg`);
tried.imageElsewhere = await loads(new Image(), "https://elsewhere.invalid/x.png");
tried.script = await loads(document.createElement("script"), `${new URL(location.href).origin}/api/docs`);
tried.worker = await fails(() => new Promise((ok, no) => Object.assign(new Worker("app.js"), { onmessage: ok, onerror: no })));

const nonce = "a-nonce-of-ours";
const port = await new Promise((resolve) => {
  addEventListener("message", (event) => event.data?.type === "welcome" && resolve(event.ports[0]));
  parent.postMessage({ deskhand: 1, type: "ready", nonce }, "*");
});
const waiting = new Map();
port.onmessage = ({ data }) => waiting.get(data.id)?.(data);
let last = 0;
const call = (path, more = {}) => new Promise((resolve) => {
  const id = ++last;
  waiting.set(id, resolve);
  port.postMessage({ type: "call", id, method: "GET", path, ...more });
});

tried.ownHandler = (await call("/polite")).status;
const outside = ["/../../api/v1/clients", "/%2e%2e/%2e%2e/api/v1/clients", "\\..\\..\\api", "//elsewhere.invalid/", "https://elsewhere.invalid/", "api", "", null, 7, ["/polite"]];
tried.outside = (await Promise.all(outside.slice(0, 6).map((path) => call(path)))).concat(await Promise.all(outside.slice(6).map((path) => call(path)))).map((one) => one.error?.split(":")[0] ?? one.status);
tried.method = (await call("/polite", { method: "TRACE" })).error?.split(":")[0];
tried.headers = (await call("/seen", { headers: { "x-api-key": "dhk_x", cookie: "a=b", "content-type": "text/x-own" } })).body;
tried.flood = (await Promise.all(Array.from({ length: 30 }, () => call("/polite")))).filter((one) => one.error?.startsWith("busy")).length > 0;
port.postMessage({ type: "resize", height: 1e9 });
port.postMessage({ type: "resize", height: "1px; position: fixed" });
port.postMessage({ type: "__proto__" });
port.postMessage({ type: "constructor" });
port.postMessage(null);
port.postMessage({ type: "toast", text: "<img src=x onerror=alert(1)>" + "x".repeat(500) });
port.postMessage({ type: "toast", text: "a second one at once" });
port.postMessage({ type: "navigate", path: "/clients" }); // nobody clicked
port.postMessage({ type: "navigate", path: "//elsewhere.invalid/" });
port.postMessage({ type: "navigate", path: "javascript:alert(1)" });
document.getElementById("go").addEventListener("click", () => {
  for (const path of ["//elsewhere.invalid/", "\\\\elsewhere.invalid/", "javascript:alert(1)", "https://elsewhere.invalid/"]) port.postMessage({ type: "navigate", path });
  setTimeout(() => { location.href = "https://elsewhere.invalid/?stolen=1"; }, 300);
});
setTimeout(() => console.log(`tried ${JSON.stringify(tried)}`), 500);
