// Made by `deskhand sdk` from the host functions that plugins register.
//! What the tenant sells: services, products and licenses. Costs are not told.

use crate::converting::ToJson;
use crate::wire::{ask, Refusal};
use crate::{choice, record};

choice! {
    pub enum ServiceKind {
        Service = "service",
        Product = "product",
        License = "license",
    }
}

record! {
    /// Which items of the catalog, by name. What is left out narrows nothing.
    pub struct ServiceQuery {
        /// Part of the name, SKU or part number. At most 255 characters.
        pub text: Option<String>,
        pub kind: Option<ServiceKind>,
        pub active: Option<bool>,
        /// The whole SKU, whatever its case.
        pub sku: Option<String>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_since: Option<String>,
        /// From 1 to 200.
        pub limit: u32 = 50,
        /// `next_cursor` of the page before.
        pub cursor: Option<String>,
    }
}

record! {
    /// Today's list price of one unit, in minor units of the currency.
    pub struct Price {
        /// ISO 4217.
        pub currency: String,
        pub amount: i64,
    }
}

record! {
    /// An item of the catalog as lists show it.
    pub struct ServiceRow {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub kind: ServiceKind,
        pub sku: Option<String>,
        /// One of `fixed`, `hourly`, `usage`, `per_unit`.
        pub billing_method: String,
        pub unit: String,
        pub category: Option<String>,
        /// None where it is not taxed at all. One of `standard`, `reduced`, `exempt`.
        pub tax_category: Option<String>,
        pub active: bool,
        pub prices: Vec<Price>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
    }
}

record! {
    /// Some items, and where the next page starts: none after the last.
    pub struct ServicePage {
        pub items: Vec<ServiceRow>,
        pub next_cursor: Option<String>,
    }
}

record! {
    /// An item of the catalog.
    pub struct Service {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub kind: ServiceKind,
        pub sku: Option<String>,
        /// One of `fixed`, `hourly`, `usage`, `per_unit`.
        pub billing_method: String,
        pub unit: String,
        pub category: Option<String>,
        /// One of `standard`, `reduced`, `exempt`.
        pub tax_category: Option<String>,
        pub vendor: Option<String>,
        pub manufacturer: Option<String>,
        pub part_number: Option<String>,
        /// Decimal text.
        pub default_quantity: String,
        pub description: String,
        pub active: bool,
        pub prices: Vec<Price>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
    }
}

/// Items of the catalog by name, a page at a time.
///
/// Needs `cap:service.read`.
#[inline]
pub fn list(input: &ServiceQuery) -> Result<ServicePage, Refusal> {
    ask("services", "list", vec![("input", input.to_json())])
}

/// One item of the catalog.
///
/// `service_id`: A UUID.
///
/// Needs `cap:service.read`.
#[inline]
pub fn get(service_id: &str) -> Result<Service, Refusal> {
    ask("services", "get", vec![("service_id", service_id.to_json())])
}
