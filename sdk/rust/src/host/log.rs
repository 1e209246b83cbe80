// Made by `deskhand sdk` from the host functions that plugins register.
//! Lines for whoever looks after the extension. Lines over the limit of one invocation are dropped and counted.

use crate::converting::ToJson;
use crate::wire::ask_here;

/// Write a line at the level debug.
///
/// Needs `cap:log.emit`.
#[inline]
pub fn debug(message: &str) {
    ask_here::<()>("log", "debug", vec![("message", message.to_json())]);
}

/// Write a line at the level info.
///
/// Needs `cap:log.emit`.
#[inline]
pub fn info(message: &str) {
    ask_here::<()>("log", "info", vec![("message", message.to_json())]);
}

/// Write a line at the level warn.
///
/// Needs `cap:log.emit`.
#[inline]
pub fn warn(message: &str) {
    ask_here::<()>("log", "warn", vec![("message", message.to_json())]);
}

/// Write a line at the level error.
///
/// Needs `cap:log.emit`.
#[inline]
pub fn error(message: &str) {
    ask_here::<()>("log", "error", vec![("message", message.to_json())]);
}
