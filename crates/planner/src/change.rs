//! One card's change: every field's turn together, compared with the base.

use crate::compare::{Element, element_key, join, keys, same, split};
use crate::notes;
use crate::receive::{Sides, turn};
use crate::rules::Rules;
use model::field::Kind;
use model::fields::Walk;
use model::link::{Deviations, Link, Origin};
use model::mutant::{self, Mutant};
use model::plan::Reason;
use model::tunnel::WhenPresent;
use model::{Field, Item, Sighting, Value, Values};

/// What both sides last agreed on: the content, overlaid with what the server showed instead.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    pub agreed: &'a Item,
    pub shown: &'a Deviations,
}

impl<'a> Base<'a> {
    pub fn get(&self, field: Field) -> Option<&'a Value> {
        match self.shown.get(&field) {
            Some(shown) => shown.as_ref(),
            None => self.agreed.get(field),
        }
    }
}

/// One card: what was agreed on, what is wanted, what is there.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    pub rules: &'a Rules,
    pub origin: Origin,
    /// `None`: never agreed on, or the memory of it is lost.
    pub base: Option<Base<'a>>,
    pub wish: &'a Item,
    /// `None`: as the base.
    pub seen: Option<&'a Sighting>,
    pub braked: bool,
    /// The rules may be others since both sides agreed: every field is decided again.
    pub anew: bool,
}

/// What to write, and what both sides then agree on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub writes: Values,
    /// The prior image of the written fields.
    pub before: Values,
    /// The base afterwards, where it deviates from what is wanted.
    pub base: Values,
    pub tug: bool,
    /// It takes our fields back.
    pub back: bool,
    pub notes: Vec<(Reason, Field)>,
}

impl<'a> Card<'a> {
    /// A field that this look does not carry is as its base.
    fn seen(&self, field: Field) -> Option<&'a Value> {
        match self.seen {
            Some(sighting) if sighting.covers(field) => sighting.get(field),
            _ => self.base.and_then(|b| b.get(field)),
        }
    }

    /// The fields that hold anything on any side; the others have nothing to decide.
    fn filled(&self) -> u64 {
        let mut all = 0;
        self.wish.0.keys().for_each(|f| all |= bit(*f));
        if let Some(base) = self.base {
            base.agreed.0.keys().for_each(|f| all |= bit(*f));
            base.shown.keys().for_each(|f| all |= bit(*f));
        }
        if let Some(seen) = self.seen {
            let shown = seen.0.iter().filter(|(_, value)| value.is_some());
            shown.for_each(|(f, _)| all |= bit(*f));
        }
        all
    }
}

/// All sides of a card, read in step, field by field: this is the innermost part of planning.
struct Reading<'a> {
    card: Card<'a>,
    wish: Walk<'a, Value>,
    agreed: Option<Walk<'a, Value>>,
    shown: Option<Walk<'a, Option<Value>>>,
    seen: Option<Walk<'a, Option<Value>>>,
}

impl<'a> Reading<'a> {
    fn of(card: &Card<'a>) -> Self {
        Self {
            card: *card,
            wish: card.wish.0.walk(),
            agreed: card.base.map(|b| b.agreed.0.walk()),
            shown: card.base.map(|b| b.shown.walk()),
            seen: card.seen.map(|s| s.0.walk()),
        }
    }

    /// Fields are asked for in their order.
    fn sides(&mut self, field: Field) -> Sides<'a> {
        let agreed = self.agreed.as_mut().and_then(|a| a.at(field));
        let deviation = self.shown.as_mut().and_then(|s| s.at(field));
        let base = deviation.map_or(agreed, Option::as_ref);
        let sighting = self.seen.as_mut().and_then(|s| s.at(field));
        Sides {
            field,
            rule: self.card.rules.of_field(field),
            origin: self.card.origin,
            based: self.card.base.is_some(),
            agreed,
            base,
            wish: self.wish.at(field),
            seen: sighting.map_or(base, Option::as_ref),
            braked: self.card.braked,
            anew: self.card.anew,
        }
    }
}

/// A field as a bit; there are fewer fields than bits.
fn bit(field: Field) -> u64 {
    1 << field as u64
}

const _: () = assert!(Field::ALL.len() <= 64);

/// Decides every field of a card.
pub fn change(card: &Card) -> Change {
    let mut all = Change::default();
    let (filled, mut reading) = (card.filled(), Reading::of(card));
    for field in Field::ALL.iter().filter(|f| filled & bit(**f) != 0) {
        let sides = reading.sides(*field);
        let turn = turn(&sides);
        all.notes.extend(turn.note.map(|reason| (reason, *field)));
        let base = turn.write.as_ref().map_or(turn.base, Option::as_ref);
        if !same(*field, base, sides.wish) {
            all.base.append(*field, base.cloned());
        }
        if let Some(write) = turn.write {
            if all.writes.is_empty() {
                // As a rule a card changes in one field or in many: no map grows twice.
                let rest = (filled >> *field as u64).count_ones() as usize;
                all.before.reserve(rest);
                all.writes.reserve(rest);
            }
            all.tug |= turn.tug;
            let was = if mutant::on(Mutant::H1) {
                sides.base
            } else {
                sides.seen
            };
            all.before.append(*field, was.cloned());
            all.writes.append(*field, write);
        }
    }
    accompany(card, &mut all);
    all
}

/// Exchange may make the display name anew when another name field changes: it always goes along
/// (Graph: contact-update).
fn accompany(card: &Card, all: &mut Change) {
    const NAMES: [Field; 8] = [
        Field::Title,
        Field::GivenName,
        Field::MiddleName,
        Field::Surname,
        Field::Suffix,
        Field::Initials,
        Field::NickName,
        Field::CompanyName,
    ];
    if all.writes.contains_key(&Field::DisplayName) || !all.writes.keys().any(|f| NAMES.contains(f))
    {
        return;
    }
    let seen = card.seen(Field::DisplayName);
    let never = card.rules.of_field(Field::DisplayName).when_present == WhenPresent::Never;
    let wish = card.wish.get(Field::DisplayName).filter(|_| !never);
    if let Some(name) = seen.or(wish) {
        all.before.insert(Field::DisplayName, seen.cloned());
        all.writes.insert(Field::DisplayName, Some(name.clone()));
    }
}

/// Where a base deviates from a content: what a link keeps of it.
pub fn deviations(content: &Item, base: &Values) -> Deviations {
    base.iter()
        .filter(|(field, value)| !same(**field, value.as_ref(), content.get(**field)))
        .map(|(field, value)| (*field, value.clone()))
        .collect()
}

/// Takes our fields back from a card that is a user's own: only what we wrote, and only where it still is ours.
pub fn take_back(link: &Link, base: Base, seen: Option<&Sighting>) -> Change {
    let mut all = Change {
        back: true,
        ..Change::default()
    };
    let there = |field: Field| match seen {
        Some(sighting) if sighting.covers(field) => sighting.get(field),
        _ => base.get(field),
    };
    // The names go along with every write, and must say what is there: they may be the user's by now.
    for name in [Field::DisplayName, Field::FileAs] {
        all.base.insert(name, there(name).cloned());
    }
    for field in link.wrote.iter().filter(|f| **f != Field::DisplayName) {
        let there = there(*field);
        let left = without_ours(*field, base, there);
        if !same(*field, left.as_ref(), there) {
            all.before.insert(*field, there.cloned());
            all.base.insert(*field, left.clone());
            all.writes.insert(*field, left);
        }
    }
    all
}

fn without_ours(field: Field, base: Base, there: Option<&Value>) -> Option<Value> {
    match (field.kind(), there) {
        (_, None) => None,
        (Kind::Set | Kind::Slots { .. } | Kind::Mails { .. }, Some(_)) => {
            let ours: Vec<_> = keys(field, base.agreed.get(field)).collect();
            let rest: Vec<Element> = split(there)
                .filter(|e| !ours.contains(&element_key(field, e)))
                .collect();
            join(&rest)
        }
        (Kind::Notes, Some(value)) if value.as_text().is_some_and(|t| notes::ours(t).is_some()) => {
            let rest = notes::merge(value.as_text().unwrap_or(""), None);
            (!rest.trim().is_empty()).then(|| Value::text(rest))
        }
        (_, there) if same(field, there, base.get(field)) => None,
        (_, there) => there.cloned(),
    }
}
