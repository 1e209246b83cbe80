// Made by `deskhand sdk` from the host functions that plugins register.
//! Randomness from the operating system.

use crate::converting::ToJson;
use crate::wire::ask_here;

/// A number from 0 up to, not including, 1, with 53 random bits.
#[inline]
pub fn fraction() -> f64 {
    ask_here("random", "fraction", vec![])
}

/// A UUID of version 4.
#[inline]
pub fn uuid() -> String {
    ask_here("random", "uuid", vec![])
}

/// Some random bytes.
///
/// `count`: From 0 to 1,024.
#[inline]
pub fn bytes(count: u32) -> Vec<u8> {
    ask_here("random", "bytes", vec![("count", count.to_json())])
}
