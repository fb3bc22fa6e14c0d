//! The search for copies that the store does not know of: which mailboxes are still to be looked into, and what was found.

use crate::job::JobError;
use crate::recover;
use crate::world::{Engine, Tenant};
use model::catalog::MemberChange;
use model::member::Member;
use model::person::{Facts, MailboxKind, PersonKind};
use model::tunnel::{Book, Copies};
use model::{EntryId, MailboxId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::StoreError;

/// How far the search is. A book that never gets a version is not searched for ever.
const SEARCH: &str = "search";
/// It has begun, and must begin again.
const OPEN: &str = "open";

/// Where copies may be that the store does not know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Anywhere: this store has never seen the book.
    Everywhere,
    Left(Left),
}

/// Mailboxes that could not be looked into then. None: the search is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// When the search began.
    since: Timestamp,
    /// They did not answer, or there was no such mailbox yet.
    mailboxes: BTreeSet<MailboxId>,
    /// They turned us away, which one wrong answer does, too.
    refused: BTreeSet<MailboxId>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Trove {
    /// Entries that stamps speak of.
    pub stamps: BTreeSet<EntryId>,
    /// Mailboxes with copies that no audience names.
    pub strays: BTreeSet<MailboxId>,
}

impl Trove {
    pub(crate) fn is_empty(&self) -> bool {
        self.stamps.is_empty() && self.strays.is_empty()
    }
}

impl Search {
    pub(crate) async fn load(
        engine: &Engine,
        book: &Book,
        version: i64,
    ) -> Result<Self, StoreError> {
        let scope = super::refresh::scope(book);
        let state = engine.store().setting(&scope, SEARCH).await?;
        Ok(match state.as_deref() {
            None if version == 0 => Self::Everywhere,
            Some(OPEN) => Self::Everywhere,
            None => Self::Left(Left::default()),
            Some(left) => Self::Left(serde_json::from_str(left).unwrap_or_default()),
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Everywhere => false,
            Self::Left(left) => left.mailboxes.is_empty() && left.refused.is_empty(),
        }
    }

    /// Looks where it can, and returns what it found, and where the search has to go on. `named` are the mailboxes of
    /// the audience: they are looked at anyhow; `held` those that a paused tunnel means: nothing is taken from there. `reads`: this round read the people of the tenant.
    pub(crate) async fn go_on(
        &self,
        engine: &Engine,
        tenant: &Tenant,
        book: &Book,
        facts: &Facts,
        (named, held): (&[MailboxId], &BTreeSet<MailboxId>),
        (reads, now): (bool, Timestamp),
    ) -> Result<(Trove, Self), JobError> {
        // Before anybody was read there is no mailbox to ask, which does not mean that none has copies.
        if *self == Self::Everywhere && facts.users.is_empty() {
            return Ok((Trove::default(), Self::Everywhere));
        }
        let (known, since) = match self {
            Self::Everywhere => {
                let known = recover::known_stamps(engine, tenant, book, named).await?;
                (known, now)
            }
            Self::Left(left) => (recover::Found::default(), left.since),
        };
        let mut left = self.places(book, facts, named);
        let asks = takes_copies_along(book);
        let open = |id: &&MailboxId| asks && is_usable(facts, id) && !held.contains(*id);
        let usable = left.iter().filter(open);
        let asked: Vec<MailboxId> = usable.cloned().collect();
        let strays = recover::strays(engine, tenant, book, &asked).await?;
        for id in asked.iter().filter(|id| !strays.silent.contains(id)) {
            left.remove(id);
        }
        let trove = Trove {
            stamps: known.found,
            strays: strays.found,
        };
        // Who turns us away is believed once there was time between two answers that say so, and others answered.
        let before = match self {
            Self::Everywhere => BTreeSet::new(),
            Self::Left(left) => left.refused.clone(),
        };
        let early = now.since(since) < engine.settings().group_census;
        let doubted = |id: &MailboxId| early || !reads || !before.contains(id);
        let refused = strays.refused.into_iter().filter(doubted);
        let next = match known.incomplete {
            true => Self::Everywhere,
            false => Self::Left(Left {
                since,
                mailboxes: left,
                refused: refused.collect(),
            }),
        };
        Ok((trove, next))
    }

    /// The mailboxes to look into that the book does not name (any more). Copies that a tunnel keeps when it goes are
    /// not looked for; what waited before the document said so still waits.
    fn places(&self, book: &Book, facts: &Facts, named: &[MailboxId]) -> BTreeSet<MailboxId> {
        let mut all = match self {
            Self::Everywhere if takes_copies_along(book) => mailboxes(facts),
            Self::Everywhere => BTreeSet::new(),
            Self::Left(left) => left.mailboxes.union(&left.refused).cloned().collect(),
        };
        named.iter().for_each(|id| {
            all.remove(id);
        });
        all
    }

    /// A mailbox that goes because it is none any more keeps its copies, as nobody can take them back. Should it come
    /// back, and not into the audience, they are looked for.
    pub(crate) fn remember(
        &mut self,
        book: &Book,
        facts: &Facts,
        members: &[Member],
        change: &MemberChange,
    ) {
        let Self::Left(left) = self else { return };
        if !takes_copies_along(book) {
            return;
        }
        let kept = |m: &&Member| change.leave.get(&m.id) == Some(&Copies::Keep);
        let leaving = members.iter().filter(kept).map(|m| &m.mailbox);
        let none = leaving.filter(|id| facts.mailboxes.get(id) == Some(&MailboxKind::None));
        left.mailboxes.extend(none.cloned());
    }

    /// Before the catalog has a version: a search that was broken off is not forgotten.
    pub(crate) async fn begin(&self, engine: &Engine, book: &Book) -> Result<(), StoreError> {
        match self {
            Self::Everywhere => self.save(engine, book).await,
            Self::Left(_) => Ok(()),
        }
    }

    pub(crate) async fn save(&self, engine: &Engine, book: &Book) -> Result<(), StoreError> {
        let state = match self {
            Self::Everywhere => OPEN.to_owned(),
            Self::Left(left) => serde_json::to_string(left).unwrap_or_default(),
        };
        let scope = super::refresh::scope(book);
        let store = engine.store();
        store.set_setting(&scope, SEARCH, Some(&state)).await?;
        Ok(())
    }

    /// A mailbox that is there has not answered: the next round asks again. Of the others, the census tells when they
    /// are there, and that is news to compile.
    pub(crate) fn is_pressing(
        &self,
        book: &Book,
        facts: &Facts,
        held: &BTreeSet<MailboxId>,
    ) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Left(_) if !takes_copies_along(book) => false,
            Self::Left(left) => {
                let all = left.mailboxes.union(&left.refused);
                let open = |id: &MailboxId| is_usable(facts, id) && !held.contains(id);
                all.into_iter().any(open)
            }
        }
    }
}

fn takes_copies_along(book: &Book) -> bool {
    book.tunnels.iter().all(|t| t.copies == Copies::Remove)
}

fn is_usable(facts: &Facts, id: &MailboxId) -> bool {
    let kind = facts.mailboxes.get(id);
    kind.is_some_and(|kind| *kind != MailboxKind::None)
}

/// Whoever may have a mailbox.
fn mailboxes(facts: &Facts) -> BTreeSet<MailboxId> {
    let members = facts
        .users
        .values()
        .filter(|p| p.kind == PersonKind::Member);
    members.map(|p| MailboxId::from(p.key.as_str())).collect()
}
