//! The side channel `/sim/…`: what tests and demos see and do beside Graph.
//!
//! | request | does |
//! |---|---|
//! | `GET /sim/ready` | the ready line again |
//! | `GET /sim/state` | instant, counts, outbox, every mailbox with its folders' contact counts |
//! | `GET /sim/state/{tenant id}/{mailbox id}` | every contact of a mailbox as it really is |
//! | `POST /sim/act` | carries out an `Act`; `{"id": …}` of what it made |
//! | `POST /sim/faults` | other fault rates: a profile `{"profile": "light"}` or rates by name |
//! | `POST /sim/settings` | other settings as a whole |
//! | `POST /sim/calm` | `true`: faults strike no more; `false`: they do |

use super::{state, world::Inner, world::World};
use crate::cloud::Act;
use crate::{Body, Faults, Request, Response, Settings};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The part of the path after `/sim/`, when the request is for the side channel.
pub(super) fn path(request: &Request) -> Option<String> {
    let after_scheme = request.url.split_once("://")?.1;
    let path = &after_scheme[after_scheme.find('/')?..];
    let path = path.split('?').next().unwrap_or(path);
    path.strip_prefix("/sim/").map(str::to_owned)
}

pub(super) fn answer(request: &Request, path: &str, world: &World) -> Response {
    let mut inner = world.lock();
    let now_ms = world.now_ms();
    inner.cloud.advance(now_ms);
    inner.count();
    let segments: Vec<&str> = path.split('/').collect();
    let body = &request.body;
    let answered = match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["ready"]) => ok(&world.ready),
        ("GET", ["state"]) => ok(&state::overview(&inner, &world.names, now_ms)),
        ("GET", ["state", tenant, mailbox]) => ok(&state::mailbox(&inner.cloud, tenant, mailbox)),
        ("POST", ["act"]) => read(body).and_then(|act| carry_out(&mut inner, &act, now_ms)),
        ("POST", ["faults"]) => read(body).and_then(|wanted| set_faults(&mut inner, wanted)),
        ("POST", ["settings"]) => read(body).and_then(|wanted| set_settings(&mut inner, wanted)),
        ("POST", ["calm"]) => read(body).and_then(|calm| set_calm(&mut inner, calm)),
        _ => Err(refuse(404, "there is no such path below /sim/")),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn carry_out(inner: &mut Inner, act: &Act, now_ms: i64) -> Result<Response, Response> {
    let made = inner
        .cloud
        .act(act, now_ms)
        .map_err(|done| match done.body {
            Body::Json(error) => json_response(done.status, error.to_string().into_bytes()),
            _ => refuse(done.status, "the act was refused"),
        })?;
    inner.count();
    ok(&json!({ "id": made }))
}

/// A profile by its name, or rates over those in force.
fn set_faults(inner: &mut Inner, wanted: Value) -> Result<Response, Response> {
    let mut settings = inner.cloud.settings().clone();
    if let Some(name) = wanted.get("profile").and_then(Value::as_str) {
        let known = Faults::profile(name);
        settings.faults =
            known.ok_or_else(|| refuse(400, &format!("there is no profile {name:?}")))?;
    }
    for (name, rate) in wanted
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(n, _)| *n != "profile")
    {
        let rate = rate.as_f64().filter(|r| (0.0..=1.0).contains(r));
        let rate = rate.ok_or_else(|| refuse(400, &format!("{name} must be from 0 to 1")))?;
        if !settings.faults.set(name, rate) {
            return Err(refuse(400, &format!("there is no fault {name:?}")));
        }
    }
    inner.cloud.set_settings(settings);
    ok(&inner.cloud.settings().faults)
}

fn set_settings(inner: &mut Inner, wanted: Settings) -> Result<Response, Response> {
    inner.cloud.set_settings(wanted);
    ok(inner.cloud.settings())
}

fn set_calm(inner: &mut Inner, calm: bool) -> Result<Response, Response> {
    inner.cloud.set_calm(calm);
    ok(&json!({ "calm": calm, "late_until_ms": inner.cloud.late_until_ms() }))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| refuse(400, &error.to_string()))
}

fn ok(value: &impl Serialize) -> Result<Response, Response> {
    match serde_json::to_vec(value) {
        Ok(body) => Ok(json_response(200, body)),
        Err(error) => Err(refuse(500, &error.to_string())),
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
