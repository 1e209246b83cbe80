#!/usr/bin/env node
// Builds one extension: type check, bundle, component. Usage: node build.mjs <folder of the extension>
//
// Reads deskhand.json and src/index.ts, writes dist/component.wasm, and ui/*.js from ui/*.ts where there are pages. The
// component imports only those interfaces whose capabilities the manifest asks for; calling another one throws the words that
// say what to add.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { componentize } from "componentize-qjs";
import { build } from "esbuild";
import { BuildError, checkTypes, report } from "./checking.mjs";
import { buildPages } from "./pages.mjs";

const sdk = import.meta.dirname;
// The package carries the world with it; in the source tree it lies beside.
const wit = [path.join(sdk, "wit"), path.join(sdk, "..", "wit")].find((folder) => existsSync(folder));
const listed = JSON.parse(readFileSync(path.join(wit, "capabilities.json"), "utf8"));
const version = /@([\d.]+);/.exec(readFileSync(path.join(wit, "world.wit"), "utf8"))[1];

// What an author's source file exports, with its type: `handler` for endpoints, the others where the manifest lists what they answer.
const EXPORTS = { handler: "Handler", onEvent: "OnEvent", collectCharges: "CollectCharges", renderInvoice: "RenderInvoice" };
const WORLDS = { onEvent: "listening", collectCharges: "charging", renderInvoice: "printing" };

/** The type check's own look at what the host calls: it is there, and has the right type. */
function exportsCheck(names) {
  return [
    `import type { ${names.map((name) => EXPORTS[name]).join(", ")} } from "@deskhand/extension-sdk";`,
    `import { ${names.join(", ")} } from "../src/index.ts";`,
    ...names.map((name) => `${name} satisfies ${EXPORTS[name]};`),
    "",
  ].join("\n");
}

function exportsOf(manifest) {
  const hooks = (manifest.hooks ?? []).map(({ name }) => camel(name.replaceAll("_", "-")));
  const events = (manifest.events ?? []).length > 0 ? ["onEvent"] : [];
  const others = [...events, ...hooks].filter((name) => name in WORLDS);
  const called = (manifest.endpoints ?? []).length > 0 || others.length === 0;
  return { handler: called, others };
}

function parsed(file) {
  if (!existsSync(file)) {
    throw new BuildError(`${file} is not there; an extension is a folder with deskhand.json and src/index.ts`);
  }
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new BuildError(`${file} is no JSON: ${error.message}`);
  }
}

function readManifest(folder) {
  const file = path.join(folder, "deskhand.json");
  const manifest = parsed(file);
  const known = new Set(Object.values(listed.functions).filter(Boolean));
  const unknown = (manifest.capabilities ?? []).map((one) => one.name ?? one).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new BuildError(`${file}: there is no capability ${unknown.join(", ")}; there are ${[...known].join(", ")}`);
  }
  return manifest;
}

/** For each interface its functions, with the capability that the manifest does not ask for, or null for those it may import. */
function interfacesFor(manifest) {
  const asked = (manifest.capabilities ?? []).map((one) => one.name ?? one);
  const held = new Set([...listed.default, ...asked]);
  const found = {};
  for (const [name, capability] of Object.entries(listed.functions)) {
    const [face, one] = name.split(".");
    found[face] ??= {};
    found[face][one] = capability === null || held.has(capability) ? null : capability;
  }
  return found;
}

const held = (functions) => Object.keys(functions).filter((one) => functions[one] === null);
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

function writeWorld(faces, others) {
  const folder = mkdtempSync(path.join(tmpdir(), "deskhand-wit-"));
  cpSync(wit, folder, { recursive: true, filter: (source) => !source.endsWith("world.wit") });
  const imports = Object.keys(faces).filter((face) => held(faces[face]).length > 0);
  for (const face of imports) {
    narrow(path.join(folder, `${face}.wit`), faces[face]);
  }
  const text = [
    `package deskhand:extension@${version};`,
    "world guest {",
    "  use types.{request, response};",
    ...imports.map((face) => `  import ${face};`),
    ...others.map((name) => `  include ${WORLDS[name]};`),
    "  export handler: func(request: request) -> response;",
    "}",
  ];
  writeFileSync(path.join(folder, "guest.wit"), text.join("\n"));
  return folder;
}

/** Leaves only those functions in an interface's WIT that the manifest asks for. Each is one line, below its comments. */
function narrow(file, functions) {
  const blocks = readFileSync(file, "utf8").split("\n\n");
  const names = new Set(held(functions));
  const kept = blocks.filter((block) => {
    const found = /^ {2}%?([a-z0-9-]+): func\(/m.exec(block);
    return !found || names.has(found[1]);
  });
  const text = kept.join("\n\n");
  writeFileSync(file, `${text.replace(/\n}\n$/, "")}\n}\n`);
}

/** Real imports stay imports; functions that the manifest does not ask for become ones that explain themselves. */
function hostInterfaces(faces) {
  return {
    name: "deskhand-host",
    setup(bundle) {
      bundle.onResolve({ filter: /^deskhand:extension\// }, ({ path: name, namespace }) => {
        const functions = faces[name.slice("deskhand:extension/".length).split("@")[0]];
        const whole = Object.values(functions).every((missing) => missing === null);
        return whole || namespace === "partial" ? { path: name, external: true } : { path: name, namespace: "partial" };
      });
      bundle.onLoad({ filter: /.*/, namespace: "partial" }, ({ path: name }) => {
        return { contents: partial(name, faces[name.slice("deskhand:extension/".length).split("@")[0]]) };
      });
    },
  };
}

function partial(name, functions) {
  const real = held(functions).length > 0 ? `import real from "${name}";` : "const real = {};";
  const rest = Object.keys(functions).filter((one) => functions[one] !== null);
  const members = rest.map((one) => `${JSON.stringify(camel(one))}: ${unasked(functions[one])}`);
  return `${real}\nexport default { ...real, ${members.join(", ")} };`;
}

function unasked(capability) {
  const error = `capability_denied: add ${capability} to capabilities in deskhand.json`;
  const thrown = JSON.stringify({ payload: { error, fieldErrors: [] } });
  return `() => { throw Object.assign(new Error(), ${thrown}); }`;
}

/** What editor and type check need to know, wherever the extension lies; its own tsconfig.json extends this one. */
function writeTypeSettings(folder, { handler, others }) {
  const file = path.join(folder, "dist", "tsconfig.json");
  const settings = {
    extends: path.join(sdk, "tsconfig.json"),
    compilerOptions: { paths: { "@deskhand/extension-sdk": [path.join(sdk, "src", "index.ts")] } },
    include: ["../src", "exports.check.ts", path.join(sdk, "src", "wit.d.ts"), path.join(sdk, "src", "generated", "wit.d.ts")],
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(path.join(path.dirname(file), "exports.check.ts"), exportsCheck([...(handler ? ["handler"] : []), ...others]));
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
  return file;
}

function typeCheck(folder, exported) {
  const ours = writeTypeSettings(folder, exported);
  const own = path.join(folder, "tsconfig.json");
  checkTypes(existsSync(own) ? own : ours);
}

async function bundleSource(folder, faces, { others }) {
  const more = others.length > 0 ? `export { ${others.join(", ")} } from "./exports.ts";` : "";
  const bundled = await build({
    stdin: { contents: `export { handler } from "./entry.ts";\n${more}`, resolveDir: path.join(sdk, "src") },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    supported: { "async-await": false, "async-generator": false, "for-await": false }, // see src/promises.ts
    alias: {
      "@deskhand/extension-sdk": path.join(sdk, "src", "index.ts"),
      "deskhand:authored": path.join(folder, "src", "index.ts"),
    },
    plugins: [hostInterfaces(faces)],
    logLevel: "silent",
  });
  return bundled.outputFiles[0].text;
}

async function makeComponent(jsSource, faces, { others }) {
  const witPath = writeWorld(faces, others);
  try {
    return (await componentize({ witPath, jsSource, world: "guest", sync: true, stubWasi: true })).component;
  } finally {
    rmSync(witPath, { recursive: true });
  }
}

async function buildExtension(folder) {
  const manifest = readManifest(folder);
  const faces = interfacesFor(manifest);
  const exported = exportsOf(manifest);
  const source = path.join(folder, "src", "index.ts");
  if (!existsSync(source)) {
    throw new BuildError(`${source} is not there; it exports what the host calls`);
  }
  typeCheck(folder, exported);
  await buildPages(folder, checkTypes);
  const component = await makeComponent(await bundleSource(folder, faces, exported), faces, exported);
  const target = path.join(folder, "dist", "component.wasm");
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, component);
  renameSync(`${target}.new`, target);
  return component.length;
}

await report(async () => {
  const size = await buildExtension(path.resolve(process.argv[2]));
  return `dist/component.wasm: ${(size / 1e6).toFixed(2)} MB`;
});
