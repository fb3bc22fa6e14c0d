//! Adoption: finding the cards that are already there, ours (by stamp) or a user's (by exact equality).

use crate::compare::name_key;
use crate::phone;
use crate::plan::{Input, Links};
use crate::receive::card;
use crate::rules::Rules;
use crate::stamp::{Mark, read};
use model::catalog::EntryState;
use model::link::Part;
use model::mutant::{self, Mutant};
use model::snapshot::{Here, Seen, Snapshot, Stamp};
use model::tunnel::WhenPresent;
use model::{EntryId, Field, Item, ItemId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What makes two cards the same person beyond doubt: name, all e-mail addresses, all numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    name: String,
    addresses: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Likeness {
    /// `None` for a card that says too little: a name alone is nobody.
    pub fn of(item: &Item, region: Option<&str>) -> Option<Self> {
        let like = Self {
            name: name_key(item),
            addresses: addresses(item),
            numbers: numbers(item, region),
        };
        let reachable = !like.addresses.is_empty() || !like.numbers.is_empty();
        (reachable && !like.name.is_empty()).then_some(like)
    }
}

/// What a card of this person may look like: as the sources say it, and as the field rules let us write it. A number
/// that is never copied makes nobody another person.
fn likenesses(content: &Item, rules: &Rules) -> BTreeSet<Likeness> {
    const LOOKED_AT: [Field; 7] = [
        Field::DisplayName,
        Field::GivenName,
        Field::Surname,
        Field::Emails,
        Field::MobilePhone,
        Field::BusinessPhones,
        Field::HomePhones,
    ];
    let region = rules.options.region.as_deref();
    let mut all: BTreeSet<Likeness> = Likeness::of(content, region).into_iter().collect();
    // Numbers are slow to read: not twice where nothing of what is compared is left out.
    let hidden = |f: &Field| rules.of_field(*f).when_present == WhenPresent::Never;
    if LOOKED_AT.iter().any(hidden) {
        all.extend(Likeness::of(&card(content, rules), region));
    }
    all
}

/// The lower-case e-mail addresses of an item.
pub fn addresses(item: &Item) -> BTreeSet<String> {
    match item.get(Field::Emails) {
        Some(Value::Mails(mails)) => mails
            .iter()
            .map(|m| m.address.trim().to_lowercase())
            .filter(|a| !a.is_empty())
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// The keys of all telephone numbers of an item that a delta look carries too.
pub fn numbers(item: &Item, region: Option<&str>) -> BTreeSet<String> {
    let fields = [Field::MobilePhone, Field::BusinessPhones, Field::HomePhones];
    fields
        .iter()
        .filter_map(|f| item.get(*f))
        .flat_map(texts)
        .map(|t| phone::key(t, region))
        .filter(|k| !k.is_empty())
        .collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(t) => vec![t],
        Value::Texts(list) => list.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What was found for an entry that has no linked item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Find<'a> {
    /// A card with our stamp of this entry.
    Bearer {
        item: &'a ItemId,
        here: &'a Here,
        generation: u32,
    },
    /// A user's card that equals the entry, one to one.
    Match {
        item: &'a ItemId,
        here: &'a Here,
    },
    /// Several candidates, on either side.
    Several(usize),
    /// A candidate whose stamp this look did not carry.
    Unread(&'a ItemId),
    Nothing,
}

/// Does a look show a card without a mark of ours that is not linked either: one that somebody who comes later may be?
pub fn sees_strangers(observed: &Snapshot, links: &Links) -> bool {
    let unmarked =
        |seen: &Seen| matches!(seen, Seen::Here(here) if !matches!(here.stamp, Stamp::Text(_)));
    let mut strange = observed
        .items
        .iter()
        .filter(|(_, seen)| unmarked(seen))
        .peekable();
    if strange.peek().is_none() {
        return false;
    }
    let linked: BTreeSet<&ItemId> = links.values().filter_map(|l| l.item.as_ref()).collect();
    strange.any(|(id, _)| !linked.contains(id))
}

/// Everything that a look showed beside the linked items.
#[derive(Debug, Default)]
pub struct Strangers<'a> {
    bearers: BTreeMap<EntryId, Vec<(u32, &'a ItemId, &'a Here)>>,
    likes: BTreeMap<Likeness, Vec<(&'a ItemId, &'a Here)>>,
    /// How many entries without a link have this likeness.
    entries: BTreeMap<Likeness, usize>,
    /// Unlinked cards with a stamp that is not ours to use: another mailbox's, another book's, made up.
    pub foreign: Vec<&'a ItemId>,
}

impl<'a> Strangers<'a> {
    pub fn of(input: &Input<'a>) -> Self {
        let linked: BTreeSet<&ItemId> = input
            .links
            .values()
            .filter_map(|l| l.item.as_ref())
            .collect();
        let region = input.rules.options.region.as_deref();
        let mut all = Self::default();
        let first = input.member.looked_full_at.is_none();
        if mutant::on(if first { Mutant::A11 } else { Mutant::A12 }) {
            return all;
        }
        for (id, seen) in &input.observed.items {
            if let (Seen::Here(here), false) = (seen, linked.contains(id)) {
                all.take(input, id, here, region);
            }
        }
        all.count_entries(input);
        all
    }

    fn take(&mut self, input: &Input<'a>, id: &'a ItemId, here: &'a Here, region: Option<&str>) {
        let member = input.member;
        if let Stamp::Text(text) = &here.stamp {
            match read(text, &member.mailbox, input.stamp_key) {
                Mark::Ours {
                    catalog,
                    entry,
                    generation,
                } if catalog == member.catalog => {
                    self.bearers
                        .entry(entry)
                        .or_default()
                        .push((generation, id, here));
                }
                _ => self.foreign.push(id),
            }
        } else if let Some(like) = Likeness::of(&here.fields.item(), region) {
            self.likes.entry(like).or_default().push((id, here));
        }
    }

    fn count_entries(&mut self, input: &Input<'a>) {
        if self.likes.is_empty() {
            return;
        }
        for (id, entry) in &input.catalog.entries {
            let unlinked = input
                .links
                .get(&(*id, Part::Core))
                .is_none_or(|l| l.item.is_none());
            if let (EntryState::Live { item, .. }, true) = (&entry.state, unlinked) {
                for like in likenesses(item, input.rules) {
                    *self.entries.entry(like).or_default() += 1;
                }
            }
        }
    }

    /// What there is for an entry without a linked item. Copies up to the generation that was used last are
    /// known to be over: a card that still bears one is a user's.
    pub fn find(&self, entry: EntryId, used: u32, content: &Item, rules: &Rules) -> Find<'a> {
        let ours = self.bearers.get(&entry).into_iter().flatten();
        let ours: Vec<_> = ours.filter(|(g, _, _)| *g > used).copied().collect();
        if !ours.is_empty() {
            return newest(&ours);
        }
        if self.likes.is_empty() || mutant::on(Mutant::A24) {
            // An empty folder, as a rule: reading every number of every card is not cheap.
            return Find::Nothing;
        }
        let alike = likenesses(content, rules);
        let cards: BTreeMap<&ItemId, &Here> = alike
            .iter()
            .filter_map(|like| self.likes.get(like))
            .flatten()
            .copied()
            .collect();
        let Some((item, here)) = cards.first_key_value().map(|(item, here)| (*item, *here)) else {
            return Find::Nothing;
        };
        let claims = alike.iter().filter_map(|like| self.entries.get(like)).max();
        match (cards.len(), claims) {
            (1, Some(1)) if here.stamp == Stamp::None => Find::Match { item, here },
            _ if mutant::on(Mutant::A25) && here.stamp == Stamp::None => Find::Match { item, here },
            (1, Some(1)) => Find::Unread(item),
            (several, _) => Find::Several(several),
        }
    }

    /// The unlinked cards with a stamp of this entry, with their generations.
    pub fn bearers(&self, entry: EntryId) -> impl Iterator<Item = (u32, &'a ItemId)> {
        let all = self.bearers.get(&entry).into_iter().flatten();
        all.map(|(generation, id, _)| (*generation, *id))
    }

    /// Every entry of which a stamped, unlinked card was found.
    pub fn borne(&self) -> impl Iterator<Item = EntryId> {
        self.bearers.keys().copied()
    }

    /// Unlinked cards whose stamp was not read and that equal a living entry without a link.
    pub fn unread(&self) -> impl Iterator<Item = &'a ItemId> {
        self.likes
            .iter()
            .filter(|(like, _)| self.entries.contains_key(like))
            .flat_map(|(_, cards)| cards)
            .filter(|(_, here)| here.stamp == Stamp::Unread)
            .map(|(id, _)| *id)
    }
}

/// The highest generation wins; two cards of it are ambiguous.
fn newest<'a>(bearers: &[(u32, &'a ItemId, &'a Here)]) -> Find<'a> {
    let top = bearers.iter().map(|(g, _, _)| *g).max().unwrap_or(0);
    let best: Vec<_> = bearers.iter().filter(|(g, _, _)| *g == top).collect();
    match best[..] {
        [(generation, item, here)] => Find::Bearer {
            item,
            here,
            generation: *generation,
        },
        _ => Find::Several(best.len()),
    }
}
