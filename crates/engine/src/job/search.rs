//! The search for copies of a store that was lost: which mailboxes are still to be looked into, and what was found.

use crate::job::JobError;
use crate::recover;
use crate::world::{Engine, Tenant};
use model::person::{Facts, MailboxKind, PersonKind};
use model::tunnel::{Book, Copies};
use model::{EntryId, MailboxId};
use std::collections::BTreeSet;
use store::StoreError;

/// How far the search is. A book that never gets a version is not searched for ever.
const SEARCH: &str = "search";
/// It has begun, and must begin again.
const OPEN: &str = "open";

/// Where copies of a store that was lost may still be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Anywhere: this store has never seen the book.
    Everywhere,
    /// In mailboxes that could not be looked into then: they did not answer, or were none. None: it is over.
    Only(BTreeSet<MailboxId>),
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
            None => Self::Only(BTreeSet::new()),
            Some(left) => Self::Only(serde_json::from_str(left).unwrap_or_default()),
        })
    }

    /// Looks where it can, and returns what it found, and where the search has to go on. `named` are the mailboxes of
    /// the audience: they are looked at anyhow.
    pub(crate) async fn go_on(
        &self,
        engine: &Engine,
        tenant: &Tenant,
        book: &Book,
        facts: &Facts,
        named: &[MailboxId],
    ) -> Result<(Trove, Self), JobError> {
        let known = match self {
            Self::Everywhere => recover::known_stamps(engine, tenant, book, named).await?,
            Self::Only(_) => recover::Found::default(),
        };
        let mut left = self.places(book, facts, named);
        let usable = left.iter().filter(|id| is_usable(facts, id));
        let asked: Vec<MailboxId> = usable.cloned().collect();
        let strays = recover::strays(engine, tenant, book, &asked).await?;
        for id in asked.iter().filter(|id| !strays.silent.contains(id)) {
            left.remove(id);
        }
        let trove = Trove {
            stamps: known.found,
            strays: strays.found,
        };
        let next = match known.incomplete {
            true => Self::Everywhere,
            false => Self::Only(left),
        };
        Ok((trove, next))
    }

    /// The mailboxes to look into that the book does not name (any more). Copies that a tunnel keeps when it goes are
    /// not looked for.
    fn places(&self, book: &Book, facts: &Facts, named: &[MailboxId]) -> BTreeSet<MailboxId> {
        if !book.tunnels.iter().all(|t| t.copies == Copies::Remove) {
            return BTreeSet::new();
        }
        let mut all = match self {
            Self::Everywhere => mailboxes(facts),
            Self::Only(left) => left.clone(),
        };
        named.iter().for_each(|id| {
            all.remove(id);
        });
        all
    }

    /// Before the catalog has a version: a search that was broken off is not forgotten.
    pub(crate) async fn begin(&self, engine: &Engine, book: &Book) -> Result<(), StoreError> {
        match self {
            Self::Everywhere => self.save(engine, book).await,
            Self::Only(_) => Ok(()),
        }
    }

    pub(crate) async fn save(&self, engine: &Engine, book: &Book) -> Result<(), StoreError> {
        let state = match self {
            Self::Everywhere => OPEN.to_owned(),
            Self::Only(left) => serde_json::to_string(left).unwrap_or_default(),
        };
        let scope = super::refresh::scope(book);
        let store = engine.store();
        store.set_setting(&scope, SEARCH, Some(&state)).await?;
        Ok(())
    }

    /// A mailbox that is there has not answered: the next round asks again. Of the others, the census tells when they
    /// are there, and that is news to compile.
    pub(crate) fn is_pressing(&self, facts: &Facts) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(left) => left.iter().any(|id| is_usable(facts, id)),
        }
    }
}

fn is_usable(facts: &Facts, id: &MailboxId) -> bool {
    let kind = facts.mailboxes.get(id);
    kind.is_some_and(|kind| *kind != MailboxKind::None)
}

/// Whoever may have a mailbox.
fn mailboxes(facts: &Facts) -> BTreeSet<MailboxId> {
    let members = facts.users.values().filter(|p| p.kind == PersonKind::Member);
    members.map(|p| MailboxId::from(p.key.as_str())).collect()
}
