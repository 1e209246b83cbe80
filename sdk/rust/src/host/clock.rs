// Made by `deskhand sdk` from the host functions that plugins register.
//! Real time. The guest's own clock may stand still.

use crate::wire::ask_here;

/// Milliseconds since 1970-01-01 UTC.
#[inline]
pub fn now_ms() -> u64 {
    ask_here("clock", "now_ms", vec![])
}
