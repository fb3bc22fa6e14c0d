//! Blocks: a member's plan as people read it. Members whose plans are equal share one block.

use crate::desk::Desk;
use model::catalog::EntryState;
use model::plan::{Halt, Note, Plan, Proof, Step};
use model::snapshot::Seen;
use model::{EntryId, Field, Fingerprint, ItemId, RunId, Values};
use planner::tally::Distinct;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// What one plan would change, without item ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub lines: Vec<Line>,
    pub notes: Vec<Note>,
    pub halt: Option<Halt>,
    /// What guards count.
    pub deleted: BTreeSet<EntryId>,
    pub blanked: BTreeSet<EntryId>,
    pub created: BTreeSet<EntryId>,
    /// Entries that go because a rule changed.
    pub by_rule: BTreeSet<EntryId>,
}

/// One step as people read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub entry: EntryId,
    /// How people call the card.
    pub label: String,
    pub act: Act,
    /// Per field: what it shows and what it would show.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Field, (Option<String>, Option<String>)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Create,
    Update,
    Delete,
    Photo,
    /// An existing card of the user becomes the copy.
    Adopt,
    /// A pair that is over, without anything sent.
    Forget,
}

impl Block {
    pub(crate) fn of(
        plan: &Plan,
        desk: &Desk,
        distinct: &Distinct,
        by_rule: BTreeSet<EntryId>,
    ) -> Self {
        Self {
            lines: plan
                .steps
                .iter()
                .filter_map(|step| line(step, desk))
                .collect(),
            notes: plan.notes.iter().map(without_item).collect(),
            halt: plan.halt.clone(),
            deleted: distinct.deleted.clone(),
            blanked: distinct.blanked.clone(),
            created: distinct.created.clone(),
            by_rule,
        }
    }
}

/// The blocks that this engine has written down for runs that go on. Most members of a run have equal plans, and a
/// block of thousands of lines is made once for all of them.
#[derive(Default)]
pub(crate) struct Blocks(Mutex<BTreeSet<(RunId, Fingerprint)>>);

/// About 100 bytes each; one that is forgotten is made and offered once more.
const BLOCKS_KEPT: usize = 10_000;

impl Blocks {
    pub(crate) fn knows(&self, run: RunId, print: &Fingerprint) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.contains(&(run, print.clone()))
    }

    pub(crate) fn keep(&self, run: RunId, print: Fingerprint) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= BLOCKS_KEPT {
            kept.clear();
        }
        kept.insert((run, print));
    }
}

impl Block {
    /// The photos that are set once the cards of these entries are there.
    pub(crate) fn add_photos<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a EntryId>,
        desk: &Desk,
    ) {
        self.lines.extend(entries.map(|entry| Line {
            entry: *entry,
            label: label(*entry, None, desk),
            act: Act::Photo,
            fields: BTreeMap::new(),
            why: "once the card is there".to_owned(),
        }));
    }
}

fn without_item(note: &Note) -> Note {
    Note {
        item: None,
        ..note.clone()
    }
}

fn line(step: &Step, desk: &Desk) -> Option<Line> {
    let entry = step.entry();
    let (act, fields, why) = match step {
        Step::Create { .. } => (Act::Create, created(entry, desk), String::new()),
        Step::Update { edit, tug, .. } => {
            let why = if *tug {
                "the copy was edited in the mailbox"
            } else {
                ""
            };
            (
                Act::Update,
                changed(&edit.before, &edit.changes),
                why.to_owned(),
            )
        }
        Step::Delete { proof, .. } => (Act::Delete, BTreeMap::new(), because(*proof)),
        Step::SetPhoto { .. } => (Act::Photo, BTreeMap::new(), String::new()),
        Step::Agree { link } if adopts(link, desk) => (Act::Adopt, BTreeMap::new(), String::new()),
        Step::Agree { .. } => return None,
        Step::Forget { .. } => (Act::Forget, BTreeMap::new(), String::new()),
    };
    Some(Line {
        entry,
        label: label(entry, shown_by(step), desk),
        act,
        fields,
        why,
    })
}

fn adopts(link: &model::link::Link, desk: &Desk) -> bool {
    link.item.is_some() && desk.link(link.entry, link.part).item.is_none()
}

fn because(proof: Proof) -> String {
    match proof {
        Proof::LeftSelection { .. } => "no longer selected",
        Proof::LeftAudience => "the mailbox left the audience, or the tunnel was removed",
        Proof::Orphan => "bears our mark, and no source explains it",
        Proof::Superseded => "joined with another card of the same person",
    }
    .to_owned()
}

type Shown = BTreeMap<Field, (Option<String>, Option<String>)>;

fn created(entry: EntryId, desk: &Desk) -> Shown {
    let Some(EntryState::Live { item, .. }) = desk.catalog.entries.get(&entry).map(|e| &e.state)
    else {
        return Shown::new();
    };
    let card = planner::receive::card(item, &desk.rules);
    card.0
        .iter()
        .map(|(field, value)| (*field, (None, Some(value.to_string()))))
        .collect()
}

fn changed(before: &Values, changes: &Values) -> Shown {
    let text = |value: Option<&Option<model::Value>>| {
        value.and_then(Option::as_ref).map(ToString::to_string)
    };
    changes
        .iter()
        .map(|(f, to)| (*f, (text(before.get(f)), text(Some(to)))))
        .collect()
}

/// The living content's name, else that of what was last agreed on, else what the card itself shows.
fn label(entry: EntryId, item: Option<&ItemId>, desk: &Desk) -> String {
    if let Some(EntryState::Live { item, .. }) = desk.catalog.entries.get(&entry).map(|e| &e.state)
    {
        return item.label();
    }
    let agreed = desk.link(entry, model::link::Part::Core).agreed;
    let shown = || match desk.snapshot.items.get(item?) {
        Some(Seen::Here(here)) => Some(here.fields.item().label()),
        _ => None,
    };
    agreed
        .and_then(|id| desk.content(id))
        .map(|item| item.label())
        .or_else(shown)
        .unwrap_or_else(|| "(no longer known)".to_owned())
}

/// The card of a step, found ones with it: what an adoption agrees on is there already.
fn shown_by(step: &Step) -> Option<&ItemId> {
    match step {
        Step::Agree { link } => link.item.as_ref(),
        step => step.item(),
    }
}
