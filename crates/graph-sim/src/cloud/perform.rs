//! One call on its way: budget, faults, the work itself, and how long it takes.

use super::{Cloud, Mail, Outcome};
use crate::{
    call::Call,
    done::Done,
    error,
    mailbox::{is_mailbox_path, permissions},
};
use std::sync::Arc;

/// Whose call it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Directory,
    /// The mailbox of that object id; it may not exist.
    Mailbox(Arc<str>),
}

impl Cloud {
    /// A call that is no part of a `$batch`; the answer and its instant.
    pub(super) fn perform(&mut self, call: &Call, bytes: usize) -> (Outcome, i64) {
        let now_ms = call.now_ms;
        let owner = match self.target(call) {
            Ok(Target::Mailbox(owner)) => owner,
            Ok(Target::Directory) => {
                let outcome = self.troubled(call, false);
                let ms = self.latency_ms(call, &outcome);
                return (outcome, now_ms + ms);
            }
            Err(done) => return (Outcome::Done(done), now_ms + self.settings.latency.read_ms),
        };
        let app = call.bearer.app.clone();
        let refused_at = now_ms + self.settings.latency.throttled_ms;
        let (free, next_ms) = self.throttle.free_slots(&app, &owner, now_ms);
        let counted = self
            .throttle
            .mailbox(&app, &owner, writes(call), bytes, now_ms);
        let refusal = match counted {
            Err(refusal) => Some(refusal),
            Ok(()) if free == 0 => Some(self.throttle.no_slot(&app, &owner, next_ms, now_ms)),
            Ok(()) => None,
        };
        if let Some(refusal) = refusal {
            return (
                Outcome::Done(refusal.done(&self.settings.quirks, now_ms)),
                refused_at,
            );
        }
        let outcome = self.troubled(call, false);
        let at_ms = now_ms + self.latency_ms(call, &outcome);
        self.throttle.occupy(&app, &owner, at_ms);
        (outcome, at_ms)
    }

    /// Whose call this is; unknown users are told apart here.
    pub(super) fn target(&self, call: &Call) -> Result<Target, Done> {
        let segments = call.segments();
        let ["users", key, rest @ ..] = segments.as_slice() else {
            return Ok(Target::Directory);
        };
        if !is_mailbox_path(rest) {
            return Ok(Target::Directory);
        }
        let tenant = self
            .tenants
            .get(&*call.bearer.tenant)
            .ok_or_else(error::invalid_token)?;
        let owner = tenant
            .directory
            .user_id(key)
            .ok_or_else(|| error::invalid_user(key))?;
        match tenant.mailboxes.get(owner) {
            Some(mailbox) => Ok(Target::Mailbox(mailbox.owner.clone())),
            None => Ok(Target::Mailbox(Arc::from(owner))),
        }
    }

    /// The work, free of faults of the way.
    pub(super) fn handle(&mut self, call: &Call) -> Done {
        let target = match self.target(call) {
            Ok(target) => target,
            Err(done) => return done,
        };
        if call.method == "POST" && call.path.last().is_some_and(|s| s == "sendMail") {
            return self.send_mail(call);
        }
        if call.path.first().is_some_and(|s| s == "me") {
            return error::bad_request(
                "/me request is only valid with delegated authentication flow.",
            );
        }
        let (tenants, _, mut scene) = self.split();
        let Some(tenant) = tenants.get_mut(&*call.bearer.tenant) else {
            return error::invalid_token();
        };
        let Target::Mailbox(owner) = target else {
            let answer = tenant.directory.answer(call, &mut scene);
            return answer
                .unwrap_or_else(|| error::unknown_segment(call.path.last().map_or("", |s| s)));
        };
        let app = tenant.apps.get(&call.bearer.app.to_ascii_lowercase());
        let wanted = permissions(&call.method, call.segments().get(2..).unwrap_or(&[]));
        let allowed = match app {
            Some(app) => app.may_touch(&call.bearer, wanted, &owner, call.now_ms),
            None => Err(error::access_denied()),
        };
        if let Err(done) = allowed {
            return done;
        }
        let done = match tenant.mailboxes.get_mut(&*owner) {
            Some(mailbox) => mailbox.answer(call, &mut scene),
            None => error::mailbox_not_enabled(),
        };
        prefer(done, call)
    }

    fn send_mail(&mut self, call: &Call) -> Done {
        self.outbox.push(Mail {
            at_ms: call.now_ms,
            app: call.bearer.app.to_string(),
            from: call.path.get(1).cloned().unwrap_or_default(),
            body: call
                .json
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        });
        Done::empty(202)
    }

    /// How long the service takes for this call, in milliseconds.
    pub(super) fn latency_ms(&mut self, call: &Call, outcome: &Outcome) -> i64 {
        let latency = &self.settings.latency;
        let throttled = matches!(outcome, Outcome::Done(done) if matches!(done.status, 429 | 503));
        let path = call.segments();
        let ms = match () {
            () if throttled => latency.throttled_ms,
            () if path.first() != Some(&"users") || path.len() < 3 => latency.directory_ms,
            () if path.contains(&"photo") || path.contains(&"photos") => latency.photo_ms,
            () if writes(call) => latency.write_ms,
            () if is_listing(&path) => latency.list_ms,
            () => latency.read_ms,
        };
        self.jittered(ms)
    }
}

pub(super) fn writes(call: &Call) -> bool {
    call.method != "GET" && call.path.last().is_none_or(|s| s != "translateExchangeIds")
}

fn is_listing(path: &[&str]) -> bool {
    matches!(
        path.last(),
        Some(&("contacts" | "contactFolders" | "childFolders" | "delta" | "masterCategories"))
    )
}

/// Says which preferences were heard, beside those that the handler confirmed.
fn prefer(mut done: Done, call: &Call) -> Done {
    let Some(applied) = call.prefer.applied() else {
        return done;
    };
    match done
        .headers
        .iter_mut()
        .find(|(n, _)| n == "Preference-Applied")
    {
        Some((_, value)) => {
            value.push(',');
            value.push_str(&applied);
            done
        }
        None => done.with("Preference-Applied", applied),
    }
}
