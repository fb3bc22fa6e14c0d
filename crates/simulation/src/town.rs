//! The town: who really is in the simulated tenant, kept beside the cloud so that oracles need ask nobody.

use graph_sim::chance::Chance as Dice;
use graph_sim::fleet::{
    App, Contact, EmailAddress, Fleet, FolderContent, Group, MailboxState, OrgContact, Person,
    PersonKind, Tenant,
};
use std::collections::{BTreeMap, BTreeSet};

/// The one tenant of a history, and what is true of it at this moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Town {
    pub tenant: String,
    pub domain: String,
    pub client: String,
    pub secret: String,
    pub people: BTreeMap<String, Resident>,
    pub org_contacts: BTreeMap<String, Resident>,
    /// By name: object id and direct members (people, org contacts, other groups by object id).
    pub groups: BTreeMap<String, Circle>,
    /// Object id of the shared mailbox that is a source.
    pub reception: String,
    /// What lies in its folders, by item id.
    pub cards: BTreeMap<String, Card>,
    /// How many people were ever made: names never come twice.
    pub made: u64,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circle {
    pub id: String,
    pub members: BTreeSet<String>,
}

/// Someone in the directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resident {
    pub id: String,
    pub given: String,
    pub surname: String,
    pub name: String,
    pub mail: String,
    pub mobile: String,
    pub business: String,
    pub job: String,
    pub department: String,
    /// Object id; blank: none.
    pub manager: String,
    /// Made while the history ran.
    pub joined: bool,
    /// Hash of the picture's bytes.
    pub photo: Option<u64>,
    pub enabled: bool,
    pub guest: bool,
    /// Soft-deleted or gone.
    pub deleted: bool,
    pub mailbox: Place,
}

/// What Graph says of a person's mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    None,
    User,
    Shared,
    /// There is one and it cannot be reached now.
    Lost,
}

/// A contact in the shared mailbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// `Contacts` or `Contacts/Suppliers`.
    pub folder: String,
    pub given: String,
    pub surname: String,
    pub name: String,
    pub mail: String,
    pub mobile: String,
    pub company: String,
}

const GIVEN: [&str; 20] = [
    "Anna", "Ben", "Chloé", "Dmitri", "Ewa", "Farid", "Gül", "Hans", "Inês", "Jürgen", "Kaoru",
    "Léa", "Marek", "Nora", "Øyvind", "Priya", "Quinn", "Rosa", "Søren", "Tariq",
];
const JOBS: [&str; 5] = ["Engineer", "Nurse", "Clerk", "Driver", "Buyer"];
pub const DEPARTMENTS: [&str; 3] = ["Sales", "Works", "Test"];
pub const DOMAIN: &str = "contoso.example";
pub const SUPPLIERS: &str = "Contacts/Suppliers";

/// A surname that is nowhere else: oracles look for it in logs.
fn surname(number: u64) -> String {
    const SYLLABLES: [&str; 8] = [
        "zorq", "vixu", "quon", "jexi", "wybo", "kuzz", "phax", "tvol",
    ];
    let at = |n: u64| SYLLABLES[(n % 8) as usize];
    let word = format!("{}{}{}", at(number), at(number / 8 + 3), number);
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

impl Town {
    /// A person who was not there before.
    pub fn newcomer(&mut self, dice: &mut Dice) -> Resident {
        let number = self.made;
        self.made += 1;
        let given = GIVEN[dice.below(GIVEN.len() as u64) as usize].to_owned();
        let surname = surname(number);
        let plain: String = given.chars().filter(char::is_ascii_alphabetic).collect();
        let mail = format!("{plain}.{surname}@{DOMAIN}").to_lowercase();
        let phone = |rate, dice: &mut Dice, stem: &str| match dice.happens(rate) {
            true => format!("{stem}{:05}", 10_000 + number),
            false => String::new(),
        };
        Resident {
            id: dice.guid(),
            name: format!("{given} {surname}"),
            given,
            surname,
            mail: if dice.happens(0.9) {
                mail
            } else {
                String::new()
            },
            mobile: phone(0.7, dice, "+49151234"),
            business: phone(0.6, dice, "+49309018"),
            job: JOBS[dice.below(5) as usize].to_owned(),
            department: DEPARTMENTS[dice.below(3) as usize].to_owned(),
            enabled: dice.happens(0.92),
            ..Resident::default()
        }
    }

    /// A card as somebody writes it into the shared mailbox; sometimes of a person whom the directory knows.
    pub fn new_card(&mut self, dice: &mut Dice) -> Card {
        let known: Vec<&Resident> = self
            .people
            .values()
            .filter(|p| !p.mail.is_empty())
            .collect();
        let twin = dice
            .happens(0.3)
            .then(|| dice.pick(&known).map(|p| (*p).clone()))
            .flatten();
        let person = twin.unwrap_or_else(|| {
            let outsider = self.newcomer(dice);
            let mail = outsider.mail.replace(DOMAIN, "supplier.example");
            Resident { mail, ..outsider }
        });
        Card {
            folder: if dice.happens(0.3) {
                SUPPLIERS
            } else {
                "Contacts"
            }
            .to_owned(),
            given: person.given,
            surname: person.surname,
            name: person.name,
            mail: person.mail,
            mobile: person.mobile,
            company: "Supplies".to_owned(),
        }
    }

    /// Everybody and everything below a group, by object id.
    pub fn transitive(&self, name: &str) -> BTreeSet<&str> {
        let mut all = BTreeSet::new();
        let mut open: Vec<&Circle> = self.groups.get(name).into_iter().collect();
        while let Some(circle) = open.pop() {
            for member in &circle.members {
                if all.insert(member.as_str()) {
                    open.extend(self.groups.values().find(|g| g.id == *member));
                }
            }
        }
        all
    }

    /// The people whose mailboxes exist, in the order of their ids.
    pub fn mailboxes(&self) -> Vec<String> {
        let has = |p: &&Resident| !p.deleted && p.mailbox != Place::None;
        self.people
            .values()
            .filter(has)
            .map(|p| p.id.clone())
            .collect()
    }

    /// Who is there at the beginning, for the readers of a trace.
    pub fn describe(&self) -> String {
        let groups = |id: &String| -> Vec<&str> {
            let inside = |name: &&String| self.transitive(name).contains(id.as_str());
            self.groups
                .keys()
                .filter(inside)
                .map(String::as_str)
                .collect()
        };
        let person = |p: &Resident| {
            format!(
                "  {} {} <{}> {} {} {}{}{}{:?} {:?}\n",
                p.id,
                p.name,
                p.mail,
                p.mobile,
                p.department,
                if p.enabled { "" } else { "disabled " },
                if p.guest { "guest " } else { "" },
                if p.deleted { "deleted " } else { "" },
                p.mailbox,
                groups(&p.id)
            )
        };
        let card = |(id, c): (&String, &Card)| {
            format!(
                "  {id} {} <{}> {} in {}\n",
                c.name, c.mail, c.mobile, c.folder
            )
        };
        let people = self.people.values().chain(self.org_contacts.values());
        let people: String = people.map(person).collect();
        let cards: String = self.cards.iter().map(card).collect();
        format!("the town\n{people}{cards}")
    }

    /// Texts that no log, error or notice may carry, in lower case.
    pub fn secrets(&self) -> BTreeSet<String> {
        let people = self.people.values().chain(self.org_contacts.values());
        let names = people.map(|p| p.surname.to_lowercase());
        let cards = self.cards.values().map(|c| c.surname.to_lowercase());
        let mut all: BTreeSet<String> = names.chain(cards).filter(|t| !t.is_empty()).collect();
        all.insert(self.secret.to_lowercase());
        all
    }
}

/// A town of `mailboxes` people with a mailbox and others without, drawn.
pub fn draw(dice: &mut Dice) -> Town {
    let mut town = Town {
        tenant: dice.guid(),
        domain: DOMAIN.to_owned(),
        client: dice.guid(),
        secret: format!("Secret~{:016x}", dice.draw()),
        ..Town::default()
    };
    let mailboxes = 3 + dice.below(4);
    let people = 20 + dice.below(6);
    for number in 0..people {
        let mut person = town.newcomer(dice);
        if number < mailboxes {
            person.mailbox = Place::User;
            person.enabled = true;
            person.mail = format!("box{number}.{}@{DOMAIN}", person.surname).to_lowercase();
        } else {
            person.guest = dice.happens(0.1);
        }
        town.people.insert(person.id.clone(), person);
    }
    let reception = Resident {
        mailbox: Place::Shared,
        mail: format!("reception@{DOMAIN}"),
        name: "Reception".to_owned(),
        enabled: false,
        id: dice.guid(),
        ..Resident::default()
    };
    town.reception = reception.id.clone();
    town.people.insert(reception.id.clone(), reception);
    for _ in 0..2 + dice.below(3) {
        let person = Resident {
            enabled: true,
            ..town.newcomer(dice)
        };
        town.org_contacts.insert(person.id.clone(), person);
    }
    draw_groups(&mut town, dice);
    town
}

fn draw_groups(town: &mut Town, dice: &mut Dice) {
    let ids: Vec<String> = town
        .people
        .keys()
        .filter(|id| **id != town.reception)
        .cloned()
        .collect();
    for (name, rate) in [
        ("Staff", 0.85),
        ("Sales team", 0.4),
        ("Managers", 0.3),
        ("Nobody's list", 0.1),
    ] {
        let members = ids.iter().filter(|_| dice.happens(rate)).cloned().collect();
        let circle = Circle {
            id: dice.guid(),
            members,
        };
        town.groups.insert(name.to_owned(), circle);
    }
    // One name has a quote, as names of groups may. Staff has a group inside, so that membership is transitive.
    let inner = town.groups["Sales team"].id.clone();
    if let Some(staff) = town.groups.get_mut("Staff") {
        staff.members.insert(inner);
    }
}

/// The fleet that a cloud starts with, and the cards that lie in its shared mailbox.
pub fn fleet(town: &Town, cards: &[Card], content: Vec<FolderContent>) -> Fleet {
    let mut all = content;
    if !town.reception.is_empty() {
        let folders = ["Contacts", SUPPLIERS];
        let its = folders.map(|folder| reception_folder(town, cards, folder));
        all.splice(0..0, its);
    }
    let group_ids: BTreeSet<&str> = town.groups.values().map(|g| g.id.as_str()).collect();
    let is_group = |id: &&String| group_ids.contains(id.as_str());
    let groups = town.groups.iter().map(|(name, circle)| Group {
        id: circle.id.clone(),
        name: name.clone(),
        members: circle
            .members
            .iter()
            .filter(|m| !is_group(m))
            .cloned()
            .collect(),
        groups: circle.members.iter().filter(is_group).cloned().collect(),
        ..Group::default()
    });
    Fleet {
        seed: 1,
        tenants: vec![Tenant {
            id: town.tenant.clone(),
            domain: town.domain.clone(),
            name: "Contoso".to_owned(),
            country: "DE".to_owned(),
            apps: vec![App {
                client_id: town.client.clone(),
                client_secret: town.secret.clone(),
                ..App::default()
            }],
            people: town.people.values().map(person).collect(),
            org_contacts: town.org_contacts.values().map(org_contact).collect(),
            groups: groups.collect(),
            content: all,
        }],
    }
}

fn reception_folder(town: &Town, cards: &[Card], folder: &str) -> FolderContent {
    FolderContent {
        mailbox: town.reception.clone(),
        folder: folder.to_owned(),
        contacts: cards
            .iter()
            .filter(|c| c.folder == folder)
            .map(contact)
            .collect(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn person(p: &Resident) -> Person {
    let upn = match p.mail.is_empty() {
        true => format!("{}@{DOMAIN}", p.surname.to_lowercase()),
        false => p.mail.clone(),
    };
    Person {
        id: p.id.clone(),
        name: p.name.clone(),
        given_name: some(&p.given),
        surname: some(&p.surname),
        upn,
        mail: some(&p.mail),
        business_phones: some(&p.business).into_iter().collect(),
        mobile_phone: some(&p.mobile),
        job_title: some(&p.job),
        department: some(&p.department),
        kind: if p.mailbox == Place::Shared {
            PersonKind::Shared
        } else {
            PersonKind::User
        },
        guest: p.guest,
        enabled: Some(p.enabled),
        mailbox: Some(if p.mailbox == Place::None {
            MailboxState::None
        } else {
            MailboxState::Online
        }),
        ..Person::default()
    }
}

fn org_contact(p: &Resident) -> OrgContact {
    OrgContact {
        id: p.id.clone(),
        name: p.name.clone(),
        given_name: some(&p.given),
        surname: some(&p.surname),
        mail: some(&p.mail),
        business_phone: some(&p.business),
        mobile_phone: some(&p.mobile),
        job_title: some(&p.job),
        department: some(&p.department),
        ..OrgContact::default()
    }
}

/// The contact as its owner would have written it.
pub fn contact(card: &Card) -> Contact {
    let address = EmailAddress {
        address: card.mail.clone(),
        name: Some(card.name.clone()),
    };
    Contact {
        name: card.name.clone(),
        given_name: some(&card.given),
        surname: some(&card.surname),
        emails: if card.mail.is_empty() {
            Vec::new()
        } else {
            vec![address]
        },
        mobile_phone: some(&card.mobile),
        company: some(&card.company),
        ..Contact::default()
    }
}
