//! Deeds: what people and admins do, done in the cloud and in the truth beside it at once.

use crate::ground::Inner;
use crate::town::{DOMAIN, Place, Resident};
use graph_sim::Actor;
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::mailbox::MailboxAct;
use model::Timestamp;
use serde_json::{Map, Value, json};

/// The properties of a JSON object; none of anything else.
pub fn object(properties: Value) -> Map<String, Value> {
    match properties {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Graph's word for a blank text.
pub fn or_null(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        json!(text)
    }
}

impl Inner {
    pub fn admin(&mut self, act: DirectoryAct, now: Timestamp) {
        let tenant = self.town.tenant.clone();
        self.act(&Act::Directory { tenant, act }, now);
    }

    /// Gives the id of what it made, where it made something.
    pub fn in_mailbox(
        &mut self,
        mailbox: &str,
        by: Actor,
        act: MailboxAct,
        now: Timestamp,
    ) -> Option<String> {
        let (tenant, mailbox) = (self.town.tenant.clone(), mailbox.to_owned());
        let act = Act::Mailbox {
            tenant,
            mailbox,
            by,
            act,
        };
        self.act(&act, now)
    }

    /// Somebody new in the directory, with a mailbox where the person has one.
    pub fn hire(&mut self, person: &Resident, now: Timestamp) {
        let phones = Some(&person.business).filter(|b| !b.is_empty());
        let upn = format!("{}@{DOMAIN}", person.surname.to_lowercase());
        let properties = json!({
            "displayName": person.name, "givenName": person.given, "surname": person.surname,
            "userPrincipalName": upn,
            "mail": or_null(&person.mail), "mobilePhone": or_null(&person.mobile),
            "jobTitle": person.job, "department": person.department, "accountEnabled": person.enabled,
            "businessPhones": phones.into_iter().collect::<Vec<_>>(),
        });
        let id = person.id.clone();
        let properties = object(properties);
        self.admin(DirectoryAct::CreateUser { id, properties }, now);
        if person.mailbox == Place::User {
            self.open_mailbox(&person.id, now);
        }
    }

    pub fn open_mailbox(&mut self, id: &str, now: Timestamp) {
        let (tenant, mailbox) = (self.town.tenant.clone(), id.to_owned());
        let kind = "user".to_owned();
        let act = Act::CreateMailbox {
            tenant,
            mailbox,
            kind,
        };
        self.act(&act, now);
    }

    /// Somebody, or a group, comes into a group or goes.
    pub fn set_member(&mut self, group: &str, id: &str, member: bool, now: Timestamp) {
        // Nobody can add or remove an account that is deleted; its memberships come back with it.
        if self.town.people.get(id).is_some_and(|p| p.deleted) {
            return;
        }
        let Some(circle) = self.town.groups.get_mut(group) else {
            return;
        };
        let (group, member_id) = (circle.id.clone(), id.to_owned());
        let act = match member {
            true => {
                circle.members.insert(member_id.clone());
                DirectoryAct::AddMember {
                    group,
                    member: member_id,
                }
            }
            false => {
                circle.members.remove(id);
                DirectoryAct::RemoveMember {
                    group,
                    member: member_id,
                }
            }
        };
        self.admin(act, now);
    }

    /// The id of a living folder.
    pub fn folder_named(&self, mailbox: &str, name: &str) -> Option<String> {
        let all = self.cloud.folders(&self.town.tenant, mailbox);
        all.into_iter()
            .find(|f| f.name == name && !f.deleted)
            .map(|f| f.id)
    }
}
