//! The search for copies that the store does not know of: where they may be, and when it is over. Pure.
//!
//! A store that was lost left copies in mailboxes that no audience names any more. Each such mailbox is looked into once,
//! whenever that may be: one that did not answer, was none just then, or turned us away once, waits for its turn.

use model::catalog::MemberChange;
use model::member::Member;
use model::person::{Facts, MailboxKind, PersonKind};
use model::tunnel::{Book, Copies};
use model::{MailboxId, Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where copies may be that the store does not know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Anywhere: this store has never seen the book.
    Everywhere,
    Left(Left),
}

/// Mailboxes that could not be looked into then. None: the search is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// When the search began.
    since: Timestamp,
    /// They did not answer, or there was no such mailbox yet.
    mailboxes: BTreeSet<MailboxId>,
    /// They turned us away, which one wrong answer does, too.
    refused: BTreeSet<MailboxId>,
}

/// What a round knows of the mailboxes.
#[derive(Clone, Copy, Debug)]
pub struct Terrain<'a> {
    pub book: &'a Book,
    pub facts: &'a Facts,
    /// The mailboxes of the audience: they are looked at anyhow.
    pub named: &'a BTreeSet<MailboxId>,
    /// Those that a paused tunnel means ([`crate::audience::held`]): nothing is taken from there.
    pub held: &'a BTreeSet<MailboxId>,
}

/// What a round found out.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Mailboxes that did not answer.
    pub silent: BTreeSet<MailboxId>,
    /// Those that are none of ours to read, they said.
    pub refused: BTreeSet<MailboxId>,
    /// The stamps in the mailboxes of the audience are not known yet.
    pub incomplete: bool,
    /// The people of the tenant were read in this round: it is not that nobody lets us in.
    pub reads: bool,
    pub now: Timestamp,
    /// How far two refusals must lie apart to be believed.
    pub apart: Millis,
}

impl Search {
    pub fn is_over(&self) -> bool {
        match self {
            Self::Everywhere => false,
            Self::Left(left) => left.mailboxes.is_empty() && left.refused.is_empty(),
        }
    }

    /// The mailboxes to look into now.
    pub fn asks(&self, terrain: &Terrain) -> Vec<MailboxId> {
        let mut open = self.places(terrain);
        open.retain(|id| terrain.is_open(id));
        open.into_iter().collect()
    }

    /// Where the search has to go on after those were asked.
    pub fn after(&self, terrain: &Terrain, looked: &Looked) -> Self {
        // Before anybody was read there is no mailbox to ask, which does not mean that none has copies.
        let blind = *self == Self::Everywhere && terrain.facts.users.is_empty();
        if looked.incomplete || blind {
            return Self::Everywhere;
        }
        let before = match self {
            Self::Everywhere => Left {
                since: looked.now,
                ..Left::default()
            },
            Self::Left(left) => left.clone(),
        };
        let waits = |id: &MailboxId| !terrain.is_open(id) || looked.silent.contains(id);
        let mut mailboxes = self.places(terrain);
        mailboxes.retain(waits);
        // Who turns us away is believed once there was time between two answers that say so, and others answered.
        let early = looked.now.since(before.since) < looked.apart;
        let doubted = |id: &&MailboxId| early || !looked.reads || !before.refused.contains(*id);
        Self::Left(Left {
            since: before.since,
            mailboxes,
            refused: looked.refused.iter().filter(doubted).cloned().collect(),
        })
    }

    /// The mailboxes that the book does not name (any more) and that were not looked into. Copies that a tunnel keeps when
    /// it goes are not looked for; what waited before the document said so still waits.
    fn places(&self, terrain: &Terrain) -> BTreeSet<MailboxId> {
        let all = match self {
            Self::Everywhere if takes_copies_along(terrain.book) => mailboxes(terrain.facts),
            Self::Everywhere => BTreeSet::new(),
            Self::Left(left) => left.mailboxes.union(&left.refused).cloned().collect(),
        };
        all.difference(terrain.named).cloned().collect()
    }

    /// A mailbox that goes because it is none any more keeps its copies, as nobody can take them back. Should it come
    /// back, and not into the audience, they are looked for.
    pub fn remember(
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

    /// A mailbox that is there has not answered: the next round asks again. Of the others, the census tells when they
    /// are there, and that is news to compile.
    pub fn is_pressing(&self, terrain: &Terrain) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Left(left) => {
                let mut all = left.mailboxes.union(&left.refused);
                all.any(|id| terrain.is_open(id))
            }
        }
    }
}

impl Terrain<'_> {
    /// May it be looked into now?
    fn is_open(&self, id: &MailboxId) -> bool {
        let kind = self.facts.mailboxes.get(id);
        let usable = kind.is_some_and(|kind| *kind != MailboxKind::None);
        takes_copies_along(self.book) && usable && !self.held.contains(id)
    }
}

fn takes_copies_along(book: &Book) -> bool {
    book.tunnels.iter().all(|t| t.copies == Copies::Remove)
}

/// Whoever may have a mailbox.
fn mailboxes(facts: &Facts) -> BTreeSet<MailboxId> {
    let people = facts.users.values();
    let members = people.filter(|p| p.kind == PersonKind::Member);
    members.map(|p| MailboxId::from(p.key.as_str())).collect()
}
