//! Checks: monitors over what really happened in the cloud, never over what the engine believes.

mod adoption;
mod base;
mod cards;
mod end;
mod expected;
mod images;
mod isolation;
mod lived;
mod logs;
mod loss;
mod moved;
mod naming;
mod pace;
mod patience;
mod refill;
mod remembered;
mod ruled;
mod shown;
mod silence;
mod standing;
mod truth;
mod twins;
mod unheard;

pub use base::held as base_held;
pub use cards::{Cards, breaks};
pub use end::end_state;
pub use expected::model_differences;
pub use images::Images;
pub use logs::Logs;
pub use remembered::remembered;
pub use silence::watched;
pub use standing::Standing;

use crate::requests::Write;
use crate::town::Town;
use graph_sim::{Actor, Answer, Cloud, Event, Reply, Response};
use model::Timestamp;
use model::seam::Request;
use model::tunnel::Policy;
use planner::identity::Keys;
use std::collections::BTreeMap;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant: `I2`, `I12`.
    pub check: &'static str,
    pub at: Timestamp,
    pub what: String,
}

/// Watches one history.
pub struct Monitor {
    /// The first one; a history ends with it.
    pub violation: Option<Violation>,
    /// How often each check had something to look at.
    pub checked: BTreeMap<&'static str, u64>,
    /// What happened at least once: what is never reached is not tested.
    pub sometimes: BTreeMap<&'static str, u64>,
    pub cards: Cards,
    pub standing: Standing,
    pub images: Images,
    pub pace: pace::Pace,
    /// What the reference model is told at the end.
    pub lived: lived::Lived,
    pub ruled: ruled::Ruled,
    begun: adoption::Begun,
    refills: Vec<refill::Refill>,
    /// A group ever said which mailboxes are meant.
    by_group: bool,
    heard: silence::Heard,
    blurred: base::Blurred,
    pub twins: twins::Twins,
    client: String,
    /// What was learned last: most of what happens leaves it as it is.
    learned: Option<(Town, Policy)>,
}

impl Monitor {
    pub fn new(town: &Town, policy: &Policy, keys: Keys) -> Self {
        let mut monitor = Self {
            violation: None,
            checked: BTreeMap::new(),
            sometimes: BTreeMap::new(),
            cards: Cards::default(),
            standing: Standing::new(keys),
            images: Images::default(),
            pace: pace::Pace::default(),
            lived: lived::Lived::default(),
            ruled: ruled::Ruled::default(),
            begun: adoption::Begun::new(),
            refills: Vec::new(),
            by_group: false,
            heard: silence::Heard::default(),
            blurred: base::Blurred::new(),
            twins: twins::Twins::default(),
            client: town.client.to_lowercase(),
            learned: None,
        };
        monitor.changed(town, policy, crate::world::START);
        monitor
    }

    /// The truth or the policy changed.
    pub fn changed(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        let known = |(t, p): &(Town, Policy)| t == town && p == policy;
        if self.learned.as_ref().is_some_and(known) {
            return self.standing.seen(now);
        }
        self.standing.update(town, policy, now);
        self.learn(town, policy);
        self.lived.learn(truth::directory(town));
        self.learned = Some((town.clone(), policy.clone()));
    }

    /// An admin edited the policy: whoever leaves by that leaves by a rule.
    pub fn edited(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        self.standing.edited(town, policy, now);
        self.learn(town, policy);
    }

    /// What the rules ever said.
    fn learn(&mut self, town: &Town, policy: &Policy) {
        self.ruled.update(town, policy);
        self.by_group |= policy.tunnels.iter().any(|t| !t.audience.groups.is_empty());
    }

    /// A worker hands a request over.
    pub fn asked(&mut self, town: &Town, worker: usize, request: &Request, now: Timestamp) {
        isolation::asked(self, town, request, now);
        pace::asked(self, worker, request, now);
    }

    /// It reads the answer.
    pub fn told(
        &mut self,
        town: &Town,
        worker: usize,
        request: &Request,
        response: &Response,
        at: Timestamp,
    ) {
        silence::told(self, town, request, response, at);
        pace::told(self, worker, request, response, at);
        twins::told(self, request, response);
        self.lived.unheard.told(request, response);
        ruled::told(&mut self.ruled, request, response, at);
    }

    pub fn count(&mut self, what: &'static str, times: u64) {
        *self.sometimes.entry(what).or_default() += times;
    }

    /// Holds a promise against one fact.
    pub fn check(
        &mut self,
        check: &'static str,
        holds: bool,
        at: Timestamp,
        what: impl FnOnce() -> String,
    ) {
        *self.checked.entry(check).or_default() += 1;
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation {
                check,
                at,
                what: what(),
            });
        }
    }

    pub fn is_ours(&self, actor: &Actor) -> bool {
        matches!(actor, Actor::App(client) if client.eq_ignore_ascii_case(&self.client))
    }

    /// One committed change.
    pub fn event(&mut self, cloud: &Cloud, town: &Town, event: &Event, now: Timestamp) {
        if event.mailbox.is_empty() {
            return;
        }
        if event.at_ms < now.0 && self.is_ours(&event.actor) {
            self.count("a late write was committed", 1);
        }
        let ours = self.is_ours(&event.actor);
        if ours {
            self.twins.wrote(&event.mailbox);
        }
        self.lived.event(cloud, town, event, ours);
        loss::event(self, event, ours);
        base::event(&mut self.blurred, event);
        cards::event(self, cloud, town, event);
        // After it: a deletion must not vouch for itself.
        if ours {
            self.standing.wrote(Timestamp(event.at_ms));
        }
    }

    /// What the targets of these writes say before they are handed over.
    pub fn before(&mut self, cloud: &Cloud, town: &Town, writes: &[Write]) -> Vec<images::Image> {
        images::before(cloud, town, writes)
    }

    pub fn after(
        &mut self,
        cloud: &Cloud,
        town: &Town,
        writes: &[Write],
        before: Vec<images::Image>,
        now: Timestamp,
    ) {
        images::after(self, cloud, town, writes, before, now);
    }

    pub fn answered(&mut self, status: i64, answer: &Answer) {
        let word = match status {
            410 => "a cursor was lost",
            412 => "a write met a newer version",
            429 | 503 => "we were throttled",
            401 => "a token was refused",
            -1 | -2 => "an answer was lost",
            _ => return self.steps(answer),
        };
        self.count(word, 1);
    }

    /// Answers inside a batch.
    fn steps(&mut self, answer: &Answer) {
        let Reply::Response(response) = &answer.reply else {
            return;
        };
        let has = |word: &[u8]| response.body.windows(word.len()).any(|w| w == word);
        if has(b"\"status\":412") {
            self.count("a write met a newer version", 1);
        }
        if has(b"\"status\":429") {
            self.count("a step of a batch was throttled", 1);
        }
    }
}
