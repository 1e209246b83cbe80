/** Things that clients owe, for the next billing run. */

import charges, { type Charge as Sent } from "deskhand:extension/charges@1.0.0";
import { optionalText, quantityText, text } from "./fields.ts";
import { type Failure, type FieldErrors, failureOf } from "./refusal.ts";

export interface Charge {
  clientId: string;
  /** An item of the catalog; needed where there is no `rate`. */
  serviceId?: string;
  /** At most 500 characters. */
  description: string;
  /** Above zero, at most four decimal places; a number is sent as its shortest decimal text. */
  quantity: number | string;
  /** The price of one in minor units (cents) of `currencyCode`; without it the item's price counts. */
  rate?: number;
  /** ISO 4217; goes with `rate`. */
  currencyCode?: string;
  /** `YYYY-MM-DD`; today in the tenant's time zone unless given. */
  chargedOn?: string;
  /** The same key is the same charge, however often it is sent. */
  idempotencyKey: string;
}

export interface KeptCharge {
  chargeId: string;
  /** False where the key was known, and the charge is left as it was. */
  created: boolean;
}

export type CreateChargesResult = { success: true; charges: KeptCharge[] } | Failure;

/** Keep charges for the next billing run, all or none. Never throws over its input: what is wrong comes back in `fieldErrors`. */
export function createCharges(list: Charge[]): CreateChargesResult {
  const errors: FieldErrors = {};
  if (!Array.isArray(list)) {
    errors["charges"] = "must be a list";
  }
  const sent = (Array.isArray(list) ? list : []).map((one, index) => chargeOf(one ?? {}, `charges[${index}]`, errors));
  if (Object.keys(errors).length > 0) {
    return { success: false, error: "invalid_input: some fields need another value", fieldErrors: errors };
  }
  try {
    return { success: true, charges: charges.createCharges(sent) };
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** A charge as the host takes it; what is wrong with it is noted at its field. */
export function chargeOf(charge: Charge, at: string, errors: FieldErrors): Sent {
  if (charge.rate !== undefined && !Number.isSafeInteger(charge.rate)) {
    errors[`${at}.rate`] = "must be a whole number of minor units";
  }
  return {
    clientId: text(charge.clientId, `${at}.clientId`, errors),
    serviceId: optionalText(charge.serviceId, `${at}.serviceId`, errors),
    description: text(charge.description, `${at}.description`, errors),
    quantity: quantityText(charge.quantity, `${at}.quantity`, errors),
    rate: charge.rate ?? null,
    currencyCode: optionalText(charge.currencyCode, `${at}.currencyCode`, errors),
    chargedOn: optionalText(charge.chargedOn, `${at}.chargedOn`, errors),
    idempotencyKey: text(charge.idempotencyKey, `${at}.idempotencyKey`, errors),
  };
}
