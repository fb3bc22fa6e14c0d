//! Compiling: facts and rules to catalog and members, round by round.

use crate::attend::attend;
use crate::audience::Audience;
use crate::identity::Keys;
use crate::pair::{Paired, Pairing, pair};
use crate::rank::Ranks;
use crate::round::{Key, Round, face, round};
use crate::select::SelectError;
use crate::views::{Viewing, views};
use model::catalog::{Catalog, CatalogChange, Contribution, GoneCause, Leaving, MemberChange};
use model::member::Member;
use model::person::{Facts, FolderSource};
use model::plan::{Note, Reason};
use model::tunnel::{Book, Choice};
use model::{EntryId, MailboxId, Millis, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Which collections were read to their end this round. From any other, absence says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Directory users.
    pub users: bool,
    pub org_contacts: bool,
    /// Group memberships.
    pub groups: bool,
    /// Source folders, as in `Facts::folders`.
    pub folders: BTreeSet<FolderSource>,
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
    /// Mailboxes outside of the audience that hold copies which nobody remembers; only filled by recovery.
    pub strays: &'a BTreeSet<MailboxId>,
    /// Counts the tenant's rounds; grows with each.
    pub round: i64,
    pub now: Timestamp,
    /// A second round confirms what a first one saw leaving only when this has passed between them: rounds a
    /// moment apart are one look at one trouble.
    pub apart: Millis,
    pub keys: &'a Keys,
}

impl CompileInput<'_> {
    /// Does this round confirm what an earlier one saw?
    pub(crate) fn confirms(&self, seen: &Leaving) -> bool {
        self.round > seen.round && self.now.since(seen.since) >= self.apart
    }
}

/// What a compilation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    pub catalog: CatalogChange,
    pub members: MemberChange,
    pub notes: Vec<Note>,
    /// Of somebody of ours a changed rule does not tell yet, because two readings of a group differ.
    pub undecided: bool,
}

/// Compiles one book. No change: an empty `CatalogChange` and an empty `MemberChange`.
/// `Err` only when a selection cannot be compiled; checked policy never does that.
pub fn compile(input: &CompileInput) -> Result<Compiled, SelectError> {
    let audience = Audience::compile(input.book, input.lists)?;
    let attendance = attend(input, &audience);
    let mut round = round(input)?;
    let ranks = Ranks::of(input.book);
    let (contributions, touched) = settle(input, &ranks, &mut round);
    let mut notes = std::mem::take(&mut round.notes);
    notes.extend(attendance.notes);
    let mut change = CatalogChange {
        contributions: round.contributions,
        rules: round.rules.into_iter().chain(attendance.rules).collect(),
        ..CatalogChange::default()
    };
    let viewing = Viewing {
        catalog: input.catalog,
        contributions: &contributions,
        ranks: &ranks,
        touched: &touched,
        lost: &round.lost,
        wanted: &attendance.views,
        moves: &attendance.moves,
        now: input.now,
    };
    views(&viewing, &mut change, &mut notes);
    change
        .entries
        .sort_by(|a, b| (&a.view, a.entry).cmp(&(&b.view, b.entry)));
    notes.sort();
    notes.dedup();
    Ok(Compiled {
        catalog: change,
        members: attendance.change,
        notes,
        undecided: round.undecided,
    })
}

/// Pairs what is new, and applies the round to all contributions; with the entries that this touches.
fn settle(
    input: &CompileInput,
    ranks: &Ranks,
    round: &mut Round,
) -> (BTreeMap<Key, Contribution>, BTreeSet<EntryId>) {
    let mut all = input.catalog.contributions.clone();
    let mut touched: BTreeSet<EntryId> = BTreeSet::new();
    for (key, change) in &round.contributions {
        touched.extend(all.get(key).map(|c| c.entry));
        match change {
            Some(contribution) => all.insert(key.clone(), contribution.clone()),
            None => all.remove(key),
        };
    }
    if round.fresh.is_empty() && round.renamed.is_empty() {
        return (all, touched);
    }
    let paired = paired(input, ranks, round, &all);
    for (key, contribution) in std::mem::take(&mut round.fresh) {
        all.insert(key, contribution);
    }
    for (key, entry) in paired.entries {
        // Old contributions change theirs only when their entry was superseded, or turned out to be two people.
        let Some(contribution) = all.get_mut(&key).filter(|c| c.entry != entry) else {
            continue;
        };
        let before = std::mem::replace(&mut contribution.entry, entry);
        touched.insert(entry);
        // Where a view shows nobody else of the old entry, its person has the other card now.
        if input.catalog.contributions.contains_key(&key) {
            touched.insert(before);
            round.lost.entry(before).or_insert(GoneCause::Superseded);
        }
        round.contributions.insert(key, Some(contribution.clone()));
    }
    for (key, reason, field) in std::mem::take(&mut round.fresh_notes) {
        round.notes.push(Note {
            entry: all.get(&key).map(|c| c.entry),
            item: None,
            reason,
            detail: field.as_str().to_owned(),
        });
    }
    for (lost, kept) in paired.superseded {
        touched.extend([lost, kept]);
        round.lost.insert(lost, GoneCause::Superseded);
    }
    round
        .notes
        .extend(paired.ambiguous.into_iter().map(|entry| Note {
            entry: Some(entry),
            item: None,
            reason: Reason::Ambiguous,
            detail: "may be the same person as another entry".to_owned(),
        }));
    (all, touched)
}

fn paired(
    input: &CompileInput,
    ranks: &Ranks,
    round: &Round,
    settled: &BTreeMap<Key, Contribution>,
) -> Paired {
    let face = |key: &Key, c: &Contribution| face(input, ranks, key, c);
    // Whoever comes back is who they were, whichever of their sources comes first by now.
    let views = input.catalog.views.values();
    let ours = views.flat_map(|view| view.entries.keys().copied());
    let known: BTreeSet<EntryId> = match round.fresh.is_empty() {
        true => BTreeSet::new(),
        false => ours.chain(input.known_stamps.iter().copied()).collect(),
    };
    pair(Pairing {
        settled: settled.iter().map(|(k, c)| (c.entry, face(k, c))).collect(),
        fresh: round.fresh.iter().map(|(k, c)| face(k, c)).collect(),
        changed: round.renamed.clone(),
        known: &known,
        derive: &|text| input.keys.entry(input.book.catalog, text),
    })
}

/// The entry of a mailbox's own person: `Input::own` of the planner.
pub fn own_entry(catalog: &Catalog, mailbox: &model::MailboxId) -> Option<EntryId> {
    catalog
        .contributions
        .values()
        .find(|c| c.identity.object.as_deref() == Some(mailbox.as_str()))
        .map(|c| c.entry)
}
