// Made by `deskhand sdk` from the host functions that plugins register.
//! Calls of this install's own endpoints at times of its choice: at most 50 schedules, at least 5 minutes apart.
//! A call is left out while the one before it still runs.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// A schedule of this install. Times are RFC 3339 in UTC.
    pub struct KeptSchedule {
        pub name: String,
        pub cron: String,
        pub zone: String,
        pub endpoint: String,
        pub enabled: bool,
        /// Changed by a new version only.
        pub of_manifest: bool,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub next_run_at: Option<String>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub last_run_at: Option<String>,
    }
}

record! {
    /// A schedule that the extension makes for itself.
    pub struct WantedSchedule {
        pub name: String,
        /// Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters.
        pub cron: String,
        /// An IANA name; the tenant's zone unless given. At most 64 characters.
        pub zone: Option<String>,
        /// One of the manifest's: `POST /nightly`. At most 300 characters.
        pub endpoint: String,
    }
}

record! {
    /// What is left out stays as it is.
    pub struct ScheduleChanges {
        pub name: String,
        /// Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters.
        pub cron: Option<String>,
        /// An IANA name; the tenant's zone unless given. At most 64 characters.
        pub zone: Option<String>,
        pub enabled: Option<bool>,
    }
}

/// The schedules of this install.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn list() -> Result<Vec<KeptSchedule>, Refusal> {
    ask("scheduler", "list", vec![])
}

/// One schedule of this install.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn get(name: &str) -> Result<KeptSchedule, Refusal> {
    ask("scheduler", "get", vec![("name", name.to_json())])
}

/// Make a schedule.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn create(input: &WantedSchedule) -> Result<KeptSchedule, Refusal> {
    ask("scheduler", "create", vec![("input", input.to_json())])
}

/// Change a schedule that the extension made.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn update(input: &ScheduleChanges) -> Result<KeptSchedule, Refusal> {
    ask("scheduler", "update", vec![("input", input.to_json())])
}

/// Remove a schedule that the extension made.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn delete(name: &str) -> Result<(), Refusal> {
    ask("scheduler", "delete", vec![("name", name.to_json())])
}

/// The endpoints that a schedule may call.
///
/// Needs `cap:scheduler.manage`.
#[inline]
pub fn list_endpoints() -> Result<Vec<String>, Refusal> {
    ask("scheduler", "list_endpoints", vec![])
}
