//! One client's tenant: its directory, its mailboxes, and the applications it consented to.

use crate::{directory::Directory, fleet, mailbox::Mailbox};
use std::collections::BTreeMap;

pub use crate::app::{App, Consent, Secret};

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
    pub fn new(fleet: &fleet::Tenant, number: u64, now_ms: i64) -> Tenant {
        Tenant {
            id: fleet.id.to_ascii_lowercase(),
            domain: fleet.domain.clone(),
            directory: Directory::new(fleet, now_ms),
            mailboxes: mailboxes(fleet, number, now_ms),
            apps: fleet
                .apps
                .iter()
                .map(|a| (a.client_id.to_ascii_lowercase(), App::new(a)))
                .collect(),
        }
    }
}

fn mailboxes(fleet: &fleet::Tenant, _number: u64, _now_ms: i64) -> BTreeMap<String, Mailbox> {
    fleet
        .mailboxes()
        .map(|person| (person.id.clone(), Mailbox {}))
        .collect()
}
