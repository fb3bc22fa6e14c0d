//! Are two cards one person? By address, or by phone and name; and was it perhaps so before?

use super::select::addresses;
use super::value::{
    IDENTITY, PHONES, calling_code, elements, phone_end, phone_same, phone_surely_same, squash,
};
use super::world::{Fields, Kind, Person, World};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    No,
    /// Formerly, or by a likeness that careful people would not rely on.
    Maybe,
    ByName,
    ByMail,
}

/// A card in a folder, seen as a person.
pub fn as_person(id: &str, fields: &Fields) -> Person {
    Person {
        id: id.to_owned(),
        kind: Kind::FolderContact,
        fields: fields.clone(),
        ..Person::default()
    }
}

/// Who may be whom in one folder's world, worked out once.
pub struct Kinship<'a> {
    by_token: BTreeMap<String, Vec<&'a Person>>,
    known: BTreeMap<&'a str, Vec<(&'a Person, Relation)>>,
    region: String,
}

impl<'a> Kinship<'a> {
    pub fn new(world: &'a World, region: &str) -> Self {
        let mut all = Self {
            by_token: BTreeMap::new(),
            known: BTreeMap::new(),
            region: region.to_owned(),
        };
        for person in everybody(world) {
            for token in tokens(person) {
                all.by_token.entry(token).or_default().push(person);
            }
        }
        all.known = everybody(world)
            .map(|p| (p.id.as_str(), all.kin(p)))
            .collect();
        all
    }

    /// Everybody who may be this card, in the order of their ids.
    pub fn kin(&self, card: &Person) -> Vec<(&'a Person, Relation)> {
        let near = tokens(card)
            .into_iter()
            .filter_map(|t| self.by_token.get(&t))
            .flatten();
        let near: BTreeMap<&str, &Person> = near.map(|p| (p.id.as_str(), *p)).collect();
        near.into_values()
            .map(|p| (p, relation(p, card, &self.region)))
            .filter(|(_, r)| *r != Relation::No)
            .collect()
    }

    /// The kin of a person of the world.
    pub fn of(&self, person: &Person) -> &[(&'a Person, Relation)] {
        self.known
            .get(person.id.as_str())
            .map_or(&[], Vec::as_slice)
    }

    pub fn between(&self, a: &Person, b: &Person) -> Relation {
        let found = self.of(a).iter().find(|(p, _)| p.id == b.id);
        found.map_or(Relation::No, |(_, r)| *r)
    }
}

/// People who share none of these cannot be one: the id, addresses and ends of phone numbers, old ones too.
fn tokens(person: &Person) -> BTreeSet<String> {
    let mails = ever(person, "emails").into_iter().map(|m| m.to_lowercase());
    let phones = PHONES
        .iter()
        .flat_map(|f| ever(person, f))
        .map(|t| phone_end(&t));
    let id = std::iter::once(person.id.clone()).filter(|i| !i.is_empty());
    id.chain(addresses(person))
        .chain(mails)
        .chain(phones)
        .collect()
}

pub fn relation(a: &Person, b: &Person, region: &str) -> Relation {
    if !a.id.is_empty() && a.id == b.id {
        return Relation::ByMail;
    }
    let now = current(a, b, region);
    // Two objects of the directory are two people, whatever they share.
    let two_objects = a.kind != Kind::FolderContact && b.kind != Kind::FolderContact;
    if now == Relation::No && formerly(a, b) || now != Relation::No && two_objects {
        return Relation::Maybe;
    }
    now
}

fn current(a: &Person, b: &Person, region: &str) -> Relation {
    if !addresses(a).is_disjoint(&addresses(b)) {
        return Relation::ByMail;
    }
    let code = |p: &Person| calling_code(&p.country, region);
    let pairs = |same: &dyn Fn(&str, &str) -> bool| {
        phones(a)
            .iter()
            .any(|x| phones(b).iter().any(|y| same(x, y)))
    };
    let surely = pairs(&|x, y| phone_surely_same((x, code(a)), (y, code(b))));
    let likely = pairs(&|x, y| phone_same(x, y, "") || phone_same(y, x, ""));
    match (
        surely,
        likely,
        name(a) == name(b),
        names(a).is_disjoint(&names(b)),
    ) {
        (true, _, true, false) => Relation::ByName,
        (_, true, _, false) => Relation::Maybe,
        _ => Relation::No,
    }
}

/// Shared an address, or a phone and a name, when older values count too.
fn formerly(a: &Person, b: &Person) -> bool {
    let mails = |p: &Person| {
        let old: BTreeSet<String> = ever(p, "emails").iter().map(|m| m.to_lowercase()).collect();
        &addresses(p) | &old
    };
    let numbers = |p: &Person| -> Vec<String> { PHONES.iter().flat_map(|f| ever(p, f)).collect() };
    let called = |p: &Person| -> BTreeSet<String> {
        let old = ever(p, "display_name")
            .into_iter()
            .map(|n| squash(&n).to_lowercase());
        old.chain(names(p)).collect()
    };
    let renamed = |p: &Person| {
        ["given_name", "surname"]
            .iter()
            .any(|f| p.past.contains_key(*f))
    };
    let phone = numbers(a).iter().any(|x| {
        numbers(b)
            .iter()
            .any(|y| phone_same(x, y, "") || phone_same(y, x, ""))
    });
    let name = renamed(a) || renamed(b) || !called(a).is_disjoint(&called(b));
    !mails(a).is_disjoint(&mails(b)) || (phone && name)
}

/// Every element that a field holds or held.
fn ever(person: &Person, field: &str) -> Vec<String> {
    let old = person.past.get(field).into_iter().flatten();
    let all = old.chain(person.fields.get(field));
    all.flat_map(|text| elements(field, text)).collect()
}

fn phones(person: &Person) -> Vec<String> {
    let texts = PHONES
        .iter()
        .filter_map(|f| Some((f, person.fields.get(*f)?)));
    texts.flat_map(|(f, text)| elements(f, text)).collect()
}

fn text(person: &Person, field: &str) -> String {
    squash(person.fields.get(field).map_or("", String::as_str)).to_lowercase()
}

fn name(person: &Person) -> String {
    text(person, "display_name")
}

fn names(person: &Person) -> BTreeSet<String> {
    let (given, surname) = (text(person, "given_name"), text(person, "surname"));
    let all = [
        name(person),
        format!("{given} {surname}"),
        format!("{surname}, {given}"),
    ];
    all.into_iter()
        .filter(|n| !n.trim_matches([' ', ',']).is_empty())
        .collect()
}

/// Same names, same addresses, same phones: nobody could doubt it.
pub fn exact(person: &Person, card: &Person, region: &str) -> bool {
    let mails = |p: &Person| -> BTreeSet<String> {
        elements("emails", p.fields.get("emails").map_or("", String::as_str))
            .iter()
            .map(|m| m.to_lowercase())
            .collect()
    };
    let code = calling_code(&person.country, region);
    let twin =
        |x: &String, all: &[String]| all.iter().any(|y| phone_surely_same((x, code), (y, code)));
    let (ours, theirs) = (phones(person), phones(card));
    IDENTITY.iter().all(|f| text(person, f) == text(card, f))
        && !name(person).is_empty()
        && mails(person) == mails(card)
        && ours.iter().all(|x| twin(x, &theirs))
        && theirs.iter().all(|x| twin(x, &ours))
        && !(mails(person).is_empty() && ours.is_empty())
}

/// Everybody in the world, of the directory and of source folders.
pub fn everybody(world: &World) -> impl Iterator<Item = &Person> {
    world.people.iter().chain(world.folders.values().flatten())
}
