//! What people and admins do: everything that changes the cloud beside the API.

use super::Cloud;
use crate::{
    directory::DirectoryAct,
    done::Done,
    error,
    event::Actor,
    mailbox::{Condition, Doer, Mailbox, MailboxAct},
    tenant::{App, Consent, Secret, Tenant},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Tenants, mailboxes and people by id; apps by client id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Somebody does something in a mailbox: its owner, a rival product, the service.
    Mailbox {
        tenant: String,
        mailbox: String,
        by: Actor,
        act: MailboxAct,
    },
    /// An admin does something in the directory. Who is purged loses the mailbox; who is deleted keeps it
    /// unreachable until restored.
    Directory {
        tenant: String,
        act: DirectoryAct,
    },
    /// Licence assigned: a mailbox that is new, or the old one again. `kind` is Graph's userPurpose.
    CreateMailbox {
        tenant: String,
        mailbox: String,
        kind: String,
    },
    /// Licence removed.
    DisableMailbox {
        tenant: String,
        mailbox: String,
    },
    /// Mailbox and content are gone (F29).
    RemoveMailbox {
        tenant: String,
        mailbox: String,
    },
    GrantConsent {
        tenant: String,
        app: String,
        roles: Vec<String>,
    },
    /// The enterprise application is deleted; `ends_tokens`: tokens that are out end as well.
    RevokeConsent {
        tenant: String,
        app: String,
        ends_tokens: bool,
    },
    DisableApp {
        tenant: String,
        app: String,
    },
    /// Every secret of the app ends now.
    ExpireSecrets {
        tenant: String,
        app: String,
    },
    AddSecret {
        tenant: String,
        app: String,
        value: String,
        expires_ms: Option<i64>,
    },
    /// Certificates in PEM, in place of those before.
    SetCertificates {
        tenant: String,
        app: String,
        certificates: Vec<String>,
    },
}

impl Cloud {
    /// Carries out an act; gives the id of what it made, where it made something.
    pub fn act(&mut self, act: &Act, now_ms: i64) -> Result<Option<String>, Done> {
        self.advance(now_ms);
        match act {
            Act::Mailbox {
                tenant,
                mailbox,
                by,
                act,
            } => {
                let doer = Doer {
                    actor: by.clone(),
                    now_ms,
                };
                let (tenants, _, mut scene) = self.split();
                let found = tenants
                    .get_mut(tenant)
                    .and_then(|t| t.mailboxes.get_mut(mailbox));
                found
                    .ok_or_else(error::mailbox_not_enabled)?
                    .act(act, &doer, &mut scene)
            }
            Act::Directory { tenant, act } => {
                let (tenants, _, mut scene) = self.split();
                let found = tenants
                    .get_mut(tenant)
                    .ok_or_else(|| error::resource_not_found(tenant))?;
                found.directory.act(act, now_ms, &mut scene);
                found.follow(act);
                Ok(None)
            }
            Act::CreateMailbox {
                tenant,
                mailbox,
                kind,
            } => {
                let quirks = self.settings.quirks.clone();
                let found = self.tenant(tenant)?;
                let id: Arc<str> = Arc::from(found.id.as_str());
                let made = found.mailboxes.entry(mailbox.clone()).or_insert_with(|| {
                    Mailbox::new(id, Arc::from(mailbox.as_str()), kind, &quirks)
                });
                made.condition = Condition::Ready;
                Ok(None)
            }
            Act::DisableMailbox { tenant, mailbox } => {
                let found = self.tenant(tenant)?.mailboxes.get_mut(mailbox);
                found.ok_or_else(error::mailbox_not_enabled)?.condition = Condition::Unreachable;
                Ok(None)
            }
            Act::RemoveMailbox { tenant, mailbox } => {
                self.tenant(tenant)?.mailboxes.remove(mailbox);
                Ok(None)
            }
            _ => self.act_on_app(act, now_ms).map(|()| None),
        }
    }

    fn act_on_app(&mut self, act: &Act, now_ms: i64) -> Result<(), Done> {
        match act {
            Act::GrantConsent { tenant, app, roles } => self.app(tenant, app)?.grant(roles, now_ms),
            Act::RevokeConsent {
                tenant,
                app,
                ends_tokens,
            } => {
                self.app(tenant, app)?.revoke();
                if *ends_tokens {
                    self.entra.end_tokens(tenant, app, now_ms);
                }
            }
            Act::DisableApp { tenant, app } => self.app(tenant, app)?.consent = Consent::Disabled,
            Act::ExpireSecrets { tenant, app } => {
                let secrets = &mut self.app(tenant, app)?.secrets;
                secrets.iter_mut().for_each(|s| s.expires_ms = Some(now_ms));
            }
            Act::AddSecret {
                tenant,
                app,
                value,
                expires_ms,
            } => {
                let secret = Secret {
                    value: value.clone(),
                    expires_ms: *expires_ms,
                };
                self.app(tenant, app)?.secrets.push(secret);
            }
            Act::SetCertificates {
                tenant,
                app,
                certificates,
            } => {
                self.app(tenant, app)?.certificates.clone_from(certificates);
            }
            _ => {}
        }
        Ok(())
    }

    fn tenant(&mut self, tenant: &str) -> Result<&mut Tenant, Done> {
        self.tenants
            .get_mut(tenant)
            .ok_or_else(|| error::resource_not_found(tenant))
    }

    fn app(&mut self, tenant: &str, app: &str) -> Result<&mut App, Done> {
        let found = self.tenant(tenant)?.apps.get_mut(&app.to_ascii_lowercase());
        found.ok_or_else(|| error::resource_not_found(app))
    }
}

impl Tenant {
    /// What a change of the directory does to the mailbox of its person.
    fn follow(&mut self, act: &DirectoryAct) {
        match act {
            DirectoryAct::DeleteUser { id } => self.set_condition(id, Condition::Unreachable),
            DirectoryAct::RestoreUser { id } => self.set_condition(id, Condition::Ready),
            DirectoryAct::PurgeUser { id } => {
                self.mailboxes.remove(id);
            }
            _ => {}
        }
    }

    fn set_condition(&mut self, id: &str, condition: Condition) {
        if let Some(mailbox) = self.mailboxes.get_mut(id) {
            mailbox.condition = condition;
        }
    }
}
