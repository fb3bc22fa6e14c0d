//! Budgets: what an application may do in how much time, per mailbox, per tenant and overall (graph.md 5.2).
//!
//! Throttled requests count as well: who does not wait stays throttled.

use crate::{
    chance::Chance, directory::Units, done::Done, error, instant, quirk::Quirks, settings::Limits,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Every budget of the cloud, and the counters that oracles read.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    limits: Limits,
    mailboxes: BTreeMap<(Arc<str>, Arc<str>), Budget>,
    apps: BTreeMap<Arc<str>, Window>,
    directory: Units,
}

/// One application in one mailbox.
#[derive(Clone, Debug)]
struct Budget {
    requests: Window,
    upload: Window,
    /// When the calls in flight end.
    slots: Vec<i64>,
    counts: Counts,
}

/// What an application did in a mailbox since the start; steps of a `$batch` count one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub reads: u64,
    pub writes: u64,
    pub throttled: u64,
}

/// A sliding sum over a span of time, kept in sixty parts.
#[derive(Clone, Debug)]
struct Window {
    part_ms: i64,
    parts: VecDeque<(i64, u64)>,
    sum: u64,
}

const PARTS: i64 = 60;

impl Window {
    fn new(span_ms: i64) -> Window {
        Window {
            part_ms: (span_ms / PARTS).max(1),
            parts: VecDeque::new(),
            sum: 0,
        }
    }

    fn add(&mut self, amount: u64, now_ms: i64) {
        let part = now_ms / self.part_ms;
        while let Some((_, old)) = self
            .parts
            .front()
            .copied()
            .filter(|(p, _)| *p <= part - PARTS)
        {
            self.sum -= old;
            self.parts.pop_front();
        }
        match self.parts.back_mut().filter(|(p, _)| *p >= part) {
            Some((_, sum)) => *sum += amount,
            None => self.parts.push_back((part, amount)),
        }
        self.sum += amount;
    }

    /// When the sum will be below `limit` again if nothing is added.
    fn below_at_ms(&self, limit: u64, now_ms: i64) -> i64 {
        let mut sum = self.sum;
        for (part, amount) in &self.parts {
            sum -= amount;
            if sum < limit {
                return ((part + PARTS) * self.part_ms).max(now_ms + 1);
            }
        }
        now_ms + 1
    }
}

impl Throttle {
    pub fn new(limits: &Limits) -> Throttle {
        Throttle {
            limits: limits.clone(),
            ..Throttle::default()
        }
    }

    /// Other limits from here on; what was counted stays.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.limits = limits.clone();
    }

    /// Counts one call of an app anywhere; 429 above the ceiling over all tenants.
    pub fn app(&mut self, app: &Arc<str>, now_ms: i64) -> Result<(), Refusal> {
        let span = self.limits.app_window_ms;
        let window = self
            .apps
            .entry(app.clone())
            .or_insert_with(|| Window::new(span));
        window.add(1, now_ms);
        let limit = u64::from(self.limits.app_requests);
        if self.limits.enforced && window.sum > limit {
            return Err(Refusal::new(
                error::too_many_requests(),
                window.below_at_ms(limit, now_ms),
                now_ms,
            ));
        }
        Ok(())
    }

    /// Counts one Outlook call with its upload; 429 above 10,000 in 10 minutes or 150 MB in 5 minutes.
    pub fn mailbox(
        &mut self,
        app: &Arc<str>,
        owner: &Arc<str>,
        writes: bool,
        bytes: usize,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let (requests, upload) = (
            u64::from(self.limits.mailbox_requests),
            self.limits.upload_bytes,
        );
        let enforced = self.limits.enforced;
        let budget = self.budget(app, owner);
        budget.requests.add(1, now_ms);
        match writes {
            true => budget.counts.writes += 1,
            false => budget.counts.reads += 1,
        }
        if writes && bytes > 0 {
            budget.upload.add(bytes as u64, now_ms);
        }
        let (limit, window, name) = match enforced {
            _ if enforced && budget.requests.sum > requests => {
                (requests, &budget.requests, "RequestBroker--ParseUri")
            }
            _ if enforced && writes && budget.upload.sum > upload => {
                (upload, &budget.upload, "IncomingBytes")
            }
            _ => return Ok(()),
        };
        budget.counts.throttled += 1;
        Err(Refusal::new(
            error::over_limit(name),
            window.below_at_ms(limit, now_ms),
            now_ms,
        ))
    }

    /// How many of the mailbox's slots are free for the app, and when the next one will be.
    pub fn free_slots(&mut self, app: &Arc<str>, owner: &Arc<str>, now_ms: i64) -> (usize, i64) {
        if !self.limits.enforced {
            return (usize::MAX, now_ms);
        }
        let all = self.limits.mailbox_concurrency;
        let budget = self.budget(app, owner);
        budget.slots.retain(|end| *end > now_ms);
        let next = budget.slots.iter().min().copied().unwrap_or(now_ms);
        (all.saturating_sub(budget.slots.len()), next)
    }

    /// Holds a slot until `end_ms`.
    pub fn occupy(&mut self, app: &Arc<str>, owner: &Arc<str>, end_ms: i64) {
        if self.limits.enforced {
            self.budget(app, owner).slots.push(end_ms);
        }
    }

    /// The refusal when no slot is free.
    pub fn no_slot(
        &mut self,
        app: &Arc<str>,
        owner: &Arc<str>,
        next_ms: i64,
        now_ms: i64,
    ) -> Refusal {
        self.budget(app, owner).counts.throttled += 1;
        Refusal::new(error::mailbox_concurrency(), next_ms, now_ms)
    }

    /// What an app did in a mailbox.
    pub fn counts(&self, app: &str, owner: &str) -> Counts {
        let key = (Arc::from(app), Arc::from(owner));
        self.mailboxes
            .get(&key)
            .map_or(Counts::default(), |b| b.counts)
    }

    /// All counters: client id, mailbox, counts.
    pub fn all_counts(&self) -> impl Iterator<Item = (&str, &str, Counts)> {
        self.mailboxes
            .iter()
            .map(|((app, owner), b)| (&**app, &**owner, b.counts))
    }

    fn budget(&mut self, app: &Arc<str>, owner: &Arc<str>) -> &mut Budget {
        let limits = &self.limits;
        self.mailboxes
            .entry((app.clone(), owner.clone()))
            .or_insert_with(|| Budget {
                requests: Window::new(limits.mailbox_window_ms),
                upload: Window::new(limits.upload_window_ms),
                slots: Vec::new(),
                counts: Counts::default(),
            })
    }

    /// Takes `units` resource units of the directory for (app, tenant); a write also counts against the
    /// write quota. `people` decides the tenant's size class (S < 50, M to 500, L above).
    /// Gives the share of the limit in use (for `x-ms-throttle-limit-percentage`, told only above 0.8),
    /// or the 429 with its headers.
    pub fn directory(
        &mut self,
        app: &str,
        tenant: &str,
        people: usize,
        units: u32,
        write: bool,
        now_ms: i64,
    ) -> Result<f64, Done> {
        self.directory
            .take(app, tenant, people, units, write, now_ms)
    }
}

/// A throttled call: its answer, and how long to stay away.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    done: Done,
    wait_ms: i64,
}

impl Refusal {
    fn new(done: Done, until_ms: i64, now_ms: i64) -> Refusal {
        Refusal {
            done,
            wait_ms: (until_ms - now_ms).max(1),
        }
    }

    /// The answer with `Retry-After` in the form that the quirks ask for; whole seconds, rounded up.
    pub fn done(mut self, quirks: &Quirks, now_ms: i64) -> Done {
        if quirks.concurrency_is_503 && self.done.code() == Some("ApplicationThrottled") {
            self.done.status = 503;
        }
        let seconds = self.wait_ms.div_euclid(1000) + i64::from(self.wait_ms % 1000 != 0);
        let text = match (quirks.retry_after_fraction, quirks.retry_after_date) {
            (true, _) => format!("{:.3}", self.wait_ms as f64 / 1000.0),
            (_, true) => instant::http_date(now_ms + seconds * 1000 + 999),
            _ => seconds.to_string(),
        };
        self.done.with("Retry-After", text)
    }
}

/// F11: throttled for no reason of ours; `Retry-After` missing, 0, small, fractional, a date or huge.
pub fn storm(chance: &mut Chance, now_ms: i64) -> Done {
    let done = match chance.below(4) {
        0 => error::mailbox_concurrency(),
        1 => error::too_many_requests(),
        2 => error::unavailable(),
        _ => error::over_limit("RequestBroker--ParseUri"),
    };
    match chance.below(7) {
        0 => done,
        1 => done.with("Retry-After", "0"),
        2 => done.with("Retry-After", "2.128"),
        3 => done.with("Retry-After", instant::http_date(now_ms + 4000)),
        4 => done.with("Retry-After", "600"),
        _ => done.with("Retry-After", "1"),
    }
}
