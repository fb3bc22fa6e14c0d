//! `almanac tenant list`: who is there, and until when their certificates hold.

use crate::command::Context;
use crate::exit::{Ended, Exit};
use crate::output::json;
use crate::output::table::{Mood, Sheet};
use crate::seams::clock::MachineClock;
use crate::seams::keys;
use crate::settings::Settings;
use crate::settings::tenants::{CredentialDocument, Tenant, TenantState};
use model::seam::Clock;
use model::{Millis, Timestamp};
use serde_json::json;

/// An expiry nearer than this is worth a colour.
const SOON: Millis = Millis::days(30);

pub fn list(context: &Context) -> Ended {
    let settings = context.settings()?;
    let now = MachineClock.now();
    let lines: Vec<Line> = settings
        .tenants
        .values()
        .map(|placed| Line::of(&settings, &placed.tenant, now))
        .collect();
    if context.voice.json {
        let documents = lines.iter().map(Line::json);
        json::print(&json!({ "tenants": documents.collect::<Vec<_>>() }));
    } else if lines.is_empty() {
        context
            .voice
            .say("There are no tenants yet: add one with `almanac tenant add`.");
    } else {
        print(&lines);
    }
    Ok(Exit::Done)
}

struct Line {
    tenant: Tenant,
    credential: String,
    mood: Mood,
}

impl Line {
    fn of(settings: &Settings, tenant: &Tenant, now: Timestamp) -> Self {
        let (credential, mood) = match (tenant.key_name(), &tenant.credential) {
            (Some(name), _) => certificate(settings, name, now),
            (None, CredentialDocument::SecretEnv(name)) => {
                (format!("secret in ${name}"), Mood::Watch)
            }
            (None, _) => ("secret in a file".to_owned(), Mood::Watch),
        };
        Self {
            tenant: tenant.clone(),
            credential,
            mood,
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "name": self.tenant.name,
            "directory": self.tenant.directory,
            "client_id": self.tenant.client_id,
            "region": self.tenant.region,
            "state": self.tenant.state,
            "credential": self.credential,
        })
    }
}

fn certificate(settings: &Settings, name: &str, now: Timestamp) -> (String, Mood) {
    match keys::read_certificate(&settings.keys_folder(), name) {
        Ok(c) if c.not_after <= now => (format!("certificate expired {}", c.not_after), Mood::Bad),
        Ok(c) if c.not_after.since(now) < SOON => {
            (format!("certificate until {}", c.not_after), Mood::Watch)
        }
        Ok(c) => (format!("certificate until {}", c.not_after), Mood::Good),
        Err(_) => ("certificate missing".to_owned(), Mood::Bad),
    }
}

fn print(lines: &[Line]) {
    let mut sheet = Sheet::new(&[
        "tenant",
        "directory",
        "client id",
        "region",
        "state",
        "credential",
    ]);
    for line in lines {
        let tenant = &line.tenant;
        let (state, mood) = match tenant.state {
            TenantState::Active => ("active", Mood::Good),
            TenantState::Removed => ("removed", Mood::Watch),
        };
        sheet.moody([
            (tenant.name.as_str(), Mood::Plain),
            (tenant.directory.as_str(), Mood::Plain),
            (tenant.client_id.as_str(), Mood::Faint),
            (tenant.region.as_deref().unwrap_or(""), Mood::Plain),
            (state, mood),
            (line.credential.as_str(), line.mood),
        ]);
    }
    sheet.print();
}
