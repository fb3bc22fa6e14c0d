//! Tallies: what a plan amounts to, and its fingerprints.

use model::plan::{Note, Plan, Step, Tally};
use model::{EntryId, Fingerprint, ItemId, MemberId};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The distinct entries that a run touches: one leaver in 500 mailboxes is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    pub deleted: BTreeSet<EntryId>,
    pub blanked: BTreeSet<EntryId>,
    /// Without the first fill of new members.
    pub created: BTreeSet<EntryId>,
}

impl Distinct {
    /// Adds what one member's plan touches.
    pub fn add(&mut self, plan: &Plan, tally: &Tally) {
        for step in &plan.steps {
            match step {
                Step::Delete { entry, .. } => self.deleted.insert(*entry),
                Step::Create { entry, .. } if !tally.first_fill => self.created.insert(*entry),
                step if step.blanks() => self.blanked.insert(step.entry()),
                _ => false,
            };
        }
    }
}

/// Counts a plan. `held`: our copies in the member before; `first_fill`: it was never filled.
pub fn tally(plan: &Plan, held: u64, first_fill: bool) -> Tally {
    let mut tally = Tally {
        held,
        first_fill,
        ..Tally::default()
    };
    for step in &plan.steps {
        match step {
            Step::Create { .. } => tally.creates += 1,
            Step::Update { .. } => tally.updates += 1,
            Step::Delete { .. } => tally.deletes += 1,
            Step::SetPhoto { .. } => tally.photos += 1,
            Step::Agree { .. } => tally.agrees += 1,
            Step::Forget { .. } => {}
        }
        tally.blankings += u64::from(step.blanks());
    }
    tally
}

/// Equal for members whose plans are equal but for item ids, etags and generations: they read as one block.
pub fn block(plan: &Plan) -> Fingerprint {
    let alike = Plan {
        steps: plan.steps.iter().map(without_place).collect(),
        notes: plan
            .notes
            .iter()
            .map(|n| Note {
                item: None,
                ..n.clone()
            })
            .collect(),
        halt: plan.halt.clone(),
    };
    exact(&alike)
}

/// Like [`block`], for a plan that these photos follow: who approves it approves them too.
pub fn block_with(plan: &Plan, photos: &BTreeMap<EntryId, String>) -> Fingerprint {
    let block = block(plan);
    if photos.is_empty() {
        return block;
    }
    let photos = photos
        .iter()
        .map(|(entry, photo)| format!("{entry} {photo}"));
    hash(&std::iter::once(block.0).chain(photos).collect::<Vec<_>>())
}

/// Names exactly this plan of this member, ids and etags included.
pub fn exact(plan: &Plan) -> Fingerprint {
    // Debug prints every field of plain ordered data, so two plans print alike only if they are equal.
    hash(&[format!("{plan:?}")])
}

/// The fingerprint of a whole run, of its members' exact ones: approval is of this.
pub fn run(plans: &BTreeMap<MemberId, Fingerprint>) -> Fingerprint {
    let lines: Vec<String> = plans.iter().map(|(m, f)| format!("{m} {f}")).collect();
    hash(&lines)
}

fn hash(lines: &[String]) -> Fingerprint {
    let bytes = Sha256::digest(lines.join("\n").as_bytes());
    Fingerprint(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// The step without what differs between equal mailboxes.
fn without_place(step: &Step) -> Step {
    let nowhere = || ItemId::from("");
    let mut step = step.clone();
    match &mut step {
        Step::Create { generation, .. } => *generation = 0,
        Step::Update { item, expect, .. } | Step::Delete { item, expect, .. } => {
            (*item, *expect) = (nowhere(), None);
        }
        Step::SetPhoto { item, .. } => *item = nowhere(),
        Step::Agree { link } => {
            link.member = MemberId(0);
            link.generation = 0;
            (link.item, link.etag) = (link.item.as_ref().map(|_| nowhere()), None);
        }
        Step::Forget { .. } => {}
    }
    step
}
