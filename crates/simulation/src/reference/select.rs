//! Who is meant by a choice: in, out, or not known.

use super::world::{Choice, Kind, Mailbox, Person, Place, Policy, Tunnel, World};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Out,
    Unknown,
    In,
}

use Answer::{In, Out, Unknown};

impl Answer {
    fn of(truth: bool) -> Self {
        if truth { In } else { Out }
    }

    fn not(self) -> Self {
        match self {
            In => Out,
            Out => In,
            Unknown => Unknown,
        }
    }

    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Somebody about whom a choice is asked: a person of a source, or a mailbox as its owner.
struct Subject<'a> {
    id: &'a str,
    department: &'a str,
    addresses: BTreeSet<String>,
    /// `None`: not known.
    kind: Option<&'a str>,
}

/// Every address of a person, lower case.
pub fn addresses(person: &Person) -> BTreeSet<String> {
    let mails = person.fields.get("emails").map_or("", String::as_str);
    let all = person
        .addresses
        .iter()
        .map(String::as_str)
        .chain(mails.lines());
    all.map(|a| a.trim().to_lowercase())
        .filter(|a| !a.is_empty())
        .collect()
}

/// Does the choice mean this person of a source?
pub fn chosen(person: &Person, choice: &Choice, world: &World, policy: &Policy) -> Answer {
    let mailbox = world.mailboxes.iter().find(|m| m.owner == person.id);
    let subject = Subject {
        id: &person.id,
        department: person.fields.get("department").map_or("", String::as_str),
        addresses: addresses(person),
        kind: mailbox.map_or(Some("none"), |m| m.kind.as_deref()),
    };
    ask(&subject, choice, world, policy)
}

/// Does the choice mean this mailbox?
pub fn means_mailbox(mailbox: &Mailbox, choice: &Choice, world: &World, policy: &Policy) -> Answer {
    let owner = world.people.iter().find(|p| p.id == mailbox.owner);
    let mut all = owner.map(addresses).unwrap_or_default();
    all.insert(mailbox.address.to_lowercase());
    let subject = Subject {
        id: &mailbox.owner,
        department: owner
            .and_then(|p| p.fields.get("department"))
            .map_or("", String::as_str),
        addresses: all,
        kind: mailbox.kind.as_deref(),
    };
    ask(&subject, choice, world, policy)
}

fn ask(who: &Subject, choice: &Choice, world: &World, policy: &Policy) -> Answer {
    let excluded = choice
        .exclude
        .as_ref()
        .map_or(Out, |c| ask(who, c, world, policy));
    named(who, choice, world, policy)
        .and(narrowed(who, choice))
        .and(excluded.not())
}

fn named(who: &Subject, choice: &Choice, world: &World, policy: &Policy) -> Answer {
    let nothing = choice.groups.is_empty()
        && choice.departments.is_empty()
        && choice.addresses.is_empty()
        && choice.lists.is_empty();
    if choice.everyone || nothing {
        return In;
    }
    let department = Answer::of(choice.departments.iter().any(|d| d == who.department));
    let address = choice
        .addresses
        .iter()
        .any(|a| who.addresses.contains(&a.to_lowercase()));
    let groups = choice.groups.iter().map(|g| in_group(who.id, g, world));
    let lists = choice.lists.iter().map(|l| match policy.lists.get(l) {
        Some(list) => ask(who, list, world, policy),
        None => Unknown,
    });
    groups
        .chain(lists)
        .fold(department.or(Answer::of(address)), Answer::or)
}

fn narrowed(who: &Subject, choice: &Choice) -> Answer {
    let condition = match &choice.condition {
        Some(c) if c.unknown.contains(who.id) => Unknown,
        Some(c) => Answer::of(c.holds.contains(who.id)),
        None => In,
    };
    let kind = match who.kind {
        _ if choice.kinds.is_empty() => In,
        Some(kind) => Answer::of(choice.kinds.iter().any(|k| k == kind)),
        None => Unknown,
    };
    condition.and(kind)
}

fn in_group(id: &str, group: &str, world: &World) -> Answer {
    let mut seen = BTreeSet::new();
    let mut open = vec![group];
    while let Some(name) = open.pop() {
        let Some(members) = world.groups.get(name) else {
            continue;
        };
        if seen.insert(name) {
            open.extend(members.iter().map(String::as_str));
        }
        if members.contains(id) {
            return In;
        }
    }
    if world.groups.contains_key(group) {
        Out
    } else {
        Unknown
    }
}

/// The people of a source that it takes, with how surely.
pub fn taken<'a>(
    tunnel: &Tunnel,
    source: usize,
    world: &'a World,
    policy: &Policy,
) -> Vec<(&'a Person, Answer)> {
    let source = &tunnel.sources[source];
    offered(&source.place, world)
        .into_iter()
        .filter(|p| !p.gone && !p.bears_our_stamp)
        .filter(|p| !p.disabled || tunnel.options.include_disabled)
        .filter(|p| {
            tunnel.options.without_email
                || p.fields.get("emails").is_some_and(|m| !m.trim().is_empty())
        })
        .map(|p| (p, chosen(p, &source.pick, world, policy)))
        .filter(|(_, answer)| *answer != Out)
        .collect()
}

fn offered<'a>(place: &Place, world: &'a World) -> Vec<&'a Person> {
    match place {
        Place::Directory {
            members,
            guests,
            org_contacts,
        } => world
            .people
            .iter()
            .filter(|p| match p.kind {
                Kind::Member => *members,
                Kind::Guest => *guests,
                Kind::OrgContact => *org_contacts,
                Kind::FolderContact => false,
            })
            .collect(),
        Place::Folder {
            address,
            path,
            children,
        } => world
            .folders
            .iter()
            .filter(|((a, p), _)| {
                let below = p
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.starts_with('/'));
                a.eq_ignore_ascii_case(address) && (p == path || (*children && below))
            })
            .flat_map(|(_, people)| people)
            .collect(),
    }
}
