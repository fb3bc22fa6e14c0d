//! Photos: a part of its own, set once the card exists.

use crate::plan::Input;
use crate::rules::Rules;
use model::catalog::EntryState;
use model::link::{Link, Origin, Part};
use model::member::MemberState;
use model::mutant::{self, Mutant};
use model::plan::{Plan, Reason, Step};
use model::{EntryId, Item, ItemId, MemberId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a `SetPhoto` step names instead of a hash when a lost photo is overwritten: the initials to draw.
pub const INITIALS: &str = "initials:";

/// What is to be done about a photo.
#[derive(Clone, Debug, PartialEq)]
pub enum PhotoTurn {
    Nothing,
    Set(Step),
    /// The user's own photo stays: remembered, so that the card is not asked again.
    Keep(Box<Link>),
    Note(Reason, &'static str),
}

/// Everything that decides a photo.
#[derive(Clone, Copy, Debug)]
pub struct Portrait<'a> {
    pub member: MemberId,
    pub entry: EntryId,
    /// The card, which exists.
    pub item: &'a ItemId,
    pub origin: Origin,
    pub content: &'a Item,
    /// Hash of the photo that the catalog wants.
    pub wish: Option<&'a str>,
    /// The link of the photo part. One that was refused: the card shows a photo of its user's own.
    pub link: Option<&'a Link>,
    /// Does the card show a photo? Asked of users' cards only.
    pub shows: Option<bool>,
    pub rules: &'a Rules,
    pub now: Timestamp,
}

/// Decides the photo of a card. After a create the engine asks again with the new item id.
pub fn photo(p: &Portrait) -> PhotoTurn {
    if !p.rules.options.photos {
        return PhotoTurn::Nothing;
    }
    if let Some(wait) = p.link.and_then(|link| waiting(link, p.now)) {
        return PhotoTurn::Note(wait, "photo");
    }
    let set = p
        .link
        .filter(|l| l.item.as_ref() == Some(p.item))
        .and_then(|l| l.photo.as_deref());
    match (p.wish, set) {
        (None, None) => PhotoTurn::Nothing,
        (Some(wish), Some(set)) if wish == set && !mutant::on(Mutant::E14) => PhotoTurn::Nothing,
        // A photo that a user chose stays.
        (Some(_), None) if p.origin == Origin::Adopted && keeps_own(p.link, p.item) => {
            PhotoTurn::Note(Reason::UserValueKept, "photo")
        }
        (Some(wish), None) if p.origin == Origin::Adopted => match p.shows {
            Some(false) => PhotoTurn::Set(step(p, wish.to_owned())),
            Some(true) => PhotoTurn::Keep(Box::new(own_photo(p))),
            None => PhotoTurn::Nothing,
        },
        (Some(wish), _) => PhotoTurn::Set(step(p, wish.to_owned())),
        (None, Some(set)) if set.starts_with(INITIALS) => PhotoTurn::Nothing,
        (None, Some(_)) if p.rules.options.initials_for_lost_photo => {
            PhotoTurn::Set(step(p, format!("{INITIALS}{}", initials(p.content))))
        }
        (None, Some(_)) => PhotoTurn::Note(Reason::PhotoStays, "photo"),
    }
}

/// Was a photo of the user's own found on this card?
fn keeps_own(link: Option<&Link>, item: &ItemId) -> bool {
    link.is_some_and(|l| l.refused && l.item.as_ref() == Some(item))
}

fn own_photo(p: &Portrait) -> Link {
    let mut link = match p.link {
        Some(link) => link.clone(),
        None => Link::new(p.member, p.entry, Part::Photo),
    };
    link.item = Some(p.item.clone());
    (link.photo, link.refused) = (None, true);
    link
}

/// The users' cards that must be asked whether they show a photo before one is put on them.
pub fn to_ask(input: &Input) -> BTreeSet<ItemId> {
    if !input.rules.options.photos || input.member.state != MemberState::Active {
        return BTreeSet::new();
    }
    let open = |link: &&Link| {
        let Some(item) = &link.item else { return false };
        let photo = input.links.get(&(link.entry, Part::Photo));
        let known = photo.is_some_and(|l| {
            l.item.as_ref() == Some(item) && (l.photo.is_some() || l.refused || l.sent.is_some())
        });
        !known && !input.observed.photos.contains_key(item) && wants_photo(input, link.entry)
    };
    let adopted = |link: &&Link| link.part == Part::Core && link.origin == Origin::Adopted;
    let links = input.links.values().filter(adopted).filter(open);
    links.filter_map(|link| link.item.clone()).collect()
}

fn wants_photo(input: &Input, entry: EntryId) -> bool {
    let state = input.catalog.entries.get(&entry).map(|e| &e.state);
    matches!(state, Some(EntryState::Live { photo: Some(_), .. }))
}

/// The photos that follow this plan, by entry: cards that it makes or finds again get theirs in the next pass,
/// once there is an item to set it on.
pub fn following(input: &Input, plan: &Plan) -> BTreeMap<EntryId, String> {
    if !input.rules.options.photos {
        return BTreeMap::new();
    }
    let entries = plan.steps.iter().filter_map(|step| match step {
        Step::Create { entry, .. } => Some((*entry, None)),
        Step::Agree { link } if is_new(input, link) => Some((link.entry, link.item.as_ref())),
        _ => None,
    });
    let photos = entries.filter_map(|(entry, item)| Some((entry, follows(input, entry, item)?)));
    photos.collect()
}

/// The plan has only just found this card.
fn is_new(input: &Input, link: &Link) -> bool {
    let known = input.links.get(&(link.entry, Part::Core));
    link.part == Part::Core && known.is_none_or(|before| before.item.is_none())
}

/// The photo that a card gets as soon as it is there; `item`: the card, if it is there already.
fn follows(input: &Input, entry: EntryId, item: Option<&ItemId>) -> Option<String> {
    let EntryState::Live {
        photo: Some(wish), ..
    } = &input.catalog.entries.get(&entry)?.state
    else {
        return None;
    };
    let link = input.links.get(&(entry, Part::Photo));
    let waits = link.is_some_and(|link| waiting(link, input.now).is_some());
    let set = link.filter(|link| item.is_some() && link.item.as_ref() == item);
    let is_set = set.and_then(|link| link.photo.as_ref()) == Some(wish);
    (!waits && !is_set).then(|| wish.clone())
}

fn step(p: &Portrait, photo: String) -> Step {
    Step::SetPhoto {
        entry: p.entry,
        item: p.item.clone(),
        photo,
    }
}

/// Why a part is left alone for now.
pub(crate) fn waiting(link: &Link, now: Timestamp) -> Option<Reason> {
    if link.sent.is_some() {
        return Some(Reason::AwaitingAnswer);
    }
    let troubled = link.trouble.as_ref().is_some_and(|t| t.retry_at > now);
    troubled.then_some(Reason::Quarantined)
}

/// At most two letters: of the first and the last word of the label.
fn initials(content: &Item) -> String {
    let label = content.label();
    let words: Vec<&str> = label.split_whitespace().collect();
    let ends = match words[..] {
        [] => Vec::new(),
        [one] => vec![one],
        [first, .., last] => vec![first, last],
    };
    ends.iter()
        .filter_map(|w| w.chars().find(|c| c.is_alphanumeric()))
        .flat_map(char::to_uppercase)
        .collect()
}
