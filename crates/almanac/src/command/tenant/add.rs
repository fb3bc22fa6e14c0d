//! `almanac tenant add`: a key, a document, and what the client's admin has to do.

use super::scope;
use crate::cli::TenantAdd;
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::output::{json, table::Sheet};
use crate::seams::clock::MachineClock;
use crate::seams::keys::{self, Certificate};
use crate::settings::Settings;
use crate::settings::tenants::{self, CredentialDocument, Tenant, TenantState};
use graph::PERMISSIONS;
use model::Millis;
use model::seam::Clock;
use serde_json::json;
use std::path::PathBuf;

pub fn add(context: &Context, wanted: TenantAdd) -> Ended {
    let settings = context.settings()?;
    let tenant = wanted_tenant(&wanted);
    let file = settings
        .home
        .join("tenants")
        .join(format!("{}.yaml", tenant.name));
    refuse(&settings, &tenant, &file)?;
    let certificate = certificate(&settings, &tenant, wanted.valid_days)?;
    files::make_folder(&settings.home.join("tenants"))?;
    files::create(&file, document(&tenant).as_bytes())?;
    let added = Added {
        consent_url: consent(&settings, &tenant, &wanted.redirect_uri),
        tenant,
        file,
        certificate,
    };
    if context.voice.json {
        added.print_json();
    } else {
        added.print(context);
    }
    Ok(Exit::Done)
}

fn wanted_tenant(wanted: &TenantAdd) -> Tenant {
    Tenant {
        name: wanted.name.clone(),
        directory: wanted.directory.clone(),
        client_id: wanted.client_id.clone(),
        region: wanted.region.clone(),
        credential: match (&wanted.secret_file, &wanted.shared_certificate) {
            (Some(path), _) => CredentialDocument::SecretFile(absolute(path)),
            (None, Some(name)) => CredentialDocument::SharedCertificate(name.clone()),
            (None, None) => CredentialDocument::Certificate,
        },
        state: TenantState::Active,
        copies: None,
    }
}

/// A path from the command line means the current folder; one in a document means the home folder.
fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn refuse(settings: &Settings, tenant: &Tenant, file: &std::path::Path) -> Result<(), Failure> {
    if let Some(what) = tenants::mistake(tenant) {
        return Err(Failure::new(
            Exit::Usage,
            format!("tenant `{}`: {what}", tenant.name),
            "nothing was written",
        ));
    }
    let shared = match &tenant.credential {
        CredentialDocument::SharedCertificate(name) => !tenants::is_name(name),
        _ => false,
    };
    if shared {
        return Err(Failure::new(
            Exit::Usage,
            "the certificate's name may have lower-case letters, digits and dashes only",
            "nothing was written",
        ));
    }
    let there = settings
        .tenants
        .get(&tenant.name)
        .map(|placed| placed.file.clone());
    match there.or_else(|| file.exists().then(|| file.to_owned())) {
        Some(file) => Err(Failure::configuration(
            format!(
                "the tenant `{}` is already in {}",
                tenant.name,
                file.display()
            ),
            "nothing was written; edit that file, or choose another name",
        )),
        None => Ok(()),
    }
}

/// Makes the key, or takes the one that is there: a key is never replaced behind anyone's back.
fn certificate(
    settings: &Settings,
    tenant: &Tenant,
    days: u32,
) -> Result<Option<Certificate>, Failure> {
    let Some(name) = tenant.key_name() else {
        return Ok(None);
    };
    let folder = settings.keys_folder();
    if keys::has_key(&folder, name) {
        return keys::read_certificate(&folder, name).map(Some);
    }
    files::make_secret_folder(&folder)?;
    keys::make_certificate(
        &folder,
        name,
        MachineClock.now(),
        Millis::days(i64::from(days)),
    )
    .map(Some)
}

fn document(tenant: &Tenant) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema=../schemas/tenants.json\ntenants:\n  - name: {}\n    directory: {}\n    client_id: {}\n",
        tenant.name, tenant.directory, tenant.client_id
    );
    if let Some(region) = &tenant.region {
        // Quoted: the region NO would be read as false by some tools.
        text += &format!("    region: \"{region}\"\n");
    }
    text += &match &tenant.credential {
        CredentialDocument::Certificate => "    credential: certificate\n".to_owned(),
        CredentialDocument::SharedCertificate(name) => {
            format!("    credential: {{ shared_certificate: {name} }}\n")
        }
        CredentialDocument::SecretFile(path) => {
            let quoted = serde_json::Value::from(path.display().to_string());
            format!("    credential: {{ secret_file: {quoted} }}  # laboratories only\n")
        }
        CredentialDocument::SecretEnv(name) => {
            format!("    credential: {{ secret_env: {name} }}\n")
        }
    };
    text
}

fn consent(settings: &Settings, tenant: &Tenant, redirect: &str) -> String {
    scope::consent_url(
        &settings.endpoints(),
        &tenant.directory,
        &tenant.client_id,
        redirect,
        &tenant.name,
    )
}

/// What was made.
struct Added {
    tenant: Tenant,
    file: PathBuf,
    certificate: Option<Certificate>,
    consent_url: String,
}

impl Added {
    fn print_json(&self) {
        let permissions: Vec<_> = PERMISSIONS
            .iter()
            .map(
                |p| json!({ "name": p.name, "id": p.id, "why": p.why, "by_mailbox": p.by_mailbox }),
            )
            .collect();
        json::print(&json!({
            "tenant": self.tenant,
            "file": self.file,
            "certificate": self.certificate.as_ref().map(|c| json!({
                "file": c.path, "thumbprint": c.thumbprint, "expires": c.not_after.to_string(),
            })),
            "permissions": permissions,
            "consent_url": self.consent_url,
            "scope_commands": scope::scope_commands(&self.tenant.client_id),
        }));
    }

    fn print(&self, context: &Context) {
        let say = |text: &str| context.voice.say(text);
        say(&format!(
            "Added the tenant `{}` in {}.\n",
            self.tenant.name,
            self.file.display()
        ));
        if let Some(certificate) = &self.certificate {
            say(
                "1. Upload the certificate to the app registration (Certificates & secrets > Certificates):",
            );
            say(&format!("     {}", certificate.path.display()));
            say(&format!(
                "     thumbprint {}, valid until {}\n",
                certificate.thumbprint, certificate.not_after
            ));
        } else {
            say("1. The app signs in with a client secret: for laboratories only.\n");
        }
        say("2. Give the app these application permissions of Microsoft Graph, and no others:");
        print_permissions();
        say("\n3. A Privileged Role Administrator of the client consents here:");
        say(&format!("     {}\n", self.consent_url));
        say(
            "4. To limit Almanac to some mailboxes, leave the permissions marked `mailboxes` out of step 2 and",
        );
        say(
            "   have an Exchange administrator of the client run this instead (a consent for all mailboxes",
        );
        say("   would win over it; changes take 30 minutes to 2 hours):\n");
        for command in scope::scope_commands(&self.tenant.client_id) {
            say(&format!("     {command}"));
        }
        say(&format!(
            "\n5. Then: almanac tenant check {} --mailbox someone@the.client",
            self.tenant.name
        ));
    }
}

fn print_permissions() {
    let mut sheet = Sheet::new(&["permission", "why", "reaches", "app role id"]);
    for p in PERMISSIONS {
        let reach = if p.by_mailbox {
            "mailboxes"
        } else {
            "directory"
        };
        sheet.row([p.name, p.why, reach, p.id]);
    }
    sheet.print();
}
