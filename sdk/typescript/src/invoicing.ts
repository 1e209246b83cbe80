/** Invoices of the tenant's clients. */

import invoicing, { type InvoiceItem, type ManualInvoiceInput } from "deskhand:extension/invoicing@1.0.0";
import { optionalText, quantityText, text } from "./fields.ts";
import { type Failure, type FieldErrors, failureOf } from "./refusal.ts";

export interface ManualInvoiceItem {
  serviceId: string;
  /** Above zero, at most four decimal places; a number is sent as its shortest decimal text. */
  quantity: number | string;
  /** At most 500 characters. */
  description: string;
  /** Zero or more minor units (cents). */
  rate: number;
  isDiscount?: boolean;
  /** Required with `isDiscount`, refused without. */
  discountType?: "percentage" | "fixed";
  appliesToItemId?: string;
  appliesToServiceId?: string;
}

export interface CreateManualInvoiceInput {
  clientId: string;
  /** At least one. */
  items: ManualInvoiceItem[];
  /** `YYYY-MM-DD`; today in the tenant's time zone unless given. */
  invoiceDate?: string;
  /** `YYYY-MM-DD`; the invoice date unless given. */
  dueDate?: string;
  poNumber?: string | null;
  /** ISO 4217; the client's unless given. */
  currencyCode?: string;
  /** The same key gives the same invoice again, however often it is sent. */
  idempotencyKey?: string;
}

export interface CreatedInvoice {
  invoiceId: string;
  /** Null where the tenant numbers invoices when they are finalized. */
  invoiceNumber: string | null;
  status: string;
  /** Minor units, as are `tax` and `total`. */
  subtotal: number;
  tax: number;
  total: number;
  currencyCode: string;
  /** 2 where 100 minor units make one unit. */
  minorUnitExponent: number;
  /** The invoice's page. */
  url: string;
}

export type CreateManualInvoiceResult = { success: true; invoice: CreatedInvoice } | Failure;

/** Create a draft manual invoice. Never throws over its input: what is wrong comes back in `fieldErrors`. */
export function createManualInvoice(input: CreateManualInvoiceInput): CreateManualInvoiceResult {
  const errors: FieldErrors = {};
  const sent = inputOf(input, errors);
  if (Object.keys(errors).length > 0) {
    return { success: false, error: "invalid_input: some fields need another value", fieldErrors: errors };
  }
  try {
    return { success: true, invoice: invoicing.createManualInvoice(sent) };
  } catch (thrown) {
    return failureOf(thrown);
  }
}

function inputOf(input: CreateManualInvoiceInput, errors: FieldErrors): ManualInvoiceInput {
  const items = Array.isArray(input.items) ? input.items : [];
  if (!Array.isArray(input.items)) {
    errors["items"] = "must be a list";
  }
  return {
    clientId: text(input.clientId, "clientId", errors),
    items: items.map((item, index) => itemOf(item ?? {}, `items[${index}]`, errors)),
    invoiceDate: optionalText(input.invoiceDate, "invoiceDate", errors),
    dueDate: optionalText(input.dueDate, "dueDate", errors),
    poNumber: optionalText(input.poNumber, "poNumber", errors),
    currencyCode: optionalText(input.currencyCode, "currencyCode", errors),
    idempotencyKey: optionalText(input.idempotencyKey, "idempotencyKey", errors),
  };
}

function itemOf(item: ManualInvoiceItem, at: string, errors: FieldErrors): InvoiceItem {
  if (!Number.isSafeInteger(item.rate)) {
    errors[`${at}.rate`] = "must be a whole number of minor units";
  }
  return {
    serviceId: text(item.serviceId, `${at}.serviceId`, errors),
    quantity: quantityText(item.quantity, `${at}.quantity`, errors),
    description: text(item.description, `${at}.description`, errors),
    rate: item.rate,
    isDiscount: item.isDiscount === true,
    discountType: optionalText(item.discountType, `${at}.discountType`, errors),
    appliesToItemId: optionalText(item.appliesToItemId, `${at}.appliesToItemId`, errors),
    appliesToServiceId: optionalText(item.appliesToServiceId, `${at}.appliesToServiceId`, errors),
  };
}
