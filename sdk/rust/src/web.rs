//! Requests and responses of a handler.

use crate::converting::{FromJson, ToJson};
use crate::json::Json;
use crate::record;

record! {
    /// A name and its value: a header, a query parameter, what an endpoint's `:name` matched.
    pub struct Pair {
        pub name: String,
        pub value: String,
    }
}

record! {
    /// `path` starts with a slash and has no query; header names are lower case; `body` is empty when none was sent.
    pub struct Request {
        pub method: String,
        pub path: String,
        pub params: Vec<Pair>,
        pub query: Vec<Pair>,
        pub headers: Vec<Pair>,
        pub body: String,
    }
}

impl Request {
    /// What the endpoint's `:name` matched.
    pub fn param(&self, name: &str) -> &str {
        last_of(&self.params, name).unwrap_or("")
    }

    /// The last value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        last_of(&self.query, name)
    }

    /// The last value of a query parameter, or `otherwise`.
    pub fn query_or<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.query(name).unwrap_or(otherwise)
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        last_of(&self.headers, name)
    }

    /// The body read as JSON.
    ///
    /// # Errors
    ///
    /// The words of what is wrong with it, which name the field.
    pub fn json<T: FromJson>(&self) -> Result<T, String> {
        Json::parse(&self.body).and_then(|json| T::from_json(&json))
    }
}

record! {
    /// `status` is an HTTP status from 200 to 599.
    pub struct Response {
        pub status: u16 = 200,
        pub headers: Vec<Pair>,
        pub body: String,
    }
}

impl Response {
    /// A value as JSON.
    pub fn json<T: ToJson + ?Sized>(value: &T) -> Response {
        Response::of("application/json", value.to_json().to_string())
    }

    /// Plain words.
    pub fn text(body: impl Into<String>) -> Response {
        Response::of("text/plain", body.into())
    }

    /// The same with another status.
    pub fn with_status(self, status: u16) -> Response {
        Response { status, ..self }
    }

    /// The same with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Response {
        self.headers.push(Pair { name: name.into(), value: value.into() });
        self
    }

    fn of(kind: &str, body: String) -> Response {
        Response { body, ..Response::default() }.with_header("content-type", kind)
    }
}

fn last_of<'a>(pairs: &'a [Pair], name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|one| one.name == name).map(|one| one.value.as_str())
}
