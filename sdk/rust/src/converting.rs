//! Values of Rust as JSON, and back.

use crate::json::Json;
use std::collections::BTreeMap;

/// What becomes JSON. [`record!`](crate::record) and [`choice!`](crate::choice) write it for types of your own.
pub trait ToJson {
    /// The value.
    fn to_json(&self) -> Json;
}

/// What comes from JSON.
pub trait FromJson: Sized {
    /// The value.
    ///
    /// # Errors
    ///
    /// Says what is wrong, after the path of the field.
    fn from_json(json: &Json) -> Result<Self, String>;

    /// What a field of this type is when it is missing, if it may be.
    fn missing() -> Option<Self> {
        None
    }
}

/// A field of a record; for [`record!`](crate::record).
pub fn field<T: FromJson>(json: &Json, name: &str, otherwise: Option<T>) -> Result<T, String> {
    if !matches!(json, Json::Object(_)) {
        return Err(unlike(json, "an object"));
    }
    match json.get(name) {
        Some(value) => T::from_json(value).map_err(|words| format!("{name}: {words}")),
        None => otherwise.or_else(T::missing).ok_or_else(|| format!("{name} is missing")),
    }
}

fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a yes or no",
        Json::Number(_) => "a number",
        Json::Text(_) => "a text",
        Json::List(_) => "a list",
        Json::Object(_) => "an object",
    }
}

fn unlike(json: &Json, wanted: &str) -> String {
    format!("{} where {wanted} is expected", kind_of(json))
}

impl ToJson for Json {
    fn to_json(&self) -> Json {
        self.clone()
    }
}

impl FromJson for Json {
    fn from_json(json: &Json) -> Result<Self, String> {
        Ok(json.clone())
    }
}

impl ToJson for bool {
    fn to_json(&self) -> Json {
        Json::Bool(*self)
    }
}

impl FromJson for bool {
    fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::Bool(value) => Ok(*value),
            other => Err(unlike(other, "true or false")),
        }
    }
}

macro_rules! whole_numbers {
    ($($kind:ty)*) => {$(
        impl ToJson for $kind {
            fn to_json(&self) -> Json {
                Json::Number(self.to_string())
            }
        }

        impl FromJson for $kind {
            fn from_json(json: &Json) -> Result<Self, String> {
                match json {
                    Json::Number(digits) => digits
                        .parse()
                        .map_err(|_| format!("{digits} is no whole number from {} to {}", <$kind>::MIN, <$kind>::MAX)),
                    other => Err(unlike(other, "a number")),
                }
            }
        }
    )*};
}

whole_numbers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

impl ToJson for f64 {
    fn to_json(&self) -> Json {
        if self.is_finite() { Json::Number(format!("{self:?}")) } else { Json::Null }
    }
}

impl FromJson for f64 {
    fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::Number(digits) => digits.parse().map_err(|_| format!("{digits} is no number")),
            other => Err(unlike(other, "a number")),
        }
    }
}

impl ToJson for str {
    fn to_json(&self) -> Json {
        Json::Text(self.into())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Json {
        Json::Text(self.clone())
    }
}

impl FromJson for String {
    fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::Text(words) => Ok(words.clone()),
            other => Err(unlike(other, "a text")),
        }
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Json {
        (**self).to_json()
    }
}

impl FromJson for () {
    fn from_json(_json: &Json) -> Result<Self, String> {
        Ok(())
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Json {
        self.as_ref().map_or(Json::Null, ToJson::to_json)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json) -> Result<Self, String> {
        if *json == Json::Null { Ok(None) } else { T::from_json(json).map(Some) }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Json {
        Json::List(self.iter().map(ToJson::to_json).collect())
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Json {
        self[..].to_json()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Json {
        self[..].to_json()
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::List(items) => items
                .iter()
                .enumerate()
                .map(|(place, item)| T::from_json(item).map_err(|words| format!("[{place}]: {words}")))
                .collect(),
            other => Err(unlike(other, "a list")),
        }
    }
}

impl<T: ToJson> ToJson for BTreeMap<String, T> {
    fn to_json(&self) -> Json {
        Json::Object(self.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::Object(members) => members
                .iter()
                .map(|(name, value)| Ok((name.clone(), T::from_json(value).map_err(|words| format!("{name}: {words}"))?)))
                .collect(),
            other => Err(unlike(other, "an object")),
        }
    }
}
