//! Properties over random histories in a model folder: it ends, is quiet the second time, and no user's card is
//! ever changed or removed.

#![allow(clippy::unwrap_used)]

mod story;

use model::catalog::{EntryState, GoneCause, ViewEntry};
use model::link::{Link, Origin, Part};
use model::plan::{Note, Outcome, Plan, Reason, Step};
use model::snapshot::{Here, Reach, Seen, Snapshot, Stamp};
use model::{ContentId, EntryId, Etag, Field, Item, ItemId, MemberId, Timestamp, Value};
use planner::receive::card;
use planner::settle::{Bounds, Settling, intend, settle};
use planner::stamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use story::{KEY, NOW, Story, print, value};

const FIELDS: [Field; 8] = [
    Field::DisplayName,
    Field::Surname,
    Field::JobTitle,
    Field::Emails,
    Field::BusinessPhones,
    Field::Categories,
    Field::Notes,
    Field::FileAs,
];

/// A card in the model folder.
#[derive(Clone, Debug)]
struct Card {
    item: Item,
    stamp: Stamp,
    version: u32,
    /// A user made it (copies of ours too).
    users: bool,
}

/// A folder that loses and makes up what Exchange does: titles are cut, a blank fileAs is made up.
struct World {
    story: Story,
    folder: BTreeMap<ItemId, Card>,
    next: i64,
    writes: u32,
}

#[derive(Clone, Debug)]
enum Event {
    NewPerson(u128, Vec<(Field, u8)>),
    Leaves(u128),
    UserEdits(usize, Field, u8),
    UserDeletes(usize),
    UserCopies(usize),
    UserAdds(Vec<(Field, u8)>),
    StoreIsLost,
}

fn word(field: Field, n: u8) -> Value {
    let texts = ["", "Anna_Berg", "Ben", "a@x,b@x", "a@x", "Long_title"];
    value(field, texts[usize::from(n) % texts.len()])
}

fn item(words: &[(Field, u8)]) -> Item {
    let mut item = Item::default();
    for (field, n) in words {
        item.set(*field, word(*field, *n));
    }
    item
}

fn words() -> impl Strategy<Value = Vec<(Field, u8)>> {
    prop::collection::vec((prop::sample::select(&FIELDS[..]), 0u8..6), 1..6)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u128..4, words()).prop_map(|(e, w)| Event::NewPerson(e, w)),
        1 => (1u128..4).prop_map(Event::Leaves),
        3 => (0usize..6, prop::sample::select(&FIELDS[..]), 0u8..6).prop_map(|(i, f, n)| Event::UserEdits(i, f, n)),
        1 => (0usize..6).prop_map(Event::UserDeletes),
        1 => (0usize..6).prop_map(Event::UserCopies),
        2 => words().prop_map(Event::UserAdds),
        1 => Just(Event::StoreIsLost),
    ]
}

fn rules() -> impl Strategy<Value = Vec<(Field, u8, bool)>> {
    prop::collection::vec(
        (prop::sample::select(&FIELDS[..]), 0u8..4, any::<bool>()),
        0..4,
    )
}

impl World {
    fn new(rules: &[(Field, u8, bool)], respect: bool) -> Self {
        let mut text = String::new();
        for (field, present, keep) in rules {
            let present = ["never", "if_blank", "always", "append"][usize::from(*present)];
            text += &format!(
                "rule {field} {present} {}\n",
                if *keep { "keep" } else { "clear" }
            );
        }
        if respect {
            text += "option respect\n";
        }
        Self {
            story: Story::parse(&text),
            folder: BTreeMap::new(),
            next: 1,
            writes: 0,
        }
    }

    fn nth(&self, n: usize) -> Option<ItemId> {
        self.folder
            .keys()
            .nth(n % self.folder.len().max(1))
            .cloned()
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::NewPerson(entry, words) => self.wish(EntryId(*entry), item(words)),
            Event::Leaves(entry) => {
                let state = EntryState::Gone {
                    since: Timestamp(0),
                    cause: GoneCause::Fact,
                };
                if let Some(entry) = self.story.catalog.entries.get_mut(&EntryId(*entry)) {
                    entry.state = state;
                }
            }
            Event::UserEdits(n, field, text) => {
                if let Some(id) = self.nth(*n) {
                    let card = self.folder.get_mut(&id).unwrap();
                    card.item.set(*field, word(*field, *text));
                    card.version += 1;
                }
            }
            Event::UserDeletes(n) => {
                self.nth(*n).map(|id| self.folder.remove(&id));
            }
            Event::UserCopies(n) => {
                if let Some(id) = self.nth(*n) {
                    // See StoreIsLost: until memory is back, such a copy is anybody's.
                    let card = self.folder[&id].clone();
                    let users = card.users || !self.story.links.is_empty();
                    let copy = Card { users, ..card };
                    self.put(copy);
                }
            }
            Event::UserAdds(words) => {
                self.put(Card {
                    item: item(words),
                    stamp: Stamp::None,
                    version: 0,
                    users: true,
                });
            }
            Event::StoreIsLost => {
                self.story.links.clear();
                // Without memory a copy of ours and a user's copy of it are told apart by nobody.
                self.folder
                    .values_mut()
                    .for_each(|c| c.users &= c.stamp == Stamp::None);
            }
        }
    }

    fn wish(&mut self, entry: EntryId, item: Item) {
        self.next += 1;
        let (content, item) = (ContentId(self.next), Arc::new(item));
        self.story.catalog.contents.insert(content, item.clone());
        let state = EntryState::Live {
            content,
            item,
            photo: None,
        };
        self.story.catalog.entries.insert(
            entry,
            ViewEntry {
                version: self.next,
                state,
            },
        );
    }

    fn put(&mut self, card: Card) -> ItemId {
        self.next += 1;
        let id = ItemId(format!("i{:04}", self.next));
        self.folder.insert(id.clone(), card);
        id
    }

    /// A full look; linked items that are not there are proven gone.
    fn look(&mut self) {
        let mut look = Snapshot::new(Reach::Full);
        for item in self.story.links.values().filter_map(|l| l.item.clone()) {
            look.items.insert(item, Seen::Gone);
        }
        for (id, card) in &self.folder {
            let here = Here {
                etag: etag(card),
                fields: story::sighting(&card.item),
                stamp: card.stamp.clone(),
            };
            look.items.insert(id.clone(), Seen::Here(Box::new(here)));
        }
        self.story.observed = look;
    }

    fn perform(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Create {
                entry,
                content,
                generation,
            } => {
                let item = card(&self.story.catalog.contents[content], &self.story.rules);
                let member = &self.story.member;
                let text = stamp::write(&KEY, &member.mailbox, member.catalog, *entry, *generation);
                let card = Card {
                    item: stored(item),
                    stamp: Stamp::Text(text),
                    version: 0,
                    users: false,
                };
                let id = self.put(card);
                self.done(&id)
            }
            Step::Update {
                item, expect, edit, ..
            } => {
                let Some(card) = self.folder.get_mut(item) else {
                    return Outcome::Gone;
                };
                if *expect != etag(card) {
                    return Outcome::Stale;
                }
                for (field, value) in &edit.changes {
                    card.item
                        .set(*field, value.clone().unwrap_or(Value::text("")));
                }
                card.item = stored(card.item.clone());
                card.version += 1;
                self.done(item)
            }
            Step::Delete { item, .. } => {
                self.folder.remove(item);
                Outcome::Done {
                    item: None,
                    etag: None,
                    seen: None,
                }
            }
            _ => Outcome::Done {
                item: None,
                etag: None,
                seen: None,
            },
        }
    }

    fn done(&self, id: &ItemId) -> Outcome {
        let card = &self.folder[id];
        Outcome::Done {
            item: Some(id.clone()),
            etag: etag(card),
            seen: Some(story::sighting(&card.item)),
        }
    }

    fn step(&mut self, step: &Step) {
        let part = match step {
            Step::SetPhoto { .. }
            | Step::Forget {
                part: Part::Photo, ..
            } => Part::Photo,
            _ => Part::Core,
        };
        let key = (step.entry(), part);
        let before = self.story.links.get(&key).cloned();
        let before = before.unwrap_or_else(|| Link::new(MemberId(1), step.entry(), part));
        self.guard(step, &before);
        let bounds = Bounds {
            request: model::Millis(1),
            commit: model::Millis(1),
            visible: model::Millis(1),
        };
        let link = intend(&before, step, NOW, &bounds);
        self.writes += u32::from(step.writes());
        let outcome = self.perform(step);
        let content = match step {
            Step::Create { content, .. } | Step::Update { content, .. } => {
                self.story.catalog.contents.get(content).cloned()
            }
            _ => None,
        };
        let settled = settle(&Settling {
            link: &link,
            step,
            outcome: &outcome,
            now: NOW,
            content: content.as_deref(),
            rules: &self.story.rules,
        });
        self.story.links.insert(key, settled.link);
    }

    /// No user's card is deleted, and only an adopted one is changed.
    fn guard(&self, step: &Step, link: &Link) {
        let users = |item: &ItemId| self.folder.get(item).is_some_and(|c| c.users);
        match step {
            Step::Delete { item, .. } => {
                assert!(!users(item), "a user's card is deleted: {step:?}")
            }
            Step::Update { item, .. } => {
                assert!(
                    !users(item) || link.origin == Origin::Adopted,
                    "a user's card is changed: {step:?}"
                );
            }
            _ => {}
        }
    }

    /// Looks, plans and performs until there is nothing to do; a halt is approved by someone who does not look.
    fn converge(&mut self) -> Plan {
        for _ in 0..8 {
            self.look();
            let plan = self.story.plan();
            if plan.steps.is_empty() {
                return plan;
            }
            check_ambiguous(&plan);
            for step in &plan.steps {
                self.step(step);
            }
        }
        panic!(
            "does not end:\n{}\n{:#?}",
            print(&self.story.plan()),
            self.folder
        );
    }

    /// Every living person has exactly one card that is linked, unless a note says why not.
    fn check_complete(&self, notes: &[Note]) {
        for (entry, state) in &self.story.catalog.entries {
            let linked = self
                .story
                .links
                .get(&(*entry, Part::Core))
                .and_then(|l| l.item.as_ref());
            let there = linked.is_some_and(|i| self.folder.contains_key(i));
            let excused = notes.iter().any(|n| {
                n.entry == Some(*entry)
                    && matches!(
                        n.reason,
                        Reason::Ambiguous | Reason::UserDeleted | Reason::Unseen
                    )
            });
            match state.state {
                EntryState::Live { .. } => {
                    assert!(there || excused, "{entry} has no card: {notes:?}")
                }
                EntryState::Gone { .. } => assert!(!there, "{entry} still has a card"),
            }
        }
    }
}

fn etag(card: &Card) -> Option<Etag> {
    Some(Etag(format!("v{}", card.version)))
}

/// What the server makes of a card.
fn stored(mut item: Item) -> Item {
    let title: String = item.text(Field::JobTitle).chars().take(4).collect();
    item.set(Field::JobTitle, Value::text(title));
    if item.get(Field::FileAs).is_none() {
        item.set(Field::FileAs, Value::text("made up"));
    }
    item
}

/// Where there is ambiguity, nothing is written; that it is so is remembered.
fn check_ambiguous(plan: &Plan) {
    let ambiguous: BTreeSet<_> = plan
        .notes
        .iter()
        .filter(|n| n.reason == Reason::Ambiguous)
        .filter_map(|n| n.entry)
        .collect();
    let mut writes = plan.steps.iter().filter(|s| s.writes());
    let written = writes.find(|s| ambiguous.contains(&s.entry()));
    assert_eq!(written, None, "an ambiguous entry is written");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_quietly_and_no_users_card_is_touched(
        rules in rules(),
        respect in any::<bool>(),
        history in prop::collection::vec(prop::collection::vec(event(), 1..4), 1..6),
    ) {
        let mut world = World::new(&rules, respect);
        for events in &history {
            for event in events {
                world.happen(event);
            }
            let plan = world.converge();
            world.check_complete(&plan.notes);
            let writes = world.writes;
            prop_assert!(world.converge().steps.is_empty());
            prop_assert_eq!(world.writes, writes, "the second time is not quiet");
        }
    }

    #[test]
    fn a_lost_store_costs_no_create_and_no_delete(people in prop::collection::vec(words(), 1..5)) {
        let mut world = World::new(&[], false);
        for (i, words) in people.iter().enumerate() {
            world.happen(&Event::NewPerson(i as u128 + 1, words.clone()));
        }
        world.converge();
        world.happen(&Event::StoreIsLost);
        world.look();
        let plan = world.story.plan();
        let bad = plan.steps.iter().find(|s| matches!(s, Step::Create { .. } | Step::Delete { .. }));
        prop_assert_eq!(bad, None);
    }
}
