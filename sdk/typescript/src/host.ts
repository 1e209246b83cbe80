/** The host's functions, by interface. */

import { createCharges } from "./charges.ts";
import { fetch } from "./fetch.ts";
import * as generated from "./generated/host.ts";
import { createManualInvoice } from "./invoicing.ts";

export const host = { ...generated, http: { fetch }, invoicing: { createManualInvoice }, charges: { createCharges } };
