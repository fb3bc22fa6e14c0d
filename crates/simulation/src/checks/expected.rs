//! Expected: the end of a history held against the reference model, in every folder of every mailbox (I23).

use super::Monitor;
use super::cards::{Mark, is_indistinct};
use super::lived::{Life, Lived, Taken};
use super::truth;
use crate::reference::world::{Deletion, Folder, Kind, Mailbox, Origin, Person, Policy, World};
use crate::reference::{ActualCard, differences, expected};
use crate::town::Town;
use graph_sim::Cloud;
use graph_sim::mailbox::FolderView;
use model::{Millis, tunnel};
use std::collections::{BTreeMap, BTreeSet};

/// Every difference between what is there and what the reference model says; none when all is well.
pub fn model_differences(
    monitor: &Monitor,
    cloud: &Cloud,
    town: &Town,
    policy: &tunnel::Policy,
) -> Vec<String> {
    let end = End::of(monitor, cloud, town, policy);
    let (world, policy) = (end.world(), end.policy());
    differences(&expected(&world, &policy), &end.cards())
}

/// The end of a history.
struct End<'a> {
    monitor: &'a Monitor,
    town: &'a Town,
    policy: &'a tunnel::Policy,
    /// What each real folder is in the words of the policy, by mailbox and folder id.
    paths: BTreeMap<(String, String), String>,
    /// Folders of which nothing is said, by mailbox and path.
    free: BTreeSet<(String, String)>,
}

impl<'a> End<'a> {
    fn of(monitor: &'a Monitor, cloud: &Cloud, town: &'a Town, policy: &'a tunnel::Policy) -> Self {
        let mut end = Self {
            monitor,
            town,
            policy,
            paths: BTreeMap::new(),
            free: BTreeSet::new(),
        };
        for mailbox in town.mailboxes() {
            let folders = cloud.folders(&town.tenant, &mailbox);
            end.name_folders(&mailbox, &folders);
        }
        end
    }

    fn lived(&self) -> &Lived {
        &self.monitor.lived
    }

    /// A target folder has the name that the policy gives it, whatever a user made of that; every other one its own.
    fn name_folders(&mut self, mailbox: &str, folders: &[FolderView]) {
        let at = |id: &str| (mailbox.to_owned(), id.to_owned());
        for folder in folders.iter().filter(|f| !f.deleted) {
            self.paths.insert(at(&folder.id), path(folder, folders));
        }
        let names: BTreeSet<&String> = self
            .policy
            .tunnels
            .iter()
            .map(|t| &t.folder.name.0)
            .collect();
        for name in names {
            let Some(used) = self.used(mailbox, name, folders) else {
                continue;
            };
            if used.name != *name && self.is_forgotten(mailbox, &used.id) {
                self.free.insert((mailbox.to_owned(), name.clone()));
            }
            self.paths.insert(at(&used.id), name.clone());
        }
    }

    /// The folder into which we last wrote the cards of this book, else the one of its name.
    fn used<'f>(
        &self,
        mailbox: &str,
        name: &str,
        folders: &'f [FolderView],
    ) -> Option<&'f FolderView> {
        let catalog = self.monitor.standing.catalog(name);
        let written = &self.lived().written_in;
        let written = written.get(&(mailbox.to_owned(), catalog));
        let living = || folders.iter().filter(|f| !f.deleted);
        let known = living().find(|f| Some(&f.id) == written);
        known.or_else(|| living().find(|f| f.name == name))
    }

    fn path(&self, mailbox: &str, folder: &str) -> Option<&String> {
        self.paths.get(&(mailbox.to_owned(), folder.to_owned()))
    }

    fn policy(&self) -> Policy {
        truth::policy(self.town, self.policy, &self.monitor.ruled)
    }

    fn world(&self) -> World {
        let mut mailboxes = truth::mailboxes(self.town);
        for (id, mailbox) in &mut mailboxes {
            self.fill(id, mailbox);
        }
        World {
            people: truth::people(self.lived()),
            groups: truth::groups(self.town),
            folders: self.source_folders(),
            mailboxes: mailboxes.into_values().collect(),
            store_lost: self.monitor.cards.memory_lost,
        }
    }

    /// What users did in the folders of one mailbox.
    fn fill(&self, id: &str, mailbox: &mut Mailbox) {
        for name in self.policy.tunnels.iter().map(|t| &t.folder.name.0) {
            let place = (id.to_owned(), name.clone());
            let folder = mailbox.folders.entry(name.clone()).or_default();
            folder.kept = self.monitor.ruled.kept.contains(&place);
            folder.free = self.free.contains(&place);
        }
        for ((_, item), life) in self.lives(id) {
            if let Some(path) = self.path_of(id, life) {
                let folder = mailbox.folders.entry(path).or_default();
                self.add(folder, id, item, life);
            }
            if let Some((book, deletion)) = self.lost(id, life) {
                let folder = mailbox.folders.entry(book).or_default();
                folder.deleted.push(deletion);
            }
        }
        for left in self.lived().left.iter().filter(|l| l.mailbox == id) {
            if let Some(path) = self.path_once(id, &left.folder, &left.folder_name) {
                let folder = mailbox.folders.entry(path).or_default();
                folder.users.push(left.card.clone());
            }
        }
        for taken in self.lived().taken.iter().filter(|t| t.mailbox == id) {
            let path = self.known_path(id, &taken.folder).cloned();
            if let Some(path) = path.or_else(|| self.book_of(taken)) {
                let folder = mailbox.folders.entry(path).or_default();
                folder.deleted.push(self.deletion(taken));
            }
        }
    }

    /// Where a card lies, or lay when it was deleted.
    fn path_of(&self, mailbox: &str, life: &Life) -> Option<String> {
        if life.deleted && life.origin.is_some() {
            return self.path_once(mailbox, &life.folder, &life.folder_name);
        }
        let gone = life.deleted.then_some(&life.folder_name);
        let gone = gone.filter(|name| self.is_target(name));
        self.path(mailbox, &life.folder).or(gone).cloned()
    }

    /// Where a card lay that a user deleted, or carried away: a card of the user's own may have stood for somebody there
    /// without a change, and this is remembered when the folder is gone, or when nobody knows it again.
    fn path_once(&self, mailbox: &str, folder: &str, name: &str) -> Option<String> {
        let at = (mailbox.to_owned(), folder.to_owned());
        let books = &self.lived().books;
        let written = books
            .get(&at)
            .and_then(|c| self.monitor.standing.folder(*c));
        let book = || Some(written.unwrap_or(name).to_owned()).filter(|p| self.is_target(p));
        let known = self.known_path(mailbox, folder).cloned();
        known
            .or_else(book)
            .or_else(|| self.path(mailbox, folder).cloned())
    }

    /// The folder itself may be gone: then it was that of the book.
    fn book_of(&self, taken: &Taken) -> Option<String> {
        let marked = taken
            .mark
            .and_then(|m| self.monitor.standing.folder(m.catalog));
        let path = marked.unwrap_or(&taken.folder_name).to_owned();
        Some(path).filter(|p| self.is_target(p))
    }

    /// What lay in a folder that nobody knows again was the book's.
    fn known_path(&self, mailbox: &str, folder: &str) -> Option<&String> {
        let known = |path: &&String| self.is_target(path) || !self.is_forgotten(mailbox, folder);
        self.path(mailbox, folder).filter(known)
    }

    fn lives(&self, mailbox: &str) -> impl Iterator<Item = (&(String, String), &Life)> {
        let of = mailbox.to_owned();
        let all = self.lived().cards.iter();
        all.filter(move |((m, _), _)| *m == of)
    }

    fn add(&self, folder: &mut Folder, mailbox: &str, item: &str, life: &Life) {
        let mut card = life.user_card(item);
        card.people = life.mark.map(|m| self.people_of(m)).unwrap_or_default();
        let twins = &self.monitor.twins;
        let twin = life.mark.is_some_and(|mark| twins.are(mailbox, mark));
        // A copy made here of what was kept and forgotten may be all that is left of the two.
        let at = (mailbox.to_owned(), item.to_owned());
        let known = self.monitor.cards.all.get(&at);
        let forgotten = known.is_some_and(|c| is_indistinct(self.monitor, &at, c));
        card.indistinct = twin || forgotten;
        let nobodys = life.origin.is_none() && self.is_nobodys(mailbox, item, life);
        // Its mark was taken as it was made: nothing but its name says whose it is.
        if nobodys && life.mark.is_none() {
            card.people = self.called(life.first.fields.get("display_name"));
        }
        // What we once made of a user's card stays in a folder that we know no more.
        let given_up = life.adopted && self.is_forgotten_place(mailbox, life);
        if nobodys || given_up {
            (card.fields, card.photo) = (life.now.fields.clone(), life.now.photo.clone());
        }
        if nobodys || life.origin.is_some() {
            folder.users.push(card);
        }
        if !nobodys && !given_up && !life.edits.is_empty() {
            folder.edits.insert(item.to_owned(), life.edits.clone());
        }
    }

    /// Everybody of this name, by id.
    fn called(&self, name: Option<&String>) -> BTreeSet<String> {
        let people = self.lived().people.values();
        let called = |p: &&Person| name.is_some() && p.fields.get("display_name") == name;
        people.filter(called).map(|p| p.id.clone()).collect()
    }

    /// Where deletions are respected, a card in a folder that nobody knows again counts as deleted.
    fn lost(&self, mailbox: &str, life: &Life) -> Option<(String, Deletion)> {
        let ours = (life.ours || life.adopted) && !life.deleted;
        let mark = life
            .mark
            .filter(|_| ours && self.is_forgotten_place(mailbox, life))?;
        let book = self.monitor.standing.folder(mark.catalog)?;
        let deletion = Deletion {
            fields: life.now.fields.clone(),
            people: self.people_of(mark),
            settled: false,
        };
        self.is_target(book).then(|| (book.to_owned(), deletion))
    }

    /// A card that we made and cannot know: doubled on its way, its mark was lost, or it lies in a folder that nobody
    /// knows any more.
    fn is_nobodys(&self, mailbox: &str, item: &str, life: &Life) -> bool {
        let at = (mailbox.to_owned(), item.to_owned());
        let doubled = self.monitor.cards.all.get(&at).is_some_and(|c| c.excused);
        let lost = self.is_forgotten_place(mailbox, life);
        life.ours && (doubled || life.mark.is_none() || lost)
    }

    fn is_forgotten_place(&self, mailbox: &str, life: &Life) -> bool {
        let path = self.path(mailbox, &life.folder);
        path.is_none_or(|p| !self.is_target(p)) && self.is_forgotten(mailbox, &life.folder)
    }

    /// A folder that was the user's own before we wrote into it bears no mark of ours: renamed, and with the store
    /// lost or the mailbox moved, nobody can know it again (ARCHITECTURE.md, known quirks).
    fn is_forgotten(&self, mailbox: &str, folder: &str) -> bool {
        let by_id = self.monitor.cards.memory_lost || self.lived().moved.contains(mailbox);
        by_id && !self.lived().made_folders.contains(folder)
    }

    fn is_target(&self, path: &str) -> bool {
        self.policy.tunnels.iter().any(|t| t.folder.name.0 == *path)
    }

    /// The product must know a card, and know it still, to respect that a user deleted it: until then its creation
    /// may be without an answer.
    fn deletion(&self, taken: &Taken) -> Deletion {
        const KNOWN_AFTER: Millis = Millis::hours(30);
        let known = taken.ours && taken.at.since(taken.made_at) > KNOWN_AFTER;
        let standing = &self.monitor.standing;
        let refused = |m: Mark| standing.was_refused(&taken.mailbox, m, taken.made_at, taken.at);
        let known = known && taken.mark.is_some_and(refused);
        Deletion {
            fields: taken.fields.clone(),
            people: taken.mark.map(|m| self.people_of(m)).unwrap_or_default(),
            settled: known && !self.monitor.cards.memory_lost,
        }
    }

    /// Everybody whose card one with this mark may be, by id.
    fn people_of(&self, mark: Mark) -> BTreeSet<String> {
        let standing = &self.monitor.standing;
        let key = standing.person(mark.catalog, mark.entry);
        let all = key.map(|k| standing.partners(k)).unwrap_or_default();
        let id = |key: &String| key.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        all.iter().map(id).collect()
    }

    /// The shared mailbox's folders as sources, each contact with everything that it said before. What lies in a
    /// folder that we write is no source.
    fn source_folders(&self) -> BTreeMap<(String, String), Vec<Person>> {
        let reception = &self.town.reception;
        let address = self.town.people.get(reception).map(|p| p.mail.clone());
        let address = address.unwrap_or_default();
        let mut all: BTreeMap<(String, String), Vec<Person>> = BTreeMap::new();
        // A copy never becomes a source.
        for ((_, item), life) in self.lives(reception) {
            if life.origin == Some(Origin::CopiedFromOurs) {
                continue;
            }
            let path = self
                .path(reception, &life.folder)
                .filter(|p| !self.is_target(p));
            // Of folders that are gone the people are still remembered.
            let path = path.cloned().unwrap_or_else(|| "gone".to_owned());
            let card = contact(item, life);
            all.entry((address.clone(), path)).or_default().push(card);
        }
        all
    }

    /// Every card that lies in a folder.
    fn cards(&self) -> Vec<ActualCard> {
        let mut all = Vec::new();
        for ((mailbox, item), life) in self.lived().cards.iter().filter(|(_, l)| !l.deleted) {
            let (Some(path), Some(owner)) = (
                self.path(mailbox, &life.folder),
                self.town.people.get(mailbox),
            ) else {
                continue;
            };
            all.push(ActualCard {
                mailbox: owner.mail.clone(),
                folder: path.clone(),
                id: item.clone(),
                fields: life.now.fields.clone(),
                photo: life.now.photo.clone(),
                is_ours: life.ours,
                made_by_user: !life.ours,
                stamp: life.stamp(),
            });
        }
        all
    }
}

/// A contact of a source folder as a person.
fn contact(item: &str, life: &Life) -> Person {
    Person {
        id: item.to_owned(),
        kind: Kind::FolderContact,
        fields: life.now.fields.clone(),
        photo: life.now.photo.clone(),
        past: life.past.clone(),
        gone: life.deleted,
        late: !life.since_start,
        bears_our_stamp: life.ours || life.origin == Some(Origin::CopiedFromOurs),
        ..Person::default()
    }
}

/// `Contacts/Suppliers`: the path of a folder below the default one; of others the name, and the id so that no two
/// are one.
fn path(folder: &FolderView, all: &[FolderView]) -> String {
    let first = all.first().map(|f| f.id.as_str());
    if Some(folder.id.as_str()) == first {
        return "Contacts".to_owned();
    }
    match all.iter().find(|f| f.id == folder.parent) {
        Some(parent) => format!("{}/{}", path(parent, all), folder.name),
        None => format!("{} {}", folder.name, folder.id),
    }
}
