//! A run's plan as people read it: gathered from the store, printed as text, CSV, JSON and a page.

pub mod csv;
pub mod gather;
pub mod html;
pub mod print;
pub mod saved;

use engine::block::{Act, Block, Line};
use model::plan::Tally;
use model::run::{Account, RunState, Trigger, Trouble, TroubleKind};
use model::{Fingerprint, RunId, Timestamp};
use serde::Serialize;

/// The plan, or the record, of one run of one book.
#[derive(Clone, Debug, Serialize)]
pub struct BookPlan {
    pub run: RunId,
    pub tenant: String,
    pub folder: String,
    /// Names of the tunnels that feed the folder; empty when they are no longer in the policy.
    pub tunnels: Vec<String>,
    pub trigger: Trigger,
    pub state: RunState,
    /// Why it is held, stale or incomplete; what guards would hold, for a plan.
    pub reason: String,
    /// Something could not be read for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    pub fingerprint: Option<Fingerprint>,
    pub policy_version: String,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub totals: Totals,
    pub account: Account,
    /// Mailboxes whose plans are equal, those of most mailboxes first.
    pub groups: Vec<Group>,
    /// Mailboxes that could not be looked at or finished.
    pub left_out: Vec<LeftOut>,
}

/// Mailboxes that share one plan.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub mailboxes: Vec<String>,
    pub tally: Tally,
    pub block: Block,
}

#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    pub mailbox: String,
    pub state: &'static str,
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<TroubleKind>,
}

/// What all mailboxes together amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub mailboxes: u64,
    /// Mailboxes with something to write.
    pub changing: u64,
    pub creates: u64,
    pub updates: u64,
    pub deletes: u64,
    pub photos: u64,
}

impl Totals {
    pub fn add(&mut self, tally: &Tally) {
        self.mailboxes += 1;
        self.changing += u64::from(tally.writes() > 0);
        self.creates += tally.creates;
        self.updates += tally.updates;
        self.deletes += tally.deletes;
        self.photos += tally.photos;
    }

    pub fn plus(mut self, other: Self) -> Self {
        self.mailboxes += other.mailboxes;
        self.changing += other.changing;
        self.creates += other.creates;
        self.updates += other.updates;
        self.deletes += other.deletes;
        self.photos += other.photos;
        self
    }

    pub fn writes(&self) -> u64 {
        self.creates + self.updates + self.deletes + self.photos
    }
}

impl Group {
    /// Nothing is written and nothing is said.
    pub fn is_quiet(&self) -> bool {
        self.block.lines.is_empty() && self.block.notes.is_empty() && self.block.halt.is_none()
    }
}

/// The totals of several books.
pub fn totals(plans: &[BookPlan]) -> Totals {
    plans
        .iter()
        .fold(Totals::default(), |sum, plan| sum.plus(plan.totals))
}

/// The sign that stands before a step.
pub fn sign(act: Act) -> &'static str {
    match act {
        Act::Create => "+",
        Act::Update => "~",
        Act::Delete => "-",
        Act::Photo => "#",
        Act::Adopt => "=",
        Act::Forget => "x",
    }
}

pub fn verb(act: Act) -> &'static str {
    match act {
        Act::Create => "create",
        Act::Update => "update",
        Act::Delete => "delete",
        Act::Photo => "set photo",
        Act::Adopt => "adopt",
        Act::Forget => "let go",
    }
}

/// A field's change in one phrase: `mobile_phone +49… → +49…`.
pub fn field_phrases(line: &Line) -> Vec<String> {
    let shown = line.fields.iter();
    shown
        .map(|(field, (before, after))| match (before, after) {
            (None, Some(after)) => format!("{field} {after}"),
            (Some(before), None) => format!("{field} {before} → (blank)"),
            (Some(before), Some(after)) => format!("{field} {before} → {after}"),
            (None, None) => field.to_string(),
        })
        .collect()
}
