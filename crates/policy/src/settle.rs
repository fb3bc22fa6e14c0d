//! One tunnel's document, turned into the tunnel as it takes effect.

use crate::choices::{self, IfEmpty};
use crate::defaults;
use crate::document::{OptionsDocument, OwnCard, TargetsDocument, TunnelDocument};
use crate::nearest::hint;
use crate::problem::{At, Findings};
use crate::read::Placed;
use crate::{sources, spans};
use model::tunnel::{Limits, Options, TargetFolder, Tunnel, TunnelState, WhenPresent};
use model::{BookKey, Field, Millis, TenantName};

/// The name that stands for every mailbox's own Contacts folder.
pub(crate) const DEFAULT_FOLDER: &str = "Contacts";

const EVERY_MIN: Millis = Millis::minutes(1);
const EVERY_MAX: Millis = Millis::days(31);
const FOLDER_CHARS_MAX: usize = 255;

pub(crate) fn tunnel(
    written: &TunnelDocument,
    at: At,
    tenants: &[TenantName],
    findings: &mut Findings,
) -> Placed {
    check_identity(written, &at, tenants, findings);
    check_state(written, &at, findings);
    check_fields(written, &at, findings);
    let every = every(&written.schedule, &at.key("schedule"), findings);
    let targets = at.key("targets");
    let audience = IfEmpty::MustBeSaid("`targets` names");
    let name = match written.name.is_empty() {
        true => &written.id,
        false => &written.name,
    };
    let tunnel = Tunnel {
        id: written.id.as_str().into(),
        name: name.clone(),
        tenant: written.tenant.as_str().into(),
        owner: written.owner.trim().to_owned(),
        state: written.state,
        copies: written.copies,
        sources: sources::sources(&written.sources, &at.key("sources"), findings),
        audience: choices::choice(&written.targets.choice, &targets, audience, findings),
        folder: folder(&written.targets, &targets, findings),
        fields: defaults::field_rules(&written.fields),
        options: options(&written.options, &at.key("options"), findings),
        limits: limits(written, &at, findings),
        every,
        stale_after: stale_after(written, every, &at, findings),
    };
    Placed { at, tunnel }
}

fn check_identity(
    written: &TunnelDocument,
    at: &At,
    tenants: &[TenantName],
    findings: &mut Findings,
) {
    let id = &written.id;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let well_formed = !id.is_empty() && id.len() <= 64 && id.chars().all(allowed);
    if findings.is_written(&at.key("id")) && !well_formed {
        let message = format!("`{id}` cannot be a tunnel's id");
        findings.add(
            &at.key("id"),
            message,
            "use 1 to 64 letters, digits, `.`, `_` or `-`",
        );
    }
    if findings.is_blank_text(&at.key("owner")) {
        findings.add(
            &at.key("owner"),
            "`owner` is blank",
            "write who is asked when something is wrong",
        );
    }
    let known = tenants
        .iter()
        .any(|tenant| tenant.as_str() == written.tenant);
    if findings.is_written(&at.key("tenant")) && !known {
        let message = format!("there is no tenant `{}`", written.tenant);
        let hint = match tenants {
            [] => "add it with `almanac tenant add`".to_owned(),
            some => hint(&written.tenant, some.iter().map(TenantName::as_str)),
        };
        findings.add(&at.key("tenant"), message, hint);
    }
}

fn check_state(written: &TunnelDocument, at: &At, findings: &mut Findings) {
    if written.state == TunnelState::Removed && !findings.is_written(&at.key("copies")) {
        let message = format!(
            "tunnel `{}` is removed, but does not say what becomes of its copies",
            written.id
        );
        findings.add(
            &at.key("state"),
            message,
            "add `copies: keep` or `copies: remove`",
        );
    }
}

fn check_fields(written: &TunnelDocument, at: &At, findings: &mut Findings) {
    for (field, rule) in &written.fields {
        if rule.when_present == Some(WhenPresent::Append) && *field != Field::Notes {
            let at = at.key("fields").key(field.as_str()).key("when_present");
            let message = format!("`append` is for notes only, not for `{field}`");
            findings.add(&at, message, "write never, if_blank or always");
        }
    }
}

fn folder(written: &TargetsDocument, at: &At, findings: &mut Findings) -> TargetFolder {
    let name = match (&written.folder, written.default) {
        (Some(name), false) => named_folder(name, &at.key("folder"), findings),
        (None, true) => DEFAULT_FOLDER.to_owned(),
        (Some(name), true) => {
            let message = "`targets` names a folder and asks for the default one";
            findings.add(at, message, "keep `folder` or `default: true`, not both");
            name.clone()
        }
        (None, false) => {
            if findings.is_written(at)
                && !findings.is_unclear(at)
                && !findings.is_written(&at.key("folder"))
            {
                let hint = "write `folder: \"Company people\"`, or `default: true` for the mailbox's own Contacts";
                findings.add(at, "`targets` names no folder", hint);
            }
            String::new()
        }
    };
    TargetFolder {
        name: BookKey(name),
        default: written.default,
    }
}

fn named_folder(name: &str, at: &At, findings: &mut Findings) -> String {
    let name = name.trim();
    if name.is_empty() {
        findings.add(at, "the folder's name is blank", "write a name");
    }
    if name.chars().count() > FOLDER_CHARS_MAX || name.chars().any(char::is_control) {
        let message = format!(
            "the folder's name has control characters or more than {FOLDER_CHARS_MAX} characters"
        );
        findings.add(at, message, "write a shorter, plain name");
    }
    if name.eq_ignore_ascii_case(DEFAULT_FOLDER) {
        let message =
            format!("`{name}` is the mailbox's own folder, where the user's contacts are");
        findings.add(
            at,
            message,
            "write `default: true` if that is meant, or name another folder",
        );
    }
    name.to_owned()
}

fn options(written: &OptionsDocument, at: &At, findings: &mut Findings) -> Options {
    check_region(written.region.as_deref(), &at.key("region"), findings);
    for (n, category) in written.categories.iter().enumerate() {
        let at = at.key("categories").index(n);
        if findings.is_blank_text(&at) || category.chars().count() > FOLDER_CHARS_MAX {
            findings.add(
                &at,
                "a category is blank or longer than 255 characters",
                "write a short name",
            );
        }
    }
    Options {
        photos: written.photos,
        skip_own_card: written.own_card == OwnCard::Skip,
        categories: written.categories.clone(),
        name_order: written.name_order,
        without_email: written.without_email,
        on_user_delete: written.on_user_delete,
        permanent_delete: written.permanent_delete,
        region: written
            .region
            .as_ref()
            .map(|region| region.to_ascii_uppercase()),
        include_disabled: written.include_disabled,
        initials_for_lost_photo: written.initials_for_lost_photo,
    }
}

fn check_region(region: Option<&str>, at: &At, findings: &mut Findings) {
    let Some(region) = region else { return };
    if region.len() != 2 || !region.bytes().all(|b| b.is_ascii_alphabetic()) {
        let message = format!("`{region}` is not an ISO 3166 region");
        findings.add(at, message, "write two letters: DE, GB, US");
    }
}

fn limits(written: &TunnelDocument, at: &At, findings: &mut Findings) -> Limits {
    let hold = &written.limits.hold_above;
    let at = at.key("limits").key("hold_above").key("per");
    let per = span(&hold.per, &at, findings).unwrap_or(Limits::default().per);
    Limits {
        items: hold.items,
        percent: hold.percent,
        both: hold.both,
        per,
    }
}

/// Reads `every 15m`.
fn every(text: &str, at: &At, findings: &mut Findings) -> Millis {
    let example = "write `every 15m`, `every 1h 30m` or `every 1d`";
    let Some(every) = text.trim().strip_prefix("every ").and_then(spans::parse) else {
        findings.add(at, format!("`{text}` is not a schedule"), example);
        return Millis::minutes(15);
    };
    if every < EVERY_MIN || every > EVERY_MAX {
        let message = format!("`{text}` is outside what is allowed");
        findings.add(at, message, "write a span from 1m to 31d");
    }
    every
}

fn stale_after(
    written: &TunnelDocument,
    every: Millis,
    at: &At,
    findings: &mut Findings,
) -> Millis {
    let at = at.key("stale_after");
    let Some(text) = &written.stale_after else {
        return defaults::stale_after(every);
    };
    let Some(stale) = span(text, &at, findings) else {
        return defaults::stale_after(every);
    };
    if stale <= every {
        let message = format!(
            "`stale_after: {text}` is not longer than the schedule, so every turn would be reported"
        );
        findings.add(&at, message, "make it at least twice the schedule's span");
    }
    stale
}

fn span(text: &str, at: &At, findings: &mut Findings) -> Option<Millis> {
    let span = spans::parse(text);
    if span.is_none() {
        let message = format!("`{text}` is not a span of time");
        findings.add(
            at,
            message,
            "write a number with s, m, h, d or w: 15m, 24h, 1h 30m",
        );
    }
    span
}
