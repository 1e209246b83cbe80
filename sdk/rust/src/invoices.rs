//! What the host shows of an invoice that is to be laid out. What it does not have is empty.

use crate::record;

record! {
    /// Seller or client as printed.
    pub struct InvoiceParty {
        pub id: String = String::new(),
        pub name: String = String::new(),
        pub address: Vec<String> = Vec::new(),
        pub country: String = String::new(),
        pub tax_id: String = String::new(),
    }
}

record! {
    /// One line; amounts in minor units, `net` before discounts, `quantity` a decimal as text.
    pub struct InvoiceLine {
        pub position: i32 = 0,
        pub kind: String = String::new(),
        pub description: String = String::new(),
        pub quantity: String = String::new(),
        pub unit: String = String::new(),
        pub unit_price: i64 = 0,
        pub net: i64 = 0,
        pub discount: i64 = 0,
        pub tax: i64 = 0,
        pub total: i64 = 0,
        pub period_start: String = String::new(),
        pub period_end: String = String::new(),
        pub location: String = String::new(),
        pub contract: String = String::new(),
        pub ticket: String = String::new(),
    }
}

record! {
    pub struct InvoiceTax {
        pub name: String = String::new(),
        pub code: String = String::new(),
        pub percent: String = String::new(),
        pub base: i64 = 0,
        pub tax: i64 = 0,
    }
}

record! {
    pub struct InvoiceDiscount {
        pub description: String = String::new(),
        pub amount: i64 = 0,
    }
}

record! {
    /// A picture that the company uploaded for its layouts.
    pub struct Picture {
        pub id: String = String::new(),
        pub name: String = String::new(),
    }
}

record! {
    /// What stands on an invoice: amounts in minor units, dates as `YYYY-MM-DD`.
    ///
    /// Number, status and payments are not among it, since they change later: print them by fields, such as `{invoice.number}`.
    pub struct InvoiceFacts {
        pub kind: String = String::new(),
        pub currency: String = String::new(),
        pub exponent: u8 = 2,
        pub locale: String = String::new(),
        pub invoice_date: String = String::new(),
        pub due_date: String = String::new(),
        pub po_number: String = String::new(),
        pub notes: String = String::new(),
        pub corrects_number: String = String::new(),
        pub period_start: String = String::new(),
        pub period_end: String = String::new(),
        pub client: InvoiceParty = InvoiceParty::default(),
        pub seller: InvoiceParty = InvoiceParty::default(),
        pub lines: Vec<InvoiceLine> = Vec::new(),
        pub line_count: i64 = 0,
        pub taxes: Vec<InvoiceTax> = Vec::new(),
        pub discounts: Vec<InvoiceDiscount> = Vec::new(),
        pub net: i64 = 0,
        pub discount: i64 = 0,
        pub subtotal: i64 = 0,
        pub tax: i64 = 0,
        pub total: i64 = 0,
        pub pictures: Vec<Picture> = Vec::new(),
    }
}
