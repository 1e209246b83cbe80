/** Everything an extension imports from `@deskhand/extension-sdk`. */

export type { Charge, CreateChargesResult, KeptCharge } from "./charges.ts";
export type { FetchOptions, FetchResponse } from "./fetch.ts";
export type * from "./generated/host.ts";
export { host } from "./host.ts";
export { type Handler, json, type Request, type Response } from "./http.ts";
export type {
  CreatedInvoice,
  CreateManualInvoiceInput,
  CreateManualInvoiceResult,
  ManualInvoiceItem,
} from "./invoicing.ts";
export type * from "./layouts.ts";
export type { ChargeWindow, CollectCharges, Event, OnEvent } from "./triggers.ts";
export { type Failure, type FieldErrors, HostRefusal } from "./refusal.ts";
