//! Cards: every contact of every mailbox, who made it, and what we did to it (I2, I4, I5, I7, I11, I13, I25).

use super::end::forgot;
use super::{Monitor, adoption, refill};
use crate::faults::BREAKING;
use crate::town::Town;
use graph_sim::mailbox::ContactView;
use graph_sim::{Cloud, Event, Operation};
use model::{CatalogId, EntryId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Our mark as it stands in a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub catalog: CatalogId,
    pub entry: EntryId,
    pub generation: u32,
}

/// A contact as the oracle knows it.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Created by our application.
    pub ours: bool,
    pub mark: Option<Mark>,
    /// A user's copy of one of our cards, mark and all.
    pub copy: bool,
    /// That card was of another mailbox: its stamp says so, whatever is forgotten.
    carried: bool,
    /// The user put it back, or a proxy doubled it: two of a kind are nobody's fault.
    pub excused: bool,
    /// Our writes per field since anybody else had reason to expect one.
    writes: BTreeMap<String, Vec<i64>>,
}

/// One of our deletions.
pub struct Deletion {
    /// Whose card it was: one that comes, goes and goes again counts once.
    pub entry: Option<EntryId>,
    pub mailbox: String,
    pub item: String,
    /// The book: limits are counted by mailbox and book.
    pub catalog: Option<CatalogId>,
    pub at_ms: i64,
    /// Living cards of ours there before it.
    pub living: u64,
}

#[derive(Default)]
pub struct Cards {
    /// By mailbox and item.
    pub all: BTreeMap<(String, String), Card>,
    /// Items of ours by mailbox, catalog and entry.
    pub(super) of_entry: BTreeMap<(String, CatalogId, EntryId), BTreeSet<String>>,
    /// The mailbox that each stamp was written in.
    stamped: BTreeMap<String, String>,
    /// The highest generation that we removed ourselves.
    removed: BTreeMap<(String, CatalogId, EntryId), u32>,
    pub deletions: Vec<Deletion>,
    /// Our writes that changed something: mailbox, item, operation, instant.
    pub writes: Vec<(String, String, Operation, i64)>,
    /// Those of them that only an edited rule explains: mailbox, item.
    pub ruled: Vec<(String, String)>,
    /// The faults of this history break the assumptions of uniqueness.
    pub doubled_on_the_way: bool,
    /// The store was lost: which card is ours and which a user's copy of it nobody can tell, so that a person who
    /// approves the removal of cards without a source may approve that of a copy.
    pub memory_lost: bool,
    lost_at_ms: Option<i64>,
}

/// What no source of these towns ever says: a user's own notes, which we must never touch.
pub const USERS_OWN: [&str; 10] = [
    "spouseName",
    "nickName",
    "children",
    "birthday",
    "profession",
    "assistantName",
    "imAddresses",
    "homeAddress",
    "otherAddress",
    "businessHomePage",
];

/// The property that carries our mark.
const STAMP_NAME: &str = "AlmanacStamp";

/// Reads a mark as text, without verifying it: the oracle knows who wrote what.
pub fn mark(view: &ContactView) -> Option<Mark> {
    let mut parts = stamp(view)?.split('|').skip(1);
    Some(Mark {
        catalog: CatalogId::parse(parts.next()?)?,
        entry: EntryId::parse(parts.next()?)?,
        generation: parts.next()?.parse().ok()?,
    })
}

fn stamp(view: &ContactView) -> Option<&str> {
    let named = |id: &str| id.contains(STAMP_NAME) || id.contains(&STAMP_NAME.to_lowercase());
    let mut extended = view.extended.iter();
    let (_, text) = extended.find(|(id, _)| named(id))?;
    Some(text)
}

pub fn event(monitor: &mut Monitor, cloud: &Cloud, town: &Town, event: &Event) {
    let at = (event.mailbox.to_string(), event.item.to_string());
    let ours = monitor.is_ours(&event.actor);
    if matches!(
        event.operation,
        Operation::CreateFolder
            | Operation::RenameFolder
            | Operation::DeleteFolder
            | Operation::PurgeFolder
    ) {
        let holds = !ours || event.operation == Operation::CreateFolder;
        return monitor.check("I4", holds, Timestamp(event.at_ms), || {
            format!("we did {:?} to a folder", event.operation)
        });
    }
    match (ours, event.operation) {
        (_, Operation::Create) => created(monitor, cloud, town, event, at),
        (true, Operation::Update | Operation::Touch) => updated(monitor, cloud, town, event, &at),
        (true, Operation::Delete | Operation::Purge) => deleted(monitor, town, event, &at),
        (true, _) => {
            let what = format!("{:?} of a contact", event.operation);
            monitor.check("I4", false, Timestamp(event.at_ms), || what);
        }
        (false, operation) => {
            let card = monitor.cards.all.entry(at).or_default();
            // What a user put back, or carried to another folder, is the user's.
            card.excused |= matches!(operation, Operation::Restore | Operation::Move);
            card.writes.clear();
        }
    }
}

fn created(monitor: &mut Monitor, cloud: &Cloud, town: &Town, event: &Event, at: (String, String)) {
    let ours = monitor.is_ours(&event.actor);
    let view = cloud.contact(&town.tenant, &at.0, &at.1);
    let mark = view.as_ref().and_then(mark);
    let stamp = view.as_ref().and_then(stamp).unwrap_or_default();
    let copy = !ours && mark.is_some();
    let written_in = monitor.cards.stamped.get(stamp);
    let mut card = Card {
        ours,
        mark,
        copy,
        carried: copy && written_in.is_some_and(|mailbox| *mailbox != at.0),
        ..Card::default()
    };
    if ours && mark.is_some() {
        let stamped = &mut monitor.cards.stamped;
        stamped.insert(stamp.to_owned(), at.0.clone());
    }
    if card.copy {
        monitor.count("a user copied a card with its mark", 1);
    }
    if let Some(mark) = mark.filter(|_| card.copy && !card.carried) {
        monitor.twins.copied(&at.0, mark);
    }
    if ours {
        monitor.count("cards created", 1);
        monitor.cards.wrote(&at, Operation::Create, event.at_ms);
        match mark {
            Some(mark) => {
                card.excused = unique(monitor, cloud, town, event, &at, mark);
                refill::made(monitor, cloud, event, &at, mark);
            }
            None => monitor.count("our mark was lost on the way", 1),
        }
        adoption::made(monitor, cloud, town, event);
    }
    monitor.cards.all.insert(at, card);
}

/// I2, I11 and the selection, for a card that we just made. True: it was doubled on its way.
fn unique(
    monitor: &mut Monitor,
    cloud: &Cloud,
    town: &Town,
    event: &Event,
    at: &(String, String),
    mark: Mark,
) -> bool {
    let now = Timestamp(event.at_ms);
    let entry = (at.0.clone(), mark.catalog, mark.entry);
    let others = monitor
        .cards
        .of_entry
        .get(&entry)
        .cloned()
        .unwrap_or_default();
    let rival = others.iter().find(|item| {
        let other = monitor.cards.all.get(&(at.0.clone(), (*item).clone()));
        let counts = other.is_some_and(|c| !c.excused);
        counts && lies_in(cloud, town, &at.0, item, &event.folder, mark)
    });
    let doubled = rival.is_some() && monitor.cards.doubled_on_the_way;
    // Which of the two the product keeps as its own is no matter; the other one is nobody's.
    let twin = rival
        .filter(|_| doubled)
        .map(|item| (at.0.clone(), item.clone()));
    if let Some(card) = twin.and_then(|at| monitor.cards.all.get_mut(&at)) {
        card.excused = true;
    }
    let holds = rival.is_none() || doubled;
    monitor.check("I2", holds, now, || {
        format!(
            "two living cards of {mark:?} in {}: {rival:?} and {}",
            at.0, at.1
        )
    });
    let removed = monitor.cards.removed.get(&entry).copied();
    monitor.check(
        "I11",
        removed.is_none_or(|g| mark.generation > g),
        now,
        || {
            format!(
                "generation {} after {removed:?} had been removed: {mark:?}",
                mark.generation
            )
        },
    );
    let (standing, heard) = (&monitor.standing, &monitor.heard);
    let wanted = standing.was_wanted(&at.0, mark.catalog, mark.entry, heard);
    let key = monitor.standing.person(mark.catalog, mark.entry).cloned();
    monitor.check("I22", wanted, now, || {
        let name = view_name(cloud, town, at);
        format!(
            "a card that nobody ever wanted in {}: {mark:?} {key:?} {name}",
            at.0
        )
    });
    if mark.generation > 0 {
        monitor.count("a card was made again", 1);
    }
    monitor
        .cards
        .of_entry
        .entry(entry)
        .or_default()
        .insert(at.1.clone());
    doubled
}

/// What a person needs to judge a card: what it says, and what is true of its mailbox.
fn view_name(cloud: &Cloud, town: &Town, at: &(String, String)) -> String {
    let view = cloud.contact(&town.tenant, &at.0, &at.1);
    let name = view.map(|v| v.properties["displayName"].to_string());
    let groups: Vec<&String> = town
        .groups
        .keys()
        .filter(|g| town.transitive(g).contains(at.0.as_str()))
        .collect();
    let owner = town.people.get(&at.0).map(|p| p.mailbox);
    let cards: Vec<String> = town
        .cards
        .values()
        .map(|c| format!("{} in {}", c.name, c.folder))
        .collect();
    format!("{name:?}, mailbox {owner:?} in {groups:?}; reception has {cards:?}")
}

/// Does this item still live in this folder with its mark?
fn lies_in(cloud: &Cloud, town: &Town, mailbox: &str, item: &str, folder: &str, of: Mark) -> bool {
    cloud
        .contact(&town.tenant, mailbox, item)
        .is_some_and(|view| {
            let marked =
                mark(&view).is_some_and(|m| (m.catalog, m.entry) == (of.catalog, of.entry));
            !view.folder.deleted && view.folder.id == folder && marked
        })
}

fn updated(
    monitor: &mut Monitor,
    cloud: &Cloud,
    town: &Town,
    event: &Event,
    at: &(String, String),
) {
    let now = Timestamp(event.at_ms);
    let card = monitor.cards.all.entry(at.clone()).or_default().clone();
    let indistinct = is_indistinct(monitor, at, &card);
    monitor.check("I5", !card.copy || indistinct, now, || {
        format!("we changed a user's copy {}", at.1)
    });
    if !card.ours && !indistinct {
        monitor.count("a user's card was adopted", 1);
        adoption::adopted(monitor, cloud, town, event);
        let view = cloud.contact(&town.tenant, &at.0, &at.1);
        let known = view.is_some_and(|view| is_somebody(monitor, &at.0, &view));
        monitor.check("I4", known, now, || {
            format!(
                "we changed a card of nobody we know: {} {:?}",
                at.1, event.fields
            )
        });
    }
    let touched = event
        .fields
        .iter()
        .find(|f| USERS_OWN.contains(&f.as_str()));
    monitor.check("I13", touched.is_none(), now, || {
        format!("we changed {touched:?} of {}", at.1)
    });
    monitor.count("cards updated", 1);
    monitor.cards.wrote(at, event.operation, event.at_ms);
    tug(monitor, event, at);
}

/// I25: at most three writes of one field in a day without anybody else's doing.
fn tug(monitor: &mut Monitor, event: &Event, at: &(String, String)) {
    let day_ago = event.at_ms - 86_400_000;
    let Some(card) = monitor.cards.all.get_mut(at) else {
        return;
    };
    let mut most = 0;
    for field in &event.fields {
        let writes = card.writes.entry(field.clone()).or_default();
        writes.retain(|w| *w > day_ago);
        writes.push(event.at_ms);
        most = most.max(writes.len());
    }
    // A photo that was there already is no field that changed.
    if event.operation == Operation::Touch {
        let touches = card.writes.entry(String::new()).or_default();
        touches.retain(|w| *w > day_ago);
        touches.push(event.at_ms);
        most = most.max(touches.len());
    }
    monitor.check("I25", most <= 3, Timestamp(event.at_ms), || {
        format!("{most} writes in a day to {:?} of {}", event.fields, at.1)
    });
}

/// Is the person on this card one whom the policy wants (or wanted) in this mailbox?
fn is_somebody(monitor: &Monitor, mailbox: &str, view: &ContactView) -> bool {
    let text = serde_json::Value::Object(view.properties.clone())
        .to_string()
        .to_lowercase();
    monitor
        .standing
        .names_in(mailbox)
        .iter()
        .any(|name| text.contains(name))
}

/// A copy that a user made of ours, where it is not remembered any more which of the two we made.
pub(super) fn is_indistinct(monitor: &Monitor, at: &(String, String), card: &Card) -> bool {
    let folder = card.mark.and_then(|m| monitor.standing.folder(m.catalog));
    let twin = card.mark.is_some_and(|m| monitor.twins.are(&at.0, m));
    let forgotten = folder.is_some_and(|folder| forgot(monitor, &at.0, folder));
    card.copy && !card.carried && (twin || forgotten)
}

fn deleted(monitor: &mut Monitor, town: &Town, event: &Event, at: &(String, String)) {
    let now = Timestamp(event.at_ms);
    let card = monitor.cards.all.entry(at.clone()).or_default().clone();
    let indistinct = is_indistinct(monitor, at, &card);
    monitor.check("I4", (card.ours && !card.copy) || indistinct, now, || {
        format!("we deleted a card that a user made: {}", at.1)
    });
    monitor.count("cards deleted", 1);
    let catalog = card.mark.map(|m| m.catalog);
    let living = monitor.cards.living(&at.0, catalog);
    monitor.cards.deletions.push(Deletion {
        entry: card.mark.map(|m| m.entry),
        mailbox: at.0.clone(),
        item: at.1.clone(),
        catalog,
        at_ms: event.at_ms,
        living,
    });
    monitor.cards.wrote(at, Operation::Delete, event.at_ms);
    let Some(mark) = card.mark else { return };
    let left = monitor.standing.may_leave(&at.0, mark.catalog, mark.entry);
    let standing = &monitor.standing;
    if standing.left_by_rule_alone(town, &at.0, mark.catalog, mark.entry) {
        monitor.cards.ruled.push(at.clone());
    }
    let key = monitor.standing.person(mark.catalog, mark.entry).cloned();
    monitor.check("I7", left, now, || {
        format!(
            "a card was deleted and its person never left: {mark:?} {key:?} in {}",
            at.0
        )
    });
    let entry = (at.0.clone(), mark.catalog, mark.entry);
    monitor
        .cards
        .of_entry
        .entry(entry.clone())
        .or_default()
        .remove(&at.1);
    if !monitor.cards.is_forgotten(event.at_ms) {
        let highest = monitor.cards.removed.entry(entry).or_default();
        *highest = mark.generation.max(*highest);
    }
}

impl Cards {
    /// Cards of ours in a mailbox that we have not deleted.
    fn living(&self, mailbox: &str, catalog: Option<CatalogId>) -> u64 {
        let from = (mailbox.to_owned(), CatalogId(0), EntryId(0));
        let here = self
            .of_entry
            .range(from..)
            .take_while(|((m, _, _), _)| m == mailbox);
        here.filter(|((_, c, _), _)| catalog.is_none_or(|wanted| wanted == *c))
            .map(|(_, items)| items.len() as u64)
            .sum()
    }

    /// Was a write that was committed then sent before the store was lost? It is in no ledger any more.
    fn is_forgotten(&self, at_ms: i64) -> bool {
        const COMMITTED_WITHIN_MS: i64 = 150_000;
        self.lost_at_ms
            .is_some_and(|lost| at_ms <= lost + COMMITTED_WITHIN_MS)
    }

    /// A write of ours was committed.
    fn wrote(&mut self, at: &(String, String), operation: Operation, at_ms: i64) {
        if !self.is_forgotten(at_ms) {
            self.writes
                .push((at.0.clone(), at.1.clone(), operation, at_ms));
        }
    }

    /// The store was lost: what it knew of generations is lost with it.
    pub fn forget_generations(&mut self, now: Timestamp) {
        self.lost_at_ms = Some(now.0);
        self.removed.clear();
        self.memory_lost = true;
    }

    /// When the store was last lost.
    pub fn lost_at(&self) -> Option<Timestamp> {
        self.lost_at_ms.map(Timestamp)
    }

    /// The people or the policy changed: new writes are expected.
    pub fn expect_writes(&mut self) {
        self.all.values_mut().for_each(|card| card.writes.clear());
    }
}

/// Faults after which two of a kind are nobody's fault.
pub fn breaks(rate: impl Fn(&str) -> f64) -> bool {
    BREAKING.iter().any(|name| rate(name) > 0.0)
}
