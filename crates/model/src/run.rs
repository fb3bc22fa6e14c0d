//! Runs: one execution of a plan for one book, and what became of it.

use crate::{BookKey, Fingerprint, RunId, TenantName, Timestamp};
use serde::{Deserialize, Serialize};

/// Who asked for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Schedule,
    Command,
    Webhook,
    FullLook,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Members are looked at and planned.
    Planning,
    /// Only a plan was asked for; it can be applied later.
    Planned,
    /// A person must approve this very plan.
    Held,
    Performing,
    /// Every member is settled.
    Done,
    /// Ended with members left out.
    Incomplete,
    Rejected,
    Cancelled,
    /// The world moved away from under a saved plan.
    Stale,
}

impl RunState {
    pub fn ended(self) -> bool {
        matches!(
            self,
            Self::Done
                | Self::Planned
                | Self::Incomplete
                | Self::Rejected
                | Self::Cancelled
                | Self::Stale
        )
    }
}

/// Where one member stands within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRunState {
    Waiting,
    Planned,
    Performing,
    Done,
    /// Could not be looked at or finished this time; the reason says why.
    Deferred,
    /// The member moved since a saved plan was made.
    Stale,
}

/// Exact accounting: planned = done + deferred + quarantined + held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub planned: u64,
    pub done: u64,
    pub deferred: u64,
    pub quarantined: u64,
    pub held: u64,
}

impl Account {
    pub fn balances(&self) -> bool {
        self.planned == self.done + self.deferred + self.quarantined + self.held
    }

    pub fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.done += other.done;
        self.deferred += other.deferred;
        self.quarantined += other.quarantined;
        self.held += other.held;
    }
}

/// What kept a run, or one mailbox of it, from its end: a sentence for people, and its kind for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub kind: TroubleKind,
    pub detail: String,
}

/// What kind of trouble it is, what a person must act on first at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Our own key or certificate cannot be used; nothing was sent.
    Credential,
    /// Microsoft refused the sign-in.
    SignIn,
    /// A permission is missing, or the app may not touch the mailbox.
    Permission,
    /// What the policy names is not there, or is there more than once.
    Policy,
    /// Microsoft cannot be reached, or does not answer.
    Unreachable,
    /// The mailbox cannot be used: there is none, or it is full.
    Mailbox,
    /// Refused in a way that nothing here says better.
    Refused,
    /// It passes by itself: we were asked to slow down, or an answer was not complete.
    Passing,
}

/// One run as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub tenant: TenantName,
    pub book: BookKey,
    pub trigger: Trigger,
    pub state: RunState,
    pub policy_version: String,
    pub fingerprint: Option<Fingerprint>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub account: Account,
    /// Why it is held, stale or incomplete: one sentence for people.
    pub reason: String,
    /// A source could not be read, or nothing could be: the run may still have done what it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}
