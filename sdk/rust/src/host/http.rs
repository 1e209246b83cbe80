// Made by `deskhand sdk` from the host functions that plugins register.
//! The way out: HTTPS to the hosts that an administrator consented to, and to no other.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    pub struct Header {
        pub name: String,
        pub value: String,
    }
}

record! {
    /// One request. Redirects are followed at most five times, to consented hosts only.
    pub struct FetchRequest {
        /// At most 16 characters.
        pub method: String,
        /// At most 8,192 characters.
        pub url: String,
        /// At most 50 items.
        pub headers: Vec<Header>,
        /// Empty for none.
        pub body: String,
        /// `body` is bytes in base64.
        pub base64: bool,
        /// Of the whole call, redirects included; 10,000 unless given. From 1 to 60,000.
        pub timeout_ms: Option<u32>,
        pub follow_redirects: bool,
    }
}

record! {
    /// What came back; any status is an answer. It has at most 2 MiB.
    pub struct FetchResponse {
        pub status: u16,
        /// The last one asked.
        pub url: String,
        pub headers: Vec<Header>,
        pub body: String,
        /// `body` is no UTF-8 text: its bytes stand in base64.
        pub base64: bool,
    }
}

/// Ask a consented host over HTTPS.
///
/// Needs `cap:http.fetch`.
#[inline]
pub fn fetch(input: &FetchRequest) -> Result<FetchResponse, Refusal> {
    ask("http", "fetch", vec![("input", input.to_json())])
}
