// Made by `deskhand sdk` from the host functions that plugins register.
//! Who and where the handler is.

use crate::wire::{ask, Refusal};
use crate::{choice, record};

choice! {
    pub enum Trigger {
        Http = "http",
        Schedule = "schedule",
        Event = "event",
        Hook = "hook",
        Workflow = "workflow",
    }
}

record! {
    pub struct Invocation {
        /// A UUID.
        pub tenant_id: String,
        /// A UUID.
        pub install_id: String,
        pub extension_name: String,
        pub extension_version: String,
        pub trigger: Trigger,
        pub request_id: String,
        /// When the handler is stopped: milliseconds since 1970-01-01 UTC.
        pub deadline_ms: u64,
    }
}

record! {
    /// The MSP for whom the handler runs, and what it counts in.
    pub struct Msp {
        pub name: String,
        /// An IANA name: `Europe/Berlin`.
        pub zone: String,
        /// The business date in its zone. `YYYY-MM-DD`.
        pub today: String,
        /// ISO 4217.
        pub currency: String,
        /// A BCP 47 tag: `de`.
        pub locale: String,
    }
}

/// Who and where the handler is.
///
/// Needs `cap:context.read`.
#[inline]
pub fn current() -> Result<Invocation, Refusal> {
    ask("context", "current", vec![])
}

/// The MSP for whom the handler runs.
///
/// Needs `cap:context.read`.
#[inline]
pub fn tenant() -> Result<Msp, Refusal> {
    ask("context", "tenant", vec![])
}
