//! The directory's budgets: resource units for each app and tenant, by size of the tenant (graph.md 5.2).

use crate::{call::Call, chance::Chance, done::Done, error, odata::Options};
use std::collections::{BTreeMap, VecDeque};

/// What a call costs, by its path and options.
pub(super) fn cost(path: &[&str], options: &Options, is_read: bool) -> u32 {
    let base: i64 = match path {
        _ if !is_read => 1,
        ["groups", _, "transitiveMembers", ..] => 5,
        ["groups", _, "members", ..] | ["subscribedSkus", ..] => 3,
        ["users"] | ["users", "delta"] => 2,
        _ => 1,
    };
    let select = -i64::from(options.select.is_some());
    let expand = i64::from(!options.expand.is_empty());
    let top = -i64::from(options.top.is_some_and(|top| top < 20));
    (base + select + expand + top).max(1) as u32
}

/// Units for 10 seconds: small tenants have fewer than 50 users, large ones more than 500.
fn limit(people: usize) -> u32 {
    match people {
        0..50 => 3_500,
        50..=500 => 5_000,
        _ => 8_000,
    }
}

const WINDOW_MS: i64 = 10_000;
const APP_LIMIT: u32 = 150_000;
const APP_WINDOW_MS: i64 = 20_000;
const WRITES: u32 = 3_000;
const WRITE_WINDOW_MS: i64 = 150_000;

/// Every budget of the directory. Only what came within the longest window is kept.
#[derive(Clone, Debug, Default)]
pub struct Units {
    /// By app and tenant.
    reads: BTreeMap<(String, String), Window>,
    writes: BTreeMap<(String, String), Window>,
    apps: BTreeMap<String, Window>,
}

/// What was taken of late: amounts at instants, and their sum.
#[derive(Clone, Debug, Default)]
struct Window {
    taken: VecDeque<(i64, u32)>,
    sum: u32,
}

impl Window {
    /// Takes `amount` unless that exceeds `limit`; then the wait in milliseconds until it would not.
    fn take(&mut self, amount: u32, limit: u32, span_ms: i64, now_ms: i64) -> Result<f64, i64> {
        while let Some((at, old)) = self.taken.front().copied() {
            if now_ms - at < span_ms {
                break;
            }
            self.sum -= old;
            self.taken.pop_front();
        }
        if self.sum + amount > limit {
            let oldest = self.taken.front().map_or(now_ms, |(at, _)| *at);
            return Err((oldest + span_ms - now_ms).max(1));
        }
        self.sum += amount;
        match self.taken.back_mut() {
            Some((at, last)) if *at == now_ms => *last += amount,
            _ => self.taken.push_back((now_ms, amount)),
        }
        Ok(f64::from(self.sum) / f64::from(limit))
    }
}

impl Units {
    /// Takes `units` for an app in a tenant of `people`; a write also counts against the write quota. Gives
    /// the share of the limit in use, or the 429 with its headers.
    pub fn take(
        &mut self,
        app: &str,
        tenant: &str,
        people: usize,
        units: u32,
        is_write: bool,
        now_ms: i64,
    ) -> Result<f64, Done> {
        let key = (app.to_owned(), tenant.to_owned());
        if is_write {
            let window = self.writes.entry(key.clone()).or_default();
            window
                .take(1, WRITES, WRITE_WINDOW_MS, now_ms)
                .map_err(|wait| refused(wait, "WriteLimitExceeded", app, tenant))?;
        }
        let whole = self.apps.entry(app.to_owned()).or_default();
        whole
            .take(units, APP_LIMIT, APP_WINDOW_MS, now_ms)
            .map_err(|wait| refused(wait, "ResourceUnitLimitExceeded", app, tenant))?;
        let window = self.reads.entry(key).or_default();
        window
            .take(units, limit(people), WINDOW_MS, now_ms)
            .map_err(|wait| refused(wait, "ResourceUnitLimitExceeded", app, tenant))
    }
}

/// 429 as the documentation samples it, with a fractional `Retry-After` (Q31).
fn refused(wait_ms: i64, why: &str, app: &str, tenant: &str) -> Done {
    error::too_many_requests()
        .with("retry-after", format!("{:.3}", wait_ms as f64 / 1000.0))
        .with(
            "x-ms-throttle-scope",
            format!("Tenant_Application/ReadWrite/{app}/{tenant}"),
        )
        .with("x-ms-throttle-information", why)
}

/// The headers that every answer of the directory carries.
pub(super) fn dressed(done: Done, units: u32, share: f64) -> Done {
    let done = done.with("x-ms-resource-unit", units.to_string());
    if share > 0.8 {
        done.with("x-ms-throttle-limit-percentage", format!("{share:.1}"))
    } else {
        done
    }
}

/// A 429 that comes without cause, as faults have it: the wait is drawn.
pub(super) fn sudden(call: &Call, chance: &mut Chance) -> Done {
    let wait_ms = 500 + chance.below(9_500) as i64;
    let (app, tenant) = (&call.bearer.app, &call.bearer.tenant);
    refused(wait_ms, "CPULimitExceeded", app, tenant)
}
