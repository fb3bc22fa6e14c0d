//! The rows of the table in which a copy is known: update it, leave it, take it away.

use super::unlinked::{create, knows_orphans, orphan};
use super::{Input, Sight, Wish, base, etag, fields, forget, is_unread, note, note_fields};
use crate::change::{Card, Change, change, deviations, take_back};
use crate::photo::{PhotoTurn, Portrait, photo};
use model::link::{Link, Op, Origin, Part};
use model::member::MemberState;
use model::mutant::{self, Mutant};
use model::plan::{Edit, Plan, Proof, Reason, Step};
use model::tunnel::OnUserDelete;
use model::{ContentId, EntryId, Etag, Field, Item, ItemId};

/// The rows of the table in which a copy is known.
pub(super) fn linked(
    input: &Input,
    link: &Link,
    item: &ItemId,
    wish: Wish,
    sight: Sight,
    plan: &mut Plan,
) {
    let entry = link.entry;
    match (wish, sight) {
        (_, Sight::Unseen) => note(plan, Some(entry), Some(item), Reason::Unseen, ""),
        (Wish::Card { .. }, sight) if is_unread(input, link, sight) => {
            note(
                plan,
                Some(entry),
                Some(item),
                Reason::Unseen,
                "not read yet",
            );
        }
        (Wish::Stranger, Sight::Here(here)) if knows_orphans(input) => {
            remove(input, link, item, Proof::Orphan, Sight::Here(here), plan);
            orphan(input, entry, item, plan);
        }
        (Wish::Stranger, Sight::Gone) => bury(link, plan),
        (Wish::Stranger, Sight::Here(_) | Sight::Same) => {
            note(
                plan,
                Some(entry),
                Some(item),
                Reason::Orphan,
                "not in this view",
            );
        }
        (Wish::Card { item: wish, .. }, Sight::Here(here))
            if mutant::on(Mutant::B16)
                && here.fields.get(Field::DisplayName) != wish.get(Field::DisplayName) =>
        {
            remove(input, link, item, Proof::Superseded, sight, plan);
        }
        (
            Wish::Card {
                content,
                item: wish,
                photo,
            },
            Sight::Here(_) | Sight::Same,
        ) => {
            update(input, link, item, (content, wish), sight, plan);
            portrait(input, link, item, wish, photo, plan);
        }
        (Wish::Card { .. }, Sight::Gone) => taken(input, link, item, wish, plan),
        (Wish::NoCard(proof), Sight::Here(_) | Sight::Same) => {
            remove(input, link, item, proof, sight, plan);
        }
        // The mailbox is no audience for its own person's card.
        (Wish::OwnCard, Sight::Here(_) | Sight::Same) => {
            remove(input, link, item, Proof::LeftAudience, sight, plan);
        }
        (Wish::NoCard(_) | Wish::OwnCard, Sight::Gone) => bury(link, plan),
    }
}

/// A copy that its user took away.
fn taken(input: &Input, link: &Link, item: &ItemId, wish: Wish, plan: &mut Plan) {
    let (entry, reason) = (Some(link.entry), Reason::UserDeleted);
    match input.rules.options.on_user_delete {
        OnUserDelete::Respect => {
            note(plan, entry, Some(item), reason, "");
            forget(plan, link.entry, Part::Core, true);
        }
        OnUserDelete::Recreate => {
            note(plan, entry, Some(item), reason, "made again");
            create(input, link.entry, link.generation + 1, wish, plan);
        }
    }
}

/// A copy that exists, compared field by field.
fn update(
    input: &Input,
    link: &Link,
    item: &ItemId,
    (content, wish): (ContentId, &Item),
    sight: Sight,
    plan: &mut Plan,
) {
    let base = base(input, link);
    if matches!(sight, Sight::Same) && base.is_some() && link.agreed == Some(content) {
        return;
    }
    let card = Card {
        rules: input.rules,
        origin: link.origin,
        base,
        wish,
        seen: fields(sight),
        braked: link.tugs >= input.brakes.tugs && link.agreed == Some(content),
        anew: input.member.through == 0,
    };
    let mut change = change(&card);
    if mutant::on(Mutant::H12) && !change.writes.is_empty() || is_touched(link, sight) {
        let all = wish.0.iter().map(|(f, v)| (*f, Some(v.clone())));
        change.writes.extend(all);
    }
    note_fields(plan, link.entry, item, &change);
    if mutant::on(Mutant::I6) && !change.writes.is_empty() && link.origin == Origin::Created {
        remove(input, link, item, Proof::Superseded, sight, plan);
    } else if !change.writes.is_empty() {
        plan.steps
            .push(write(link.entry, content, item, etag(link, sight), change));
    } else {
        let agreed = agreement(link, content, wish, change, sight);
        // What was left to the user is remembered as it is: a later look need not show it again.
        if agreed.agreed != link.agreed || agreed.shown != link.shown || base.is_none() {
            plan.steps.push(Step::Agree {
                link: Box::new(agreed),
            });
        }
    }
}

/// What only a mutant takes for an edit: another version.
fn is_touched(link: &Link, sight: Sight) -> bool {
    mutant::on(Mutant::H8) && matches!(sight, Sight::Here(here) if here.etag != link.etag)
}

pub(super) fn write(
    entry: EntryId,
    content: ContentId,
    item: &ItemId,
    expect: Option<Etag>,
    change: Change,
) -> Step {
    Step::Update {
        entry,
        content,
        item: item.clone(),
        expect,
        edit: Box::new(Edit {
            changes: change.writes,
            before: change.before,
            shown: change.base,
            back: change.back,
        }),
        tug: change.tug,
    }
}

/// Both sides agree on this content without a write.
pub(super) fn agreement(
    link: &Link,
    content: ContentId,
    wish: &Item,
    change: Change,
    sight: Sight,
) -> Link {
    let mut link = link.clone();
    link.etag = etag(&link, sight);
    link.shown = deviations(wish, &change.base);
    // The brake is released by news from the source only.
    if link.agreed != Some(content) {
        (link.tugs, link.tugged_at) = (0, None);
    }
    link.agreed = Some(content);
    link
}

fn portrait(
    input: &Input,
    link: &Link,
    item: &ItemId,
    content: &Item,
    wish: Option<&str>,
    plan: &mut Plan,
) {
    let turn = photo(&Portrait {
        member: input.member.id,
        entry: link.entry,
        item,
        origin: link.origin,
        content,
        wish,
        link: input.links.get(&(link.entry, Part::Photo)),
        shows: input.observed.photos.get(item).copied(),
        rules: input.rules,
        now: input.now,
    });
    match turn {
        PhotoTurn::Nothing => {}
        PhotoTurn::Set(step) => plan.steps.push(step),
        PhotoTurn::Keep(link) => {
            note(
                plan,
                Some(link.entry),
                Some(item),
                Reason::UserValueKept,
                "photo",
            );
            plan.steps.push(Step::Agree { link });
        }
        PhotoTurn::Note(reason, detail) => note(plan, Some(link.entry), Some(item), reason, detail),
    }
}

/// Our copy goes; a user's own card stays and only our fields are taken back.
pub(super) fn remove(
    input: &Input,
    link: &Link,
    item: &ItemId,
    proof: Proof,
    sight: Sight,
    plan: &mut Plan,
) {
    let (entry, expect) = (link.entry, etag(link, sight));
    match link.origin {
        Origin::Created => plan.steps.push(Step::Delete {
            entry,
            item: item.clone(),
            expect,
            proof,
        }),
        Origin::Adopted => {
            note(plan, Some(entry), Some(item), Reason::AdoptedKept, "");
            // The pair is over only when our fields are back: after the update was settled, plan again.
            match taken_back(input, link, item, sight) {
                Some(update) => plan.steps.push(update),
                None => forget(plan, entry, Part::Core, false),
            }
        }
    }
    // A leaving member's photo links are walked by themselves.
    let photo = input.links.get(&(entry, Part::Photo));
    if input.member.state == MemberState::Active && photo.is_some_and(|p| p.item.is_some()) {
        forget(plan, entry, Part::Photo, false);
    }
}

/// The update that takes our fields back from a user's own card, if any of them still is ours.
fn taken_back(input: &Input, link: &Link, item: &ItemId, sight: Sight) -> Option<Step> {
    let (base, content) = (base(input, link)?, link.agreed?);
    let change = take_back(link, base, fields(sight));
    (!change.writes.is_empty()).then(|| write(link.entry, content, item, etag(link, sight), change))
}

/// A copy that is not wanted and not there any more: the pair is over, and what stays is its generation, so that a
/// later card of the same person is told from this one (a delete that got no answer may have come late).
pub(super) fn bury(link: &Link, plan: &mut Plan) {
    if link.origin == Origin::Adopted {
        return forget(plan, link.entry, link.part, false);
    }
    plan.steps.push(Step::Agree {
        link: Box::new(crate::settle::over(link, false)),
    });
}

/// Is a deletion under way, or without an answer?
fn is_deleting(link: &Link) -> bool {
    link.sent.as_ref().is_some_and(|sent| sent.op == Op::Delete)
}

/// A copy that its user keeps: it is known again by its stamp when the mailbox comes back, so that what stays is the
/// generation before it, of the copies that were removed. One whose deletion got no answer may be among those.
pub(super) fn let_keep(link: &Link, plan: &mut Plan) {
    let before = Link {
        generation: link
            .generation
            .saturating_sub(u32::from(!is_deleting(link))),
        ..link.clone()
    };
    if before.generation == 0 {
        forget(plan, link.entry, link.part, false);
    } else {
        bury(&before, plan);
    }
}
