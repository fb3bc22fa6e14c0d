//! Lived: what users and we did to every card, and what everybody in the town ever said, for the reference model.

use super::cards::{Mark, mark};
use super::shown;
use super::unheard::Unheard;
use crate::reference::world::{Fields, Origin, Person, UserCard};
use crate::town::Town;
use graph_sim::mailbox::ContactView;
use graph_sim::{Cloud, Event, Operation};
use model::{CatalogId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Mailbox and item.
pub type At = (String, String);

/// The life of one card.
#[derive(Clone, Debug, Default)]
pub struct Life {
    pub ours: bool,
    /// We changed a card that a user had made.
    pub adopted: bool,
    pub deleted: bool,
    pub folder: String,
    pub mark: Option<Mark>,
    /// As it is now.
    pub now: Shown,
    /// As the user made it, or last carried it somewhere.
    pub first: Shown,
    /// A card of ours that a user brought somewhere, or anything that is a user's; `None`: ours, where we put it.
    pub origin: Option<Origin>,
    pub since_start: bool,
    /// What users wrote since `first`, in order.
    pub edits: BTreeMap<String, Vec<String>>,
    /// Every value that a field had before.
    pub past: BTreeMap<String, BTreeSet<String>>,
    /// Fields that it never left blank so far.
    filled: BTreeSet<String>,
    /// What the folder was called when it came there.
    pub folder_name: String,
    /// Where it was made.
    pub(super) home: String,
    /// We had adopted it, and the last that we wrote took our fields back.
    given_back: bool,
    made_at: Timestamp,
}

/// What people see on a card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub fields: Fields,
    pub photo: Option<String>,
}

/// A card that stood for one of ours, and that a user took out of its folder.
#[derive(Clone, Debug)]
pub struct Taken {
    pub mailbox: String,
    pub folder: String,
    pub folder_name: String,
    /// Whose card it was.
    pub mark: Option<Mark>,
    pub fields: Fields,
    pub ours: bool,
    /// No answer ever told us that it was there.
    pub unheard: bool,
    pub made_at: Timestamp,
    pub at: Timestamp,
}

/// A user's card that was carried out of a folder.
#[derive(Clone, Debug)]
pub struct Left {
    pub mailbox: String,
    pub folder: String,
    pub folder_name: String,
    pub card: UserCard,
}

/// Everything that happened, as far as the end state depends on it.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    pub cards: BTreeMap<At, Life>,
    pub taken: Vec<Taken>,
    pub unheard: Unheard,
    /// Users' cards that were carried out of a folder.
    pub left: Vec<Left>,
    /// The folder into which we last wrote the cards of a catalog, by mailbox.
    pub written_in: BTreeMap<(String, CatalogId), String>,
    /// Every folder into which we ever wrote cards of a catalog, and of which one.
    pub books: BTreeMap<At, CatalogId>,
    /// Folders that we made: they bear our mark.
    pub made_folders: BTreeSet<String>,
    /// Mailboxes that were moved.
    pub moved: BTreeSet<String>,
    /// Everybody of the directory who ever was, by id.
    pub people: BTreeMap<String, Person>,
}

impl Lived {
    /// Does a mailbox hold a card of ours, or one that we adopted, beside another one of that name?
    pub fn has_doubles(&self, mailbox: &str) -> bool {
        let here = self.cards.iter().filter(|((of, _), _)| of == mailbox);
        let living: Vec<&Life> = here.map(|(_, l)| l).filter(|l| !l.deleted).collect();
        let name = |life: &Life| life.now.fields.get("display_name").cloned();
        living.iter().enumerate().any(|(nth, one)| {
            let alike = |other: &&Life| {
                name(one) == name(other) || (one.mark.is_some() && one.mark == other.mark)
            };
            let mut others = living[nth + 1..].iter().filter(|o| alike(o));
            others.any(|other| [one, other].iter().any(|l| l.ours || l.adopted))
        })
    }

    /// Learns what lies in the mailboxes before we come.
    pub fn begin(&mut self, cloud: &Cloud, town: &Town) {
        for mailbox in town.mailboxes() {
            for view in cloud.contacts(&town.tenant, &mailbox) {
                let mut life = Life::new(&view, false, crate::world::START);
                life.since_start = true;
                self.cards.insert((mailbox.clone(), view.id), life);
            }
        }
    }

    /// One committed change.
    pub fn event(&mut self, cloud: &Cloud, town: &Town, event: &Event, ours: bool) {
        let at = (event.mailbox.to_string(), event.item.to_string());
        match event.operation {
            Operation::DeleteFolder | Operation::PurgeFolder if !ours => {
                self.folder_gone(&at, Timestamp(event.at_ms));
            }
            Operation::CreateFolder if ours => {
                self.made_folders.insert(at.1);
            }
            Operation::CreateFolder
            | Operation::RenameFolder
            | Operation::DeleteFolder
            | Operation::PurgeFolder => {}
            _ => {
                let view = cloud.contact(&town.tenant, &at.0, &at.1);
                self.card_event(at, view.as_ref(), event, ours);
            }
        }
    }

    fn card_event(&mut self, at: At, view: Option<&ContactView>, event: &Event, ours: bool) {
        let now = Timestamp(event.at_ms);
        match (event.operation, view) {
            (Operation::Create, Some(view)) => {
                let life = Life::new(view, ours, now);
                if ours {
                    self.unheard.made(&at);
                }
                if let (true, Some(mark)) = (ours, life.mark) {
                    self.wrote(&at.0, mark, life.folder.clone());
                }
                self.cards.insert(at.clone(), life);
                // The folder had been deleted before: whatever comes into it is taken away with it.
                if view.folder.deleted {
                    self.gone(&at, false, now);
                }
            }
            (Operation::Update | Operation::Touch, Some(view)) => {
                self.updated(&at, view, event, ours);
            }
            (Operation::Delete | Operation::Purge, _) => self.gone(&at, ours, now),
            (Operation::Move | Operation::Restore, Some(view)) => self.carried(&at, view, now),
            _ => {}
        }
    }

    fn updated(&mut self, at: &At, view: &ContactView, event: &Event, ours: bool) {
        let Some(life) = self.cards.get_mut(at) else {
            return;
        };
        life.show(view);
        if ours {
            life.adopted |= !life.ours;
            life.given_back = life.adopted && life.is_blanked(event);
            if let Some(mark) = life.mark.filter(|_| life.stands_for_us()) {
                let folder = life.folder.clone();
                self.wrote(&at.0, mark, folder);
            }
            return;
        }
        for field in event.fields.iter().filter_map(|f| shown::field(f)) {
            let value = match field {
                "photo" => life.now.photo.clone(),
                _ => life.now.fields.get(field).cloned(),
            };
            let all = life.edits.entry(field.to_owned()).or_default();
            all.push(value.unwrap_or_default());
        }
    }

    /// Cards with this mark are written into this folder.
    fn wrote(&mut self, mailbox: &str, mark: Mark, folder: String) {
        let at = (mailbox.to_owned(), folder.clone());
        self.books.insert(at, mark.catalog);
        let place = (mailbox.to_owned(), mark.catalog);
        self.written_in.insert(place, folder);
    }

    /// A deleted card stays in our books where it lay.
    fn gone(&mut self, at: &At, ours: bool, now: Timestamp) {
        let Some(life) = self.cards.get_mut(at).filter(|l| !l.deleted) else {
            return;
        };
        life.deleted = true;
        if !ours && life.stands_for_us() {
            let unheard = self.unheard.has(at);
            self.taken.push(life.taken(at, unheard, now));
        }
    }

    /// A user carried a card to another folder, or back from the deleted ones.
    fn carried(&mut self, at: &At, view: &ContactView, now: Timestamp) {
        let Some(life) = self.cards.get_mut(at) else {
            return;
        };
        let moved = life.folder != view.folder.id;
        if !life.deleted && !moved {
            return;
        }
        if !life.deleted && life.stands_for_us() {
            let unheard = self.unheard.has(at);
            self.taken.push(life.taken(at, unheard, now));
        }
        if moved && life.origin.is_some() {
            life.deleted = true;
            self.left.push(Left {
                mailbox: at.0.clone(),
                folder: life.folder.clone(),
                folder_name: life.folder_name.clone(),
                card: life.user_card(&at.1),
            });
        }
        life.deleted = false;
        life.show(view);
        let place = life.mark.map(|mark| (at.0.clone(), mark.catalog));
        let book = place.and_then(|place| self.written_in.get(&place));
        let in_book = book == Some(&view.folder.id);
        life.rebase(view, in_book);
    }

    /// Whatever lay in a folder is gone with it.
    fn folder_gone(&mut self, at: &At, now: Timestamp) {
        let lies = |(mailbox, _): &At, l: &Life| *mailbox == at.0 && l.folder == at.1;
        let inside = self.cards.iter().filter(|(card, l)| lies(card, l));
        let inside: Vec<At> = inside.map(|(card, _)| card.clone()).collect();
        for card in inside {
            self.gone(&card, false, now);
        }
    }

    /// Remembers what the directory says now, and what it said before.
    pub fn learn(&mut self, said: Vec<Person>) {
        let ids: BTreeSet<String> = said.iter().map(|p| p.id.clone()).collect();
        for person in self.people.values_mut() {
            person.gone |= !ids.contains(&person.id);
        }
        for person in said {
            let before = self.people.remove(&person.id);
            let past = before.map(|b| past(b, &person)).unwrap_or_default();
            let known = Person { past, ..person };
            self.people.insert(known.id.clone(), known);
        }
    }
}

/// What somebody ever said before, without what is said still and always was.
fn past(before: Person, now: &Person) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = before.past;
    for (field, value) in &before.fields {
        if now.fields.get(field) != Some(value) {
            all.entry(field.clone()).or_default().insert(value.clone());
        }
    }
    if let Some(photo) = before.photo.filter(|p| now.photo.as_ref() != Some(p)) {
        all.entry("photo".to_owned()).or_default().insert(photo);
    }
    all
}

impl Life {
    fn new(view: &ContactView, ours: bool, now: Timestamp) -> Self {
        let mark = mark(view);
        let first = Shown::of(view);
        let users = match mark {
            Some(_) => Origin::CopiedFromOurs,
            None => Origin::Made,
        };
        Self {
            ours,
            folder: view.folder.id.clone(),
            home: view.folder.id.clone(),
            folder_name: view.folder.name.clone(),
            mark,
            now: first.clone(),
            filled: first.fields.keys().cloned().collect(),
            first,
            origin: (!ours).then_some(users),
            made_at: now,
            ..Self::default()
        }
    }

    fn show(&mut self, view: &ContactView) {
        let now = Shown::of(view);
        for (field, value) in &self.now.fields {
            if now.fields.get(field) != Some(value) {
                let past = self.past.entry(field.clone()).or_default();
                past.insert(value.clone());
            }
        }
        self.filled.retain(|field| now.fields.contains_key(field));
        self.now = now;
        self.mark = mark(view);
    }

    /// Did this change only take away?
    fn is_blanked(&self, event: &Event) -> bool {
        let blank = |field: &str| self.now.fields.get(field).is_none_or(String::is_empty);
        let mut fields = event.fields.iter().filter_map(|f| shown::field(f));
        let mut all = fields.by_ref().peekable();
        all.peek().is_some() && all.all(blank)
    }

    /// From here on it is what the user carried there. Its first folder may be gone, and another the book's since.
    fn rebase(&mut self, view: &ContactView, in_book: bool) {
        self.folder.clone_from(&view.folder.id);
        self.folder_name.clone_from(&view.folder.name);
        self.first = self.now.clone();
        self.edits.clear();
        self.since_start = false;
        self.origin = Some(match self.origin {
            Some(Origin::CopiedFromOurs) => Origin::CopiedFromOurs,
            _ if !self.ours && self.mark.is_none() => Origin::Made,
            _ if self.folder == self.home || in_book => Origin::BroughtBack,
            _ => Origin::MovedAway,
        });
    }

    /// Did this field always hold something?
    pub fn was_never_blank(&self, field: &str) -> bool {
        self.filled.contains(field)
    }

    pub fn was_made_before(&self, when: Timestamp) -> bool {
        self.made_at < when
    }

    /// Is it in this folder, and not deleted?
    pub fn lies_in(&self, folder: &str) -> bool {
        self.folder == folder && !self.deleted
    }

    /// Is it ours, and where we put it?
    pub fn is_in_place(&self) -> bool {
        self.origin.is_none()
    }

    /// Could it be the card of ours for somebody?
    fn stands_for_us(&self) -> bool {
        match self.origin {
            None | Some(Origin::BroughtBack) => true,
            Some(Origin::Made) => self.adopted,
            Some(Origin::CopiedFromOurs | Origin::MovedAway) => false,
        }
    }

    fn taken(&self, at: &At, unheard: bool, now: Timestamp) -> Taken {
        Taken {
            mailbox: at.0.clone(),
            folder: self.folder.clone(),
            folder_name: self.folder_name.clone(),
            mark: self.mark,
            fields: self.now.fields.clone(),
            ours: self.origin.is_none(),
            unheard,
            made_at: self.made_at,
            at: now,
        }
    }

    /// As the reference model is told of it.
    pub fn user_card(&self, item: &str) -> UserCard {
        UserCard {
            id: item.to_owned(),
            fields: self.first.fields.clone(),
            photo: self.first.photo.clone(),
            origin: self.origin.unwrap_or(Origin::BroughtBack),
            people: BTreeSet::new(),
            since_start: self.since_start,
            deleted: self.deleted,
            stamp: self.stamp(),
            indistinct: false,
            given_back: self.given_back,
        }
    }

    /// The mark that it bears, as text; blank: none.
    pub fn stamp(&self) -> String {
        self.mark
            .map_or_else(String::new, |mark| format!("{mark:?}"))
    }
}

impl Shown {
    fn of(view: &ContactView) -> Self {
        Self {
            fields: shown::fields(view),
            photo: view.photo.map(|p| format!("{p:016x}")),
        }
    }
}
