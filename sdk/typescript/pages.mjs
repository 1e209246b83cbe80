// Builds the pages of an extension: each ui/*.ts becomes ui/*.js, checked with the browser's types and whole in itself.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const sdk = import.meta.dirname;
const ALIAS = { "@deskhand/extension-sdk/ui": path.join(sdk, "src", "ui.ts") };

/** The sources of a folder's pages; `check` type-checks by a settings file. */
export async function buildPages(folder, check) {
  const ui = path.join(folder, "ui");
  const sources = existsSync(ui) ? readdirSync(ui).filter((name) => /(?<!\.d)\.ts$/.test(name)) : [];
  if (sources.length === 0) {
    return;
  }
  check(writePageSettings(folder));
  await build({
    entryPoints: sources.map((name) => path.join(ui, name)),
    outdir: ui,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: ["chrome120", "firefox121", "safari17"],
    alias: ALIAS,
    logLevel: "silent",
  });
}

function writePageSettings(folder) {
  const file = path.join(folder, "dist", "ui.tsconfig.json");
  const settings = {
    extends: path.join(sdk, "tsconfig.json"),
    compilerOptions: { lib: ["es2023", "dom", "dom.iterable"], paths: pathsOf(ALIAS) },
    include: ["../ui/*.ts"],
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
  return file;
}

const pathsOf = (alias) => Object.fromEntries(Object.entries(alias).map(([name, file]) => [name, [file]]));
