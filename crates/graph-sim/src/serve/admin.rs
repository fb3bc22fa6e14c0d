//! The side channel `/sim/…`: what tests and demos see and do beside Graph.

use super::world::World;
use crate::{Request, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

/// The part of the path after `/sim/`, when the request is for the side channel.
pub(super) fn path(request: &Request) -> Option<String> {
    let after_scheme = request.url.split_once("://")?.1;
    let path = &after_scheme[after_scheme.find('/')?..];
    let path = path.split('?').next().unwrap_or(path);
    path.strip_prefix("/sim/").map(str::to_owned)
}

pub(super) fn answer(request: &Request, path: &str, world: &World) -> Response {
    match (request.method.as_str(), path) {
        ("GET", "ready") => ok(&world.ready),
        ("GET", "state") => {
            let mut inner = world.lock();
            inner.count();
            ok(&json!({ "now_ms": world.now_ms(), "counts": inner.counts }))
        }
        _ => refuse(404, "there is no such path below /sim/"),
    }
}

fn ok(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => json_response(200, body),
        Err(error) => refuse(500, &error.to_string()),
    }
}

fn refuse(status: u16, why: &str) -> Response {
    json_response(status, json!({ "error": why }).to_string().into_bytes())
}

fn json_response(status: u16, body: Vec<u8>) -> Response {
    Response {
        status,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: Bytes::from(body),
    }
}
