//! Armed: what a story has laid ready for the calls to come: faults that strike them, and a crash at one of them.

use crate::ground::Inner;
use crate::requests::{self, Kind};
use graph_sim::Answer;
use model::seam::Request;
use model::{Millis, Timestamp};
use std::collections::BTreeMap;

/// Laid ready by a story; histories have none of it.
#[derive(Default)]
pub struct Armed {
    pub strikes: Vec<Strike>,
    pub crash: Option<(Moment, Calls)>,
    /// F19: a worker stands still with the next call of this kind on its lips.
    pub freeze: Option<(Calls, Millis)>,
    /// Workers that came to it, with how long: they are to be frozen.
    pub frozen: Vec<(usize, Millis)>,
    /// Workers that came to the crash: they go no further and are to be killed.
    pub fallen: Vec<usize>,
    /// Calls by kind since they were last shown; the steps of a batch one by one.
    pub counted: BTreeMap<Kind, u64>,
}

/// A fault of the cloud's that strikes the next calls of a kind for certain.
pub struct Strike {
    pub fault: String,
    pub calls: Calls,
    pub left: u64,
}

/// Which calls are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    Any,
    Reads,
    Writes,
    Of(Kind),
}

/// When a worker crashes: with the call on its lips, or once the cloud has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

impl Calls {
    /// By the word that stories use, singular or plural.
    pub fn named(word: &str) -> Option<Self> {
        let one = word.strip_suffix('s').unwrap_or(word);
        match one {
            "call" => Some(Self::Any),
            "read" => Some(Self::Reads),
            "write" => Some(Self::Writes),
            _ => Kind::ALL
                .iter()
                .find(|kind| kind.word() == one)
                .map(|kind| Self::Of(*kind)),
        }
    }

    /// Every word that [`Calls::named`] knows.
    pub fn words() -> Vec<&'static str> {
        let kinds = Kind::ALL.iter().map(|kind| kind.word());
        ["call", "read", "write"].into_iter().chain(kinds).collect()
    }

    /// A batch is meant when one of its steps is.
    fn mean(self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| match self {
            Self::Any => true,
            Self::Reads => kind.reads(),
            Self::Writes => kind.writes(),
            Self::Of(wanted) => *kind == wanted,
        })
    }
}

impl Armed {
    /// The faults that strike this call; each of them is used up by it.
    fn strike(&mut self, kinds: &[Kind]) -> Vec<String> {
        let mut struck = Vec::new();
        for strike in &mut self.strikes {
            if strike.left > 0 && strike.calls.mean(kinds) {
                strike.left -= 1;
                struck.push(strike.fault.clone());
            }
        }
        self.strikes.retain(|strike| strike.left > 0);
        struck
    }

    /// Whether the worker crashes at this moment of this call.
    fn falls(&mut self, moment: Moment, worker: usize, kinds: &[Kind]) -> bool {
        let due = self
            .crash
            .is_some_and(|(at, calls)| at == moment && calls.mean(kinds));
        if due {
            self.crash = None;
            self.fallen.push(worker);
        }
        due
    }
}

impl Inner {
    /// Whether the worker crashes with this request on its lips.
    pub fn falls_before(&mut self, worker: usize, request: &Request) -> bool {
        let Some(armed) = &mut self.armed else {
            return false;
        };
        // A worker that has fallen says nothing more in what is left of its poll.
        armed.fallen.contains(&worker)
            || armed.falls(Moment::Before, worker, &requests::kinds(request))
    }

    /// How long the worker stands still with this request on its lips.
    pub fn freezes_before(&mut self, worker: usize, request: &Request) -> Option<Millis> {
        let armed = self.armed.as_mut()?;
        let (calls, span) = armed.freeze?;
        if !calls.mean(&requests::kinds(request)) {
            return None;
        }
        armed.freeze = None;
        armed.frozen.push((worker, span));
        Some(span)
    }

    /// The cloud's answer, among the faults that are laid ready for this call.
    pub fn answered(&mut self, worker: usize, request: &Request, now: Timestamp) -> Answer {
        let asked = requests::to_cloud(request);
        let Some(armed) = &mut self.armed else {
            return self.cloud.answer(asked, now.0);
        };
        let kinds = requests::kinds(request);
        for kind in &kinds {
            *armed.counted.entry(*kind).or_default() += 1;
        }
        let struck = armed.strike(&kinds);
        armed.falls(Moment::After, worker, &kinds);
        let usual = self.cloud.settings().clone();
        let mut settings = usual.clone();
        for fault in &struck {
            settings.faults.set(fault, 1.0);
        }
        self.cloud.set_settings(settings);
        let answer = self.cloud.answer(asked, now.0);
        self.cloud.set_settings(usual);
        answer
    }
}
