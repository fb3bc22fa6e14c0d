//! The rows of the table in which no copy is known: find it, make it, or say whose a card is.

use super::linked::{agreement, bury, remove, write};
use super::{Input, Sight, Wish, is_ambiguous, note, note_fields};
use crate::adopt::{Find, Strangers};
use crate::change::{Card, change};
use crate::settle::brought;
use model::link::{Link, Origin, Part};
use model::mutant::{self, Mutant};
use model::plan::{Halt, HaltReason, Plan, Proof, Reason, Step};
use model::snapshot::{Here, Reach, Seen};
use model::{ContentId, EntryId, Item, ItemId};

/// The rows of the table in which no copy is known.
pub(super) fn unlinked(
    input: &Input,
    strangers: &Strangers,
    entry: EntryId,
    generation: u32,
    refused: bool,
    wish: Wish,
    plan: &mut Plan,
) {
    let rules = input.rules;
    match wish {
        Wish::Card { .. } if refused => {
            note(plan, Some(entry), None, Reason::UserDeleted, "");
        }
        Wish::Card { content, item, .. } => match strangers.find(entry, generation, item, rules) {
            Find::Bearer {
                item: id,
                here,
                generation,
            } => {
                users_copies(strangers, entry, Some(id), plan);
                let link = new_link(input, entry, Origin::Created, generation, id, here);
                adopt(input, link, (content, item), here, plan);
            }
            Find::Match { item: id, here } => {
                let link = new_link(input, entry, Origin::Adopted, generation, id, here);
                adopt(input, link, (content, item), here, plan);
            }
            Find::Several(count) => {
                note(
                    plan,
                    Some(entry),
                    None,
                    Reason::Ambiguous,
                    &count.to_string(),
                );
                remember_ambiguity(input, entry, plan);
            }
            Find::Unread(id) => note(plan, Some(entry), Some(id), Reason::Unseen, "stamp"),
            Find::Nothing => {
                users_copies(strangers, entry, None, plan);
                create(input, entry, generation + 1, wish, plan);
            }
        },
        Wish::NoCard(_) | Wish::Stranger => {
            // Whatever was refused of a card is no matter any more once nobody wants the card; that several could be it is.
            let link = input.links.get(&(entry, Part::Core));
            // Once a full look shows none of them, it is none either.
            let full = input.observed.reach == Reach::Full;
            let cleared = full && strangers.bearers(entry).next().is_none();
            let over = |l: &&Link| l.trouble.is_some() && (cleared || !is_ambiguous(l));
            if let Some(link) = link.filter(over) {
                bury(link, plan);
            }
            orphans(input, strangers, entry, generation, plan);
        }
        Wish::OwnCard => {
            note(plan, Some(entry), None, Reason::OwnCard, "");
            orphans(input, strangers, entry, generation, plan);
        }
    }
}

/// Several cards may be this one. That must outlive the look that showed them: a look for changes does not show
/// them again, and would make one more.
fn remember_ambiguity(input: &Input, entry: EntryId, plan: &mut Plan) {
    let before = input.links.get(&(entry, Part::Core)).cloned();
    let link = before.unwrap_or_else(|| Link::new(input.member.id, entry, Part::Core));
    if !is_ambiguous(&link) {
        plan.steps.push(Step::Agree {
            link: Box::new(crate::settle::ambiguous(&link)),
        });
    }
}

/// A new card, once the folder was looked at in full: before that nobody knows what is there.
pub(super) fn create(input: &Input, entry: EntryId, generation: u32, wish: Wish, plan: &mut Plan) {
    let looked = input.observed.reach == Reach::Full || input.member.looked_full_at.is_some();
    match wish {
        Wish::Card { content, .. } if looked => plan.steps.push(Step::Create {
            entry,
            content,
            generation,
        }),
        _ => note(plan, Some(entry), None, Reason::Unseen, "full look needed"),
    }
}

fn new_link(
    input: &Input,
    entry: EntryId,
    origin: Origin,
    generation: u32,
    item: &ItemId,
    here: &Here,
) -> Link {
    let before = input.links.get(&(entry, Part::Core)).cloned();
    let mut link = before.unwrap_or_else(|| Link::new(input.member.id, entry, Part::Core));
    link.origin = origin;
    link.generation = link.generation.max(generation);
    link.item = Some(item.clone());
    link.etag = here.etag.clone();
    link.agreed = None;
    link.trouble = None;
    link.shown.clear();
    link
}

/// A card that was found: the pair first, then what differs.
fn adopt(
    input: &Input,
    link: Link,
    (content, wish): (ContentId, &Item),
    here: &Here,
    plan: &mut Plan,
) {
    let card = Card {
        rules: input.rules,
        origin: link.origin,
        base: None,
        wish,
        seen: Some(&here.fields),
        braked: false,
        anew: false,
    };
    let change = change(&card);
    let Some(item) = link.item.clone() else {
        return;
    };
    note_fields(plan, link.entry, &item, &change);
    if change.writes.is_empty() {
        let agreed = agreement(&link, content, wish, change, Sight::Here(here));
        plan.steps.push(Step::Agree {
            link: Box::new(agreed),
        });
    } else {
        let mut link = link;
        // Before it is sent: should no answer come, it is known all the same what is ours in a user's own card.
        if link.origin == Origin::Adopted {
            link.wrote.extend(brought(&change.writes, &change.before));
        }
        let update = write(link.entry, content, &item, here.etag.clone(), change);
        plan.steps.push(Step::Agree {
            link: Box::new(link),
        });
        plan.steps.push(update);
    }
}

/// Further cards with a stamp of ours: a user copied one. Never touched.
pub(super) fn users_copies(
    strangers: &Strangers,
    entry: EntryId,
    ours: Option<&ItemId>,
    plan: &mut Plan,
) {
    for (_, copy) in strangers.bearers(entry).filter(|(_, id)| Some(*id) != ours) {
        if mutant::on(Mutant::B15) {
            clean_up(entry, copy, plan);
        }
        note(plan, Some(entry), Some(copy), Reason::UserCopy, "");
    }
}

/// What only a mutant does: to delete a card because of its stamp alone.
fn clean_up(entry: EntryId, item: &ItemId, plan: &mut Plan) {
    plan.steps.push(Step::Delete {
        entry,
        item: item.clone(),
        expect: None,
        proof: Proof::Superseded,
    });
}

/// Stamped cards without a living source: removed only when a person approves that very plan. What bears a
/// generation that is known to be over is a user's copy, or was brought back by one. After the loss of the store
/// nobody can tell our card from a user's copy of it: one more reason to ask.
pub(super) fn orphans(
    input: &Input,
    strangers: &Strangers,
    entry: EntryId,
    used: u32,
    plan: &mut Plan,
) {
    let fresh = strangers.bearers(entry).filter(|(g, _)| *g > used).count();
    for (generation, item) in strangers.bearers(entry) {
        if generation <= used {
            note(plan, Some(entry), Some(item), Reason::UserCopy, "");
            continue;
        }
        if fresh > 1 {
            // One of them is ours and the others a user's copies, and nothing says which.
            note(
                plan,
                Some(entry),
                Some(item),
                Reason::Ambiguous,
                &fresh.to_string(),
            );
            continue;
        }
        let seen = input.observed.items.get(item);
        if let (true, Some(Seen::Here(here))) = (knows_orphans(input), seen) {
            // The pair first, so that its generation is known to be over when the card is gone.
            let link = new_link(input, entry, Origin::Created, generation, item, here);
            plan.steps.push(Step::Agree {
                link: Box::new(link.clone()),
            });
            remove(input, &link, item, Proof::Orphan, Sight::Here(here), plan);
        }
        orphan(input, entry, item, plan);
    }
    // Whoever comes back is looked for by a look for changes, which need not show either card: that would make one more.
    if fresh > 1 {
        remember_ambiguity(input, entry, plan);
    }
}

/// Before everything was read once, and in a look for changes, a card may only seem to be nobody's.
pub(super) fn knows_orphans(input: &Input) -> bool {
    (input.whole || mutant::on(Mutant::B13)) && input.observed.reach == Reach::Full
}

pub(super) fn orphan(input: &Input, entry: EntryId, item: &ItemId, plan: &mut Plan) {
    note(plan, Some(entry), Some(item), Reason::Orphan, "");
    if !knows_orphans(input) {
        return;
    }
    let all = plan.notes.iter().filter(|n| n.reason == Reason::Orphan);
    plan.halt = Some(Halt {
        reason: HaltReason::Orphans,
        detail: match all.count() {
            1 => "1 card bears our mark, and no source explains it".to_owned(),
            n => format!("{n} cards bear our mark, and no source explains them"),
        },
    });
}
