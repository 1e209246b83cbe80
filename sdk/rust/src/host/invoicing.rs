// Made by `deskhand sdk` from the host functions that plugins register.
//! Invoices of the tenant's clients. Amounts are integers in minor units of the invoice's currency.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// One item; a discount says of which kind it is, and may name one target. `rate` of a percentage is the
    /// percentage.
    pub struct InvoiceItem {
        /// A UUID.
        pub service_id: String,
        /// Decimal text above zero with at most four places.
        pub quantity: String,
        /// At most 500 characters.
        pub description: String,
        /// Minor units; of a percentage, the percentage. At least 0.
        pub rate: i64,
        pub is_discount: bool,
        /// Required with `is_discount`, refused without. One of `percentage`, `fixed`.
        pub discount_type: Option<String>,
        /// The position of another item, counted from 0; only of a discount.
        pub applies_to_item_id: Option<String>,
        /// Only of a discount. A UUID.
        pub applies_to_service_id: Option<String>,
    }
}

record! {
    /// A draft to be made for a client.
    pub struct ManualInvoiceInput {
        /// A UUID.
        pub client_id: String,
        /// 1 to 1,000 items.
        pub items: Vec<InvoiceItem>,
        /// Today in the tenant's zone unless given. `YYYY-MM-DD`.
        pub invoice_date: Option<String>,
        /// The invoice date unless given. `YYYY-MM-DD`.
        pub due_date: Option<String>,
        /// At most 128 characters.
        pub po_number: Option<String>,
        /// ISO 4217; the client's unless given.
        pub currency_code: Option<String>,
        /// The same key gives the same invoice again. 1 to 255 characters.
        pub idempotency_key: Option<String>,
    }
}

record! {
    /// The draft. Amounts in minor units.
    pub struct CreatedInvoice {
        /// A UUID.
        pub invoice_id: String,
        /// None where the tenant numbers invoices when they are finalized.
        pub invoice_number: Option<String>,
        pub status: String,
        pub subtotal: i64,
        pub tax: i64,
        pub total: i64,
        pub currency_code: String,
        /// 2 where 100 minor units make one unit.
        pub minor_unit_exponent: u8,
        /// The invoice's page.
        pub url: String,
    }
}

/// Create a draft manual invoice.
///
/// Needs `cap:invoice.manual.create`.
#[inline]
pub fn create_manual_invoice(input: &ManualInvoiceInput) -> Result<CreatedInvoice, Refusal> {
    ask("invoicing", "create_manual_invoice", vec![("input", input.to_json())])
}
