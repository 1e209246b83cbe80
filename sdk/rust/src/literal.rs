//! JSON as it is written.

/// JSON in place: `json!({ "kind": "text", "words": [first, 2, null] })`. Values are all that is [`ToJson`](crate::ToJson).
///
/// ```
/// use deskhand_extension_sdk::json;
///
/// let (name, counts) = ("Dana", vec![1, 2]);
/// let told = json!({ "hello": name, "nested": { "counts": counts, "none": null, "list": [name.len() + 1, [], {}] } });
/// assert_eq!(told.to_string(), r#"{"hello":"Dana","nested":{"counts":[1,2],"none":null,"list":[5,[],{}]}}"#);
/// ```
#[macro_export]
macro_rules! json {
    (null) => { $crate::Json::Null };
    ([ $($items:tt)* ]) => { $crate::Json::List($crate::__items!([] $($items)*)) };
    ({ $($members:tt)* }) => { $crate::Json::Object($crate::__members!([] $($members)*)) };
    ($value:expr) => { $crate::ToJson::to_json(&$value) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __items {
    ([$($done:expr,)*]) => { ::std::vec![$($done,)*] };
    ([$($done:expr,)*] null $(, $($rest:tt)*)?) => { $crate::__items!([$($done,)* $crate::Json::Null,] $($($rest)*)?) };
    ([$($done:expr,)*] [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $crate::__items!([$($done,)* $crate::json!([$($inner)*]),] $($($rest)*)?)
    };
    ([$($done:expr,)*] {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $crate::__items!([$($done,)* $crate::json!({$($inner)*}),] $($($rest)*)?)
    };
    ([$($done:expr,)*] $next:expr $(, $($rest:tt)*)?) => { $crate::__items!([$($done,)* $crate::json!($next),] $($($rest)*)?) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __members {
    ([$($done:expr,)*]) => { ::std::vec![$($done,)*] };
    ([$($done:expr,)*] $name:tt : null $(, $($rest:tt)*)?) => {
        $crate::__members!([$($done,)* (::std::string::String::from($name), $crate::Json::Null),] $($($rest)*)?)
    };
    ([$($done:expr,)*] $name:tt : [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $crate::__members!([$($done,)* (::std::string::String::from($name), $crate::json!([$($inner)*])),] $($($rest)*)?)
    };
    ([$($done:expr,)*] $name:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $crate::__members!([$($done,)* (::std::string::String::from($name), $crate::json!({$($inner)*})),] $($($rest)*)?)
    };
    ([$($done:expr,)*] $name:tt : $next:expr $(, $($rest:tt)*)?) => {
        $crate::__members!([$($done,)* (::std::string::String::from($name), $crate::json!($next)),] $($($rest)*)?)
    };
}
