//! Stories of the compiler: rounds over changing facts and rules, and what they change in catalog and members.
//!
//! ```text
//! user u1 [disabled] [guest] display_name=Anna emails=a@x department=Sales     (again: changed; `gone`: removed)
//! org o1 …      contact reception@x/Contacts f1 …
//! group Staff u1,u2     `group Staff ?` makes it unknown
//! mailbox u1 user|room|none
//! tunnel t1 [keep] [paused] [removed] [missing]
//! source t1 <key> directory|folder:<address>/<path> [priority=2] [groups=Staff] [where=…] [only_for=Board]
//! audience t1 [groups=Staff] [mailboxes=a@x]
//! incomplete | complete
//! round                                       compiles, prints, and remembers
//! ```
#![allow(clippy::unwrap_used)]

mod story;

use expect_test::{Expect, expect};
use model::catalog::{Catalog, EntryState, EntryWish, ViewEntry};
use model::member::{Member, MemberState};
use model::person::{Facts, FolderSource, Group, MailboxKind, Person, PersonKind};
use model::tunnel::{Book, Choice, Copies, Source, SourcePlace, Tunnel, TunnelState};
use model::{ContentId, EntryId, MailboxId, MemberId, Millis, Timestamp, ViewId};
use planner::compile::{CompileInput, Compiled, Complete, compile};
use planner::identity::{Keys, object};
use planner::stamp::StampKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use story::{CATALOG, item, member, tunnel};

/// A tenant, its policy, and what the store remembers.
struct Tenant {
    facts: Facts,
    book: Book,
    complete: bool,
    /// Folders of which a round did not come to the end, by path.
    unread: BTreeSet<String>,
    catalog: Catalog,
    members: Vec<Member>,
    known_stamps: BTreeSet<EntryId>,
    strays: BTreeSet<MailboxId>,
    round: i64,
    /// Milliseconds; a round lasts a second.
    apart: i64,
    text: String,
    /// Short names for ids in the order of their appearance.
    names: BTreeMap<String, String>,
}

fn keys() -> Keys {
    Keys {
        ids: [1; 32],
        stamps: StampKey([2; 32]),
    }
}

fn check(story: &str, expect: Expect) {
    expect.assert_eq(&Tenant::new().tell(story).text);
}

fn word<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|w| w.strip_prefix(key))
}

fn list(words: &[&str], key: &str) -> Vec<String> {
    let text = word(words, key).map(|t| t.replace('_', " "));
    text.map_or(Vec::new(), |t| t.split(',').map(str::to_owned).collect())
}

fn choice(words: &[&str]) -> Choice {
    Choice {
        groups: list(words, "groups="),
        mailboxes: list(words, "mailboxes="),
        where_: word(words, "where=").map(str::to_owned),
        exclude: word(words, "minus=").map(|group| {
            Box::new(Choice {
                groups: vec![group.to_owned()],
                ..Choice::default()
            })
        }),
        ..Choice::default()
    }
}

impl Tenant {
    fn new() -> Self {
        Self {
            facts: Facts::default(),
            book: Book {
                tenant: "contoso".into(),
                key: "People".into(),
                catalog: CATALOG,
                tunnels: Vec::new(),
            },
            complete: true,
            unread: BTreeSet::new(),
            catalog: Catalog::default(),
            members: Vec::new(),
            known_stamps: BTreeSet::new(),
            strays: BTreeSet::new(),
            round: 0,
            apart: 0,
            text: String::new(),
            names: BTreeMap::new(),
        }
    }

    fn tell(mut self, story: &str) -> Self {
        for line in story.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            self.line(&words);
        }
        self
    }

    fn line(&mut self, words: &[&str]) {
        match words {
            ["user", key, rest @ ..] => {
                let kind = if rest.contains(&"guest") {
                    PersonKind::Guest
                } else {
                    PersonKind::Member
                };
                put(&mut self.facts.users, key, kind, rest);
            }
            ["org", key, rest @ ..] => put(
                &mut self.facts.org_contacts,
                key,
                PersonKind::OrgContact,
                rest,
            ),
            ["contact", place, key, rest @ ..] => {
                let (address, path) = place.split_once('/').unwrap();
                // `contact` lies in the folder itself, so whoever reads what is below sees it too.
                for children in [true, false] {
                    let folder = self.facts.folders.entry(FolderSource {
                        address: address.into(),
                        path: path.into(),
                        children,
                    });
                    put(folder.or_default(), key, PersonKind::FolderContact, rest);
                }
            }
            ["contact_below", place, key, rest @ ..] => {
                let (address, path) = place.split_once('/').unwrap();
                let folder = self.facts.folders.entry(FolderSource {
                    address: address.into(),
                    path: path.into(),
                    children: true,
                });
                put(folder.or_default(), key, PersonKind::FolderContact, rest);
            }
            ["group", name, "?"] => {
                self.facts.groups.remove(*name);
            }
            ["group", name, members @ ..] => {
                let members = members
                    .iter()
                    .flat_map(|m| m.split(','))
                    .map(str::to_owned)
                    .collect();
                let before = self.facts.groups.get(*name).cloned();
                let group = match before {
                    Some(before) => {
                        before.read_again(members, Timestamp(self.round * 1_000), Millis(0))
                    }
                    None => Group {
                        id: (*name).into(),
                        name: (*name).into(),
                        members,
                        missed: BTreeMap::new(),
                    },
                };
                self.facts.groups.insert((*name).into(), group);
            }
            ["mailbox", key, kind] => {
                let kind = match *kind {
                    "room" => MailboxKind::Room,
                    "none" => MailboxKind::None,
                    _ => MailboxKind::User,
                };
                self.facts.mailboxes.insert(MailboxId::from(*key), kind);
            }
            ["tunnel", id, rest @ ..] => self.tunnel(id, rest),
            ["source", id, key, place, rest @ ..] => self.source(id, key, place, rest),
            ["audience", id, rest @ ..] => self.find(id).audience = choice(rest),
            ["apart", ms] => self.apart = ms.parse().unwrap(),
            ["stray", mailbox] => {
                self.strays.insert(MailboxId::from(*mailbox));
            }
            ["incomplete"] => self.complete = false,
            ["complete"] => self.complete = true,
            ["unread", path] => self.unread.extend([(*path).to_owned()]),
            ["read"] => self.unread.clear(),
            ["no_contact", place, key] => {
                let (address, path) = place.split_once('/').unwrap();
                let of = |f: &FolderSource| f.address == address && f.path == path;
                let folders = self.facts.folders.iter_mut().filter(|(f, _)| of(f));
                folders.for_each(|(_, cards)| {
                    cards.remove(*key);
                });
            }
            ["round"] => self.round(),
            // The same round once more: another source was read, or a worker died.
            ["again"] => {
                self.round -= 1;
                self.round();
            }
            other => panic!("not understood: {other:?}"),
        }
    }

    fn find(&mut self, id: &str) -> &mut Tunnel {
        self.book
            .tunnels
            .iter_mut()
            .find(|t| t.id.as_str() == id)
            .unwrap()
    }

    fn tunnel(&mut self, id: &str, words: &[&str]) {
        if words.contains(&"missing") {
            return self.book.tunnels.retain(|t| t.id.as_str() != id);
        }
        if !self.book.tunnels.iter().any(|t| t.id.as_str() == id) {
            self.book.tunnels.push(tunnel(id));
        }
        let tunnel = self.find(id);
        tunnel.copies = if words.contains(&"keep") {
            Copies::Keep
        } else {
            Copies::Remove
        };
        tunnel.state = match words {
            w if w.contains(&"paused") => TunnelState::Paused,
            w if w.contains(&"removed") => TunnelState::Removed,
            _ => TunnelState::Active,
        };
    }

    fn source(&mut self, id: &str, key: &str, place: &str, words: &[&str]) {
        let place = match place
            .strip_prefix("folder:")
            .and_then(|p| p.split_once('/'))
        {
            Some((address, path)) => SourcePlace::Folder {
                address: address.into(),
                path: path.into(),
                children: !words.contains(&"flat"),
            },
            None => SourcePlace::Directory {
                members: true,
                guests: false,
                org_contacts: true,
            },
        };
        let source = Source {
            key: key.into(),
            place,
            priority: word(words, "priority=").map_or(5, |p| p.parse().unwrap()),
            only_for: word(words, "only_for=").map(|g| Choice {
                groups: vec![g.into()],
                ..Choice::default()
            }),
            pick: choice(words),
        };
        let tunnel = self.find(id);
        tunnel.sources.retain(|s| s.key != key);
        tunnel.sources.push(source);
    }

    fn compiled(&self) -> Compiled {
        let complete = Complete {
            users: self.complete,
            org_contacts: self.complete,
            groups: self.complete,
            folders: self
                .facts
                .folders
                .keys()
                .filter(|f| self.complete && !self.unread.contains(&f.path))
                .cloned()
                .collect(),
        };
        compile(&CompileInput {
            book: &self.book,
            lists: &BTreeMap::new(),
            facts: &self.facts,
            complete: &complete,
            catalog: &self.catalog,
            members: &self.members,
            known_stamps: &self.known_stamps,
            strays: &self.strays,
            round: self.round,
            now: Timestamp(self.round * 1_000),
            apart: Millis(self.apart),
            keys: &keys(),
        })
        .unwrap()
    }

    fn round(&mut self) {
        self.round += 1;
        let compiled = self.compiled();
        self.text += &format!("round {}\n", self.round);
        self.print(&compiled);
        self.remember(compiled);
    }

    fn name(&mut self, prefix: &str, id: String) -> String {
        let next = 1 + self
            .names
            .values()
            .filter(|n| n.starts_with(prefix))
            .count();
        self.names
            .entry(id)
            .or_insert(format!("{prefix}{next}"))
            .clone()
    }

    fn print(&mut self, compiled: &Compiled) {
        let (catalog, members) = (&compiled.catalog, &compiled.members);
        for (id, sources) in &catalog.views {
            let view = self.name("V", id.to_string());
            self.text += &format!("  view {view} = {}\n", sources.join(" > "));
        }
        for change in &catalog.entries {
            let view = self.name("V", change.view.to_string());
            let entry = self.name("E", change.entry.to_string());
            let what = match &change.to {
                EntryWish::Live { item, photo } => {
                    let fields: Vec<String> =
                        item.0.iter().map(|(f, v)| format!("{f}={v}")).collect();
                    let photo = photo
                        .as_ref()
                        .map_or(String::new(), |p| format!("; photo {p}"));
                    format!("{}{photo}", fields.join("; "))
                }
                EntryWish::Gone { cause, .. } => format!("gone by {cause:?}"),
            };
            self.text += &format!("  {view} {entry} {what}\n");
        }
        for (mailbox, wish) in &members.join {
            let view = self.name("V", wish.view.to_string());
            self.text += &format!("  join {mailbox} {view}\n");
        }
        for (id, leaving) in &members.doubt {
            self.text += &format!("  doubt {id}: {}\n", leaving.fact);
        }
        for id in &members.stay {
            self.text += &format!("  stay {id}\n");
        }
        for (id, copies) in &members.leave {
            self.text += &format!("  leave {id} {copies:?}\n");
        }
        if compiled.undecided {
            self.text += "  undecided\n";
        }
        for note in &compiled.notes {
            let entry = note.entry.map_or(String::new(), |e| {
                format!(" {}", self.name("E", e.to_string()))
            });
            self.text += &format!("  note {:?}{entry}: {}\n", note.reason, note.detail);
        }
    }

    /// What the store does with a change.
    fn remember(&mut self, compiled: Compiled) {
        let Compiled {
            catalog, members, ..
        } = compiled;
        for (key, contribution) in catalog.contributions {
            match contribution {
                Some(c) => self.catalog.contributions.insert(key, c),
                None => self.catalog.contributions.remove(&key),
            };
        }
        self.catalog.rules.extend(catalog.rules);
        for (id, sources) in catalog.views {
            self.catalog.views.entry(id).or_default().sources = sources;
        }
        for change in catalog.entries {
            self.catalog.version += 1;
            let state = match change.to {
                EntryWish::Live { item, photo } => EntryState::Live {
                    content: ContentId(self.catalog.version),
                    item: Arc::new(item),
                    photo,
                },
                EntryWish::Gone { since, cause } => EntryState::Gone { since, cause },
            };
            let view = self.catalog.views.get_mut(&change.view).unwrap();
            view.entries.insert(
                change.entry,
                ViewEntry {
                    version: self.catalog.version,
                    state,
                },
            );
        }
        for (mailbox, wish) in members.join {
            self.join(mailbox, wish.view);
        }
        for member in &mut self.members {
            if let Some(leaving) = members.doubt.get(&member.id) {
                member.leaving = Some(leaving.clone());
            }
            if members.stay.contains(&member.id) {
                member.leaving = None;
            }
            if let Some(copies) = members.leave.get(&member.id) {
                member.state = match copies {
                    Copies::Keep => MemberState::LeavingKeep,
                    Copies::Remove => MemberState::LeavingRemove,
                };
            }
        }
    }

    fn join(&mut self, mailbox: MailboxId, view: ViewId) {
        let at = self.members.iter().position(|m| m.mailbox == mailbox);
        let at = at.unwrap_or_else(|| {
            let id = MemberId(self.members.len() as i64 + 1);
            self.members.push(Member {
                id,
                mailbox,
                ..member()
            });
            self.members.len() - 1
        });
        self.members[at].view = view;
        self.members[at].state = MemberState::Active;
    }
}

fn put(people: &mut BTreeMap<String, Arc<Person>>, key: &str, kind: PersonKind, words: &[&str]) {
    if words == ["gone"] {
        people.remove(key);
        return;
    }
    let item = item(words);
    let person = Person {
        key: key.to_owned(),
        kind,
        addresses: planner::adopt::addresses(&item),
        item,
        upn: format!("{key}@contoso.example"),
        enabled: Some(!words.contains(&"disabled")),
        listed: None,
        country: "DE".into(),
        attributes: BTreeMap::new(),
        has_plan: None,
    };
    people.insert(key.to_owned(), Arc::new(person));
}

/// Two people with mailboxes, one tunnel over the directory.
const OFFICE: &str = "
    tunnel t1
    source t1 dir directory groups=Staff
    user u1 display_name=Anna emails=a@x
    user u2 display_name=Ben emails=b@x
    group Staff u1,u2
    mailbox u1 user
    mailbox u2 none
    round
";

fn office(story: &str, expect: Expect) {
    check(&format!("{OFFICE}{story}"), expect);
}

#[test]
fn a_first_round_fills_the_catalog_and_a_second_one_is_quiet() {
    office(
        "round",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
    "#]],
    );
}

#[test]
fn who_reads_only_a_folder_does_not_see_what_lies_below_it() {
    check(
        "
    tunnel t1
    source t1 flat folder:r@x/Contacts flat
    tunnel t2
    audience t2 groups=Managers
    source t2 deep folder:r@x/Contacts
    user u1 display_name=Anna emails=a@x
    mailbox u1 user
    contact r@x/Contacts c1 display_name=Ben emails=b@x
    contact_below r@x/Contacts c2 display_name=Cleo emails=c@x
    group Managers -
    round
",
        expect![[r#"
            round 1
              view V1 = t1/flat
              V1 E1 display_name=Ben; emails=b@x
              join u1 V1
        "#]],
    );
}

#[test]
fn only_what_changed_is_said() {
    office(
        "user u2 display_name=Ben emails=b@x mobile_phone=030_123456\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              V1 E2 display_name=Ben; emails=b@x; mobile_phone=+4930123456
            round 3
        "#]],
    );
}

#[test]
fn leaving_takes_two_complete_rounds() {
    office(
        "group Staff u1\nround\nincomplete\nround\ncomplete\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: not in group Staff
            round 3
              note Unseen E2: source not read to its end
            round 4
              V1 E2 gone by Fact
            round 5
        "#]],
    );
}

#[test]
fn a_second_round_confirms_only_when_enough_time_has_passed() {
    office(
        "apart 2000\ngroup Staff u1\nround\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: not in group Staff
            round 3
              note LeavingUnconfirmed E2: not in group Staff
            round 4
              V1 E2 gone by Fact
        "#]],
    );
}

#[test]
fn an_exclusion_that_was_misread_once_shows_nobody() {
    check(
        "
    tunnel t1
    source t1 dir directory minus=Hidden
    user u1 display_name=Anna emails=a@x
    user u2 display_name=Ben emails=b@x
    group Hidden u2
    mailbox u1 user
    mailbox u2 none
    round
    group Hidden -
    round
    group Hidden -
    round
",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              join u1 V1
            round 2
              note SelectionUnknown: seen once outside of group Hidden
            round 3
              V1 E2 display_name=Ben; emails=b@x
        "#]],
    );
}

#[test]
fn a_mailbox_with_copies_that_nobody_remembers_joins_with_a_view_of_nothing() {
    check(
        "
    tunnel t1
    audience t1 mailboxes=a@x
    source t1 dir directory
    user u1 display_name=Anna emails=a@x
    user u2 display_name=Ben emails=b@x
    mailbox u1 user
    mailbox u2 user
    stray u2
    round
    round
",
        expect![[r#"
            round 1
              view V1 = t1/dir
              view V2 = 
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
              join u2 V2
            round 2
              doubt 2: rule changed: copies of a lost store
              leave 2 Remove
        "#]],
    );
}

#[test]
fn coming_back_in_time_cancels_a_leaving() {
    office(
        "group Staff u1\nround\ngroup Staff u1,u2\nround\ngroup Staff u1\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: not in group Staff
            round 3
            round 4
              note LeavingUnconfirmed E2: not in group Staff
        "#]],
    );
}

#[test]
fn an_unknown_group_changes_nothing() {
    office(
        "group Staff ?\nround\nround\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          note SelectionUnknown E1: group Staff is not known
          note SelectionUnknown E2: group Staff is not known
        round 3
          note SelectionUnknown E1: group Staff is not known
          note SelectionUnknown E2: group Staff is not known
        round 4
          note SelectionUnknown E1: group Staff is not known
          note SelectionUnknown E2: group Staff is not known
    "#]],
    );
}

#[test]
fn a_person_missing_from_an_incomplete_directory_stays() {
    office(
        "user u2 gone\nincomplete\nround\nround\ncomplete\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note Unseen E2: source not read to its end
            round 3
              note Unseen E2: source not read to its end
            round 4
              note LeavingUnconfirmed E2: no longer in the source
            round 5
              V1 E2 gone by Fact
        "#]],
    );
}

#[test]
fn a_changed_rule_removes_at_once_and_says_that_it_was_the_rule() {
    office(
        "source t1 dir directory groups=Staff where=department!='Test'\nround\nsource t1 dir directory groups=Staff where=display_name=='Anna'\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
            round 3
              V1 E2 gone by Rule
            round 4
        "#]],
    );
}

#[test]
fn a_changed_rule_removes_nobody_whom_a_group_missed_once() {
    let before = "group Staff u1 u2\nsource t1 dir directory groups=Staff\nround";
    let mut office = Tenant::new().tell(&format!("{OFFICE}{before}"));
    let staff = office.facts.groups.get_mut("Staff").unwrap();
    staff.members.remove("u2");
    staff.missed.insert("u2".to_owned(), Timestamp(0));
    let mut office =
        office.tell("source t1 dir directory groups=Staff where=department!='Test'\nround");
    office.facts.groups.get_mut("Staff").unwrap().missed.clear();
    let told = expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
        round 3
          undecided
          note SelectionUnknown E2: seen once outside of a group, and the rule has changed
        round 4
          V1 E2 gone by Rule
    "#]];
    told.assert_eq(&office.tell("round").text);
}

#[test]
fn a_changed_rule_is_undecided_while_an_excluding_group_missed_somebody_once() {
    let office = Tenant::new().tell(&format!("{OFFICE}group Hidden u2\nround"));
    let mut office = office.tell("source t1 dir directory groups=Staff minus=Hidden");
    let hidden = office.facts.groups.get_mut("Hidden").unwrap();
    hidden.members.clear();
    hidden.missed.insert("u2".to_owned(), Timestamp(0));
    let mut office = office.tell("round");
    let hidden = office.facts.groups.get_mut("Hidden").unwrap();
    hidden.members.insert("u2".to_owned());
    hidden.missed.clear();
    let told = expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
        round 3
          undecided
          note SelectionUnknown E2: seen once outside of group Hidden
        round 4
          V1 E2 gone by Rule
    "#]];
    told.assert_eq(&office.tell("round").text);
}

#[test]
fn a_disabled_account_leaves_by_a_fact() {
    office(
        "user u2 disabled display_name=Ben emails=b@x\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: account disabled
            round 3
              V1 E2 gone by Fact
        "#]],
    );
}

#[test]
fn a_missing_document_stops_everything_where_it_stands() {
    office(
        "tunnel t1 missing\nround\nuser u2 gone\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note Orphan: tunnel t1 has no document: stopped
            round 3
              note Orphan: tunnel t1 has no document: stopped
            round 4
              note Orphan: tunnel t1 has no document: stopped
        "#]],
    );
}

#[test]
fn a_paused_tunnel_moves_nothing() {
    office(
        "tunnel t1 paused\nuser u2 gone\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
            round 3
        "#]],
    );
}

#[test]
fn a_removed_tunnel_lets_its_members_go_as_it_says() {
    office(
        "tunnel t1 removed\nround\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          V1 E1 gone by Rule
          V1 E2 gone by Rule
          doubt 1: rule changed: t1
          leave 1 Remove
        round 3
    "#]],
    );
    office(
        "tunnel t1 removed keep\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          V1 E1 gone by Rule
          V1 E2 gone by Rule
          doubt 1: rule changed: t1
          leave 1 Keep
    "#]],
    );
}

#[test]
fn several_sources_merge_by_priority_and_fall_back() {
    office(
        "source t1 desk folder:reception@x/Contacts priority=1
         contact reception@x/Contacts f1 display_name=Anna_(desk) emails=A@x job_title=Chief
         contact reception@x/Contacts f2 display_name=Zoe emails=z@y
         round
         contact reception@x/Contacts f1 display_name=Anna_(desk) emails=A@x
         round
         contact reception@x/Contacts f1 gone
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/desk > t1/dir
              V2 E3 display_name=Zoe; emails=z@y
              V2 E1 display_name=Anna (desk); job_title=Chief; emails=A@x
              V2 E2 display_name=Ben; emails=b@x
              join u1 V2
            round 3
              V2 E1 display_name=Anna (desk); emails=A@x
            round 4
              note LeavingUnconfirmed E1: no longer in the source
            round 5
              V2 E1 display_name=Anna; emails=a@x
        "#]],
    );
}

#[test]
fn a_source_for_a_part_of_the_audience_makes_a_view_of_its_own() {
    office(
        "mailbox u2 user
         group Board u2
         source t1 hr folder:hr@x/Emergency only_for=Board
         contact hr@x/Emergency f1 display_name=Doctor mobile_phone=030_123456
         round
         group Board u1
         round
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/dir > t1/hr
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 display_name=Ben; emails=b@x
              V2 E3 display_name=Doctor; mobile_phone=+4930123456
              join u2 V2
            round 3
              join u1 V2
              doubt 2: not in group Board
              note LeavingUnconfirmed: not in group Board
            round 4
              V1 E3 gone by Fact
              join u2 V1
              stay 2
            round 5
        "#]],
    );
}

#[test]
fn a_mailbox_leaves_the_audience_in_two_rounds_or_at_once_by_a_rule() {
    office(
        "audience t1 groups=Staff
         round
         mailbox u2 user
         round
         group Staff u1
         round
         round
         audience t1 mailboxes=nobody@x
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
            round 3
              join u2 V1
            round 4
              doubt 2: not in group Staff
              note LeavingUnconfirmed: not in group Staff
              note LeavingUnconfirmed E2: not in group Staff
            round 5
              V1 E2 gone by Fact
              leave 2 Remove
            round 6
              doubt 1: rule changed: t1
              leave 1 Remove
        "#]],
    );
}

#[test]
fn nobody_left_a_mailbox_of_which_another_folder_was_not_read() {
    check(
        "
    tunnel t1
    source t1 a folder:r@x/Contacts flat
    source t1 b folder:r@x/Suppliers flat
    user u1 display_name=Anna emails=a@x
    mailbox u1 user
    contact r@x/Contacts c1 display_name=Ben emails=b@x
    contact r@x/Suppliers c2 display_name=Cleo emails=c@x
    round
    no_contact r@x/Contacts c1
    unread Suppliers
    round
    round
    read
    round
",
        expect![[r#"
            round 1
              view V1 = t1/a > t1/b
              V1 E1 display_name=Cleo; emails=c@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: no longer in the source
            round 3
              note LeavingUnconfirmed E2: no longer in the source
            round 4
              V1 E2 gone by Fact
        "#]],
    );
}

#[test]
fn who_loses_somebody_by_a_rule_is_told_so_whatever_a_view_said_before() {
    office(
        "mailbox u2 user
         tunnel t2
         source t2 hr folder:hr@x/Emergency
         audience t2 groups=Board
         group Board u1,u2
         contact hr@x/Emergency f1 display_name=Doctor mobile_phone=030_123456
         round
         group Board u1
         round
         round
         tunnel t2 removed
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/dir > t2/hr
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 display_name=Ben; emails=b@x
              V2 E3 display_name=Doctor; mobile_phone=+4930123456
              join u1 V2
              join u2 V2
            round 3
              doubt 2: not in group Board
              note LeavingUnconfirmed: not in group Board
            round 4
              V1 E3 gone by Fact
              join u2 V1
              stay 2
            round 5
              V1 E3 gone by Rule
              V2 E3 gone by Rule
              join u1 V1
        "#]],
    );
}

#[test]
fn who_lost_somebody_by_a_rule_is_told_so_in_a_view_of_less_too() {
    check(
        "user u1 display_name=Anna emails=a@x
         user u2 display_name=Ben emails=b@x department=Test
         mailbox u1 user
         tunnel t1
         source t1 dir directory
         tunnel t2
         source t2 hr folder:hr@x/Emergency
         audience t2 groups=Board
         group Board u1
         contact hr@x/Emergency f1 display_name=Doctor mobile_phone=030_123456
         round
         source t1 dir directory where=department!='Test'
         round
         group Board u3
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir > t2/hr
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; department=Test; emails=b@x
              V1 E3 display_name=Doctor; mobile_phone=+4930123456
              join u1 V1
            round 2
              V1 E2 gone by Rule
            round 3
              doubt 1: not in group Board
              note LeavingUnconfirmed: not in group Board
            round 4
              view V2 = t1/dir
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 gone by Rule
              V2 E3 gone by Fact
              join u1 V2
              stay 1
        "#]],
    );
}

#[test]
fn who_lost_somebody_by_a_rule_is_told_so_though_another_lost_them_by_a_fact() {
    office(
        "mailbox u2 user
         tunnel t2
         source t2 hr folder:hr@x/Emergency
         audience t2 groups=Board
         group Board u1,u2
         contact hr@x/Emergency f1 display_name=Doctor mobile_phone=030_123456
         round
         group Board u1
         round
         round
         source t2 hr folder:hr@x/Emergency where=display_name!='Doctor'
         round
         group Board u3
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/dir > t2/hr
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 display_name=Ben; emails=b@x
              V2 E3 display_name=Doctor; mobile_phone=+4930123456
              join u1 V2
              join u2 V2
            round 3
              doubt 2: not in group Board
              note LeavingUnconfirmed: not in group Board
            round 4
              V1 E3 gone by Fact
              join u2 V1
              stay 2
            round 5
              V2 E3 gone by Rule
            round 6
              doubt 1: not in group Board
              note LeavingUnconfirmed: not in group Board
            round 7
              V1 E3 gone by Rule
              join u1 V1
              stay 1
        "#]],
    );
}

#[test]
fn a_mailbox_that_cannot_be_reached_keeps_what_it_has() {
    office(
        "mailbox u1 none\nround\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          doubt 1: no usable mailbox
          note LeavingUnconfirmed: no usable mailbox
        round 3
          leave 1 Keep
    "#]],
    );
    office(
        "user u1 gone\nround\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          doubt 1: no usable mailbox
          note LeavingUnconfirmed: no usable mailbox
          note LeavingUnconfirmed E1: no longer in the source
        round 3
          V1 E1 gone by Fact
          leave 1 Keep
    "#]],
    );
}

#[test]
fn copies_cannot_be_taken_back_from_a_mailbox_whose_account_is_gone() {
    office(
        "tunnel t1 removed\nround\nuser u1 gone\nround",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          V1 E1 gone by Rule
          V1 E2 gone by Rule
          doubt 1: rule changed: t1
          leave 1 Remove
        round 3
          leave 1 Keep
    "#]],
    );
}

#[test]
fn a_mailbox_that_the_census_does_not_know_is_left_as_it_is() {
    let tenant = Tenant::new().tell(OFFICE);
    let mut unknown = Tenant {
        text: String::new(),
        ..tenant
    };
    unknown.facts.mailboxes.clear();
    expect![[r#"
        round 2
        round 3
    "#]]
    .assert_eq(&unknown.tell("round\nround").text);
}

#[test]
fn entries_that_turn_out_to_be_one_person_are_superseded() {
    office(
        "source t1 desk folder:reception@x/Contacts
         contact reception@x/Contacts f1 display_name=B emails=ben@home
         round
         user u2 display_name=Ben emails=b@x,ben@home
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/dir > t1/desk
              V2 E3 display_name=B; emails=ben@home
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 display_name=Ben; emails=b@x
              join u1 V2
            round 3
              V1 E2 display_name=Ben; emails=b@x, ben@home
              V2 E3 gone by Superseded
              V2 E2 display_name=Ben; emails=b@x, ben@home
            round 4
        "#]],
    );
}

#[test]
fn ambiguity_is_reported_and_never_merged() {
    office(
        "source t1 desk folder:reception@x/Contacts
         contact reception@x/Contacts f1 display_name=B1 emails=b@x
         contact reception@x/Contacts f2 display_name=B2 emails=b@x
         round
         round",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              view V2 = t1/dir > t1/desk
              V2 E3 display_name=B1; emails=b@x
              V2 E4 display_name=B2; emails=b@x
              V2 E1 display_name=Anna; emails=a@x
              V2 E2 display_name=Ben; emails=b@x
              join u1 V2
              note Ambiguous E3: may be the same person as another entry
              note Ambiguous E4: may be the same person as another entry
            round 3
        "#]],
    );
}

#[test]
fn ids_are_the_same_after_the_store_was_lost() {
    let before = Tenant::new().tell(OFFICE);
    let entries = |t: &Tenant| -> Vec<EntryId> {
        t.catalog.contributions.values().map(|c| c.entry).collect()
    };
    let first = entries(&before);
    let lost = Tenant {
        catalog: Catalog::default(),
        members: Vec::new(),
        ..before
    };
    assert_eq!(entries(&lost.tell("round")), first);
    assert_eq!(first[0], keys().entry(CATALOG, &object("u1")));
}

#[test]
fn a_card_is_nobodys_only_after_two_readings_of_a_group_agreed() {
    let office = "
    tunnel t1
    source t1 dir directory groups=Staff
    user u1 display_name=Anna emails=a@x
    user u2 display_name=Ben emails=b@x
    group Staff u1 u2
    mailbox u1 user
    ";
    let mut office = Tenant::new().tell(office);
    let staff = office.facts.groups.get_mut("Staff").unwrap();
    staff.members.remove("u2");
    staff.missed.insert("u2".to_owned(), Timestamp(0));
    let mut office = office.tell("round");
    let whole = |t: &Tenant| planner::rank::whole(&t.book, &t.catalog.rules);
    assert!(!whole(&office));
    office.facts.groups.get_mut("Staff").unwrap().missed.clear();
    assert!(whole(&office.tell("round")));
}

#[test]
fn who_comes_back_is_who_they_were_whichever_source_comes_first() {
    check(
        "
    tunnel t1
    source t1 dir directory priority=3
    source t1 hr folder:r@x/Contacts priority=2
    user u1 display_name=Anna emails=a@x
    mailbox u1 user
    round
    contact r@x/Contacts c1 display_name=Anna emails=a@x
    round
    tunnel t1 removed
    round
    tunnel t1
    round
",
        expect![[r#"
            round 1
              view V1 = t1/hr > t1/dir
              V1 E1 display_name=Anna; emails=a@x
              join u1 V1
            round 2
            round 3
              view V1 = t1/dir > t1/hr
              V1 E1 gone by Rule
              doubt 1: rule changed: t1
              leave 1 Remove
            round 4
              view V1 = t1/hr > t1/dir
              V1 E1 display_name=Anna; emails=a@x
              join u1 V1
        "#]],
    );
}

#[test]
fn a_group_read_while_directory_is_broken_does_not_end_a_doubt() {
    office(
        "group Staff u1\nround\nincomplete\nround\nround\nround",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
              note LeavingUnconfirmed E2: not in group Staff
            round 3
              note Unseen E2: source not read to its end
            round 4
              note Unseen E2: source not read to its end
            round 5
              note Unseen E2: source not read to its end
        "#]],
    );
}

#[test]
fn the_same_round_does_not_agree_with_itself() {
    office(
        "group Staff u1\nround\nagain",
        expect![[r#"
        round 1
          view V1 = t1/dir
          V1 E1 display_name=Anna; emails=a@x
          V1 E2 display_name=Ben; emails=b@x
          join u1 V1
        round 2
          note LeavingUnconfirmed E2: not in group Staff
        round 2
          note LeavingUnconfirmed E2: not in group Staff
    "#]],
    );
    office(
        "audience t1 groups=Staff\nround\ngroup Staff u2\nround\nagain",
        expect![[r#"
            round 1
              view V1 = t1/dir
              V1 E1 display_name=Anna; emails=a@x
              V1 E2 display_name=Ben; emails=b@x
              join u1 V1
            round 2
            round 3
              doubt 1: not in group Staff
              note LeavingUnconfirmed: not in group Staff
              note LeavingUnconfirmed E1: not in group Staff
            round 3
              note LeavingUnconfirmed: not in group Staff
              note LeavingUnconfirmed E1: not in group Staff
        "#]],
    );
}
