// Made by `deskhand sdk` from the host functions that plugins register.
//! The person on whose behalf the handler runs.

use crate::wire::{ask, Refusal};
use crate::{choice, record};

choice! {
    pub enum PersonKind {
        User = "user",
        Contact = "contact",
    }
}

record! {
    /// Somebody on whose behalf the handler runs. A contact belongs to a client.
    pub struct Person {
        pub kind: PersonKind,
        /// A UUID.
        pub id: String,
        pub name: String,
        pub email: Option<String>,
        /// A UUID.
        pub client_id: Option<String>,
    }
}

/// Whom the handler acts for, if anybody.
///
/// Needs `cap:user.read`.
#[inline]
pub fn current() -> Result<Option<Person>, Refusal> {
    ask("user", "current", vec![])
}
