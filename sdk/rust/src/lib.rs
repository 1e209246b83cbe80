//! Write a small Deskhand extension in Rust, for the runtime `extism@1`.
//!
//! ```
//! use deskhand_extension_sdk::{exports, host::log, json, Request, Response};
//!
//! exports! { handler }
//!
//! fn handler(request: Request) -> Response {
//!     let name = request.query_or("name", "world");
//!     log::info(&format!("greeted {name}"));
//!     Response::json(&json!({ "hello": name }))
//! }
//! ```

mod converting;
mod exports;
pub mod host;
mod invoices;
mod json;
mod literal;
mod reading;
mod records;
mod triggers;
mod web;
mod wire;

pub use converting::{FromJson, ToJson};
pub use invoices::{InvoiceDiscount, InvoiceFacts, InvoiceLine, InvoiceParty, InvoiceTax, Picture};
pub use json::Json;
pub use triggers::{ChargeWindow, Event, Owed};
pub use web::{Pair, Request, Response};
pub use wire::{call_host, Refusal};

#[doc(hidden)]
pub mod glue {
    pub use crate::converting::field;
    pub use crate::exports::{answer, listen, serve, unserved};
}
