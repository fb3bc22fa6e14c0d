//! What all connections share: the cloud, its clock, and a count of what happened in it.

use super::{Ready, ServeOptions};
use crate::{Actor, Answer, Cloud, Operation, Request};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Mailbox ids and the user principal names that the fleet gave their owners.
pub(super) type Names = BTreeMap<String, String>;

pub(super) struct World {
    pub ready: Ready,
    pub names: Names,
    inner: Mutex<Inner>,
    started: Instant,
    start_ms: i64,
    scale: f64,
}

pub(super) struct Inner {
    pub cloud: Cloud,
    pub counts: Counts,
}

/// How often what happened, since the start.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Counts {
    /// HTTP requests, each `$batch` as one.
    pub requests: u64,
    /// Committed changes by who made them and what they were, for example `app create`.
    pub changes: BTreeMap<String, u64>,
}

impl World {
    pub fn new(options: &ServeOptions, ready: Ready) -> World {
        let cloud = Cloud::new(
            &options.fleet,
            options.settings.clone(),
            options.seed,
            options.start_ms,
        );
        let people = options.fleet.tenants.iter().flat_map(|t| &t.people);
        World {
            ready,
            names: people.map(|p| (p.id.clone(), p.upn.clone())).collect(),
            inner: Mutex::new(Inner {
                cloud,
                counts: Counts::default(),
            }),
            started: Instant::now(),
            start_ms: options.start_ms,
            scale: options.time_scale,
        }
    }

    /// The cloud's own instant.
    pub fn now_ms(&self) -> i64 {
        let real = self.started.elapsed().as_secs_f64() * 1000.0;
        self.start_ms + (real * self.scale) as i64
    }

    /// Waits until the cloud's clock shows `at_ms`.
    pub async fn sleep_until(&self, at_ms: i64) {
        if at_ms > self.now_ms() {
            let real_ms = (at_ms - self.start_ms) as f64 / self.scale;
            let due = self.started + Duration::from_secs_f64(real_ms / 1000.0);
            tokio::time::sleep_until(due).await;
        }
    }

    pub fn answer(&self, request: Request) -> Answer {
        let mut inner = self.lock();
        let answer = inner.cloud.answer(request, self.now_ms());
        inner.counts.requests += 1;
        inner.count();
        answer
    }

    /// The cloud stays usable after a panic in one request: each request is a change of its own.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Takes in what happened since the last time; a server that ran for days must not keep every event.
    pub fn count(&mut self) {
        for event in self.cloud.events() {
            let key = format!("{} {}", actor(&event.actor), operation(event.operation));
            *self.counts.changes.entry(key).or_default() += 1;
        }
    }
}

fn actor(actor: &Actor) -> &'static str {
    match actor {
        Actor::App(_) => "app",
        Actor::User => "user",
        Actor::Admin => "admin",
        Actor::Rival => "rival",
        Actor::Service => "service",
    }
}

fn operation(operation: Operation) -> String {
    format!("{operation:?}").to_lowercase()
}
