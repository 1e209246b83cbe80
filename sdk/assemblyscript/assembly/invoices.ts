/** Laying out invoices: what the host shows of one, and the layout that is answered. */

import { quoted } from "./quoting";

/** Seller or client as printed. What is not known is empty. */
@json
export class InvoiceParty {
  id: string = "";
  name: string = "";
  address: string[] = [];
  country: string = "";
  tax_id: string = "";
}

/** One line; amounts in minor units, `net` before discounts, `quantity` a decimal as text. */
@json
export class InvoiceLine {
  position: i32 = 0;
  kind: string = "";
  description: string = "";
  quantity: string = "";
  unit: string = "";
  unit_price: i64 = 0;
  net: i64 = 0;
  discount: i64 = 0;
  tax: i64 = 0;
  total: i64 = 0;
  period_start: string = "";
  period_end: string = "";
  location: string = "";
  contract: string = "";
  ticket: string = "";
}

@json
export class InvoiceTax {
  name: string = "";
  code: string = "";
  percent: string = "";
  base: i64 = 0;
  tax: i64 = 0;
}

@json
export class InvoiceDiscount {
  description: string = "";
  amount: i64 = 0;
}

/** A picture that the company uploaded for its layouts. */
@json
export class Picture {
  id: string = "";
  name: string = "";
}

/** What stands on an invoice: amounts in minor units, dates as `YYYY-MM-DD`; what it does not have is empty.
 *
 * Number, status and payments are not among it, since they change later: print them by fields, such as `{invoice.number}`.
 */
@json
export class InvoiceFacts {
  kind: string = "";
  currency: string = "";
  exponent: i32 = 2;
  locale: string = "";
  invoice_date: string = "";
  due_date: string = "";
  po_number: string = "";
  notes: string = "";
  corrects_number: string = "";
  period_start: string = "";
  period_end: string = "";
  client: InvoiceParty = new InvoiceParty();
  seller: InvoiceParty = new InvoiceParty();
  lines: InvoiceLine[] = [];
  line_count: i32 = 0;
  taxes: InvoiceTax[] = [];
  discounts: InvoiceDiscount[] = [];
  net: i64 = 0;
  discount: i64 = 0;
  subtotal: i64 = 0;
  tax: i64 = 0;
  total: i64 = 0;
  pictures: Picture[] = [];
}

/** Names with values, as JSON: a block of a layout, its page, a row in it. */
export class Values {
  private parts: string[] = [];

  text(name: string, value: string): Values {
    return this.json(name, quoted(value));
  }

  number(name: string, value: i64): Values {
    return this.json(name, value.toString());
  }

  flag(name: string, value: bool): Values {
    return this.json(name, value ? "true" : "false");
  }

  list(name: string, values: Values[]): Values {
    return this.json(name, `[${values.map<string>((one) => one.toString()).join(",")}]`);
  }

  /** A value that is JSON already. */
  json(name: string, value: string): Values {
    this.parts.push(`${quoted(name)}:${value}`);
    return this;
  }

  /** Of a block: print it only where a field is so, as in `when("invoice.total", "above", "1000")`. */
  when(field: string, asks: string, value: string = ""): Values {
    return this.list("when", [new Values().text("field", field).text("asks", asks).text("value", value)]);
  }

  toString(): string {
    return `{${this.parts.join(",")}}`;
  }
}

/** A block of a layout by its kind: `block("text").text("text", "Thank you, {client.name}.")`. */
export function block(kind: string): Values {
  return new Values().text("kind", kind);
}

/** A column of blocks, as wide as `width` says in proportion to its neighbours. */
export function column(width: i32, blocks: Values[]): Values {
  return new Values().number("width", width).list("blocks", blocks);
}

/** Blocks side by side. */
export function columns(beside: Values[]): Values {
  return block("columns").list("columns", beside);
}

/** The layout that `renderInvoice` answers. */
export function layout(page: Values, blocks: Values[]): string {
  return new Values().number("format", 1).json("page", page.toString()).list("blocks", blocks).toString();
}
