//! What a fleet file left out is filled in: ids, addresses, the app; references become ids.

use super::{App, Fleet, Group, MailboxState, Person, PersonKind, Tenant};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Why a fleet cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error("the fleet file cannot be read: {0}")]
    Yaml(String),
    #[error(
        "tenant {tenant}: {user} refers to {reference:?}, which nothing in the tenant is called"
    )]
    Unknown {
        tenant: String,
        user: String,
        reference: String,
    },
    #[error(
        "tenant {tenant}: two objects are called {name:?}; give one of them another `upn` or `id`"
    )]
    Twice { tenant: String, name: String },
    #[error("two tenants have the domain or id {0:?}")]
    TenantTwice(String),
    #[error("tenant {tenant}: {what} has no name")]
    Nameless { tenant: String, what: &'static str },
}

impl Fleet {
    /// Fills in what was left out and turns references into ids. A complete fleet stays as it is.
    pub fn complete(&mut self) -> Result<(), FleetError> {
        let mut known = BTreeMap::new();
        for tenant in &mut self.tenants {
            tenant.complete(self.seed)?;
            for key in [&tenant.domain, &tenant.id] {
                if known.insert(key.to_lowercase(), ()).is_some() {
                    return Err(FleetError::TenantTwice(key.clone()));
                }
            }
        }
        Ok(())
    }
}

/// A GUID that depends on nothing but the seed and what it names.
pub(crate) fn guid(seed: u64, name: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in name {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

impl Tenant {
    fn complete(&mut self, seed: u64) -> Result<(), FleetError> {
        self.name_itself(seed);
        self.name_people(seed)?;
        self.name_others(seed)?;
        self.resolve()
    }

    fn name_itself(&mut self, seed: u64) {
        if self.id.is_empty() {
            self.id = guid(seed, &["tenant", &self.domain]);
        }
        if self.name.is_empty() {
            self.name = self.domain.clone();
        }
        if self.apps.is_empty() {
            self.apps.push(App::default());
        }
        for (at, app) in self.apps.iter_mut().enumerate() {
            if app.client_id.is_empty() {
                app.client_id = guid(seed, &["app", &at.to_string()]);
            }
            if app.client_secret.is_empty() && app.certificates.is_empty() {
                app.client_secret = guid(seed, &["secret", &self.domain, &at.to_string()]);
            }
        }
    }

    fn name_people(&mut self, seed: u64) -> Result<(), FleetError> {
        let mut taken = BTreeMap::new();
        for person in &mut self.people {
            person.check_name(&self.domain)?;
            person.complete(seed, &self.domain);
            for key in [&person.upn, &person.id] {
                if taken.insert(key.to_lowercase(), ()).is_some() {
                    return Err(FleetError::Twice {
                        tenant: self.domain.clone(),
                        name: key.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn name_others(&mut self, seed: u64) -> Result<(), FleetError> {
        let mut taken = BTreeMap::new();
        let contacts = self.org_contacts.iter_mut().map(|c| {
            let key = c.mail.clone().unwrap_or_else(|| c.name.clone());
            ("orgContact", &c.name, key, &mut c.id)
        });
        let groups = self
            .groups
            .iter_mut()
            .map(|g| ("group", &g.name, g.name.clone(), &mut g.id));
        for (kind, name, key, id) in contacts.chain(groups) {
            if name.is_empty() {
                return Err(FleetError::Nameless {
                    tenant: self.domain.clone(),
                    what: kind,
                });
            }
            if id.is_empty() {
                *id = guid(seed, &[kind, &self.domain, &key]);
            }
            if taken.insert(id.clone(), ()).is_some() {
                return Err(FleetError::Twice {
                    tenant: self.domain.clone(),
                    name: key,
                });
            }
        }
        Ok(())
    }

    /// Turns every reference into an id.
    fn resolve(&mut self) -> Result<(), FleetError> {
        let names = Names::of(self);
        for person in &mut self.people {
            if let Some(manager) = &mut person.manager {
                *manager = names.member(&person.name, manager)?;
            }
        }
        for group in &mut self.groups {
            group.resolve(&names)?;
        }
        for content in &mut self.content {
            content.mailbox = names.member("mailbox content", &content.mailbox)?;
        }
        Ok(())
    }
}

impl Group {
    fn resolve(&mut self, names: &Names) -> Result<(), FleetError> {
        for member in &mut self.members {
            *member = names.member(&self.name, member)?;
        }
        for nested in &mut self.groups {
            *nested = names.group(&self.name, nested)?;
        }
        Ok(())
    }
}

impl Person {
    fn check_name(&self, tenant: &str) -> Result<(), FleetError> {
        match self.name.is_empty() {
            true => Err(FleetError::Nameless {
                tenant: tenant.to_string(),
                what: "a person",
            }),
            false => Ok(()),
        }
    }

    fn complete(&mut self, seed: u64, domain: &str) {
        if self.kind == PersonKind::User && self.given_name.is_none() && self.surname.is_none() {
            self.split_name();
        }
        if self.upn.is_empty() {
            self.upn = format!("{}@{domain}", self.local_part(seed, domain));
        }
        if self.id.is_empty() {
            self.id = guid(seed, &["user", domain, &self.upn.to_lowercase()]);
        }
        if self.mail.is_none() && self.mailbox_state() != MailboxState::None {
            self.mail = Some(self.upn.clone());
        }
    }

    /// "Ada Lovelace" has a given name and a surname; other shapes are left to whoever writes the fleet.
    fn split_name(&mut self) {
        let words: Vec<&str> = self.name.split_whitespace().collect();
        if let [given, surname] = words[..] {
            self.given_name = Some(given.to_string());
            self.surname = Some(surname.to_string());
        }
    }

    fn local_part(&self, seed: u64, domain: &str) -> String {
        let plain: String = self
            .name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
            .collect();
        let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
        match words.is_empty() {
            true => format!("user-{}", &guid(seed, &["upn", domain, &self.name])[..8]),
            false => words.join("."),
        }
    }
}

/// What everything in a tenant is called, in lower case, and its id.
struct Names {
    tenant: String,
    members: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
}

impl Names {
    fn of(tenant: &Tenant) -> Names {
        let mut members = BTreeMap::new();
        let mut say = |name: &str, id: &str| {
            members
                .entry(name.to_lowercase())
                .or_insert_with(|| id.to_string());
        };
        for p in &tenant.people {
            [&p.id, &p.upn]
                .into_iter()
                .chain(&p.mail)
                .chain(&p.aliases)
                .for_each(|n| say(n, &p.id));
        }
        for c in &tenant.org_contacts {
            std::iter::once(&c.id)
                .chain(&c.mail)
                .for_each(|n| say(n, &c.id));
        }
        // Names come last: an address that is somebody's name too means the address.
        tenant.people.iter().for_each(|p| say(&p.name, &p.id));
        tenant.org_contacts.iter().for_each(|c| say(&c.name, &c.id));
        let groups = tenant
            .groups
            .iter()
            .flat_map(|g| [&g.id, &g.name].map(|n| (n.to_lowercase(), g.id.clone())));
        Names {
            tenant: tenant.domain.clone(),
            groups: groups.collect(),
            members,
        }
    }

    fn member(&self, user: &str, reference: &str) -> Result<String, FleetError> {
        self.find(&self.members, user, reference)
    }

    fn group(&self, user: &str, reference: &str) -> Result<String, FleetError> {
        self.find(&self.groups, user, reference)
    }

    fn find(
        &self,
        names: &BTreeMap<String, String>,
        user: &str,
        reference: &str,
    ) -> Result<String, FleetError> {
        names
            .get(&reference.to_lowercase())
            .cloned()
            .ok_or_else(|| FleetError::Unknown {
                tenant: self.tenant.clone(),
                user: user.to_string(),
                reference: reference.to_string(),
            })
    }
}
