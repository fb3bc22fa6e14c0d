//! The heart: one visible match over (link, entry, observation). The crate's doc has it as a table.

mod leave;
mod linked;
mod unlinked;

use crate::adopt::Strangers;
use crate::change::{Base, Change};
use crate::photo::waiting;
use crate::rules::Rules;
use crate::stamp::StampKey;
use leave::leave;
use linked::{linked, remove};
use model::catalog::{CatalogView, EntryState, GoneCause};
use model::link::{Link, Part};
use model::member::{Member, MemberState};
use model::mutant::{self, Mutant};
use model::plan::{Halt, HaltReason, Note, Plan, Proof, Reason, Step};
use model::snapshot::{Here, Reach, Seen, Snapshot};
use model::{ContentId, EntryId, Etag, Field, Item, ItemId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use unlinked::{unlinked, users_copies};

/// The links of one member, by entry and part.
pub type Links = BTreeMap<(EntryId, Part), Link>;

/// Everything that one decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Effective rules of the member's view.
    pub rules: &'a Rules,
    pub member: &'a Member,
    /// The shell read the clock once.
    pub now: Timestamp,
    /// Entries of interest: those newer than the member's `through`, and those whose member side was
    /// observed. With a full look, and for a leaving member: all of them, gone ones too.
    pub catalog: &'a CatalogView,
    pub observed: &'a Snapshot,
    /// Links of the entries of interest. With a full look, and for a leaving member: all of them.
    pub links: &'a Links,
    /// How many of our copies the member holds in all (links with an item), of interest or not.
    pub held: u64,
    /// The entry of the mailbox's own person, if it is in the catalog.
    pub own: Option<EntryId>,
    pub stamp_key: &'a StampKey,
    /// Every source was read to its end since the catalog began (`rank::whole`): a card of nobody whom it knows
    /// is nobody's.
    pub whole: bool,
    pub brakes: Brakes,
}

/// Where our patience ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brakes {
    /// How often a user's value may be overwritten within 24 hours before we leave it until the source changes.
    pub tugs: u32,
}

impl Default for Brakes {
    fn default() -> Self {
        Self { tugs: 3 }
    }
}

/// Decides what would bring the member into agreement with its catalog. Changes nothing.
pub fn plan(input: &Input) -> Plan {
    let mut plan = Plan::default();
    match input.member.state {
        MemberState::Active => receive(input, &mut plan),
        MemberState::LeavingRemove | MemberState::LeavingKeep => leave(input, &mut plan),
        MemberState::Left => {}
    }
    plan.notes.sort();
    plan.notes.dedup();
    plan
}

/// The items that must be asked for by id (with stamp) before anything can be concluded from this look: linked
/// items that a full look did not show or that were said to be removed, and unlinked ones that equal an entry
/// but whose stamp was not read.
pub fn to_prove(input: &Input) -> BTreeSet<ItemId> {
    let lost = input
        .links
        .values()
        .filter(|link| link.part == Part::Core)
        .filter(|link| is_to_prove(input, link))
        .filter_map(|link| link.item.as_ref());
    let strangers = Strangers::of(input);
    lost.chain(strangers.unread()).cloned().collect()
}

/// Is nothing known of this copy but that it was there? Then what it says must be looked at before it is written
/// to: somebody may have edited it.
fn is_unread(input: &Input, link: &Link, sight: Sight) -> bool {
    matches!(sight, Sight::Same) && base(input, link).is_none()
}

fn is_to_prove(input: &Input, link: &Link) -> bool {
    let wanted = |entry| matches!(wish(input, entry), Wish::Card { .. });
    link.item.as_ref().is_some_and(|item| {
        let sight = sight(input, item);
        matches!(sight, Sight::Unseen) || (is_unread(input, link, sight) && wanted(link.entry))
    })
}

/// Does this plan leave a card with our mark that nothing explains yet? Then the look that it was made from was not
/// the last word: whoever turns up later may be on that card already, so the next look is a full one, too.
pub fn leaves_unexplained(plan: &Plan) -> bool {
    let removes = |item: &ItemId| {
        let step = |s: &Step| matches!(s, Step::Delete { item: gone, .. } if gone == item);
        plan.steps.iter().any(step)
    };
    let orphans = plan.notes.iter().filter(|n| n.reason == Reason::Orphan);
    orphans.filter_map(|n| n.item.as_ref()).any(|i| !removes(i))
}

/// Does a look for changes say that half of the copies or more were removed? It does not mention a card that came and
/// went between two looks, so that the last ones seem to be there still: only a full look tells whether the folder was
/// emptied.
pub fn seems_emptied(observed: &Snapshot, held: u64) -> bool {
    let hints = observed.items.values();
    let removed = hints.filter(|seen| **seen == Seen::Unseen).count() as u64;
    observed.reach == Reach::Changes && removed >= 2 && removed * 2 >= held
}

/// What the link knows.
#[derive(Clone, Copy)]
enum Known<'a> {
    /// A copy of ours, or an adopted card, that exists as far as we know.
    Copy(&'a Link, &'a ItemId),
    /// Nothing of ours is known to be there (never was, or it is over): the generation used last.
    Nothing { generation: u32, refused: bool },
}

/// What the catalog wants.
#[derive(Clone, Copy)]
enum Wish<'a> {
    Card {
        content: ContentId,
        item: &'a Item,
        photo: Option<&'a str>,
    },
    /// The person left.
    NoCard(Proof),
    /// The person is the mailbox's own, and the tunnel leaves that card out.
    OwnCard,
    /// The view does not know this entry.
    Stranger,
}

/// What the look says of the linked item.
#[derive(Clone, Copy)]
enum Sight<'a> {
    Here(&'a Here),
    /// Not mentioned by a look for changes: as it was.
    Same,
    Gone,
    Unseen,
}

/// Walks every entry in order. A halted plan still says all it would do: approval is of exactly that.
fn receive(input: &Input, plan: &mut Plan) {
    let strangers = Strangers::of(input);
    let twice = mutant::on(Mutant::A20) && strangers.borne().next().is_some();
    let stuck = mutant::on(Mutant::K2) && input.links.values().any(|link| link.trouble.is_some());
    if twice || stuck {
        return;
    }
    for item in &strangers.foreign {
        note(plan, None, Some(item), Reason::UserCopy, "");
    }
    let known = input.catalog.entries.keys().copied();
    let linked = input.links.keys().map(|(entry, _)| *entry);
    let mut entries: Vec<EntryId> = known.chain(linked).chain(strangers.borne()).collect();
    // Sorted runs, one behind the other.
    entries.sort();
    entries.dedup();
    plan.steps.reserve(entries.len());
    for entry in entries {
        one(input, &strangers, entry, plan);
    }
    halt_if_emptied(input, plan);
}

/// One entry: guards first, then the table.
fn one(input: &Input, strangers: &Strangers, entry: EntryId, plan: &mut Plan) {
    let link = input.links.get(&(entry, Part::Core));
    if let Some(reason) = link.and_then(|l| guarded(input, strangers, l)) {
        let item = link.and_then(|l| l.item.as_ref());
        return note(plan, Some(entry), item, reason, "");
    }
    let (known, wish) = (known(link), wish(input, entry));
    match (known, wish) {
        (Known::Copy(link, item), _)
            if mutant::on(Mutant::A4) && strangers.bearers(entry).next().is_some() =>
        {
            remove(
                input,
                link,
                item,
                Proof::Superseded,
                sight(input, item),
                plan,
            );
        }
        (Known::Copy(link, item), wish) => {
            users_copies(strangers, entry, None, plan);
            linked(input, link, item, wish, sight(input, item), plan);
        }
        (
            Known::Nothing {
                generation,
                refused,
            },
            wish,
        ) => {
            unlinked(input, strangers, entry, generation, refused, wish, plan);
        }
    }
}

/// Why this pair is left alone for now. A single bearer of its stamp ends a quarantine: it can be paired. That
/// there were several is asked again by every full look, and by no other: a look for changes shows only the one that
/// changed.
fn guarded(input: &Input, strangers: &Strangers, link: &Link) -> Option<Reason> {
    let bearers = strangers.bearers(link.entry).count();
    let full = input.observed.reach == Reach::Full;
    let answered = match is_ambiguous(link) {
        true => full,
        false => bearers == 1,
    };
    let open = link.item.is_none() && answered;
    waiting(link, input.now).filter(|reason| !(open && *reason == Reason::Quarantined))
}

fn is_ambiguous(link: &Link) -> bool {
    let trouble = link.trouble.as_ref();
    trouble.is_some_and(|t| t.retry_at == Timestamp::NEVER)
}

/// What the link knows of a copy.
fn known(link: Option<&Link>) -> Known<'_> {
    match link {
        None => Known::Nothing {
            generation: 0,
            refused: false,
        },
        Some(link) => match &link.item {
            Some(item) => Known::Copy(link, item),
            None => Known::Nothing {
                generation: link.generation,
                refused: link.refused,
            },
        },
    }
}

fn wish<'a>(input: &Input<'a>, entry: EntryId) -> Wish<'a> {
    match input.catalog.entries.get(&entry).map(|e| &e.state) {
        None => Wish::Stranger,
        Some(EntryState::Live { .. })
            if input.rules.options.skip_own_card && input.own == Some(entry) =>
        {
            Wish::OwnCard
        }
        Some(EntryState::Live {
            content,
            item,
            photo,
        }) => Wish::Card {
            content: *content,
            item,
            photo: photo.as_deref(),
        },
        Some(EntryState::Gone {
            cause: GoneCause::Superseded,
            ..
        }) => Wish::NoCard(Proof::Superseded),
        Some(EntryState::Gone { since, .. }) => {
            Wish::NoCard(Proof::LeftSelection { since: *since })
        }
    }
}

/// Not mentioned: as it was when only changes were asked for; of a full look it proves nothing yet.
fn sight<'a>(input: &Input<'a>, item: &ItemId) -> Sight<'a> {
    match (input.observed.items.get(item), input.observed.reach) {
        (Some(Seen::Here(here)), _) => Sight::Here(here),
        (Some(Seen::Gone), _) => Sight::Gone,
        (Some(Seen::Unseen), _) | (None, Reach::Full) => Sight::Unseen,
        (None, Reach::Changes) => Sight::Same,
    }
}

/// The base of the three-way merge; `None` when the content that was agreed on is not known any more.
fn base<'a>(input: &Input<'a>, link: &'a Link) -> Option<Base<'a>> {
    let agreed = input.catalog.contents.get(&link.agreed?)?;
    Some(Base {
        agreed,
        shown: &link.shown,
    })
}

fn fields<'a>(sight: Sight<'a>) -> Option<&'a model::Sighting> {
    match sight {
        Sight::Here(here) => Some(&here.fields),
        Sight::Same | Sight::Gone | Sight::Unseen => None,
    }
}

/// The version that this decision was made from, and no younger one.
fn etag(link: &Link, sight: Sight) -> Option<Etag> {
    match sight {
        Sight::Here(here) => here.etag.clone(),
        Sight::Same | Sight::Gone | Sight::Unseen => link.etag.clone(),
    }
}

/// Somebody emptied the folder: a person must look before it is filled again.
fn halt_if_emptied(input: &Input, plan: &mut Plan) {
    if input.held >= 2 && are_all_lost(input) {
        note(
            plan,
            None,
            None,
            Reason::FolderEmptied,
            &input.held.to_string(),
        );
        if mutant::on(Mutant::B10) {
            return;
        }
        plan.halt = Some(Halt {
            reason: HaltReason::FolderEmptied,
            detail: format!("none of our {} copies is there", input.held),
        });
    }
}

/// Is none of the copies that the member holds to be seen? The first one that is there tells, as a rule.
fn are_all_lost(input: &Input) -> bool {
    let core = || input.links.values().filter(|l| l.part == Part::Core);
    let copies = || core().filter_map(|l| l.item.as_ref());
    let is_there = |item: &&ItemId| !matches!(sight(input, item), Sight::Gone | Sight::Unseen);
    let others = (copies().count() as u64).checked_sub(input.held);
    others.is_some_and(|others| copies().filter(is_there).nth(others as usize).is_none())
}

fn forget(plan: &mut Plan, entry: EntryId, part: Part, refused: bool) {
    plan.steps.push(Step::Forget {
        entry,
        part,
        refused,
    });
}

fn note_fields(plan: &mut Plan, entry: EntryId, item: &ItemId, change: &Change) {
    for (reason, field) in &change.notes {
        note(
            plan,
            Some(entry),
            Some(item),
            *reason,
            Field::as_str(*field),
        );
    }
}

fn note(
    plan: &mut Plan,
    entry: Option<EntryId>,
    item: Option<&ItemId>,
    reason: Reason,
    detail: &str,
) {
    plan.notes.push(Note {
        entry,
        item: item.cloned(),
        reason,
        detail: detail.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(count: usize, reach: Reach) -> Snapshot {
        let mut observed = Snapshot::new(reach);
        let ids = (0..count).map(|n| ItemId::from(format!("i{n}").as_str()));
        observed.items = ids.map(|id| (id, Seen::Unseen)).collect();
        observed
    }

    #[test]
    fn a_folder_seems_emptied_when_half_of_its_copies_were_removed() {
        let seems = |count, held| seems_emptied(&removed(count, Reach::Changes), held);
        assert!(seems(11, 12) && seems(2, 4) && seems(2, 2));
        assert!(!seems(2, 5), "a user tidies up");
        assert!(!seems(1, 1), "one card is no folder");
        assert!(
            !seems_emptied(&removed(9, Reach::Full), 9),
            "nothing is left to look at"
        );
    }
}
