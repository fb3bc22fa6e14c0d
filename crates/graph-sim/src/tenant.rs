//! One client's tenant: its directory, its mailboxes, and the applications it consented to.

use crate::{
    directory::Directory,
    fleet::{self, MailboxState, Person, PersonKind},
    mailbox::{Condition, Doer, Mailbox},
    scene::Scene,
};
use std::{collections::BTreeMap, sync::Arc};

pub use crate::app::{App, Consent, Secret};

/// A mailbox is ready so long after its licence (graph.md 4.1).
const PROVISIONING_MS: i64 = 900_000;

#[derive(Clone, Debug)]
pub struct Tenant {
    /// GUID in lower case.
    pub id: String,
    pub domain: String,
    pub directory: Directory,
    /// By the owner's object id.
    pub mailboxes: BTreeMap<String, Mailbox>,
    /// By client id in lower case.
    pub apps: BTreeMap<String, App>,
}

impl Tenant {
    pub fn new(fleet: &fleet::Tenant, now_ms: i64, scene: &mut Scene) -> Tenant {
        let mut tenant = Tenant {
            id: fleet.id.to_ascii_lowercase(),
            domain: fleet.domain.clone(),
            directory: Directory::new(fleet, now_ms),
            mailboxes: BTreeMap::new(),
            apps: fleet
                .apps
                .iter()
                .map(|a| (a.client_id.to_ascii_lowercase(), App::new(a)))
                .collect(),
        };
        tenant.open_mailboxes(fleet, now_ms, scene);
        tenant.fill_mailboxes(fleet, now_ms, scene);
        tenant
    }

    fn open_mailboxes(&mut self, fleet: &fleet::Tenant, now_ms: i64, scene: &mut Scene) {
        let id: Arc<str> = Arc::from(self.id.as_str());
        for person in &fleet.people {
            let condition = match person.mailbox_state() {
                MailboxState::None => continue,
                MailboxState::Online => Condition::Ready,
                MailboxState::OnPremises => Condition::Unreachable,
                MailboxState::Provisioning => Condition::Provisioning {
                    ready_ms: now_ms + PROVISIONING_MS,
                },
            };
            let owner = person.id.to_ascii_lowercase();
            let mut mailbox = Mailbox::new(
                id.clone(),
                Arc::from(owner.as_str()),
                purpose(person),
                &scene.settings.quirks,
            );
            mailbox.condition = condition;
            self.mailboxes.insert(owner, mailbox);
        }
    }

    fn fill_mailboxes(&mut self, fleet: &fleet::Tenant, now_ms: i64, scene: &mut Scene) {
        let doer = Doer {
            actor: crate::event::Actor::User,
            now_ms,
        };
        for content in &fleet.content {
            if let Some(mailbox) = self
                .mailboxes
                .get_mut(&content.mailbox.to_ascii_lowercase())
            {
                mailbox.fill(content, &doer, scene);
                scene.events.clear();
            }
        }
        for mailbox in self.mailboxes.values_mut() {
            mailbox.settle();
        }
    }
}

/// Graph's userPurpose.
fn purpose(person: &Person) -> &'static str {
    match person.kind {
        PersonKind::User => "user",
        PersonKind::Shared => "shared",
        PersonKind::Room => "room",
        PersonKind::Equipment => "equipment",
    }
}
