//! What the host calls, each between its bytes and the author's function.

use crate::converting::{FromJson, ToJson};
use crate::json::Json;
use crate::web::{Request, Response};
use crate::wire::{input, put};

/// Says which of the author's functions the host may call: those that deskhand.json promises. `handler` comes first.
///
/// | Name | Type | For |
/// | --- | --- | --- |
/// | `handler` | `fn(Request) -> Response` | `endpoints` |
/// | `on_event` | `fn(Event) -> Result<(), String>` | `events` |
/// | `collect_charges` | `fn(ChargeWindow) -> Result<Vec<Owed>, String>` | the hook `collect_charges` |
/// | `render_invoice` | `fn(InvoiceFacts) -> Result<Json, String>` | the hook `render_invoice` |
#[macro_export]
macro_rules! exports {
    (handler $(, $more:ident)* $(,)?) => {
        const _: () = {
            #[export_name = "handler"]
            extern "C" fn deskhand_handler() -> i32 {
                $crate::glue::serve(handler)
            }
        };
        $($crate::__export!($more);)*
    };
    ($($more:ident),+ $(,)?) => {
        const _: () = {
            #[export_name = "handler"]
            extern "C" fn deskhand_handler() -> i32 {
                $crate::glue::unserved()
            }
        };
        $($crate::__export!($more);)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    (on_event) => {
        const _: () = {
            #[export_name = "on_event"]
            extern "C" fn deskhand_on_event() -> i32 {
                $crate::glue::listen(on_event)
            }
        };
    };
    (collect_charges) => {
        const _: () = {
            #[export_name = "collect_charges"]
            extern "C" fn deskhand_collect_charges() -> i32 {
                $crate::glue::answer(collect_charges, |charges: Vec<$crate::Owed>| $crate::ToJson::to_json(&charges))
            }
        };
    };
    (render_invoice) => {
        const _: () = {
            #[export_name = "render_invoice"]
            extern "C" fn deskhand_render_invoice() -> i32 {
                $crate::glue::answer(render_invoice, |layout: $crate::Json| $crate::Json::Text(layout.to_string()))
            }
        };
    };
}

pub fn serve(handler: fn(Request) -> Response) -> i32 {
    say_last_words();
    put(&handler(given()).to_json().to_string());
    0
}

/// The handler of an extension without endpoints: every guest has one, and nobody calls this one.
pub fn unserved() -> i32 {
    put(&Response::text("").with_status(404).to_json().to_string());
    0
}

/// An author's error is kept, and the event is told again later.
pub fn listen<T: FromJson>(on_event: fn(T) -> Result<(), String>) -> i32 {
    answer(on_event, |()| Json::Null)
}

/// A hook whose answer is a value; `told` makes the JSON of it.
pub fn answer<T: FromJson, U>(hook: fn(T) -> Result<U, String>, told: fn(U) -> Json) -> i32 {
    say_last_words();
    let (name, said, success) = match hook(given()) {
        Ok(value) => ("value", told(value), true),
        Err(words) => ("error", Json::Text(words), false),
    };
    put(&Json::Object(vec![("success".into(), Json::Bool(success)), (name.into(), said)]).to_string());
    0
}

fn given<T: FromJson>() -> T {
    Json::parse(&input()).and_then(|json| T::from_json(&json)).unwrap_or_else(|words| panic!("the host sent {words}"))
}

/// A guest that panics is stopped as `guest_trapped`; before that its words go into the log.
fn say_last_words() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let words = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
        let place = info.location().map_or_else(String::new, |at| format!(" ({}:{}:{})", at.file(), at.line(), at.column()));
        let line = Json::Object(vec![("message".into(), Json::Text(format!("{}{place}", words.unwrap_or("panic"))))]);
        let _ = crate::wire::call_host("log", "error", line); // there is nobody left to tell if it could not be said
    }));
}
