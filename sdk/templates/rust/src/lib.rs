use deskhand_extension_sdk::{exports, host::log, json, Request, Response};

exports! { handler }

/// The one function that the host calls.
fn handler(request: Request) -> Response {
    let name = request.query_or("name", "world");
    log::info(&format!("greeted {name}"));
    Response::json(&json!({ "hello": name }))
}
