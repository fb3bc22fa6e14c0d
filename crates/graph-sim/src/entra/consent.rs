//! Admin consent (Entra: v2-admin-consent): the link an admin opens, answered as if they had clicked.

use super::form::{Url, encode};
use super::refusal::{self, Refusal};
use super::{Entra, tenant_named};
use crate::app::App;
use crate::{done::Done, tenant::Tenant};
use std::collections::BTreeMap;

impl Entra {
    pub(super) fn consent(
        &mut self,
        url: &Url,
        tenant_name: &str,
        tenants: &mut BTreeMap<String, Tenant>,
        now_ms: i64,
    ) -> Result<Done, Refusal> {
        let asked = |name: &str| url.query.get(name).map(String::as_str);
        let client_id = asked("client_id").ok_or_else(|| refusal::missing("client_id"))?;
        let redirect = asked("redirect_uri").filter(|uri| uri.contains("://"));
        let redirect = redirect.ok_or_else(refusal::no_redirect)?;
        let tenant_id = admins_tenant(tenants, tenant_name)?;
        let app = registration(tenants, client_id)
            .ok_or_else(|| refusal::unknown_app(client_id, &tenant_id))?;
        let mut answer = vec![("admin_consent", "True".to_owned())];
        if self.consent_declined {
            let text = "AADSTS65004: User declined to consent to access the app.";
            answer.push(("error", "consent_required".to_owned()));
            answer.push(("error_description", text.to_owned()));
        } else {
            answer.push(("tenant", tenant_id.clone()));
            answer.extend(asked("scope").map(|scope| ("scope", scope.to_owned())));
            install(tenants, &tenant_id, app, now_ms);
        }
        answer.extend(asked("state").map(|state| ("state", state.to_owned())));
        Ok(Done::empty(302).with("location", link(redirect, &answer)))
    }
}

/// `organizations` leaves the choice to the admin who signs in: the only tenant there is, else nobody's.
fn admins_tenant(tenants: &BTreeMap<String, Tenant>, name: &str) -> Result<String, Refusal> {
    if name == "organizations" || name == "common" {
        return match tenants.len() {
            1 => Ok(tenants.keys().next().cloned().unwrap_or_default()),
            _ => Err(refusal::no_tenant_named()),
        };
    }
    let tenant = tenant_named(tenants, name).ok_or_else(|| refusal::no_such_tenant(name))?;
    Ok(tenant.id.clone())
}

/// The app as any tenant knows it: its credentials are those of its one registration.
fn registration(tenants: &BTreeMap<String, Tenant>, client_id: &str) -> Option<App> {
    let key = client_id.to_ascii_lowercase();
    tenants
        .values()
        .find_map(|tenant| tenant.apps.get(&key))
        .cloned()
}

fn install(tenants: &mut BTreeMap<String, Tenant>, tenant: &str, app: App, now_ms: i64) {
    let Some(tenant) = tenants.get_mut(tenant) else {
        return;
    };
    let roles = app.roles.clone();
    let key = app.client_id.to_ascii_lowercase();
    let is_new = !tenant.apps.contains_key(&key);
    let own = tenant.apps.entry(key).or_insert(app);
    if is_new {
        own.revoke();
        own.scope = Default::default();
    }
    own.grant(&roles, now_ms);
}

fn link(redirect: &str, answer: &[(&str, String)]) -> String {
    let joint = if redirect.contains('?') { '&' } else { '?' };
    let pairs: Vec<String> = answer
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("{redirect}{joint}{}", pairs.join("&"))
}
