//! Compiling: facts and rules to catalog and members, round by round.

use crate::identity::Keys;
use crate::select::SelectError;
use model::catalog::{Catalog, CatalogChange, MemberChange};
use model::member::Member;
use model::person::Facts;
use model::plan::Note;
use model::tunnel::{Book, Choice};
use model::{EntryId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Which collections were read to their end this round. From any other, absence says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Directory users.
    pub users: bool,
    pub org_contacts: bool,
    /// Group memberships.
    pub groups: bool,
    /// Source folders by (address, path), as in `Facts::folders`.
    pub folders: BTreeSet<(String, String)>,
}

/// Everything a compilation depends on.
#[derive(Clone, Copy, Debug)]
pub struct CompileInput<'a> {
    pub book: &'a Book,
    /// The tenant's named lists.
    pub lists: &'a BTreeMap<String, Choice>,
    pub facts: &'a Facts,
    pub complete: &'a Complete,
    pub catalog: &'a Catalog,
    /// The book's members that have not left.
    pub members: &'a [Member],
    /// Entries of the stamps found by full looks; only filled while the store is being recovered.
    pub known_stamps: &'a BTreeSet<EntryId>,
    /// Counts the tenant's rounds; grows with each.
    pub round: i64,
    pub now: Timestamp,
    pub keys: &'a Keys,
}

/// What a compilation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    pub catalog: CatalogChange,
    pub members: MemberChange,
    pub notes: Vec<Note>,
}

/// Compiles one book. No change: an empty `CatalogChange` and an empty `MemberChange`.
/// `Err` only when a selection cannot be compiled; checked policy never does that.
pub fn compile(input: &CompileInput) -> Result<Compiled, SelectError> {
    todo!()
}

/// The entry of a mailbox's own person: `Input::own` of the planner.
pub fn own_entry(catalog: &Catalog, mailbox: &model::MailboxId) -> Option<EntryId> {
    catalog
        .contributions
        .values()
        .find(|c| c.identity.object.as_deref() == Some(mailbox.as_str()))
        .map(|c| c.entry)
}
