// Made by `deskhand sdk` from the host functions that plugins register.
//! The settings that an administrator gave to this install. Values are text as it was entered.

use crate::converting::ToJson;
use crate::wire::{ask, Refusal};

/// One setting of this install, or none.
///
/// Needs `cap:config.read`.
#[inline]
pub fn get(key: &str) -> Result<Option<String>, Refusal> {
    ask("config", "get", vec![("key", key.to_json())])
}

/// The names of this install's settings.
///
/// Needs `cap:config.read`.
#[inline]
pub fn keys() -> Result<Vec<String>, Refusal> {
    ask("config", "keys", vec![])
}
