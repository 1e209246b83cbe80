//! Types that are JSON on the way.

// What is generated is marked `#[inline]`, so that only what an extension uses is compiled, with it.

/// A struct that becomes a JSON object and comes from one. `as` gives a field another name there, `=` what it is when it is missing;
/// an `Option` that is missing is `None`. What the struct has not got is passed over.
///
/// ```
/// use deskhand_extension_sdk::{record, FromJson, Json, ToJson};
///
/// record! {
///     /// What a client ordered.
///     pub struct Order {
///         pub client_id as "clientId": String,
///         pub pieces: u32 = 1,
///         pub note: Option<String>,
///     }
/// }
///
/// let order = Order::from_json(&Json::parse(r#"{"clientId": "c1", "colour": "blue"}"#).unwrap()).unwrap();
/// assert_eq!((order.client_id.as_str(), order.pieces, &order.note), ("c1", 1, &None));
/// assert_eq!(order.to_json().to_string(), r#"{"clientId":"c1","pieces":1,"note":null}"#);
/// assert_eq!(Order::from_json(&Json::parse("{}").unwrap()).unwrap_err(), "clientId is missing");
/// ```
#[macro_export]
macro_rules! record {
    ($(#[$about:meta])* $seen:vis struct $name:ident {
        $($(#[$says:meta])* $shown:vis $field:ident $(as $wire:literal)? : $kind:ty $(= $start:expr)?),* $(,)?
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        $seen struct $name {
            $($(#[$says])* $shown $field: $kind,)*
        }

        impl ::core::default::Default for $name {
            #[inline]
            fn default() -> Self {
                Self { $($field: $crate::__start!($($start)?),)* }
            }
        }

        impl $crate::ToJson for $name {
            #[inline]
            fn to_json(&self) -> $crate::Json {
                $crate::Json::Object(::std::vec![
                    $((::std::string::String::from($crate::__wire!($field $($wire)?)), $crate::ToJson::to_json(&self.$field)),)*
                ])
            }
        }

        impl $crate::FromJson for $name {
            #[inline]
            fn from_json(json: &$crate::Json) -> ::core::result::Result<Self, ::std::string::String> {
                ::core::result::Result::Ok(Self {
                    $($field: $crate::glue::field(json, $crate::__wire!($field $($wire)?), $crate::__missing!($($start)?))?,)*
                })
            }
        }
    };
}

/// One of a few words. The first is what a new record has.
///
/// ```
/// use deskhand_extension_sdk::{choice, FromJson, Json, ToJson};
///
/// choice! {
///     pub enum Size { Small = "small", Large = "large" }
/// }
///
/// assert_eq!(Size::Large.to_json(), Json::Text("large".into()));
/// assert_eq!(Size::from_json(&Json::Text("tiny".into())).unwrap_err(), "\"tiny\" is none of small, large");
/// ```
#[macro_export]
macro_rules! choice {
    ($(#[$about:meta])* $seen:vis enum $name:ident { $($case:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $seen enum $name {
            $($case,)+
        }

        impl $name {
            /// The word on the wire.
            $seen fn word(self) -> &'static str {
                match self { $($name::$case => $word,)+ }
            }
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                [$($name::$case),+][0]
            }
        }

        impl $crate::ToJson for $name {
            #[inline]
            fn to_json(&self) -> $crate::Json {
                $crate::Json::Text(self.word().into())
            }
        }

        impl $crate::FromJson for $name {
            #[inline]
            fn from_json(json: &$crate::Json) -> ::core::result::Result<Self, ::std::string::String> {
                match json {
                    $($crate::Json::Text(word) if word == $word => ::core::result::Result::Ok($name::$case),)+
                    _ => ::core::result::Result::Err(::std::format!("{} is none of {}", json, [$($word),+].join(", "))),
                }
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __start {
    () => {
        ::core::default::Default::default()
    };
    ($start:expr) => {
        $start
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __missing {
    () => {
        ::core::option::Option::None
    };
    ($start:expr) => {
        ::core::option::Option::Some($start)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __wire {
    ($field:ident) => {
        ::core::stringify!($field).trim_start_matches("r#")
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
