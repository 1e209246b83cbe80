#!/usr/bin/env node
// Builds only the pages of an extension whose guest is written in another language. Usage: node build-pages.mjs <folder of the extension>

import path from "node:path";
import { checkTypes, report } from "./checking.mjs";
import { buildPages } from "./pages.mjs";

await report(() => buildPages(path.resolve(process.argv[2]), checkTypes));
