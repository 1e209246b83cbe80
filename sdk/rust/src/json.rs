//! JSON (RFC 8259), without a library: it builds where there is no network.

use crate::reading::parse;
use std::fmt::{self, Write};

/// A JSON value. Numbers are kept as they are written, so that nothing is rounded; members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Read a text.
    ///
    /// # Errors
    ///
    /// Says what was expected, and at which byte.
    pub fn parse(text: &str) -> Result<Json, String> {
        parse(text)
    }

    /// A member of an object; of several with one name the last.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().rev().find(|(one, _)| one == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text that it is, or its JSON if it is something else.
    pub fn text(&self) -> String {
        match self {
            Json::Text(words) => words.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => to.write_str("null"),
            Json::Bool(value) => write!(to, "{value}"),
            Json::Number(digits) => to.write_str(digits),
            Json::Text(words) => write_text(words, to),
            Json::List(items) => {
                to.write_char('[')?;
                for (place, item) in items.iter().enumerate() {
                    write!(to, "{}{item}", if place > 0 { "," } else { "" })?;
                }
                to.write_char(']')
            }
            Json::Object(members) => {
                to.write_char('{')?;
                for (place, (name, value)) in members.iter().enumerate() {
                    to.write_str(if place > 0 { "," } else { "" })?;
                    write_text(name, to)?;
                    write!(to, ":{value}")?;
                }
                to.write_char('}')
            }
        }
    }
}

fn write_text(words: &str, to: &mut fmt::Formatter<'_>) -> fmt::Result {
    to.write_char('"')?;
    for one in words.chars() {
        match one {
            '"' => to.write_str("\\\"")?,
            '\\' => to.write_str("\\\\")?,
            '\n' => to.write_str("\\n")?,
            '\0'..='\u{1f}' => write!(to, "\\u{:04x}", one as u32)?,
            _ => to.write_char(one)?,
        }
    }
    to.write_char('"')
}
