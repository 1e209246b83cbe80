// Builds the web app's assets into ../static/dist: one stylesheet, one script, icons, font; hashed names, packed twins.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import postcss from "postcss";
import { keepUsed } from "./trim.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const dist = join(here, "../static/dist");
const names = {};

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();

async function put(name, content, packed = true) {
  const bytes = Buffer.from(content);
  const [stem, kind] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf("."))];
  names[name] = `${stem}-${hash(bytes)}${kind}`;
  await writeFile(join(dist, names[name]), bytes);
  const small = packed ? gzipSync(bytes, { level: 9 }) : bytes;
  if (packed) await writeFile(join(dist, `${names[name]}.gz`), small);
  console.log(`${name.padEnd(20)} ${String(bytes.length).padStart(8)} bytes ${String(small.length).padStart(8)} packed`);
  return small.length;
}

async function fonts() {
  const files = join(modules, "@fontsource-variable/inter/files");
  await put("inter.woff2", await readFile(join(files, "inter-latin-wght-normal.woff2")), false);
  await put("inter-ext.woff2", await readFile(join(files, "inter-latin-ext-wght-normal.woff2")), false);
}

async function style() {
  const tabler = await readFile(join(modules, "@tabler/core/dist/css/tabler.css"), "utf8");
  const trimmed = postcss([keepUsed]).process(tabler, { from: undefined }).css;
  const parts = ["tokens", "shell", "page", "list", "form", "print"];
  const ours = await Promise.all(parts.map((part) => readFile(join(here, "css", `${part}.css`), "utf8")));
  const whole = [trimmed, ...ours].join("\n").replace(/asset\(([\w.-]+)\)/g, (_, name) => `url(${names[name]})`);
  const result = await transform(whole, { loader: "css", minify: true, target: ["chrome120", "firefox121", "safari17"] });
  return put("app.css", result.code.replace('@charset "UTF-8";', ""));
}

async function script() {
  const result = await build({
    entryPoints: [join(here, "js/app.js")], bundle: true, minify: true, write: false, format: "iife", target: "es2022",
    legalComments: "eof",
  });
  return put("app.js", result.outputFiles[0].contents);
}

// Every outline icon, for the server alone: it draws the few that a page uses into that page.
async function icons() {
  const nodes = JSON.parse(await readFile(join(modules, "@tabler/icons/tabler-nodes-outline.json"), "utf8"));
  const shape = ([tag, attributes]) => `<${tag} ${Object.entries(attributes).map(([k, v]) => `${k}="${v}"`).join(" ")}/>`;
  const drawn = Object.entries(nodes).map(([name, shapes]) => [name, shapes.map(shape).join("")]);
  await put("icons.json", JSON.stringify(Object.fromEntries(drawn)), false);
}

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "swagger"), { recursive: true });
await fonts();
const size = (await style()) + (await script());
await icons();
await put("icon.svg", await readFile(join(here, "icon.svg")));
for (const name of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  await cp(join(modules, "swagger-ui-dist", name), join(dist, "swagger", name));
  await writeFile(join(dist, "swagger", `${name}.gz`), gzipSync(await readFile(join(dist, "swagger", name))));
}
await writeFile(join(dist, "manifest.json"), JSON.stringify(names, null, 2));
console.log(`style and script together: ${(size / 1000).toFixed(1)} kB packed`);
if (size > 150_000) throw new Error("style and script together are over 150 kB packed");
