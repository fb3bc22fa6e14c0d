//! `almanac tenant check`: can we work there? Token, permissions, one mailbox.

use crate::cli::TenantCheck;
use crate::command::{Context, block_on, work};
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::output::table::{Mood, Sheet};
use crate::settings::Settings;
use crate::settings::tenants::Tenant;
use crate::wiring;
use graph::{Check, Graph, GraphError, PERMISSIONS};
use model::run::TroubleKind;
use serde_json::{Value, json};

pub fn check(context: &Context, wanted: &TenantCheck) -> Ended {
    let settings = context.settings()?;
    let tenants = chosen(&settings, wanted)?;
    let seams = wiring::seams(&settings)?;
    let mut worst = Exit::Done;
    let mut documents = Vec::new();
    for tenant in tenants {
        let found = block_on(look(&seams.graph, &tenant, wanted.mailbox.as_deref()))?;
        worst = worst.max(found.exit());
        if context.voice.json {
            documents.push(found.json(&tenant));
        } else {
            found.print(context, &tenant);
        }
    }
    if context.voice.json {
        json::print(&json!({ "tenants": documents }));
    }
    Ok(worst)
}

fn chosen(settings: &Settings, wanted: &TenantCheck) -> Result<Vec<Tenant>, Failure> {
    match &wanted.name {
        Some(name) => Ok(vec![settings.tenant(name)?.tenant.clone()]),
        None => Ok(settings
            .tenants
            .values()
            .map(|placed| placed.tenant.clone())
            .collect()),
    }
}

/// What one tenant answered.
struct Found {
    check: Check,
    mailbox: Option<(String, Result<(), GraphError>)>,
}

async fn look(graph: &Graph, tenant: &Tenant, mailbox: Option<&str>) -> Found {
    let at = tenant.tenant_ref();
    let check = graph.check(&at).await;
    let mailbox = match mailbox {
        Some(address) if check.sign_in.is_ok() => {
            let answer = graph.default_folder(&at, &address.into()).await;
            Some((address.to_owned(), answer.map(|_| ())))
        }
        _ => None,
    };
    Found { check, mailbox }
}

impl Found {
    fn exit(&self) -> Exit {
        let errors = [
            self.check.sign_in.as_ref().err(),
            self.check.organization.as_ref().err(),
        ];
        let mailbox = self
            .mailbox
            .as_ref()
            .and_then(|(_, answer)| answer.as_ref().err());
        let errors = errors.into_iter().flatten().chain(mailbox);
        match errors.map(exit_of).next() {
            Some(exit) => exit,
            None if self.lacks_directory_permission() => Exit::SignIn,
            None => Exit::Done,
        }
    }

    /// What Exchange may grant is proven by the mailbox that answers, not by the token.
    fn lacks_directory_permission(&self) -> bool {
        self.check.rights.missing.iter().any(|p| !p.by_mailbox)
    }

    fn json(&self, tenant: &Tenant) -> Value {
        let text = |r: &Result<(), GraphError>| r.as_ref().err().map(ToString::to_string);
        json!({
            "tenant": tenant.name,
            "ok": self.exit() == Exit::Done,
            "sign_in": text(&self.check.sign_in),
            "organization": self.check.organization.as_ref().ok(),
            "organization_error": self.check.organization.as_ref().err().map(ToString::to_string),
            "needed": PERMISSIONS.iter().map(|p| p.name).collect::<Vec<_>>(),
            "granted": self.check.granted,
            "missing": self.check.rights.missing.iter().map(|p| p.name).collect::<Vec<_>>(),
            "granted_by": self.check.rights.by,
            "excess": self.check.rights.excess.keys().collect::<Vec<_>>(),
            "harmless": self.check.rights.harmless.keys().collect::<Vec<_>>(),
            "mailbox": self.mailbox.as_ref().map(|(address, answer)| json!({ "address": address, "error": text(answer) })),
        })
    }

    fn print(&self, context: &Context, tenant: &Tenant) {
        let say = |text: String| context.voice.say(text);
        say(format!("{} ({})", tenant.name, tenant.directory));
        match &self.check.sign_in {
            Ok(()) => say("  sign-in: a token was given".to_owned()),
            Err(error) => return say(format!("  sign-in: {error}")),
        }
        match &self.check.organization {
            Ok(name) => say(format!(
                "  organisation: {}",
                crate::output::printable(name)
            )),
            Err(error) => say(format!("  organisation: {error}")),
        }
        self.print_permissions();
        match &self.mailbox {
            Some((address, Ok(()))) => say(format!("  mailbox {address}: answers")),
            Some((address, Err(error))) => say(format!("  mailbox {address}: {error}")),
            None => say("  mailbox: not tried; name one with --mailbox ADDRESS".to_owned()),
        }
    }

    fn print_permissions(&self) {
        let mut sheet = Sheet::new(&["permission", "state", "why"]);
        let rights = &self.check.rights;
        for permission in PERMISSIONS {
            let (state, mood) = match (rights.by.get(permission.name), permission.by_mailbox) {
                _ if self.check.granted.is_none() => ("not known".to_owned(), Mood::Watch),
                (Some(role), _) if role == permission.name => ("granted".to_owned(), Mood::Good),
                (Some(role), _) => (format!("granted by {role}"), Mood::Good),
                (None, true) => {
                    let state = "not in the token; Exchange may grant it";
                    (state.to_owned(), Mood::Watch)
                }
                (None, false) => ("missing".to_owned(), Mood::Bad),
            };
            sheet.moody([
                (permission.name, Mood::Plain),
                (state.as_str(), mood),
                (permission.why, Mood::Faint),
            ]);
        }
        for (name, enough) in &rights.excess {
            let advice = match enough {
                [] => "not needed: take it back".to_owned(),
                [one] => format!("wider than needed: {one} is enough"),
                several => format!("wider than needed: {} are enough", several.join(", ")),
            };
            sheet.moody([
                (name.as_str(), Mood::Plain),
                ("excess", Mood::Watch),
                (advice.as_str(), Mood::Faint),
            ]);
        }
        for (name, beside) in &rights.harmless {
            let advice = format!("not needed; of no weight beside {beside}");
            sheet.moody([
                (name.as_str(), Mood::Plain),
                ("harmless", Mood::Faint),
                (advice.as_str(), Mood::Faint),
            ]);
        }
        sheet.print();
    }
}

/// The exit code of an answer of Microsoft's.
pub fn exit_of(error: &GraphError) -> Exit {
    match error.kind() {
        TroubleKind::Mailbox | TroubleKind::Refused => Exit::Failed,
        kind => work::exit_of_trouble(kind),
    }
}
