//! What the exports besides the handler are called with.

use crate::record;

record! {
    /// Something that happened in the tenant. `occurred_at` is RFC 3339 in UTC, `payload` JSON. The same `id` may come again: an event
    /// is told at least once.
    pub struct Event {
        pub id: String,
        pub name: String,
        pub occurred_at: String,
        pub payload: String,
    }
}

record! {
    /// Business dates (`YYYY-MM-DD`) in the tenant's time zone, `end` not included, and the clients that are billed. What is older and
    /// unbilled is owed as well.
    pub struct ChargeWindow {
        pub start: String,
        pub end: String,
        pub client_ids: Vec<String>,
    }
}

record! {
    /// One thing that a client owes. `quantity` is decimal text above zero with at most four places. `rate` is the price of one in minor
    /// units of `currency_code`; both or neither: without them `service_id` is set, and the client's own price or the list price counts.
    /// `charged_on` (the last day of the window unless given) says in which period it falls.
    pub struct Owed {
        pub client_id: String,
        pub service_id: Option<String>,
        pub description: String,
        pub quantity: String,
        pub rate: Option<i64>,
        pub currency_code: Option<String>,
        pub charged_on: Option<String>,
        pub idempotency_key: String,
    }
}
