//! Census: what was concluded from a tenant's collections, for as long as they stay as they are.
//!
//! A round asks every time whether someone's mailbox or photo was never asked for. The answer depends on collections
//! with a row for every person, and in a quiet round none of them has changed. So it is remembered with the instants
//! at which they last changed, as a compilation is; a worker that has just started reads them once.

use model::{TenantName, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What is asked in every round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// Has every person's mailbox a kind that is young enough?
    Kinds,
    /// Is there a person whose photo was never asked for?
    Photos,
}

/// Collections by key, each with the instant at which it last changed.
pub(super) type Seen = Vec<(&'static str, Timestamp)>;

/// Nothing is to be done, as long as `seen` stays as it is, before `until`.
struct Concluded {
    seen: Seen,
    until: Timestamp,
}

/// The conclusions of one engine.
#[derive(Default)]
pub(crate) struct Census(Mutex<BTreeMap<(TenantName, Question), Concluded>>);

impl Census {
    /// What the last conclusion rests on; nothing when there is none that holds now.
    pub(super) fn seen(&self, tenant: &TenantName, question: Question, now: Timestamp) -> Seen {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.get(&(tenant.clone(), question));
        let holds = last.filter(|concluded| now < concluded.until);
        holds.map_or_else(Seen::new, |concluded| concluded.seen.clone())
    }

    pub(super) fn conclude(
        &self,
        tenant: &TenantName,
        question: Question,
        seen: Seen,
        until: Timestamp,
    ) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((tenant.clone(), question), Concluded { seen, until });
    }
}
