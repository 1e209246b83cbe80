// Made by `deskhand sdk` from the host functions that plugins register.
//! What an administrator entrusted to this install and nobody sees again: keys, tokens, passwords.

use crate::converting::ToJson;
use crate::wire::{ask, Refusal};

/// One secret of this install, or none.
///
/// `name`: 1 to 64 characters.
///
/// Needs `cap:secrets.get`.
#[inline]
pub fn get(name: &str) -> Result<Option<String>, Refusal> {
    ask("secrets", "get", vec![("name", name.to_json())])
}

/// The names of this install's secrets.
///
/// Needs `cap:secrets.get`.
#[inline]
pub fn keys() -> Result<Vec<String>, Refusal> {
    ask("secrets", "keys", vec![])
}
