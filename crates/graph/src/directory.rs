//! The directory: its people by delta, groups with their members, and whether a user is still there.

use crate::answer::page::{self, Page};
use crate::paging::{Count, Delta, Listing};
use crate::request::directory as request;
use crate::send::Call;
use crate::wire::person::{OrgContact, User};
use crate::{Graph, GraphError, TenantRef};
use model::mutant::{self, Mutant};
use model::person::Person;
use model::seam::Response;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

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
        let first = request::people_delta(what, self.inner.settings.directory_page);
        let doing = match what {
            Directory::Users => "reading the people of the directory",
            Directory::OrgContacts => "reading the organisation's contacts",
        };
        let call = Call::directory(tenant, doing, 2);
        match what {
            Directory::Users => {
                let delta = self.inner.delta::<User>(call, &first, cursor).await?;
                if mutant::on(Mutant::E6) && has_blanks(&delta.entries) {
                    let (at, detail) = (call.place(), "mail is null".to_owned());
                    return Err(GraphError::Malformed { at, detail });
                }
                Ok(round(delta, user_change))
            }
            Directory::OrgContacts => {
                let delta = self.inner.delta::<OrgContact>(call, &first, cursor).await?;
                Ok(round(delta, org_contact_change))
            }
        }
    }

    /// Finds a group by object id or exact display name.
    pub async fn group(
        &self,
        tenant: &TenantRef,
        name_or_id: &str,
    ) -> Result<GroupFound, GraphError> {
        let call = Call::directory(tenant, "looking up a group", 1);
        if is_guid(name_or_id) {
            let plain = request::group_by_id(name_or_id);
            let read = |r: &Response| page::read::<Group>(&r.body);
            return match self.inner.ask(call, &plain, read).await? {
                Ok(group) => Ok(group.found()),
                Err(fault) if fault.is_gone() => Ok(GroupFound::None),
                Err(fault) => Err(fault.error(call.place())),
            };
        }
        let mut listing = Listing::new(request::group_by_name(name_or_id));
        let mut groups: Vec<Group> = Vec::new();
        while let Some(page) = listing.next(&self.inner, call).await? {
            groups.extend(page);
        }
        Ok(match groups.len() {
            0 => GroupFound::None,
            1 => groups.remove(0).found(),
            many => GroupFound::Many(many),
        })
    }

    /// Object ids of the users and org contacts in a group, transitive. Short of Microsoft's own count is
    /// `Incomplete`; a group that is not there is `Gone`.
    pub async fn group_members(
        &self,
        tenant: &TenantRef,
        id: &str,
    ) -> Result<BTreeSet<String>, GraphError> {
        let call = Call::directory(tenant, "reading the members of a group", 5);
        let mut members = BTreeSet::new();
        for kind in ["user", "orgContact"] {
            let first = request::members(id, kind, self.inner.settings.directory_page);
            let mut listing = Listing::new(first);
            let mut seen = BTreeSet::new();
            while let Some(page) = listing.next::<Member>(&self.inner, call).await? {
                seen.extend(page.into_iter().map(|member| member.id));
            }
            // A repeated entry must not hide a missing one.
            listing.check_count(call, Count::Required, seen.len() as u64)?;
            members.extend(seen);
        }
        Ok(members)
    }

    /// The object id of the user with this principal name or primary address.
    pub async fn user_id(
        &self,
        tenant: &TenantRef,
        address: &str,
    ) -> Result<Option<String>, GraphError> {
        let call = Call::directory(tenant, "looking up a mailbox by its address", 1);
        let read = |r: &Response| page::read::<Member>(&r.body);
        match self.inner.ask(call, &request::user(address), read).await? {
            Ok(user) => return Ok(Some(user.id)),
            Err(fault) if fault.is_gone() => {}
            Err(fault) => return Err(fault.error(call.place())),
        }
        let read = |r: &Response| page::read::<Page<Member>>(&r.body);
        let plain = request::user_by_mail(address);
        let page = self.inner.get(call, &plain, read).await?;
        Ok(page.value.into_iter().next().map(|user| user.id))
    }

    /// Asks for one person by object id.
    pub async fn exists(
        &self,
        tenant: &TenantRef,
        what: Directory,
        id: &str,
    ) -> Result<Existence, GraphError> {
        let call = Call::directory(tenant, "asking whether a person still exists", 1);
        let read = |r: &Response| page::read::<Member>(&r.body);
        let request = match what {
            Directory::Users => request::user(id),
            Directory::OrgContacts => request::org_contact(id),
        };
        for _ in 0..crate::contacts::GONE_MEANS {
            match self.inner.ask(call, &request, read).await? {
                Ok(_) => return Ok(Existence::Here),
                Err(fault) if fault.is_gone() => {}
                Err(fault) => return Err(fault.error(call.place())),
            }
        }
        Ok(Existence::Gone)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    id: String,
    display_name: Option<String>,
}

impl Group {
    fn found(self) -> GroupFound {
        GroupFound::One {
            id: self.id,
            name: self.display_name.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
struct Member {
    id: String,
}

/// What only a mutant stumbles over.
fn has_blanks(users: &[User]) -> bool {
    let mut here = users.iter().filter(|user| user.removed.is_none());
    here.any(|user| user.mail.is_none())
}

fn user_change(user: User) -> PersonChange {
    match user.removed {
        Some(removed) => PersonChange::Removed {
            key: user.id,
            permanently: removed.permanently(),
        },
        None => PersonChange::Here(Box::new(user.person())),
    }
}

fn org_contact_change(contact: OrgContact) -> PersonChange {
    match contact.removed {
        Some(removed) => PersonChange::Removed {
            key: contact.id,
            permanently: removed.permanently(),
        },
        None => PersonChange::Here(Box::new(contact.person())),
    }
}

/// An object may come several times in a round: the last word counts (graph.md 4.2).
fn round<T>(delta: Delta<T>, change: impl Fn(T) -> PersonChange) -> Round<PersonChange> {
    let mut changes = BTreeMap::new();
    for entry in delta.entries {
        let change = change(entry);
        changes.insert(change.key().to_owned(), change);
    }
    // In a whole round nothing is there to be removed.
    if delta.whole {
        changes.retain(|_, change| matches!(change, PersonChange::Here(_)));
    }
    Round {
        changes: changes.into_values().collect(),
        cursor: delta.cursor,
        whole: delta.whole,
        restarted: delta.restarted,
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
