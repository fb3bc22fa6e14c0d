//! The scene: the town, the mailboxes and the policy, as a story describes them before anything happens.

use super::traits::Traits;
use super::verb::Verb;
use crate::charter::Charter;
use crate::faults::Troubles;
use crate::town::{Card, Circle, DOMAIN, Place, Resident, SUPPLIERS, Town, contact};
use crate::world::Beginning;
use graph_sim::chance::{Chance as Dice, mix};
use graph_sim::fleet::FolderContent;

/// Every story has the same chance: another one would tell nothing else.
const SEED: u64 = 1;

/// What has been described so far.
pub struct Scene {
    dice: Dice,
    town: Town,
    /// In the shared mailbox.
    cards: Vec<Card>,
    content: Vec<FolderContent>,
    policy: Option<String>,
}

impl Default for Scene {
    fn default() -> Self {
        let mut dice = Dice::new(mix(SEED));
        let town = Town {
            tenant: dice.guid(),
            domain: DOMAIN.to_owned(),
            client: dice.guid(),
            secret: format!("Secret~{:016x}", dice.draw()),
            ..Town::default()
        };
        Self {
            dice,
            town,
            cards: Vec::new(),
            content: Vec::new(),
            policy: None,
        }
    }
}

impl Scene {
    /// Whether a statement describes rather than does.
    pub fn takes(&self, verb: &Verb) -> bool {
        matches!(
            verb,
            Verb::Person(_)
                | Verb::OrgContact(_)
                | Verb::Shared(_)
                | Verb::Group(..)
                | Verb::Card { .. }
                | Verb::Policy(_)
        )
    }

    pub fn add(&mut self, verb: &Verb) -> Result<(), String> {
        match verb {
            Verb::Person(traits) => {
                let person = traits.resident(self.dice.guid());
                self.is_new(&person.name)?;
                self.town.people.insert(person.id.clone(), person);
            }
            Verb::OrgContact(traits) => {
                let person = traits.resident(self.dice.guid());
                self.is_new(&person.name)?;
                self.town.org_contacts.insert(person.id.clone(), person);
            }
            Verb::Shared(name) => self.share(name)?,
            Verb::Group(name, members) => self.group(name, members)?,
            Verb::Card {
                mailbox,
                folder,
                card,
            } => self.card(mailbox, folder, card)?,
            Verb::Policy(text) => self.policy = Some(text.clone()),
            _ => {}
        }
        Ok(())
    }

    fn is_new(&self, name: &str) -> Result<(), String> {
        let mut all = self
            .town
            .people
            .values()
            .chain(self.town.org_contacts.values());
        match all.any(|p| p.name == name) {
            true => Err(format!(
                "there is a {name} already: names are told apart by stories"
            )),
            false => Ok(()),
        }
    }

    fn share(&mut self, name: &str) -> Result<(), String> {
        if !self.town.reception.is_empty() {
            return Err("a town has one shared mailbox".to_owned());
        }
        let reception = Resident {
            id: self.dice.guid(),
            mailbox: Place::Shared,
            mail: format!("{}@{DOMAIN}", name.to_lowercase()),
            name: name.to_owned(),
            ..Resident::default()
        };
        self.town.reception = reception.id.clone();
        self.town.people.insert(reception.id.clone(), reception);
        Ok(())
    }

    fn group(&mut self, name: &str, members: &[String]) -> Result<(), String> {
        let members: Result<_, String> = members.iter().map(|m| self.town.member(m)).collect();
        let circle = Circle {
            id: self.dice.guid(),
            members: members?,
        };
        self.town.groups.insert(name.to_owned(), circle);
        Ok(())
    }

    fn card(&mut self, mailbox: &str, folder: &str, card: &Traits) -> Result<(), String> {
        let mailbox = self.town.mailbox(mailbox)?;
        if mailbox == self.town.reception {
            self.cards.push(card.card(shared_folder(folder)?));
            return Ok(());
        }
        let same = |c: &&mut FolderContent| c.mailbox == mailbox && c.folder == folder;
        let written = contact(&card.card(folder));
        match self.content.iter_mut().find(same) {
            Some(content) => content.contacts.push(written),
            None => self.content.push(FolderContent {
                mailbox,
                folder: folder.to_owned(),
                contacts: vec![written],
            }),
        }
        Ok(())
    }

    /// What a world is made from.
    pub fn beginning(&self) -> Result<Beginning, String> {
        let Some(policy) = &self.policy else {
            return Err("nothing can happen before there is a `policy`".to_owned());
        };
        Ok(Beginning {
            seed: SEED,
            town: self.town.clone(),
            cards: self.cards.clone(),
            content: self.content.clone(),
            charter: Charter {
                written: Some(policy.clone()),
                ..Charter::default()
            },
            troubles: Troubles::default(),
            readable: false,
        })
    }
}

/// The folders of the shared mailbox that the monitors know.
pub fn shared_folder(name: &str) -> Result<&'static str, String> {
    match name {
        "Contacts" => Ok("Contacts"),
        "Suppliers" => Ok(SUPPLIERS),
        _ => Err(format!(
            "a shared mailbox has the folders Contacts and Suppliers, and no {name}"
        )),
    }
}

impl Town {
    /// The object id of somebody in the directory, by name or by a given name that only one has.
    pub fn called(&self, name: &str) -> Result<String, String> {
        let all = || self.people.values().chain(self.org_contacts.values());
        let given = all().filter(|p| p.given == name && p.id != self.reception);
        let given: Vec<&Resident> = given.collect();
        let found = all().find(|p| p.name == name).or(match given[..] {
            [one] => Some(one),
            _ => None,
        });
        found.map(|p| p.id.clone()).ok_or_else(|| {
            let names: Vec<&str> = all().map(|p| p.name.as_str()).collect();
            format!("nobody is called {name}; there are {}", names.join(", "))
        })
    }

    /// The object id of a mailbox's owner.
    pub fn mailbox(&self, name: &str) -> Result<String, String> {
        let id = self.called(name)?;
        let has = self
            .people
            .get(&id)
            .is_some_and(|p| p.mailbox != Place::None);
        match has {
            true => Ok(id),
            false => Err(format!(
                "{name} has no mailbox: say `mailbox` where the person is described"
            )),
        }
    }

    /// The object id of a person or a group.
    pub fn member(&self, name: &str) -> Result<String, String> {
        match self.groups.get(name) {
            Some(group) => Ok(group.id.clone()),
            None => self.called(name),
        }
    }
}
