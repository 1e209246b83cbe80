// Made by `deskhand sdk` from the host functions that plugins register.
//! Events of the extension's own, for itself and for other extensions of the tenant that list them.

use crate::converting::ToJson;
use crate::wire::{ask, Refusal};

/// Say that something happened.
///
/// `name`: Lower-case letters, digits and _; the extension's own name, with _ for -, is put before it.
///
/// `payload`: JSON text, at most 64 KiB.
///
/// Needs `cap:event.publish`.
#[inline]
pub fn publish(name: &str, payload: &str) -> Result<String, Refusal> {
    ask("events", "publish", vec![("name", name.to_json()), ("payload", payload.to_json())])
}
