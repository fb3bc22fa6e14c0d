//! Truth: the end of a history in the words of the reference model: who is there, what is ruled.

use super::lived::Lived;
use super::ruled::Ruled;
use crate::reference::world as told;
use crate::reference::world::{Fields, Kind, Person};
use crate::town::{Place, Resident, Town};
use crate::wanted::holds;
use model::Field;
use model::tunnel as ours;
use std::collections::{BTreeMap, BTreeSet};

/// Everybody of the directory as it is now.
pub fn directory(town: &Town) -> Vec<Person> {
    let users = town.people.values().map(|p| {
        let kind = match p.guest {
            true => Kind::Guest,
            false => Kind::Member,
        };
        person(town, p, kind)
    });
    let others = town.org_contacts.values();
    let others = others.map(|p| person(town, p, Kind::OrgContact));
    let mut all: Vec<Person> = users.chain(others).collect();
    all.retain(|p| !p.gone);
    all
}

fn person(town: &Town, p: &Resident, kind: Kind) -> Person {
    Person {
        id: p.id.clone(),
        kind,
        disabled: !p.enabled,
        gone: p.deleted,
        late: p.joined,
        fields: said(town, p),
        photo: photo(p),
        ..Person::default()
    }
}

/// Graph serves the pictures of those with a mailbox; of others it answers 404 (graph.md 2.7:
/// ErrorNonExistentMailbox). The simulated cloud serves those of accounts that were made later all the same.
fn photo(p: &Resident) -> Option<String> {
    let served = p.photo.filter(|_| p.mailbox != Place::None || p.joined);
    served.map(|hash| format!("{hash:016x}"))
}

/// What the directory says of somebody.
fn said(town: &Town, p: &Resident) -> Fields {
    let manager = town.people.get(&p.manager).filter(|m| !m.deleted);
    let manager = manager.map_or("", |m| m.name.as_str());
    let all = [
        ("display_name", p.name.as_str()),
        ("given_name", &p.given),
        ("surname", &p.surname),
        ("emails", &p.mail),
        ("mobile_phone", &p.mobile),
        ("business_phones", &p.business),
        ("job_title", &p.job),
        ("department", &p.department),
        ("manager", manager),
    ];
    let all = all.into_iter().filter(|(_, text)| !text.is_empty());
    all.map(|(field, text)| (field.to_owned(), text.to_owned()))
        .collect()
}

/// The groups: members by id, groups within by name.
pub fn groups(town: &Town) -> BTreeMap<String, BTreeSet<String>> {
    let name = |id: &String| {
        let mut all = town.groups.iter();
        let found = all.find(|(_, circle)| circle.id == *id);
        found.map_or_else(|| id.clone(), |(name, _)| name.clone())
    };
    let all = town.groups.iter();
    all.map(|(group, circle)| (group.clone(), circle.members.iter().map(name).collect()))
        .collect()
}

/// The mailboxes without their folders, by the id of their owner.
pub fn mailboxes(town: &Town) -> BTreeMap<String, told::Mailbox> {
    let has = |p: &&Resident| !p.deleted && p.mailbox != Place::None;
    let all = town.people.values().filter(has);
    all.map(|p| (p.id.clone(), mailbox(p))).collect()
}

fn mailbox(p: &Resident) -> told::Mailbox {
    let kind = match p.mailbox {
        Place::Shared => "shared",
        _ => "user",
    };
    told::Mailbox {
        address: p.mail.clone(),
        owner: p.id.clone(),
        kind: Some(kind.to_owned()),
        usable: !p.guest && matches!(p.mailbox, Place::User | Place::Shared),
        folders: BTreeMap::new(),
    }
}

/// The policy in the words of the model.
pub fn policy(town: &Town, policy: &ours::Policy, ruled: &Ruled) -> told::Policy {
    let all = policy.tunnels.iter();
    told::Policy {
        tunnels: all.map(|t| tunnel(town, t, ruled)).collect(),
        lists: BTreeMap::new(),
        notes_marks: (NOTES.0.to_owned(), NOTES.1.to_owned()),
    }
}

/// What stands around our part of the notes, as seen on the wire.
const NOTES: (&str, &str) = ("-- Almanac begin --", "-- Almanac end --");

fn tunnel(town: &Town, t: &ours::Tunnel, ruled: &Ruled) -> told::Tunnel {
    told::Tunnel {
        id: t.id.0.clone(),
        state: match t.state {
            ours::TunnelState::Active => told::State::Active,
            ours::TunnelState::Paused => told::State::Stopped,
            ours::TunnelState::Removed => told::State::Removed,
        },
        keep_copies: t.copies == ours::Copies::Keep,
        pending: false,
        rules_changed: ruled.changed(&t.id),
        sources: t.sources.iter().map(|s| source(town, s)).collect(),
        audience: choice(town, &t.audience),
        folder: t.folder.name.0.clone(),
        rules: t.fields.iter().map(|(f, r)| rule(*f, *r)).collect(),
        options: options(&t.options),
    }
}

fn source(town: &Town, s: &ours::Source) -> told::Source {
    let place = match &s.place {
        ours::SourcePlace::Directory {
            members,
            guests,
            org_contacts,
        } => told::Place::Directory {
            members: *members,
            guests: *guests,
            org_contacts: *org_contacts,
        },
        ours::SourcePlace::Folder {
            address,
            path,
            children,
        } => told::Place::Folder {
            address: address.clone(),
            path: path.clone(),
            children: *children,
        },
    };
    told::Source {
        place,
        priority: s.priority,
        only_for: s.only_for.as_ref().map(|c| choice(town, c)),
        pick: choice(town, &s.pick),
    }
}

fn choice(town: &Town, c: &ours::Choice) -> told::Choice {
    let exclude = c.exclude.as_ref();
    let exclude = exclude.filter(|e| ***e != ours::Choice::default());
    told::Choice {
        everyone: c.everyone,
        groups: c.groups.clone(),
        departments: c.departments.clone(),
        addresses: c.mailboxes.clone(),
        lists: c.lists.clone(),
        kinds: Vec::new(),
        condition: c.where_.as_deref().map(|rule| condition(town, rule)),
        exclude: exclude.map(|e| Box::new(choice(town, e))),
    }
}

fn condition(town: &Town, rule: &str) -> told::Condition {
    let all = town.people.values().chain(town.org_contacts.values());
    let true_of = all.filter(|p| holds(Some(rule), p));
    told::Condition {
        holds: true_of.map(|p| p.id.clone()).collect(),
        unknown: BTreeSet::new(),
    }
}

fn rule(field: Field, rule: ours::FieldRule) -> (String, told::Rule) {
    let present = match rule.when_present {
        ours::WhenPresent::Never => told::Present::Never,
        ours::WhenPresent::IfBlank => told::Present::IfBlank,
        ours::WhenPresent::Always => told::Present::Always,
        ours::WhenPresent::Append => told::Present::Append,
    };
    let blank = match rule.when_blank {
        ours::WhenBlank::Keep => told::Blank::Keep,
        ours::WhenBlank::Clear => told::Blank::Clear,
    };
    (field.as_str().to_owned(), told::Rule { present, blank })
}

fn options(o: &ours::Options) -> told::Options {
    told::Options {
        photos: o.photos,
        skip_own_card: o.skip_own_card,
        categories: o.categories.clone(),
        name_order: match o.name_order {
            ours::NameOrder::FirstLast => told::NameOrder::FirstLast,
            ours::NameOrder::LastFirst => told::NameOrder::LastFirst,
            ours::NameOrder::AsSource => told::NameOrder::AsSource,
        },
        without_email: o.without_email,
        respect_user_delete: o.on_user_delete == ours::OnUserDelete::Respect,
        include_disabled: o.include_disabled,
        initials_for_lost_photo: o.initials_for_lost_photo,
        // The region of the tenant of every history (world.rs).
        region: o.region.clone().unwrap_or_else(|| "DE".to_owned()),
    }
}

/// The people of the directory that ever were, with what they said before.
pub fn people(lived: &Lived) -> Vec<Person> {
    lived.people.values().cloned().collect()
}
