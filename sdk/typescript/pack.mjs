// Puts what lies elsewhere in the source tree into the package while it is packed, and takes it out again.

import { cpSync, rmSync } from "node:fs";
import path from "node:path";

const elsewhere = { wit: "../wit", LICENSE: "../../LICENSE" };

for (const [name, source] of Object.entries(elsewhere)) {
  const here = path.join(import.meta.dirname, name);
  if (process.argv[2] === "--undo") {
    rmSync(here, { recursive: true });
  } else {
    cpSync(path.join(import.meta.dirname, source), here, { recursive: true });
  }
}
