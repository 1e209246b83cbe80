// Made by `deskhand sdk` from the host functions that plugins register.
//! Time spent on tickets.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// Time on a ticket. `item_id` is the service of the catalog that it is billed as.
    pub struct NewTime {
        /// A UUID.
        pub ticket_id: String,
        /// A UUID.
        pub item_id: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub started_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub ended_at: String,
        /// Billable minutes; the whole span unless given. From 0 to 44,640.
        pub minutes: Option<i64>,
        /// At most 5,000 characters.
        pub notes: String,
        /// Whose time it is: the acting user's unless given. A UUID.
        pub user_id: Option<String>,
        /// The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
        /// characters.
        pub idempotency_key: Option<String>,
    }
}

record! {
    /// An entry; `worked_on` is the day in the tenant's zone.
    pub struct TimeEntry {
        /// A UUID.
        pub id: String,
        /// A UUID.
        pub user_id: String,
        /// A UUID.
        pub client_id: String,
        /// A UUID.
        pub item_id: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub started_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub ended_at: String,
        /// `YYYY-MM-DD`.
        pub worked_on: String,
        pub minutes: i64,
        pub notes: String,
        /// One of `draft`, `submitted`, `approved`, `changes_requested`.
        pub state: String,
    }
}

/// Log time on a ticket. It waits for approval like any other.
///
/// Needs `cap:time.write`.
#[inline]
pub fn log(input: &NewTime) -> Result<TimeEntry, Refusal> {
    ask("time", "log", vec![("input", input.to_json())])
}
