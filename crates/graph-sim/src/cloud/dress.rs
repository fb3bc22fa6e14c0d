//! The last step of an answer: headers, request ids, the error's `innerError` (graph.md 10).

use crate::{
    chance::Chance,
    done::{Body, Done},
    http::{Request, Response},
    instant,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};

pub const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"North Europe","Slice":"E","Ring":"4","ScaleUnit":"000","RoleInstance":"DU2PEPF00028D21"}}"#;

/// The response as it goes over the wire.
pub fn dress(mut done: Done, request: &Request, chance: &mut Chance, now_ms: i64) -> Response {
    let request_id = chance.guid();
    let client_id = request
        .header("client-request-id")
        .unwrap_or(&request_id)
        .to_owned();
    explain(&mut done, &request_id, &client_id, now_ms);
    let (kind, body) = match done.body {
        Body::None => (None, Bytes::new()),
        Body::Json(json) => (
            Some(JSON.to_owned()),
            Bytes::from(serde_json::to_vec(&json).unwrap_or_default()),
        ),
        Body::Bytes(kind, bytes) => (Some(kind), bytes),
    };
    let mut headers = done.headers;
    let mut add = |name: &str, value: String| {
        if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value));
        }
    };
    if let Some(kind) = kind {
        add("Content-Type", kind);
    }
    add("Cache-Control", "private".to_owned());
    add("OData-Version", "4.0".to_owned());
    add("request-id", request_id);
    add("client-request-id", client_id);
    add("x-ms-ags-diagnostic", DIAGNOSTIC.to_owned());
    add("Date", instant::http_date(now_ms));
    Response {
        status: done.status,
        headers,
        body,
    }
}

/// Completes an error body.
pub fn explain(done: &mut Done, request_id: &str, client_id: &str, now_ms: i64) {
    let Body::Json(json) = &mut done.body else {
        return;
    };
    let Some(error) = json.get_mut("error").and_then(Value::as_object_mut) else {
        return;
    };
    let inner = error
        .entry("innerError")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(inner) = inner.as_object_mut() {
        inner.insert("date".to_owned(), json!(instant::plain(now_ms)));
        inner.insert("request-id".to_owned(), json!(request_id));
        inner.insert("client-request-id".to_owned(), json!(client_id));
    }
}
