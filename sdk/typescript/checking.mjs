// The type check, and the error that a build ends with when it is the author's to mend.

import { execFileSync } from "node:child_process";
import path from "node:path";

export class BuildError extends Error {}

/** Checks types by a settings file. Throws a BuildError with the compiler's words. */
export function checkTypes(settings) {
  const compiler = path.join(import.meta.dirname, "node_modules", "typescript", "bin", "tsc");
  try {
    execFileSync(process.execPath, [compiler, "--project", settings], { encoding: "utf8" });
  } catch (failed) {
    throw new BuildError(failed.stdout || failed.stderr || String(failed));
  }
}

/** Runs a build; what went wrong is said in words. */
export async function report(building) {
  try {
    const said = await building();
    if (said) {
      console.log(said);
    }
  } catch (error) {
    console.error(error instanceof BuildError || error.errors ? error.message : error);
    process.exitCode = 1;
  }
}
