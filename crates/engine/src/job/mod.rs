//! Jobs: one short file per kind. A job says "look again"; what is done follows from what the store remembers.

pub(crate) mod book;
pub(crate) mod carry;
pub(crate) mod judge;
pub(crate) mod member;
pub(crate) mod moved;
pub(crate) mod perform;
pub(crate) mod plan;
pub(crate) mod refresh;
pub(crate) mod resolve;
pub(crate) mod restore;
mod search;
pub(crate) mod stop;

use crate::desk::DeskError;
use crate::observe::ObserveError;
use graph::GraphError;
use model::{CatalogId, MailboxId, MemberId, TenantName, Timestamp};
use planner::select::SelectError;
use store::StoreError;

/// Look at this book again: read its sources, compile, start or judge a run.
pub(crate) const BOOK: &str = "book";
/// Look at this member again: plan it or perform its plan.
pub(crate) const MEMBER: &str = "member";

/// The lane of everything that reads a tenant's sources.
pub(crate) fn sources_lane(tenant: &TenantName) -> String {
    format!("sources:{tenant}")
}

/// Jobs of one mailbox never run together.
pub(crate) fn mailbox_lane(mailbox: &MailboxId) -> String {
    format!("mailbox:{mailbox}")
}

/// What a job names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Book(CatalogId),
    Member(MemberId),
}

impl Target {
    pub(crate) fn parse(kind: &str, target: &str) -> Option<Self> {
        match kind {
            BOOK => CatalogId::parse(target).map(Self::Book),
            MEMBER => target.parse().ok().map(|id| Self::Member(MemberId(id))),
            _ => None,
        }
    }
}

/// When to look again, as far as this job knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing more to do until someone offers it.
    No,
    At(Timestamp),
}

/// Why a job could not go on. It is offered again; nothing is lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error("a selection of the policy cannot be compiled: {0}")]
    Select(#[from] SelectError),
}

impl From<DeskError> for JobError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(e) => Self::Store(e),
            DeskError::Graph(e) => Self::Graph(e),
        }
    }
}

impl From<ObserveError> for JobError {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::Store(e) => Self::Store(e),
            ObserveError::Graph(e) => Self::Graph(e),
        }
    }
}
