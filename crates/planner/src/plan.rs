//! The heart: one visible match over (link, entry, observation). The crate's doc has it as a table.

use crate::adopt::{Find, Strangers};
use crate::change::{Base, Card, Change, change, deviations, take_back};
use crate::photo::{PhotoTurn, Portrait, photo, waiting};
use crate::rules::Rules;
use crate::stamp::StampKey;
use model::catalog::{CatalogView, EntryState, GoneCause};
use model::link::{Link, Origin, Part};
use model::member::{Member, MemberState};
use model::mutant::{self, Mutant};
use model::plan::{Edit, Halt, HaltReason, Note, Plan, Proof, Reason, Step};
use model::snapshot::{Here, Reach, Seen, Snapshot};
use model::tunnel::OnUserDelete;
use model::{ContentId, EntryId, Etag, Field, Item, ItemId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

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

fn is_ambiguous(link: &Link) -> bool {
    let trouble = link.trouble.as_ref();
    trouble.is_some_and(|t| t.retry_at == Timestamp::NEVER)
}

/// The rows of the table in which a copy is known.
fn linked(input: &Input, link: &Link, item: &ItemId, wish: Wish, sight: Sight, plan: &mut Plan) {
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
        (Wish::Card { .. }, Sight::Gone) => match input.rules.options.on_user_delete {
            OnUserDelete::Respect => {
                note(plan, Some(entry), Some(item), Reason::UserDeleted, "");
                forget(plan, entry, Part::Core, true);
            }
            OnUserDelete::Recreate => {
                note(
                    plan,
                    Some(entry),
                    Some(item),
                    Reason::UserDeleted,
                    "made again",
                );
                create(input, entry, link.generation + 1, wish, plan);
            }
        },
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

/// The rows of the table in which no copy is known.
fn unlinked(
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

/// A new card, once the folder was looked at in full: before that nobody knows what is there.
fn create(input: &Input, entry: EntryId, generation: u32, wish: Wish, plan: &mut Plan) {
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
    } else if link.agreed != Some(content) || base.is_none() {
        let agreed = agreement(link, content, wish, change, sight);
        plan.steps.push(Step::Agree {
            link: Box::new(agreed),
        });
    }
}

/// What only a mutant takes for an edit: another version.
fn is_touched(link: &Link, sight: Sight) -> bool {
    mutant::on(Mutant::H8) && matches!(sight, Sight::Here(here) if here.etag != link.etag)
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

fn write(
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
        }),
        tug: change.tug,
    }
}

/// Both sides agree on this content without a write.
fn agreement(link: &Link, content: ContentId, wish: &Item, change: Change, sight: Sight) -> Link {
    let mut link = link.clone();
    link.etag = etag(&link, sight);
    link.shown = deviations(wish, &change.base);
    link.agreed = Some(content);
    (link.tugs, link.tugged_at) = (0, None);
    link
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
        let update = write(link.entry, content, &item, here.etag.clone(), change);
        plan.steps.push(Step::Agree {
            link: Box::new(link),
        });
        plan.steps.push(update);
    }
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
fn remove(input: &Input, link: &Link, item: &ItemId, proof: Proof, sight: Sight, plan: &mut Plan) {
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

/// The mailbox left the audience, or the tunnel was removed.
fn leave(input: &Input, plan: &mut Plan) {
    if input.member.state == MemberState::LeavingKeep {
        let fact = input
            .member
            .leaving
            .as_ref()
            .map_or("", |l| l.fact.as_str());
        note(plan, None, None, Reason::CopiesKept, fact);
    }
    for ((entry, part), link) in input.links {
        let Some(item) = &link.item else { continue };
        if let Some(reason) = waiting(link, input.now) {
            note(plan, Some(*entry), Some(item), reason, "");
            continue;
        }
        match (part, input.member.state, sight(input, item)) {
            (Part::Photo, _, _) => forget(plan, *entry, *part, false),
            (_, MemberState::LeavingKeep, _) => let_keep(link, plan),
            (_, _, Sight::Gone) => bury(link, plan),
            (_, _, Sight::Unseen) => note(plan, Some(*entry), Some(item), Reason::Unseen, ""),
            (_, _, sight) => remove(input, link, item, Proof::LeftAudience, sight, plan),
        }
    }
    if input.member.state == MemberState::LeavingRemove {
        leave_strays(input, plan);
    }
}

/// Cards of ours in a leaving mailbox that nobody remembers: the store was lost since they were made.
fn leave_strays(input: &Input, plan: &mut Plan) {
    let strangers = Strangers::of(input);
    let borne: BTreeSet<EntryId> = strangers.borne().collect();
    for entry in borne {
        let link = input.links.get(&(entry, Part::Core));
        if link.is_none_or(|l| l.item.is_none()) {
            let used = link.map_or(0, |l| l.generation);
            orphans(input, &strangers, entry, used, plan);
        }
    }
}

/// Further cards with a stamp of ours: a user copied one. Never touched.
fn users_copies(strangers: &Strangers, entry: EntryId, ours: Option<&ItemId>, plan: &mut Plan) {
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
fn orphans(input: &Input, strangers: &Strangers, entry: EntryId, used: u32, plan: &mut Plan) {
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
fn knows_orphans(input: &Input) -> bool {
    (input.whole || mutant::on(Mutant::B13)) && input.observed.reach == Reach::Full
}

fn orphan(input: &Input, entry: EntryId, item: &ItemId, plan: &mut Plan) {
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

/// A copy that is not wanted and not there any more: the pair is over, and what stays is its generation, so that a
/// later card of the same person is told from this one (a delete that got no answer may have come late).
fn bury(link: &Link, plan: &mut Plan) {
    if link.origin == Origin::Adopted {
        return forget(plan, link.entry, link.part, false);
    }
    plan.steps.push(Step::Agree {
        link: Box::new(crate::settle::over(link, false)),
    });
}

/// A copy that its user keeps: it is known again by its stamp when the mailbox comes back, so that what stays is the
/// generation before it, of the copies that were removed.
fn let_keep(link: &Link, plan: &mut Plan) {
    let before = Link {
        generation: link.generation.saturating_sub(1),
        ..link.clone()
    };
    if before.generation == 0 {
        forget(plan, link.entry, link.part, false);
    } else {
        bury(&before, plan);
    }
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
