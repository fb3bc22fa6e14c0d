//! The directory: its people by delta, groups with their members, and whether a user is still there.

use crate::{Graph, GraphError, TenantRef};
use model::person::Person;
use std::collections::BTreeSet;

/// Which people of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Directory {
    Users,
    OrgContacts,
}

/// One complete delta round. An incomplete one is an error, never a shorter round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round<T> {
    /// One per key, ordered by key.
    pub changes: Vec<T>,
    /// Where the next round goes on; opaque.
    pub cursor: String,
    /// `changes` is the whole set: what is not in it was not there when the round ended.
    pub whole: bool,
    /// The cursor we came with was lost, so the round began from scratch (then `whole` is true as well).
    pub restarted: bool,
}

/// What a round says of one person.
#[derive(Clone, Debug, PartialEq)]
pub enum PersonChange {
    Here(Box<Person>),
    /// The source says that this key is gone. From the directory: `permanently` tells a purge from a soft
    /// delete that can be restored for 30 days. From a folder: proven by asking for the item itself.
    Removed {
        key: String,
        permanently: bool,
    },
}

impl PersonChange {
    pub fn key(&self) -> &str {
        match self {
            Self::Here(person) => &person.key,
            Self::Removed { key, .. } => key,
        }
    }
}

/// The answer to looking a group up by its name or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupFound {
    None,
    One {
        id: String,
        name: String,
    },
    /// That many groups share the name: an error of the policy, to be told and not guessed.
    Many(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    Here,
    /// A definite 404 for this very user.
    Gone,
}

impl Graph {
    /// What changed among the people since `cursor`; everyone when it is `None` or lost.
    pub async fn people_round(
        &self,
        tenant: &TenantRef,
        what: Directory,
        cursor: Option<&str>,
    ) -> Result<Round<PersonChange>, GraphError> {
        let _ = (tenant, what, cursor);
        todo!()
    }

    /// Finds a group by object id or exact display name.
    pub async fn group(
        &self,
        tenant: &TenantRef,
        name_or_id: &str,
    ) -> Result<GroupFound, GraphError> {
        let _ = (tenant, name_or_id);
        todo!()
    }

    /// Object ids of the users and org contacts in a group, transitive. Short of Microsoft's own count is
    /// `Incomplete`; a group that is not there is `Gone`.
    pub async fn group_members(
        &self,
        tenant: &TenantRef,
        id: &str,
    ) -> Result<BTreeSet<String>, GraphError> {
        let _ = (tenant, id);
        todo!()
    }

    /// Asks for one user by object id.
    pub async fn user_exists(&self, tenant: &TenantRef, id: &str) -> Result<Existence, GraphError> {
        let _ = (tenant, id);
        todo!()
    }
}
