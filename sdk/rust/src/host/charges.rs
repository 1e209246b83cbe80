// Made by `deskhand sdk` from the host functions that plugins register.
//! Things that clients owe and that the next billing run puts on their invoices, with contracts and approved
//! work.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// One charge; its price comes with its currency, or from the service.
    pub struct Charge {
        /// A UUID.
        pub client_id: String,
        /// A UUID.
        pub service_id: Option<String>,
        /// 1 to 500 characters.
        pub description: String,
        /// Decimal text above zero with at most four places.
        pub quantity: String,
        /// From 0 to 1,000,000,000,000.
        pub rate: Option<i64>,
        pub currency_code: Option<String>,
        /// Today unless given; says in which period it falls. `YYYY-MM-DD`. From 2000-01-01 to 2100-01-01.
        pub charged_on: Option<String>,
        /// The same key is the same charge. 1 to 255 characters.
        pub idempotency_key: String,
    }
}

record! {
    /// `created` is false where the key was known, and the charge is left as it was.
    pub struct KeptCharge {
        /// A UUID.
        pub charge_id: String,
        pub created: bool,
    }
}

/// Keep charges for the next billing run.
///
/// `charges`: 1 to 1,000 items.
///
/// Needs `cap:charge.create`.
#[inline]
pub fn create_charges(charges: &[Charge]) -> Result<Vec<KeptCharge>, Refusal> {
    ask("charges", "create_charges", vec![("charges", charges.to_json())])
}
