/** Laying out invoices: what the host shows of one, and the layout that comes back. Names are as in the JSON of both. */

/** Seller or client as printed. */
export interface InvoiceParty {
  readonly name: string;
  readonly address: readonly string[];
  /** A code of ISO 3166-1. */
  readonly country?: string;
  readonly tax_id?: string;
}

/** One line; amounts in minor units, `net` before discounts, `quantity` a decimal as text. */
export interface InvoiceLine {
  readonly position: number;
  readonly kind: string;
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  /** Left out where one price does not say it. */
  readonly unit_price?: number;
  readonly net: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly period_start?: string;
  /** Not included. */
  readonly period_end?: string;
  readonly location?: string;
  readonly contract?: string;
  readonly ticket?: string;
}

/**
 * What stands on an invoice, in minor units of `currency`, dates as `YYYY-MM-DD`. What it does not have is left out. Number, status and
 * payments are not among it, since they change later: print them by fields, such as `{invoice.number}`.
 */
export interface InvoiceFacts {
  readonly kind: "invoice" | "credit_note" | "prepayment";
  readonly currency: string;
  /** How many decimals the currency has. */
  readonly exponent: number;
  /** The client's language, such as `de`. */
  readonly locale: string;
  readonly invoice_date: string;
  readonly due_date: string;
  readonly po_number?: string;
  readonly notes?: string;
  /** The invoice that a credit note corrects. */
  readonly corrects_number?: string;
  readonly period_start?: string;
  readonly period_end?: string;
  readonly client: InvoiceParty & { readonly id: string };
  readonly seller: InvoiceParty;
  /** The first thousand of `line_count`. */
  readonly lines: readonly InvoiceLine[];
  readonly line_count: number;
  readonly taxes: readonly { name: string; code: string; percent: string; base: number; tax: number }[];
  readonly discounts: readonly { description: string; amount: number }[];
  readonly net: number;
  readonly discount: number;
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
  /** The pictures that the company uploaded for its layouts; a layout names them by `id`. */
  readonly pictures: readonly { id: string; name: string }[];
}

/** One thing that must hold for a block to be printed. */
export interface LayoutCondition {
  /** Such as `invoice.total`. */
  field: string;
  asks: "set" | "missing" | "equals" | "differs" | "above" | "below";
  value?: string;
}

type Align = "start" | "center" | "end";
type Field = { field: string; label?: string };
/** A block of a layout, in a column or on the page. */
export type LayoutBlock = { when?: LayoutCondition[] } & (
  | { kind: "letterhead"; image?: string | null; height?: number }
  | { kind: "title"; number?: boolean; align?: Align }
  | { kind: "image"; image: string; height?: number; align?: Align }
  | { kind: "seller" | "client"; label?: string; headed?: boolean }
  | { kind: "facts"; rows: Field[] }
  | {
      kind: "text";
      text: string;
      size?: "small" | "normal" | "large" | "title";
      tone?: "plain" | "muted" | "accent";
      align?: Align;
      strong?: boolean;
    }
  | {
      kind: "lines";
      columns: { show: string; label?: string }[];
      details?: string[];
      lines?: "all" | "services" | "goods";
      group_by?: string;
      group_sums?: boolean;
      sort_by?: string;
      small?: boolean;
    }
  | { kind: "totals"; discounts?: boolean; taxes?: boolean; settled?: boolean }
  | { kind: "payment"; label?: string; text?: string; code?: "none" | "epc" }
  | { kind: "notes" | "tax_notes" | "reckoning"; label?: string }
  | { kind: "spacer"; height?: number }
  | { kind: "amount_due" | "taxes" | "rule" }
);

/** The layout of an invoice, the same data that the layout editor of the web app makes. */
export interface InvoiceLayout {
  format: 1;
  page?: {
    paper?: "a4" | "us-letter";
    top?: number;
    right?: number;
    bottom?: number;
    left?: number;
    /** Such as `#1f4b99`. */
    accent?: string;
    font_size?: number;
    running_head?: boolean;
    mark?: boolean;
    page_numbers?: boolean;
    footer?: string[];
  };
  blocks: (
    | LayoutBlock
    | { kind: "columns"; when?: LayoutCondition[]; columns: { width?: number; blocks: LayoutBlock[] }[] }
    | { kind: "page_break"; when?: LayoutCondition[] }
  )[];
}

/**
 * Exported as `renderInvoice` where the manifest lists the hook `render_invoice`: the layout of one invoice. It is asked when the
 * invoice becomes final, and its answer is kept with it; and for each look at a draft.
 */
export type RenderInvoice = (facts: InvoiceFacts) => InvoiceLayout | Promise<InvoiceLayout>;
