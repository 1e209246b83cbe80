// Made by `deskhand sdk` from the host functions that plugins register.
//! The companies and people that the tenant serves.

use crate::converting::ToJson;
use crate::wire::{ask, Refusal};
use crate::{choice, record};

choice! {
    pub enum ClientStatus {
        Active = "active",
        Inactive = "inactive",
    }
}

record! {
    /// Which clients, by name. What is left out narrows nothing.
    pub struct ClientQuery {
        /// Part of the name. At most 255 characters.
        pub text: Option<String>,
        pub status: Option<ClientStatus>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_since: Option<String>,
        /// From 1 to 200.
        pub limit: u32 = 50,
        /// `next_cursor` of the page before.
        pub cursor: Option<String>,
    }
}

choice! {
    pub enum ClientKind {
        Company = "company",
        Individual = "individual",
    }
}

record! {
    /// A client as lists show it; place and country are those of its default location.
    pub struct ClientRow {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub kind: ClientKind,
        pub status: ClientStatus,
        /// ISO 4217.
        pub currency: String,
        pub email: Option<String>,
        pub billing_email: Option<String>,
        pub phone: Option<String>,
        pub city: Option<String>,
        /// ISO 3166.
        pub country: Option<String>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub created_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
    }
}

record! {
    /// Some clients, and where the next page starts: none after the last.
    pub struct ClientPage {
        pub items: Vec<ClientRow>,
        pub next_cursor: Option<String>,
    }
}

record! {
    /// A client.
    pub struct Client {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub kind: ClientKind,
        pub status: ClientStatus,
        /// ISO 4217.
        pub currency: String,
        pub email: Option<String>,
        pub billing_email: Option<String>,
        pub phone: Option<String>,
        pub website: Option<String>,
        pub notes: String,
        /// A UUID.
        pub account_manager_id: Option<String>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub created_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
    }
}

/// Clients by name, a page at a time.
///
/// Needs `cap:client.read`.
#[inline]
pub fn list(input: &ClientQuery) -> Result<ClientPage, Refusal> {
    ask("clients", "list", vec![("input", input.to_json())])
}

/// One client.
///
/// `client_id`: A UUID.
///
/// Needs `cap:client.read`.
#[inline]
pub fn get(client_id: &str) -> Result<Client, Refusal> {
    ask("clients", "get", vec![("client_id", client_id.to_json())])
}
