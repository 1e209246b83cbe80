/** Everything an extension imports from `@deskhand/extension-sdk-as`. */

export { callHost, log } from "./assembly/host";
export { json, Pair, Request, Response, text } from "./assembly/http";
export { Answer, Nothing } from "./assembly/answers";
export * from "./assembly/generated/host";
export { Event } from "./assembly/events";
export { block, column, columns, InvoiceDiscount, InvoiceFacts, InvoiceLine, InvoiceParty, InvoiceTax, layout, Picture, Values } from "./assembly/invoices";
export { JSON } from "json-as";
