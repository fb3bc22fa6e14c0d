//! Photos: a part of its own, set once the card exists.

use crate::rules::Rules;
use model::link::{Link, Origin};
use model::mutant::{self, Mutant};
use model::plan::{Reason, Step};
use model::{EntryId, Item, ItemId, Timestamp};

/// What a `SetPhoto` step names instead of a hash when a lost photo is overwritten: the initials to draw.
pub const INITIALS: &str = "initials:";

/// What is to be done about a photo.
#[derive(Clone, Debug, PartialEq)]
pub enum PhotoTurn {
    Nothing,
    Set(Step),
    Note(Reason, &'static str),
}

/// Everything that decides a photo.
#[derive(Clone, Copy, Debug)]
pub struct Portrait<'a> {
    pub entry: EntryId,
    /// The card, which exists.
    pub item: &'a ItemId,
    pub origin: Origin,
    pub content: &'a Item,
    /// Hash of the photo that the catalog wants.
    pub wish: Option<&'a str>,
    /// The link of the photo part.
    pub link: Option<&'a Link>,
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
        // What a user's card showed before cannot be brought back: Graph has no prior image of it.
        (Some(_), None) if p.origin == Origin::Adopted => {
            PhotoTurn::Note(Reason::UserValueKept, "photo")
        }
        (Some(wish), _) => PhotoTurn::Set(step(p, wish.to_owned())),
        (None, Some(set)) if set.starts_with(INITIALS) => PhotoTurn::Nothing,
        (None, Some(_)) if p.rules.options.initials_for_lost_photo => {
            PhotoTurn::Set(step(p, format!("{INITIALS}{}", initials(p.content))))
        }
        (None, Some(_)) => PhotoTurn::Note(Reason::PhotoStays, "photo"),
    }
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
