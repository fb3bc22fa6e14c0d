//! The ground: everything of a simulated world that outlives a crash, except the store.

use crate::armed::Armed;
use crate::checks::Monitor;
use crate::faults::Troubles;
use crate::requests::{self, Write};
use crate::town::Town;
use crate::trace::Trace;
use graph_sim::chance::Chance as Dice;
use graph_sim::cloud::Act;
use graph_sim::{Actor, Answer, Cloud, Event, Operation, Reply, Response};
use model::Timestamp;
use model::seam::Request;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Disk;

/// Shared by the wires of all workers, the actors and the checks.
#[derive(Clone)]
pub struct Ground(Arc<Mutex<Inner>>);

pub struct Inner {
    pub cloud: Cloud,
    pub town: Town,
    pub monitor: Monitor,
    pub trace: Trace,
    pub dice: Dice,
    pub troubles: Troubles,
    /// What a story has laid ready; none in a history.
    pub armed: Option<Armed>,
    /// Faults and people are out.
    pub calm: bool,
    /// F41: whether the disk under the store has any room.
    pub disk: Disk,
    pub disk_was_full: bool,
    /// Machines whose worker ended because the disk was full.
    pub fallen: Vec<usize>,
    pub calls: u64,
    pub faults: u64,
}

impl Ground {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(Mutex::new(inner)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether a fault of ours strikes now.
    pub fn strikes(&mut self, rate: f64) -> bool {
        let struck = !self.calm && self.dice.happens(rate);
        self.faults += u64::from(struck);
        struck
    }

    /// Hands one request over to the cloud and looks at what really happened.
    pub fn hand_over(&mut self, worker: usize, request: &Request, now: Timestamp) -> Answer {
        self.calls += 1;
        self.add_request(worker, request, now);
        self.land(now);
        let writes = requests::writes(request);
        let images = self.monitor.before(&self.cloud, &self.town, &writes);
        self.monitor.asked(&self.town, worker, request, now);
        let answer = self.answered(worker, request, now);
        self.see(now);
        self.monitor
            .after(&self.cloud, &self.town, &writes, images, now);
        self.add_answer(worker, &answer, now);
        answer
    }

    /// A worker reads what it was answered.
    pub fn tell(&mut self, worker: usize, request: &Request, response: &Response, at: Timestamp) {
        self.monitor.told(&self.town, worker, request, response, at);
    }

    /// Late writes that are due are committed, and seen as they are before anything follows them.
    fn land(&mut self, now: Timestamp) {
        self.cloud.advance(now.0);
        self.see(now);
    }

    /// Looks at every change that was committed since.
    pub fn see(&mut self, now: Timestamp) {
        let events = self.cloud.events();
        for event in &events {
            self.retell(event);
            self.monitor.event(&self.cloud, &self.town, event, now);
            if self.trace.is_readable() {
                self.trace.say(Timestamp(event.at_ms), || {
                    format!(
                        "      {:?} {:?} {} {:?}",
                        event.actor, event.operation, event.item, event.fields
                    )
                });
            }
        }
    }

    /// Another product writes into a card of the shared mailbox (F38): from then on its source says so.
    fn retell(&mut self, event: &Event) {
        let by_rival = event.actor == Actor::Rival && event.operation == Operation::Update;
        if *event.mailbox != *self.town.reception || !by_rival {
            return;
        }
        let tenant = self.town.tenant.clone();
        let view = self
            .cloud
            .contact(&tenant, &self.town.reception, &event.item);
        let card = self.town.cards.get_mut(&*event.item);
        let (Some(view), Some(card)) = (view, card) else {
            return;
        };
        let text = |name: &str| {
            let value = view.properties.get(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        // Numbers of the town have the form that we write.
        card.mobile = text("mobilePhone").replace(' ', "");
        card.company = text("companyName");
        self.monitor.cards.expect_writes();
    }

    /// What somebody does in the cloud beside the API.
    pub fn act(&mut self, act: &Act, now: Timestamp) -> Option<String> {
        self.land(now);
        self.trace.say(now, || format!("  act {act:?}"));
        let done = self.cloud.act(act, now.0);
        self.trace.add(&[b"act", format!("{act:?}").as_bytes()]);
        self.see(now);
        done.ok().flatten()
    }

    fn add_request(&mut self, worker: usize, request: &Request, now: Timestamp) {
        let body = if requests::is_sign_in(request) {
            &b""[..]
        } else {
            &request.body
        };
        let parts = [
            &now.0.to_le_bytes(),
            request.method.as_bytes(),
            request.url.as_bytes(),
            body,
        ];
        self.trace.add(&parts);
        self.trace.say(now, || {
            format!("w{worker} {} {}", request.method, requests::shown(request))
        });
    }

    fn add_answer(&mut self, worker: usize, answer: &Answer, now: Timestamp) {
        let status = match &answer.reply {
            Reply::Response(response) => i64::from(response.status),
            Reply::Lost => -1,
            Reply::Never => -2,
        };
        self.faults += u64::from(requests::is_fault(status));
        self.monitor.answered(status, answer);
        self.trace
            .add(&[&status.to_le_bytes(), &answer.at_ms.to_le_bytes()]);
        let size = match &answer.reply {
            Reply::Response(response) => response.body.len(),
            Reply::Lost | Reply::Never => 0,
        };
        self.trace.say(now, || {
            format!(
                "w{worker}   -> {status}, {size} bytes at {}{}",
                Timestamp(answer.at_ms),
                requests::steps_shown(answer)
            )
        });
    }

    pub fn note_write_refused(&mut self, write: &[Write]) {
        self.monitor
            .count("not sent after its deadline", write.len() as u64);
    }
}
