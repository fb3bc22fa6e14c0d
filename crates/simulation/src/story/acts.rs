//! Acts: what people do in their mailboxes, admins in the directory, and operators to the policy.

use super::scene::shared_folder;
use super::stage::{Said, Stage};
use super::traits::{self, Traits};
use super::verb::{Admin, InMailbox};
use crate::charter::{Charter, TENANT};
use crate::deeds::{object, or_null};
use crate::ground::Inner;
use crate::town::{Card, Place, Resident, SUPPLIERS};
use futures::executor::block_on;
use graph_sim::Actor;
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::mailbox::{ContactView, MailboxAct};
use model::{TenantName, TunnelId};
use serde_json::{Value, json};
use store::Scope;

impl Stage {
    /// Somebody new comes.
    pub fn hire(&mut self, traits: &Traits) -> Said {
        let person = traits.resident(self.dice.guid());
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        if ground.town.called(&person.name).is_ok() {
            return Err(format!("there is a {} already", person.name));
        }
        ground.hire(&person, now);
        ground.town.people.insert(person.id.clone(), person);
        drop(ground);
        self.changed();
        Ok(Vec::new())
    }

    /// A user writes a card.
    pub fn write_card(&mut self, mailbox: &str, folder: &str, card: &Traits) -> Said {
        let id = self.mailbox(mailbox)?;
        let folder = match self.is_shared(&id) {
            true => shared_folder(folder).map(|_| self.folder(&id, folder))??,
            false => self.folder(&id, folder)?,
        };
        let (given, surname) = traits::parts(&card.name);
        let mut properties = card.contact();
        properties.extend(object(
            json!({ "displayName": card.name, "givenName": given, "surname": surname }),
        ));
        self.by_user(&id, MailboxAct::CreateContact { folder, properties })
    }

    /// An operator puts another policy in force.
    pub fn edit_policy(&mut self, text: &str) -> Said {
        let charter = Charter {
            written: Some(text.to_owned()),
            ..Charter::default()
        };
        self.world.set_charter(charter);
        Ok(Vec::new())
    }

    pub fn in_mailbox(&mut self, mailbox: &str, act: &InMailbox) -> Said {
        let id = self.mailbox(mailbox)?;
        let card = |name: &str| self.card(&id, name, false).map(|view| view.id);
        let act = match act {
            InMailbox::Edit(name, fields) => MailboxAct::EditContact {
                item: card(name)?,
                properties: fields.contact(),
            },
            InMailbox::Move(name, to) => MailboxAct::MoveContact {
                item: card(name)?,
                folder: self.folder(&id, to)?,
            },
            InMailbox::Copy(name, to) => MailboxAct::CopyContact {
                item: card(name)?,
                folder: self.folder(&id, to)?,
            },
            InMailbox::Delete(name) => MailboxAct::DeleteContact { item: card(name)? },
            InMailbox::Purge(name) => MailboxAct::PurgeContact { item: card(name)? },
            InMailbox::Carry(name, to) => return self.carry(&id, name, to),
            InMailbox::Restore(name) => return self.restore(&id, name),
            InMailbox::LoseCursors => return self.by(Actor::Service, &id, MailboxAct::LoseCursors),
            _ => return self.in_folder(&id, act),
        };
        self.by_user(&id, act)
    }

    fn in_folder(&mut self, mailbox: &str, act: &InMailbox) -> Said {
        if self.is_shared(mailbox) {
            return Err("the folders of the shared mailbox stay as they are".to_owned());
        }
        let own = |name: &str| -> Result<String, String> {
            let found = self.folder(mailbox, name)?;
            found.ok_or_else(|| "the folder Contacts cannot be renamed or deleted".to_owned())
        };
        let act = match act {
            InMailbox::RenameFolder(folder, name) => MailboxAct::RenameFolder {
                folder: own(folder)?,
                name: name.clone(),
            },
            InMailbox::DeleteFolder(folder) => MailboxAct::DeleteFolder {
                folder: own(folder)?,
            },
            InMailbox::EmptyFolder(folder) => MailboxAct::EmptyFolder {
                folder: self.folder(mailbox, folder)?,
            },
            _ => return Ok(Vec::new()),
        };
        self.by_user(mailbox, act)
    }

    /// Out of Deleted Items, into the folder where most of the mailbox's other cards of this folder name lie: the
    /// one it was deleted from is not known to the cloud, so the folder of the first tunnel is meant.
    fn restore(&mut self, mailbox: &str, name: &str) -> Said {
        let view = self.card(mailbox, name, true)?;
        let home = self
            .world
            .policy
            .tunnels
            .first()
            .map(|t| t.folder.name.0.clone());
        let ground = self.world.ground.lock();
        let folder = home.and_then(|name| ground.folder_named(mailbox, &name));
        drop(ground);
        let item = view.id;
        self.by_user(mailbox, MailboxAct::RestoreContact { item, folder })
    }

    /// F27: a card goes to another mailbox, mark and all, into the folder of the same name.
    fn carry(&mut self, mailbox: &str, name: &str, to: &str) -> Said {
        let (view, other) = (self.card(mailbox, name, false)?, self.mailbox(to)?);
        let folder = self.folder(&other, &view.folder.name)?;
        let shown = ["displayName", "givenName", "surname", "mobilePhone"];
        let mut properties = view.properties;
        properties.retain(|name, value| shown.contains(&name.as_str()) && !value.is_null());
        let marks = view.extended.iter();
        let marks = marks.map(|(id, value)| json!({ "id": id, "value": value }));
        let marks = Value::Array(marks.collect());
        properties.insert("singleValueExtendedProperties".to_owned(), marks);
        self.by_user(&other, MailboxAct::CreateContact { folder, properties })
    }

    fn by_user(&mut self, mailbox: &str, act: MailboxAct) -> Said {
        self.by(Actor::User, mailbox, act)
    }

    fn by(&mut self, by: Actor, mailbox: &str, act: MailboxAct) -> Said {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        ground.in_mailbox(mailbox, by, act, now);
        if ground.town.reception == mailbox {
            retell(&mut ground);
        }
        drop(ground);
        self.changed();
        Ok(Vec::new())
    }

    pub fn admin(&mut self, act: &Admin) -> Said {
        match act {
            Admin::Pause(tunnel) => return self.pause(tunnel, true),
            Admin::Resume(tunnel) => return self.pause(tunnel, false),
            Admin::Consent(given) => self.consent(*given),
            Admin::Change(name, fields) => {
                let fields = fields.clone();
                self.edit(name, |p| fields.apply(p))?;
            }
            Admin::Rename(name, to) => self.edit(name, |p| {
                (p.given, p.surname) = traits::parts(to);
                p.name.clone_from(to);
            })?,
            Admin::Enable(name, enabled) => self.edit(name, |p| p.enabled = *enabled)?,
            Admin::Remove(name) => self.leave(name, |id| DirectoryAct::DeleteUser { id })?,
            Admin::BringBack(name) => self.leave(name, |id| DirectoryAct::RestoreUser { id })?,
            Admin::Erase(name) => self.erase(name)?,
            Admin::Join(member, group) => self.set_member(member, group, true)?,
            Admin::Leave(member, group) => self.set_member(member, group, false)?,
            Admin::CloseMailbox(name) => self.close_mailbox(name)?,
            Admin::OpenMailbox(name) => self.open_mailbox(name)?,
        }
        self.changed();
        Ok(Vec::new())
    }

    fn edit(&mut self, name: &str, change: impl FnOnce(&mut Resident)) -> Result<(), String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let id = ground.town.called(name)?;
        let Some(person) = ground.town.people.get_mut(&id) else {
            return Err(format!(
                "{name} is an org contact: only people are changed by stories"
            ));
        };
        change(person);
        let properties = object(json!({
            "displayName": person.name, "givenName": or_null(&person.given), "surname": or_null(&person.surname),
            "mail": or_null(&person.mail), "mobilePhone": or_null(&person.mobile),
            "businessPhones": Some(&person.business).filter(|b| !b.is_empty()).into_iter().collect::<Vec<_>>(),
            "jobTitle": or_null(&person.job), "department": or_null(&person.department),
            "accountEnabled": person.enabled,
        }));
        ground.admin(DirectoryAct::EditUser { id, properties }, now);
        Ok(())
    }

    fn leave(
        &mut self,
        name: &str,
        act: impl FnOnce(String) -> DirectoryAct,
    ) -> Result<(), String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let id = ground.town.called(name)?;
        let act = act(id.clone());
        let deleted = matches!(act, DirectoryAct::DeleteUser { .. });
        ground.admin(act, now);
        if let Some(person) = ground.town.people.get_mut(&id) {
            person.deleted = deleted;
        }
        Ok(())
    }

    fn erase(&mut self, name: &str) -> Result<(), String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let id = ground.town.called(name)?;
        ground.admin(DirectoryAct::PurgeUser { id: id.clone() }, now);
        for circle in ground.town.groups.values_mut() {
            circle.members.remove(&id);
        }
        ground.town.people.remove(&id);
        Ok(())
    }

    fn set_member(&mut self, member: &str, group: &str, joins: bool) -> Result<(), String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        if !ground.town.groups.contains_key(group) {
            let known: Vec<&str> = ground.town.groups.keys().map(String::as_str).collect();
            return Err(format!(
                "there is no group {group}; there are {}",
                known.join(", ")
            ));
        }
        let id = ground.town.member(member)?;
        ground.set_member(group, &id, joins, now);
        Ok(())
    }

    fn close_mailbox(&mut self, name: &str) -> Result<(), String> {
        let id = self.mailbox(name)?;
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let (tenant, mailbox) = (ground.town.tenant.clone(), id.clone());
        ground.act(&Act::DisableMailbox { tenant, mailbox }, now);
        if let Some(person) = ground.town.people.get_mut(&id) {
            person.mailbox = Place::Lost;
        }
        Ok(())
    }

    fn open_mailbox(&mut self, name: &str) -> Result<(), String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let id = ground.town.called(name)?;
        ground.open_mailbox(&id, now);
        if let Some(person) = ground.town.people.get_mut(&id) {
            person.mailbox = Place::User;
        }
        Ok(())
    }

    fn consent(&mut self, given: bool) {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let (tenant, app) = (ground.town.tenant.clone(), ground.town.client.clone());
        let roles = graph_sim::fleet::ALL_ROLES.iter();
        let roles = roles.map(|role| (*role).to_owned()).collect();
        let ends_tokens = true;
        let act = match given {
            true => Act::GrantConsent { tenant, app, roles },
            false => Act::RevokeConsent {
                tenant,
                app,
                ends_tokens,
            },
        };
        ground.act(&act, now);
    }

    fn pause(&mut self, tunnel: &str, pause: bool) -> Said {
        let (tenant, now) = (TenantName::from(TENANT), self.world.now());
        let known = self
            .world
            .policy
            .tunnels
            .iter()
            .any(|t| t.id.as_str() == tunnel);
        if !known {
            return Err(format!("there is no tunnel {tunnel}"));
        }
        let scope = Scope::Tunnel(TunnelId::from(tunnel));
        let done = match pause {
            true => block_on(
                self.world
                    .store
                    .pause(&tenant, &scope, "operator", "by hand", now),
            ),
            false => block_on(self.world.store.resume(&tenant, &scope, "operator", now)),
        };
        done.map(|_| Vec::new()).map_err(|e| e.to_string())
    }
}

impl Stage {
    pub fn mailbox(&self, name: &str) -> Result<String, String> {
        self.world.ground.lock().town.mailbox(name)
    }

    fn is_shared(&self, mailbox: &str) -> bool {
        self.world.ground.lock().town.reception == mailbox
    }

    /// The folder's id; none for the default one.
    pub fn folder(&self, mailbox: &str, name: &str) -> Result<Option<String>, String> {
        if name == "Contacts" {
            return Ok(None);
        }
        let ground = self.world.ground.lock();
        let found = ground.folder_named(mailbox, name);
        found.map(Some).ok_or_else(|| {
            let all = ground.cloud.folders(&ground.town.tenant, mailbox);
            let all = all.into_iter().filter(|f| !f.deleted).map(|f| f.name);
            format!(
                "there is no folder {name}; there are {}",
                all.collect::<Vec<_>>().join(", ")
            )
        })
    }

    /// A card by its name, among the living or the deleted; `#2` behind the name: the second one that was made.
    pub fn card(&self, mailbox: &str, name: &str, deleted: bool) -> Result<ContactView, String> {
        let (wanted, nth) = match name.rsplit_once(" #") {
            Some((wanted, nth)) => (wanted, nth.parse::<usize>().ok()),
            None => (name, None),
        };
        let ground = self.world.ground.lock();
        let all = ground.cloud.contacts(&ground.town.tenant, mailbox);
        let named = |v: &ContactView| {
            v.properties.get("displayName").and_then(Value::as_str) == Some(wanted)
        };
        let mut found: Vec<ContactView> = all
            .into_iter()
            .filter(|v| v.folder.deleted == deleted && named(v))
            .collect();
        match (nth, found.len()) {
            (_, 0) => Err(format!("there is no card {wanted} there")),
            (None, 1) => Ok(found.remove(0)),
            (Some(nth), many) if (1..=many).contains(&nth) => Ok(found.remove(nth - 1)),
            (_, many) => Err(format!(
                "there are {many} cards {wanted}: say which, `{wanted} #1`"
            )),
        }
    }
}

/// The truth of the shared mailbox is what lies in it.
fn retell(ground: &mut Inner) {
    let views = ground
        .cloud
        .contacts(&ground.town.tenant, &ground.town.reception);
    let living = views.iter().filter(|v| !v.folder.deleted);
    ground.town.cards = living.map(|v| (v.id.clone(), card_of(v))).collect();
}

fn card_of(view: &ContactView) -> Card {
    let text = |name: &str| {
        let text = view.properties.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let mails = view.properties.get("emailAddresses");
    let mail = mails.and_then(|m| m[0]["address"].as_str());
    Card {
        folder: match view.folder.name.as_str() {
            "Suppliers" => SUPPLIERS.to_owned(),
            other => other.to_owned(),
        },
        given: text("givenName"),
        surname: text("surname"),
        name: text("displayName"),
        mail: mail.unwrap_or_default().to_owned(),
        mobile: text("mobilePhone"),
        company: text("companyName"),
    }
}
