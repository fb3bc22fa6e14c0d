//! One client's tenant: its directory, its mailboxes, and the applications it consented to.

use crate::{directory::Directory, fleet, mailbox::Mailbox};
use std::collections::BTreeMap;

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

/// An application as the tenant knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    pub client_id: String,
    pub secrets: Vec<Secret>,
    /// Certificates in PEM.
    pub certificates: Vec<String>,
    /// Granted application permissions.
    pub roles: Vec<String>,
    pub consent: Consent,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    pub value: String,
    pub expires_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Granted,
    /// AADSTS7000229: no service principal in the tenant.
    Revoked,
    /// AADSTS7000112: the service principal is switched off.
    Disabled,
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

impl App {
    fn new(app: &fleet::App) -> App {
        App {
            client_id: app.client_id.clone(),
            secrets: vec![Secret {
                value: app.client_secret.clone(),
                expires_ms: None,
            }],
            certificates: app.certificates.clone(),
            roles: match &app.roles {
                Some(roles) => roles.clone(),
                None => fleet::ALL_ROLES.iter().map(|r| (*r).to_owned()).collect(),
            },
            consent: Consent::Granted,
        }
    }
}
