// Made by `deskhand sdk` from the host functions that plugins register.
//! Tickets of the service desk.

use crate::converting::ToJson;
use crate::record;
use crate::wire::{ask, Refusal};

record! {
    /// Which tickets, the latest first. What is left out narrows nothing.
    pub struct TicketQuery {
        /// The number, or part of the title. At most 255 characters.
        pub text: Option<String>,
        /// A UUID.
        pub client_id: Option<String>,
        /// A UUID.
        pub assignee_id: Option<String>,
        pub is_closed: Option<bool>,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_since: Option<String>,
        /// From 1 to 200.
        pub limit: u32 = 50,
        /// `next_cursor` of the page before.
        pub cursor: Option<String>,
    }
}

record! {
    /// A ticket as lists show it.
    pub struct TicketRow {
        /// A UUID.
        pub id: String,
        pub number: i64,
        pub title: String,
        /// A UUID.
        pub client_id: String,
        pub client_name: String,
        pub status_name: String,
        pub priority_name: String,
        /// A UUID.
        pub assignee_id: Option<String>,
        pub assignee_name: Option<String>,
        /// `YYYY-MM-DD`.
        pub due_on: Option<String>,
        pub is_closed: bool,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub created_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
    }
}

record! {
    /// Some tickets, and where the next page starts: none after the last.
    pub struct TicketPage {
        pub items: Vec<TicketRow>,
        pub next_cursor: Option<String>,
    }
}

record! {
    /// A ticket. `url` is its page.
    pub struct Ticket {
        /// A UUID.
        pub id: String,
        pub number: i64,
        pub title: String,
        pub description: String,
        /// A UUID.
        pub client_id: String,
        /// A UUID.
        pub location_id: Option<String>,
        /// A UUID.
        pub contact_id: Option<String>,
        /// A UUID.
        pub board_id: String,
        /// A UUID.
        pub status_id: String,
        /// A UUID.
        pub priority_id: String,
        /// A UUID.
        pub assignee_id: Option<String>,
        /// `YYYY-MM-DD`.
        pub due_on: Option<String>,
        pub is_closed: bool,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub created_at: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub updated_at: String,
        pub url: String,
    }
}

record! {
    /// What somebody said about a ticket.
    pub struct TicketComment {
        /// A UUID.
        pub id: String,
        pub body: String,
        pub internal: bool,
        /// One of `user`, `contact`, `api_key`, `extension`, `system`.
        pub author_kind: String,
        pub author_name: String,
        /// ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`.
        pub created_at: String,
    }
}

record! {
    /// A ticket to be opened; board, status and priority are the tenant's usual ones unless given.
    pub struct NewTicket {
        /// A UUID.
        pub client_id: String,
        /// 1 to 255 characters.
        pub title: String,
        /// At most 20,000 characters.
        pub description: String,
        /// A UUID.
        pub board_id: Option<String>,
        /// A UUID.
        pub priority_id: Option<String>,
        /// A person of the client. A UUID.
        pub contact_id: Option<String>,
        /// A place of the client. A UUID.
        pub location_id: Option<String>,
        /// A UUID.
        pub assignee_id: Option<String>,
        /// `YYYY-MM-DD`.
        pub due_on: Option<String>,
        /// The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
        /// characters.
        pub idempotency_key: Option<String>,
    }
}

record! {
    /// A comment. An internal one is for the staff alone.
    pub struct NewComment {
        /// A UUID.
        pub ticket_id: String,
        /// 1 to 20,000 characters.
        pub body: String,
        pub internal: bool,
        /// The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
        /// characters.
        pub idempotency_key: Option<String>,
    }
}

record! {
    /// A status of a board. A closed one closes the tickets that come into it.
    pub struct TicketStatus {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub is_closed: bool,
    }
}

record! {
    /// A board with its statuses in their order; new tickets begin on the default one.
    pub struct Board {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub is_default: bool,
        pub statuses: Vec<TicketStatus>,
    }
}

record! {
    /// A priority; level 1 is the most urgent.
    pub struct Priority {
        /// A UUID.
        pub id: String,
        pub name: String,
        pub level: u32,
    }
}

/// Tickets, a page at a time.
///
/// Needs `cap:ticket.read`.
#[inline]
pub fn list(input: &TicketQuery) -> Result<TicketPage, Refusal> {
    ask("tickets", "list", vec![("input", input.to_json())])
}

/// One ticket.
///
/// `ticket_id`: A UUID.
///
/// Needs `cap:ticket.read`.
#[inline]
pub fn get(ticket_id: &str) -> Result<Ticket, Refusal> {
    ask("tickets", "get", vec![("ticket_id", ticket_id.to_json())])
}

/// A ticket's comments, the oldest first.
///
/// `ticket_id`: A UUID.
///
/// Needs `cap:ticket.read`.
#[inline]
pub fn comments(ticket_id: &str) -> Result<Vec<TicketComment>, Refusal> {
    ask("tickets", "comments", vec![("ticket_id", ticket_id.to_json())])
}

/// Open a ticket.
///
/// Needs `cap:ticket.write`.
#[inline]
pub fn create(input: &NewTicket) -> Result<Ticket, Refusal> {
    ask("tickets", "create", vec![("input", input.to_json())])
}

/// Comment on a ticket.
///
/// Needs `cap:ticket.write`.
#[inline]
pub fn comment(input: &NewComment) -> Result<TicketComment, Refusal> {
    ask("tickets", "comment", vec![("input", input.to_json())])
}

/// Close a ticket, on the first closed status of its board.
///
/// `ticket_id`: A UUID.
///
/// Needs `cap:ticket.close`.
#[inline]
pub fn close(ticket_id: &str) -> Result<Ticket, Refusal> {
    ask("tickets", "close", vec![("ticket_id", ticket_id.to_json())])
}

/// Open a closed ticket again.
///
/// `ticket_id`: A UUID.
///
/// Needs `cap:ticket.close`.
#[inline]
pub fn reopen(ticket_id: &str) -> Result<Ticket, Refusal> {
    ask("tickets", "reopen", vec![("ticket_id", ticket_id.to_json())])
}

/// The boards with their statuses, the default one first.
///
/// Needs `cap:ticket.read`.
#[inline]
pub fn boards() -> Result<Vec<Board>, Refusal> {
    ask("tickets", "boards", vec![])
}

/// The priorities, the most urgent first.
///
/// Needs `cap:ticket.read`.
#[inline]
pub fn priorities() -> Result<Vec<Priority>, Refusal> {
    ask("tickets", "priorities", vec![])
}
