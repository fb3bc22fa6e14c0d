//! Actors: the people and admins of a town, who do at random what people and admins do (F24 to F31, F37, F38).

use crate::charter::Targets;
use crate::deeds::{object, or_null};
use crate::ground::Inner;
use crate::town::{Card, DEPARTMENTS, DOMAIN, Place, SUPPLIERS, contact};
use crate::world::World;
use graph_sim::Actor;
use graph_sim::chance::Chance as Dice;
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::mailbox::{ContactView, MailboxAct};
use model::Timestamp;
use serde_json::{Value, json};

/// What is to be done later, because somebody did something now.
#[derive(Clone, Debug, PartialEq)]
pub enum Later {
    /// Access comes back.
    Restore(Vec<Act>, Back),
}

/// What becomes true again with it.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    Nothing,
    Mailbox(String),
    Members(String, Vec<String>),
}

/// Somebody does something. What must be undone later comes back with a delay in milliseconds.
pub fn act(world: &mut World) -> Option<(i64, Later)> {
    let now = world.now();
    let mut dice = world.ground.lock().dice.fork(1);
    if dice.happens(0.08) {
        edit_policy(world, &mut dice);
        return None;
    }
    let mut ground = world.ground.lock();
    ground.faults += 1;
    let mut actor = Somebody {
        ground: &mut ground,
        dice: &mut dice,
        now,
    };
    let later = match actor.dice.below(100) {
        0..=34 => actor.directory(),
        35..=49 => actor.reception(),
        50..=92 => actor.mailbox(),
        _ => actor.outage(),
    };
    let Inner { monitor, town, .. } = &mut *ground;
    monitor.changed(town, &world.policy, now);
    monitor.cards.expect_writes();
    later
}

/// Access and memberships come back.
pub fn restore(world: &mut World, later: Later) {
    let now = world.now();
    let Later::Restore(acts, back) = later;
    let mut ground = world.ground.lock();
    for act in &acts {
        ground.act(act, now);
    }
    match back {
        Back::Nothing => {}
        Back::Mailbox(id) => {
            if let Some(person) = ground.town.people.get_mut(&id) {
                person.mailbox = Place::User;
            }
        }
        Back::Members(group, ids) => {
            if let Some(circle) = ground.town.groups.get_mut(&group) {
                circle.members.extend(ids);
            }
        }
    }
    let Inner { monitor, town, .. } = &mut *ground;
    monitor.changed(town, &world.policy, now);
}

struct Somebody<'a> {
    ground: &'a mut Inner,
    dice: &'a mut Dice,
    now: Timestamp,
}

type Doing = Option<(i64, Later)>;

fn hours(n: i64) -> i64 {
    n * 3_600_000
}

impl Somebody<'_> {
    fn admin(&mut self, act: DirectoryAct) {
        self.ground.admin(act, self.now);
    }

    fn in_mailbox(&mut self, mailbox: &str, by: Actor, act: MailboxAct) -> Option<String> {
        self.ground.in_mailbox(mailbox, by, act, self.now)
    }

    /// Somebody of the directory who is no mailbox account of importance.
    fn anyone(&mut self) -> Option<String> {
        let town = &self.ground.town;
        let ids: Vec<&String> = town
            .people
            .values()
            .filter(|p| p.id != town.reception)
            .map(|p| &p.id)
            .collect();
        self.dice.pick(&ids).map(|id| (*id).clone())
    }

    fn directory(&mut self) -> Doing {
        let id = self.anyone()?;
        match self.dice.below(12) {
            0..=3 => self.edit_person(&id),
            4 => self.set_enabled(&id),
            5 => self.leave(&id),
            6 => self.join(),
            7 | 8 => return self.change_group(&id),
            9 => self.org_contact(),
            10 => self.set_photo(id),
            _ => self.set_manager(id),
        }
        None
    }

    fn set_photo(&mut self, id: String) {
        let drawn = self.dice.happens(0.8);
        let photo = drawn.then(|| graph_sim::fleet::photo::portrait(self.dice.draw(), 8).to_vec());
        if let Some(p) = self.ground.town.people.get_mut(&id) {
            p.photo = photo.as_deref().map(graph_sim::chance::hash);
        }
        self.admin(DirectoryAct::SetPhoto { id, photo });
    }

    fn set_manager(&mut self, id: String) {
        let manager = self.anyone();
        if let Some(p) = self.ground.town.people.get_mut(&id) {
            p.manager = manager.clone().unwrap_or_default();
        }
        self.admin(DirectoryAct::SetManager { id, manager });
    }

    fn edit_person(&mut self, id: &str) {
        let number = 40_000 + self.dice.below(50_000);
        let field = self.dice.below(5);
        let blank = self.dice.happens(0.2);
        let department = DEPARTMENTS[self.dice.below(3) as usize];
        let Some(p) = self.ground.town.people.get_mut(id).filter(|p| !p.deleted) else {
            return;
        };
        let properties = match field {
            0 => {
                p.mobile = if blank {
                    String::new()
                } else {
                    format!("+49151234{number}")
                };
                json!({ "mobilePhone": or_null(&p.mobile) })
            }
            1 => {
                p.business = if blank {
                    String::new()
                } else {
                    format!("+49309018{number}")
                };
                let list: Vec<&str> = Some(p.business.as_str())
                    .filter(|b| !b.is_empty())
                    .into_iter()
                    .collect();
                json!({ "businessPhones": list })
            }
            2 => {
                p.department = department.to_owned();
                json!({ "department": department })
            }
            3 => {
                p.given = format!("Dr {}", p.given.trim_start_matches("Dr "));
                p.name = format!("{} {}", p.given, p.surname);
                json!({ "givenName": p.given, "displayName": p.name })
            }
            _ => {
                p.job = format!("Job {number}");
                json!({ "jobTitle": p.job })
            }
        };
        self.admin(DirectoryAct::EditUser {
            id: id.to_owned(),
            properties: object(properties),
        });
    }

    fn set_enabled(&mut self, id: &str) {
        let Some(p) = self.ground.town.people.get_mut(id).filter(|p| !p.deleted) else {
            return;
        };
        p.enabled = !p.enabled;
        let properties = object(json!({ "accountEnabled": p.enabled }));
        self.admin(DirectoryAct::EditUser {
            id: id.to_owned(),
            properties,
        });
    }

    /// A leaver; people with mailboxes stay, so that there is something to look at.
    fn leave(&mut self, id: &str) {
        let Some(p) = self
            .ground
            .town
            .people
            .get_mut(id)
            .filter(|p| p.mailbox == Place::None)
        else {
            return;
        };
        let id = id.to_owned();
        let act = match (p.deleted, self.dice.happens(0.3)) {
            (true, _) => DirectoryAct::RestoreUser { id },
            (false, true) => DirectoryAct::PurgeUser { id },
            (false, false) => DirectoryAct::DeleteUser { id },
        };
        let purged = matches!(act, DirectoryAct::PurgeUser { .. });
        p.deleted = !p.deleted;
        self.admin(act);
        self.leave_groups(purged);
    }

    /// Who is gone for good is in no group any more; the soft-deleted come back to theirs.
    fn leave_groups(&mut self, purged: bool) {
        if !purged {
            return;
        }
        let town = &mut self.ground.town;
        let gone: Vec<String> = town
            .people
            .values()
            .filter(|p| p.deleted)
            .map(|p| p.id.clone())
            .collect();
        for id in gone {
            for circle in town.groups.values_mut() {
                circle.members.remove(&id);
            }
            town.people.remove(&id);
        }
    }

    fn join(&mut self) {
        let mut person = self.ground.town.newcomer(self.dice);
        let with_mailbox = self.dice.happens(0.2);
        person.joined = true;
        if with_mailbox {
            person.mailbox = Place::User;
            person.enabled = true;
            person.mail = format!("{}@{DOMAIN}", person.surname.to_lowercase());
        }
        self.ground.hire(&person, self.now);
        for group in ["Staff", "Managers"] {
            if self.dice.happens(0.6) {
                self.set_member(group, &person.id, true);
            }
        }
        self.ground.town.people.insert(person.id.clone(), person);
    }

    fn set_member(&mut self, group: &str, id: &str, member: bool) {
        self.ground.set_member(group, id, member, self.now);
    }

    /// One goes or comes; or half of a group is gone for some hours.
    fn change_group(&mut self, id: &str) -> Doing {
        let names = ["Staff", "Sales team", "Managers", "Nobody's list"];
        let group = names[self.dice.below(4) as usize];
        let circle = self.ground.town.groups.get(group)?;
        if !self.dice.happens(0.2) {
            let member = !circle.members.contains(id);
            self.set_member(group, id, member);
            return None;
        }
        let people = &self.ground.town.people;
        let half: Vec<String> = circle
            .members
            .iter()
            .filter(|m| people.contains_key(*m))
            .step_by(2)
            .cloned()
            .collect();
        let (tenant, circle) = (self.ground.town.tenant.clone(), circle.id.clone());
        for member in &half {
            self.set_member(group, member, false);
        }
        let back = half.iter().map(|member| Act::Directory {
            tenant: tenant.clone(),
            act: DirectoryAct::AddMember {
                group: circle.clone(),
                member: member.clone(),
            },
        });
        let later = Later::Restore(
            back.collect(),
            Back::Members(group.to_owned(), half.clone()),
        );
        Some((hours(1 + self.dice.below(8) as i64), later))
    }

    fn org_contact(&mut self) {
        let ids: Vec<String> = self.ground.town.org_contacts.keys().cloned().collect();
        match (self.dice.below(3), self.dice.pick(&ids).cloned()) {
            (0, Some(id)) if ids.len() > 1 => {
                self.ground.town.org_contacts.remove(&id);
                self.admin(DirectoryAct::DeleteOrgContact { id });
            }
            (1, Some(id)) => {
                let number = 40_000 + self.dice.below(50_000);
                let Some(p) = self.ground.town.org_contacts.get_mut(&id) else {
                    return;
                };
                p.job = format!("Job {number}");
                let properties = object(json!({ "jobTitle": p.job }));
                self.admin(DirectoryAct::EditOrgContact { id, properties });
            }
            _ => {
                let person = crate::town::Resident {
                    enabled: true,
                    ..self.ground.town.newcomer(self.dice)
                };
                let properties = object(json!({
                    "displayName": person.name, "givenName": person.given, "surname": person.surname,
                    "mail": or_null(&person.mail), "jobTitle": person.job, "department": person.department,
                    "phones": [{ "type": "mobile", "number": or_null(&person.mobile) }, { "type": "business", "number": or_null(&person.business) }],
                }));
                self.admin(DirectoryAct::CreateOrgContact {
                    id: person.id.clone(),
                    properties,
                });
                self.ground
                    .town
                    .org_contacts
                    .insert(person.id.clone(), person);
            }
        }
    }

    /// Whoever sits at the reception keeps the shared mailbox's contacts.
    fn reception(&mut self) -> Doing {
        let mailbox = self.ground.town.reception.clone();
        let ids: Vec<String> = self.ground.town.cards.keys().cloned().collect();
        let one = self.dice.pick(&ids).cloned();
        match (self.dice.below(5), one) {
            (0 | 1, _) | (_, None) => self.new_card(&mailbox),
            (2, Some(item)) => {
                let number = 40_000 + self.dice.below(50_000);
                let card = self.ground.town.cards.get_mut(&item)?;
                card.mobile = format!("+49151234{number}");
                let properties = object(json!({ "mobilePhone": card.mobile }));
                self.in_mailbox(
                    &mailbox,
                    Actor::User,
                    MailboxAct::EditContact { item, properties },
                );
            }
            (3, Some(item)) => {
                self.ground.town.cards.remove(&item);
                self.in_mailbox(&mailbox, Actor::User, MailboxAct::DeleteContact { item });
            }
            (_, Some(item)) => self.move_card(&mailbox, item),
        }
        None
    }

    fn new_card(&mut self, mailbox: &str) {
        let card: Card = self.ground.town.new_card(self.dice);
        let folder = self.folder_named(
            mailbox,
            card.folder.rsplit('/').next().unwrap_or("Contacts"),
        );
        let folder = folder.filter(|_| card.folder == SUPPLIERS);
        let properties = contact(&card).to_graph();
        let made = self.in_mailbox(
            mailbox,
            Actor::User,
            MailboxAct::CreateContact { folder, properties },
        );
        if let Some(item) = made {
            self.ground.town.cards.insert(item, card);
        }
    }

    fn move_card(&mut self, mailbox: &str, item: String) {
        let Some(suppliers) = self.folder_named(mailbox, "Suppliers") else {
            return;
        };
        let Some(card) = self.ground.town.cards.get_mut(&item) else {
            return;
        };
        let out = card.folder == SUPPLIERS;
        card.folder = if out { "Contacts" } else { SUPPLIERS }.to_owned();
        let folder = (!out).then_some(suppliers);
        self.in_mailbox(
            mailbox,
            Actor::User,
            MailboxAct::MoveContact { item, folder },
        );
    }

    fn folder_named(&self, mailbox: &str, name: &str) -> Option<String> {
        self.ground.folder_named(mailbox, name)
    }

    /// The owner of a mailbox, or another product, works in it.
    fn mailbox(&mut self) -> Doing {
        let mailboxes = self.ground.town.mailboxes();
        let mailbox = self.dice.pick(&mailboxes)?.clone();
        if mailbox == self.ground.town.reception {
            return None;
        }
        let all = self
            .ground
            .cloud
            .contacts(&self.ground.town.tenant, &mailbox);
        let (dead, alive): (Vec<ContactView>, Vec<ContactView>) =
            all.into_iter().partition(|v| v.folder.deleted);
        let folder_act = self.dice.happens(0.06);
        match self.dice.pick(&alive).cloned() {
            Some(view) if folder_act => self.in_folder(&mailbox, &view),
            Some(view) => self.on_card(&mailbox, &view, &dead),
            None => self.own_card(&mailbox, None),
        }
        None
    }

    fn on_card(&mut self, mailbox: &str, view: &ContactView, dead: &[ContactView]) {
        let item = view.id.clone();
        let tag = format!("Edit {}", self.dice.below(1_000_000));
        let by = if self.dice.happens(0.15) {
            Actor::Rival
        } else {
            Actor::User
        };
        let edit = |properties: Value| MailboxAct::EditContact {
            item: item.clone(),
            properties: object(properties),
        };
        let folder = Some(view.folder.id.clone());
        let act = match self.dice.below(16) {
            0..=2 => edit(json!({ "jobTitle": tag })),
            3 => edit(json!({ "mobilePhone": format!("+49151234{:05}", self.dice.below(99_999)) })),
            4 => edit(json!({ "spouseName": tag })),
            5 => edit(json!({ "nickName": tag, "companyName": tag })),
            6 => edit(json!({ "personalNotes": tag })),
            7 => edit(json!({ "givenName": tag, "displayName": tag })),
            8 | 9 => MailboxAct::DeleteContact { item },
            10 => MailboxAct::PurgeContact { item },
            11 => MailboxAct::MoveContact { item, folder: None },
            12 => MailboxAct::CopyContact { item, folder },
            13 => match self.dice.pick(dead) {
                Some(view) => MailboxAct::RestoreContact {
                    item: view.id.clone(),
                    folder,
                },
                None => return,
            },
            14 => return self.own_card(mailbox, folder),
            _ => return self.copy_elsewhere(view),
        };
        self.in_mailbox(mailbox, by, act);
    }

    /// A card of the user's own, in the folder that we write to.
    fn own_card(&mut self, mailbox: &str, folder: Option<String>) {
        let outsider = self.ground.town.newcomer(self.dice);
        let properties = object(
            json!({ "displayName": outsider.name, "givenName": outsider.given, "surname": outsider.surname, "mobilePhone": or_null(&outsider.mobile) }),
        );
        self.in_mailbox(
            mailbox,
            Actor::User,
            MailboxAct::CreateContact { folder, properties },
        );
    }

    /// F27: a card is carried to another mailbox, mark and all.
    fn copy_elsewhere(&mut self, view: &ContactView) {
        let mailboxes = self.ground.town.mailboxes();
        let Some(other) = self.dice.pick(&mailboxes).cloned() else {
            return;
        };
        if other == self.ground.town.reception {
            return;
        }
        let folder = self.folder_named(&other, &view.folder.name);
        let mut properties = view.properties.clone();
        properties.retain(|name, value| {
            matches!(
                name.as_str(),
                "displayName" | "givenName" | "surname" | "mobilePhone"
            ) && !value.is_null()
        });
        let marks: Vec<Value> = view
            .extended
            .iter()
            .map(|(id, value)| json!({ "id": id, "value": value }))
            .collect();
        properties.insert(
            "singleValueExtendedProperties".to_owned(),
            Value::Array(marks),
        );
        self.in_mailbox(
            &other,
            Actor::User,
            MailboxAct::CreateContact { folder, properties },
        );
    }

    fn in_folder(&mut self, mailbox: &str, view: &ContactView) {
        let folder = view.folder.id.clone();
        if view.folder.name == "Contacts" {
            return;
        }
        let act = match self.dice.below(4) {
            0 | 1 => MailboxAct::RenameFolder {
                folder,
                name: format!("Renamed {}", self.dice.below(1000)),
            },
            2 => MailboxAct::DeleteFolder { folder },
            _ => MailboxAct::EmptyFolder {
                folder: Some(folder),
            },
        };
        self.in_mailbox(mailbox, Actor::User, act);
    }

    /// Access goes and comes back, or the service forgets.
    fn outage(&mut self) -> Doing {
        let town = &self.ground.town;
        let (tenant, app) = (town.tenant.clone(), town.client.clone());
        let users: Vec<String> = town
            .people
            .values()
            .filter(|p| p.mailbox == Place::User)
            .map(|p| p.id.clone())
            .collect();
        let mailbox = self.dice.pick(&users)?.clone();
        let delay = hours(1 + self.dice.below(5) as i64);
        match self.dice.below(4) {
            0 => {
                self.ground.act(
                    &Act::DisableMailbox {
                        tenant: tenant.clone(),
                        mailbox: mailbox.clone(),
                    },
                    self.now,
                );
                self.ground.town.people.get_mut(&mailbox)?.mailbox = Place::Lost;
                let kind = "user".to_owned();
                let back = vec![Act::CreateMailbox {
                    tenant,
                    mailbox: mailbox.clone(),
                    kind,
                }];
                Some((delay, Later::Restore(back, Back::Mailbox(mailbox))))
            }
            1 => {
                let ends_tokens = self.dice.happens(0.5);
                self.ground.act(
                    &Act::RevokeConsent {
                        tenant: tenant.clone(),
                        app: app.clone(),
                        ends_tokens,
                    },
                    self.now,
                );
                let roles = graph_sim::fleet::ALL_ROLES
                    .iter()
                    .map(|r| (*r).to_owned())
                    .collect();
                Some((
                    delay,
                    Later::Restore(
                        vec![Act::GrantConsent { tenant, app, roles }],
                        Back::Nothing,
                    ),
                ))
            }
            _ => {
                self.in_mailbox(&mailbox, Actor::Service, MailboxAct::LoseCursors);
                None
            }
        }
    }
}

/// F30, F31: an admin edits the policy.
fn edit_policy(world: &mut World, dice: &mut Dice) {
    let mut charter = world.charter.clone();
    let mailboxes = world.ground.lock().town.mailboxes();
    let address = dice.pick(&mailboxes).and_then(|id| {
        world
            .ground
            .lock()
            .town
            .people
            .get(id)
            .map(|p| p.mail.clone())
    });
    let at = dice.below(charter.tunnels.len() as u64) as usize;
    let Some(tunnel) = charter.tunnels.get_mut(at) else {
        return;
    };
    match dice.below(8) {
        0 | 1 => {
            if let Some(d) = &mut tunnel.directory {
                d.exclude_no_list = !d.exclude_no_list;
            }
        }
        2 => {
            if let Some(d) = &mut tunnel.directory {
                d.where_ = if d.where_.is_none() {
                    Some("has_phone")
                } else {
                    None
                };
            }
        }
        3 => {
            tunnel.targets = Targets {
                exclude: address.into_iter().collect(),
                ..tunnel.targets.clone()
            }
        }
        4 => {
            tunnel.mobile_rule = if tunnel.mobile_rule == "always" {
                "if_blank"
            } else {
                "always"
            }
        }
        5 => tunnel.options.skip_own = !tunnel.options.skip_own,
        6 => {
            tunnel.copies = if tunnel.copies == "keep" {
                "remove"
            } else {
                "keep"
            }
        }
        _ => {
            tunnel.state = match tunnel.state {
                "active" if dice.happens(0.5) => "paused",
                "active" => "removed",
                _ => "active",
            };
        }
    }
    charter.agree(at);
    world
        .ground
        .lock()
        .monitor
        .count("the policy was edited", 1);
    world.set_charter(charter);
}
