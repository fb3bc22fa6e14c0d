//! An application as one tenant knows it: how it proves itself, what it may do, and where.

use crate::{call::Bearer, done::Done, error, fleet};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq)]
pub struct App {
    pub client_id: String,
    pub secrets: Vec<Secret>,
    /// Certificates in PEM.
    pub certificates: Vec<String>,
    /// Granted application permissions.
    pub roles: Vec<String>,
    pub consent: Consent,
    /// The last change of `roles`: until it has spread, tokens carry what was granted before (Q27).
    pub changed: Option<RoleChange>,
    pub scope: Scope,
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

#[derive(Clone, Debug, PartialEq)]
pub struct RoleChange {
    pub at_ms: i64,
    pub before: Vec<String>,
}

/// Which mailboxes the app may touch (graph.md 1.6). Changes take effect at `from_ms`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    rule: Rule,
    from_ms: i64,
    before: Rule,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rule {
    /// Whatever the token's roles allow, everywhere.
    #[default]
    Everywhere,
    /// An application access policy: the token's roles hold for these mailboxes only (object ids).
    Policy(BTreeSet<String>),
    /// Role-based access control for applications: these permissions hold for these mailboxes, besides what
    /// the token's roles grant everywhere. The two are a union.
    Rbac {
        roles: BTreeSet<String>,
        mailboxes: BTreeSet<String>,
    },
}

impl App {
    pub(crate) fn new(app: &fleet::App) -> App {
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
            changed: None,
            scope: Scope::default(),
        }
    }

    /// An admin grants exactly `roles`; a revoked or disabled app is consented to again.
    pub fn grant(&mut self, roles: &[String], now_ms: i64) {
        let before = match self.consent {
            Consent::Granted => std::mem::take(&mut self.roles),
            Consent::Revoked | Consent::Disabled => Vec::new(),
        };
        self.changed = Some(RoleChange {
            at_ms: now_ms,
            before,
        });
        self.roles = roles.to_vec();
        self.consent = Consent::Granted;
    }

    /// An admin deletes the enterprise application. Tokens that are out live on until they are over.
    pub fn revoke(&mut self) {
        self.consent = Consent::Revoked;
    }

    pub fn disable(&mut self) {
        self.consent = Consent::Disabled;
    }

    pub fn add_secret(&mut self, value: &str, expires_ms: Option<i64>) {
        self.secrets.push(Secret {
            value: value.to_owned(),
            expires_ms,
        });
    }

    /// Lets every secret of that value end at `at_ms`.
    pub fn expire_secret(&mut self, value: &str, at_ms: i64) {
        let of_value = self.secrets.iter_mut().filter(|s| s.value == value);
        of_value.for_each(|secret| secret.expires_ms = Some(at_ms));
    }

    pub fn remove_secret(&mut self, value: &str) {
        self.secrets.retain(|secret| secret.value != value);
    }

    pub fn add_certificate(&mut self, pem: &str) {
        self.certificates.push(pem.to_owned());
    }

    pub fn remove_certificate(&mut self, pem: &str) {
        self.certificates.retain(|one| one.trim() != pem.trim());
    }

    /// An admin limits the app to mailboxes, effective at `from_ms` (Q14: up to one or two hours later).
    pub fn limit(&mut self, rule: Rule, now_ms: i64, from_ms: i64) {
        let before = self.scope.rule_at(now_ms).clone();
        self.scope = Scope {
            rule,
            from_ms,
            before,
        };
    }

    /// What a token minted now carries; `spread_ms` is how long a grant takes to get around.
    pub fn roles_at(&self, now_ms: i64, spread_ms: i64) -> &[String] {
        match &self.changed {
            Some(change) if now_ms < change.at_ms + spread_ms => &change.before,
            _ => &self.roles,
        }
    }

    /// Whether a call with this token may touch the mailbox of `owner` (object id), given that any of
    /// `roles` would do; else Exchange's 403.
    pub fn may_touch(
        &self,
        bearer: &Bearer,
        roles: &[&str],
        owner: &str,
        now_ms: i64,
    ) -> Result<(), Done> {
        match self.scope.rule_at(now_ms) {
            Rule::Policy(mailboxes) if bearer.may(roles) && !mailboxes.contains(owner) => {
                Err(error::policy_denied())
            }
            Rule::Rbac {
                roles: granted,
                mailboxes,
            } if roles.iter().any(|role| granted.contains(*role)) && mailboxes.contains(owner) => {
                Ok(())
            }
            _ if bearer.may(roles) => Ok(()),
            _ => Err(error::access_denied()),
        }
    }
}

impl Scope {
    fn rule_at(&self, now_ms: i64) -> &Rule {
        if now_ms < self.from_ms {
            &self.before
        } else {
            &self.rule
        }
    }
}

/// The object id of an app's service principal in a tenant.
pub fn service_principal_id(tenant: &str, client_id: &str) -> String {
    derived_guid(&["service principal", tenant, client_id])
}

/// A GUID that depends on nothing but what it names.
pub(crate) fn derived_guid(name: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in name {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.to_ascii_lowercase().as_bytes());
    }
    let mut b = [0u8; 16];
    b.copy_from_slice(&hash.finalize()[..16]);
    let number = u128::from_be_bytes(b);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        (number >> 96) as u32,
        (number >> 80) as u16,
        (number >> 64) as u16 & 0xfff,
        (number >> 48) as u16 & 0x3fff | 0x8000,
        number as u64 & 0xffff_ffff_ffff
    )
}
