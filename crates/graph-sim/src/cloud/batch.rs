//! `$batch`: up to 20 calls in one, four at a time for one mailbox, or one after the other (graph.md 5.1).

use super::{
    Cloud, Outcome, dress,
    perform::{Target, writes},
};
use crate::{
    call::{self, Call},
    done::{Body, Done},
    error,
    throttle::storm,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

const STEPS_MAX: usize = 20;

/// One request of a batch, understood.
struct Step {
    id: String,
    /// Position of the step that must succeed first.
    after: Option<usize>,
    /// The call, or why it is none.
    call: Result<Call, Done>,
}

/// Who waits for whom; all else is refused (graph.md 5.1, "fully sequential or fully parallel").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Parallel,
    Chain,
}

/// What each mailbox is doing for this batch: for every lane, when it is free.
#[derive(Default)]
struct Lanes {
    of: BTreeMap<(Arc<str>, Arc<str>), Vec<Lane>>,
}

struct Lane {
    free_ms: i64,
    /// The mailbox had no slot for this lane.
    refused: bool,
    used: bool,
}

impl Cloud {
    /// Answers a `$batch`; `bytes` is the size of its body.
    pub(super) fn batch(&mut self, call: &Call, bytes: usize) -> (Outcome, i64) {
        let now_ms = call.now_ms;
        let steps = match read(call) {
            Ok(steps) => steps,
            Err(done) => return (Outcome::Done(done), now_ms + self.settings.latency.batch_ms),
        };
        if self.strikes(self.settings.faults.throttled) {
            let done = storm(&mut self.chance, now_ms);
            return (
                Outcome::Done(done),
                now_ms + self.settings.latency.throttled_ms,
            );
        }
        let (answers, end_ms) = self.run(&steps, bytes / steps.len().max(1), now_ms);
        let at_ms = end_ms + self.settings.latency.batch_ms;
        if self.strikes(self.settings.faults.reply_lost) {
            return (Outcome::Lost, at_ms);
        }
        if self.strikes(self.settings.faults.hangs) {
            return (Outcome::Never, at_ms);
        }
        let responses = self.arrange(answers, call, now_ms);
        (
            Outcome::Done(Done::ok(json!({"responses": responses}))),
            at_ms,
        )
    }

    fn run(&mut self, steps: &[Step], bytes: usize, now_ms: i64) -> (Vec<(String, Done)>, i64) {
        let chain = steps.iter().any(|s| s.after.is_some());
        let order = if chain { Order::Chain } else { Order::Parallel };
        let mut lanes = Lanes::default();
        let mut answers: Vec<(String, Done)> = Vec::with_capacity(steps.len());
        let mut end_ms = now_ms;
        for step in steps {
            let failed = step.after.is_some_and(|at| answers[at].1.status >= 400);
            let (done, step_end_ms) = match &step.call {
                _ if failed => (error::failed_dependency(), end_ms),
                Err(done) => (done.clone(), end_ms),
                Ok(call) => {
                    let from_ms = if chain { end_ms } else { now_ms };
                    self.step(call, order, &mut lanes, bytes, from_ms)
                }
            };
            end_ms = end_ms.max(step_end_ms);
            answers.push((step.id.clone(), done));
        }
        self.hold_slots(&lanes, order, end_ms);
        (answers, end_ms)
    }

    /// One step; its answer and when it is there.
    fn step(
        &mut self,
        call: &Call,
        order: Order,
        lanes: &mut Lanes,
        bytes: usize,
        from_ms: i64,
    ) -> (Done, i64) {
        if let Err(refusal) = self.throttle.app(&call.bearer.app, call.now_ms) {
            return (refusal.done(&self.settings.quirks, call.now_ms), from_ms);
        }
        let owner = match self.target(call) {
            Ok(Target::Mailbox(owner)) => owner,
            Ok(Target::Directory) => {
                let done = self.step_work(call);
                let ms = self.latency_ms(call, &Outcome::Done(done.clone()));
                return (done, from_ms + ms);
            }
            Err(done) => return (done, from_ms),
        };
        let app = call.bearer.app.clone();
        if let Err(refusal) = self
            .throttle
            .mailbox(&app, &owner, writes(call), bytes, call.now_ms)
        {
            return (refusal.done(&self.settings.quirks, call.now_ms), from_ms);
        }
        let lane = self.lane(lanes, &app, &owner, order, call.now_ms);
        if lane.refused {
            let next_ms = lane.free_ms;
            let refusal = self.throttle.no_slot(&app, &owner, next_ms, call.now_ms);
            return (refusal.done(&self.settings.quirks, call.now_ms), from_ms);
        }
        let done = self.step_work(call);
        let ms = self.latency_ms(call, &Outcome::Done(done.clone()));
        lane.used = true;
        lane.free_ms = lane.free_ms.max(from_ms) + ms;
        (done, lane.free_ms)
    }

    /// The lane that the next step of a mailbox takes: the one that is free first.
    fn lane<'a>(
        &mut self,
        lanes: &'a mut Lanes,
        app: &Arc<str>,
        owner: &Arc<str>,
        order: Order,
        now_ms: i64,
    ) -> &'a mut Lane {
        let wide = match order {
            Order::Chain => 1,
            Order::Parallel => self.settings.limits.mailbox_concurrency.max(1),
        };
        let of = lanes
            .of
            .entry((app.clone(), owner.clone()))
            .or_insert_with(|| {
                let (free, next_ms) = self.throttle.free_slots(app, owner, now_ms);
                (0..wide)
                    .map(|at| match at < free {
                        true => Lane {
                            free_ms: now_ms,
                            refused: false,
                            used: false,
                        },
                        false => Lane {
                            free_ms: next_ms,
                            refused: true,
                            used: false,
                        },
                    })
                    .collect()
            });
        // Each lane is tried in turn, so that a refused one gets its share of the steps.
        let unused = of.iter().position(|l| !l.used && !l.refused);
        let at = match unused {
            Some(at) => at,
            None => {
                let all_refused = of.iter().all(|l| l.refused);
                let living = of
                    .iter()
                    .enumerate()
                    .filter(|(_, l)| all_refused || !l.refused);
                living
                    .min_by_key(|(_, l)| l.free_ms)
                    .map_or(0, |(at, _)| at)
            }
        };
        &mut of[at]
    }

    fn hold_slots(&mut self, lanes: &Lanes, order: Order, end_ms: i64) {
        for ((app, owner), of) in &lanes.of {
            for lane in of.iter().filter(|l| l.used) {
                let until_ms = if order == Order::Chain {
                    end_ms
                } else {
                    lane.free_ms
                };
                self.throttle.occupy(app, owner, until_ms);
            }
        }
    }

    fn step_work(&mut self, call: &Call) -> Done {
        if self.strikes(self.settings.faults.step_fails) {
            return match self.chance.below(4) {
                0 => storm(&mut self.chance, call.now_ms),
                1 => error::transient(),
                2 => error::unavailable(),
                _ => error::internal(),
            };
        }
        match self.troubled(call, true) {
            Outcome::Done(done) => done,
            Outcome::Lost | Outcome::Never => error::gateway_timeout(),
        }
    }

    /// The answers as they stand in the body, disordered and incomplete where faults say so (F12).
    fn arrange(
        &mut self,
        mut answers: Vec<(String, Done)>,
        call: &Call,
        now_ms: i64,
    ) -> Vec<Value> {
        if self.strikes(self.settings.faults.steps_disordered) {
            for at in (1..answers.len()).rev() {
                let other = self.chance.below(at as u64 + 1) as usize;
                answers.swap(at, other);
            }
        }
        let client_id = call.header("client-request-id").unwrap_or("").to_owned();
        let mut responses = Vec::with_capacity(answers.len());
        for (id, done) in answers {
            if !self.strikes(self.settings.faults.step_missing) {
                responses.push(self.write(&id, done, &client_id, now_ms));
            }
        }
        responses
    }

    fn write(&mut self, id: &str, mut done: Done, client_id: &str, now_ms: i64) -> Value {
        if done.status >= 400 {
            let request_id = self.chance.guid();
            let client_id = if client_id.is_empty() {
                request_id.as_str()
            } else {
                client_id
            };
            dress::explain(&mut done, &request_id, client_id, now_ms);
        }
        let mut headers: Map<String, Value> = done
            .headers
            .into_iter()
            .map(|(n, v)| (n, Value::from(v)))
            .collect();
        headers.insert("Cache-Control".to_owned(), Value::from("private"));
        let body = match done.body {
            Body::None => None,
            Body::Json(json) => {
                headers.insert("OData-Version".to_owned(), Value::from("4.0"));
                headers.insert("Content-Type".to_owned(), Value::from(dress::JSON));
                Some(json)
            }
            Body::Bytes(kind, bytes) => {
                headers.insert("Content-Type".to_owned(), Value::from(kind));
                Some(Value::from(STANDARD.encode(bytes)))
            }
        };
        let mut out = Map::new();
        out.insert("id".to_owned(), Value::from(id));
        out.insert("status".to_owned(), Value::from(done.status));
        out.insert("headers".to_owned(), Value::Object(headers));
        if let Some(body) = body {
            out.insert("body".to_owned(), body);
        }
        Value::Object(out)
    }
}

/// The steps of a batch; anything malformed refuses the whole.
fn read(call: &Call) -> Result<Vec<Step>, Done> {
    let invalid = || error::bad_request("Invalid batch payload format.");
    if call.method != "POST" {
        return Err(error::method_not_allowed());
    }
    let list = call
        .parameter("requests")
        .and_then(Value::as_array)
        .ok_or_else(invalid)?;
    if list.is_empty() {
        return Err(invalid());
    }
    if list.len() > STEPS_MAX {
        let text =
            format!("Number of batch request steps exceeds the maximum value of {STEPS_MAX}.");
        return Err(error::bad_request(&text));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(list.len());
    for one in list {
        let step = read_step(one.as_object().ok_or_else(invalid)?, &steps, call)?;
        steps.push(step);
    }
    check_order(&steps)?;
    Ok(steps)
}

fn read_step(one: &Map<String, Value>, before: &[Step], batch: &Call) -> Result<Step, Done> {
    let text = |name: &str| {
        one.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .and_then(|(_, v)| v.as_str())
    };
    let id = text("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| error::bad_request("Request step must have an id."))?;
    if before.iter().any(|s| s.id.eq_ignore_ascii_case(id)) {
        let text = format!("Request Id has to be unique in a batch: {id}.");
        return Err(error::bad_request(&text));
    }
    let (Some(method), Some(url)) = (text("method"), text("url")) else {
        return Err(error::bad_request(&format!(
            "Write request id : {id} has no method or url."
        )));
    };
    Ok(Step {
        id: id.to_owned(),
        after: dependency(one, before)?,
        call: read_call(method, url, one, batch, id)?,
    })
}

fn read_call(
    method: &str,
    url: &str,
    one: &Map<String, Value>,
    batch: &Call,
    id: &str,
) -> Result<Result<Call, Done>, Done> {
    let headers: Vec<(String, String)> = match one.get("headers").and_then(Value::as_object) {
        Some(headers) => {
            let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            headers.iter().map(|(n, v)| (n.clone(), text(v))).collect()
        }
        None => Vec::new(),
    };
    let body = one.get("body").filter(|b| !b.is_null());
    if body.is_some() && crate::http::header(&headers, "content-type").is_none() {
        let text = format!("Write request id : {id} does not contain Content-Type header or body.");
        return Err(error::bad_request(&text));
    }
    if url.contains("$batch") {
        return Ok(Err(error::bad_request("A batch step must be no batch.")));
    }
    let url = relative(url, &batch.version);
    let url = format!("{}/{}", batch.base, url.trim_start_matches('/'));
    let parsed = call::parse(
        method,
        &url,
        headers,
        Bytes::new(),
        batch.bearer.clone(),
        batch.now_ms,
    );
    Ok(parsed.map(|mut call| {
        call.json = body.cloned();
        call
    }))
}

/// Documented are relative URLs; Microsoft's Python SDK sends whole ones, and Graph takes them
/// (msgraph-sdk-python-core#702).
fn relative<'a>(url: &'a str, version: &str) -> &'a str {
    let after_host = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    match after_host {
        Some((_, path)) => path
            .strip_prefix(version)
            .filter(|path| path.starts_with('/'))
            .unwrap_or(path),
        None => url,
    }
}

fn dependency(one: &Map<String, Value>, before: &[Step]) -> Result<Option<usize>, Done> {
    let list = match one.get("dependsOn") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(error::bad_request("dependsOn must be a list of ids.")),
    };
    match list.as_slice() {
        [] => Ok(None),
        [one] => {
            let id = one.as_str().unwrap_or("");
            let at = before.iter().position(|s| s.id.eq_ignore_ascii_case(id));
            at.map(Some)
                .ok_or_else(|| error::bad_request("Invalid dependency of a batch step."))
        }
        _ => Err(error::bad_request(
            "A batch step may depend on one other step only.",
        )),
    }
}

/// Fully parallel, a chain, or all after the first.
fn check_order(steps: &[Step]) -> Result<(), Done> {
    let parallel = steps.iter().all(|s| s.after.is_none());
    let tail = || steps.iter().enumerate().skip(1);
    let chain = tail().all(|(at, s)| s.after == Some(at - 1));
    let same = tail().all(|(_, s)| s.after == Some(0));
    match parallel || chain || same {
        true => Ok(()),
        false => Err(error::bad_request(
            "Batch should be either fully sequential or fully parallel.",
        )),
    }
}
