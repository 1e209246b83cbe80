// Made by `deskhand sdk` from the host functions that plugins register.
//! What this install keeps from call to call: text by namespace and key. No other install sees it.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// A value with its revision, which grows with each write of the install and never comes twice.
    pub struct StoredValue {
        pub key: String,
        pub value: String,
        pub revision: u64,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub expires_at: Option<String>,
    }
}

record! {
    /// A value to be kept under a key, which need not be there yet.
    pub struct NewValue {
        pub namespace: String,
        /// 1 to 256 characters.
        pub key: String,
        /// At most 64 KiB of UTF-8.
        pub value: String,
        /// When it goes by itself; never unless given. From 60 to 2,592,000.
        pub ttl_seconds: Option<u32>,
        /// The revision that the key must have: 0 for a key that is not there yet, none for any. From 0 to
        /// 9,223,372,036,854,775,807.
        pub if_revision: Option<u64>,
    }
}

record! {
    /// What a value is known by from now on.
    pub struct KeptValue {
        pub key: String,
        pub revision: u64,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub expires_at: Option<String>,
    }
}

record! {
    /// Values to be kept, all or none.
    pub struct NewValues {
        /// 1 to 100 items.
        pub items: Vec<NewValue>,
    }
}

record! {
    /// A key to be taken away.
    pub struct Removal {
        pub namespace: String,
        /// 1 to 256 characters.
        pub key: String,
        /// The revision that the key must have; none for any. From 1 to 9,223,372,036,854,775,807.
        pub if_revision: Option<u64>,
    }
}

record! {
    /// Which keys of a namespace, in the order of their code points.
    pub struct KeyQuery {
        pub namespace: String,
        /// At most 256 characters.
        pub prefix: String,
        /// From 1 to 200.
        pub limit: u32 = 50,
        /// `next_cursor` of the page before.
        pub cursor: Option<String>,
    }
}

record! {
    /// A key without its value; `bytes` are those of key and value in UTF-8.
    pub struct StoredKey {
        pub key: String,
        pub bytes: u32,
        pub revision: u64,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub expires_at: Option<String>,
    }
}

record! {
    /// Some keys, and where the next page starts: none after the last.
    pub struct KeyPage {
        pub items: Vec<StoredKey>,
        pub next_cursor: Option<String>,
    }
}

/// One value, or none.
///
/// `key`: 1 to 256 characters.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn get(namespace: &str, key: &str) -> Result<Option<StoredValue>, Refusal> {
    ask("storage", "get", vec![("namespace", namespace.to_json()), ("key", key.to_json())])
}

/// Those of some values that are there, by key.
///
/// `keys`: 1 to 100 items.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn get_many(namespace: &str, keys: &[&str]) -> Result<Vec<StoredValue>, Refusal> {
    ask("storage", "get_many", vec![("namespace", namespace.to_json()), ("keys", keys.to_json())])
}

/// Keep a value.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn put(input: &NewValue) -> Result<KeptValue, Refusal> {
    ask("storage", "put", vec![("input", input.to_json())])
}

/// Keep values, all or none.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn put_many(input: &NewValues) -> Result<Vec<KeptValue>, Refusal> {
    ask("storage", "put_many", vec![("input", input.to_json())])
}

/// Take a key away; tells whether it was there.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn delete(input: &Removal) -> Result<bool, Refusal> {
    ask("storage", "delete", vec![("input", input.to_json())])
}

/// Take keys away; tells how many were there.
///
/// `keys`: 1 to 100 items.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn delete_many(namespace: &str, keys: &[&str]) -> Result<u32, Refusal> {
    ask("storage", "delete_many", vec![("namespace", namespace.to_json()), ("keys", keys.to_json())])
}

/// Keys that begin with a prefix, a page at a time.
///
/// Needs `cap:storage.kv`.
#[inline]
pub fn list(input: &KeyQuery) -> Result<KeyPage, Refusal> {
    ask("storage", "list", vec![("input", input.to_json())])
}
