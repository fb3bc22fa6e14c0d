//! Pace: who is told to wait, waits (I28). One request may be on its way already, one may probe.

use super::Monitor;
use graph_sim::Response;
use model::seam::Request;
use model::{Millis, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What workers were told, by worker and mailbox.
#[derive(Debug, Default)]
pub struct Pace(BTreeMap<(usize, String), Told>);

#[derive(Debug)]
struct Told {
    from: Timestamp,
    until: Timestamp,
    /// Requests since.
    asked: u64,
}

/// Requests to a mailbox before its throttle is over that are nobody's fault.
const UNDER_WAY_MAX: u64 = 2;

impl Pace {
    /// A new life of a worker's machine remembers nothing.
    pub fn forget(&mut self, worker: usize) {
        self.0.retain(|(of, _), _| *of != worker);
    }
}

/// A request is handed over: was this worker told to leave one of its mailboxes alone?
pub fn asked(monitor: &mut Monitor, worker: usize, request: &Request, now: Timestamp) {
    if monitor.pace.0.is_empty() {
        return;
    }
    let distinct: BTreeSet<String> = mailboxes(request).into_iter().flatten().collect();
    for mailbox in distinct {
        let key = (worker, mailbox);
        let Some(told) = monitor.pace.0.get_mut(&key) else {
            continue;
        };
        if now >= told.until {
            monitor.pace.0.remove(&key);
            continue;
        }
        told.asked += u64::from(now >= told.from);
        let (asked, until) = (told.asked, told.until);
        monitor.check("I28", asked <= UNDER_WAY_MAX, now, || {
            format!("{asked} requests to {} before {until}", key.1)
        });
    }
}

/// An answer is read: what does it tell this worker about its pace?
pub fn told(
    monitor: &mut Monitor,
    worker: usize,
    request: &Request,
    response: &Response,
    from: Timestamp,
) {
    let mailboxes = mailboxes(request);
    if let Some(wait) = throttle(response.status, |name| header(&response.headers, name)) {
        for mailbox in mailboxes.into_iter().flatten() {
            monitor.pace.tell(worker, mailbox, from, wait);
        }
        return;
    }
    let has = |word: &[u8]| response.body.windows(word.len()).any(|w| w == word);
    if !request.url.ends_with("/$batch") || !has(b"\"Retry-After\"") {
        return;
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    for step in body["responses"].as_array().into_iter().flatten() {
        let at: Option<usize> = step["id"].as_str().and_then(|id| id.parse().ok());
        let mailbox = at.and_then(|at| mailboxes.get(at).cloned().flatten());
        let status = step["status"].as_u64().unwrap_or(0) as u16;
        let wait = throttle(status, |name| {
            step["headers"][name].as_str().map(str::to_owned)
        });
        if let (Some(mailbox), Some(wait)) = (mailbox, wait) {
            monitor.pace.tell(worker, mailbox, from, wait);
        }
    }
}

impl Pace {
    fn tell(&mut self, worker: usize, mailbox: String, from: Timestamp, wait: Millis) {
        let until = from + wait;
        let told = Told {
            from,
            until,
            asked: 0,
        };
        let known = self.0.entry((worker, mailbox)).or_insert(told);
        known.until = known.until.max(until);
    }
}

/// How long a throttled answer says to wait, in numbers: a date depends on whose clock is right.
fn throttle(status: u16, header: impl Fn(&str) -> Option<String>) -> Option<Millis> {
    let seconds: f64 = match status {
        429 | 503 => header("Retry-After")?.parse().ok()?,
        _ => return None,
    };
    (seconds > 0.0).then_some(Millis((seconds * 1_000.0) as i64))
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    let found = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.clone())
}

/// The mailbox of a request, or of each step of a batch; the directory has none.
fn mailboxes(request: &Request) -> Vec<Option<String>> {
    let path = request.url.split_once("/v1.0").map_or("", |(_, path)| path);
    if path != "/$batch" {
        return vec![mailbox(path)];
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let steps = body["requests"].as_array().into_iter().flatten();
    steps
        .map(|step| step["url"].as_str().and_then(mailbox))
        .collect()
}

fn mailbox(path: &str) -> Option<String> {
    let mut parts = path.split('?').next()?.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("users"), Some(mailbox), Some(_)) => Some(mailbox.to_owned()),
        _ => None,
    }
}
