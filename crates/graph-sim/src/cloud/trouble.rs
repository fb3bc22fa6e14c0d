//! The faults on a call's way, in the order in which they can happen (reliability.md 4.2).

use super::{
    Cloud, Outcome,
    perform::{Target, writes},
};
use crate::{
    call::Call,
    done::{Body, Done},
    error,
    event::Actor,
    mailbox::Doer,
    throttle::storm,
};
use bytes::Bytes;
use serde_json::{Value, json};

/// How long consent or a licence stays away, at most, in milliseconds.
const OUTAGE_MS: u64 = 600_000;

impl Cloud {
    /// Carries a call out among faults. A step of a `$batch` always has an answer.
    pub(super) fn troubled(&mut self, call: &Call, in_batch: bool) -> Outcome {
        if self.calm {
            return Outcome::Done(self.handle(call));
        }
        if let Some(done) = self.refused(call) {
            return Outcome::Done(done);
        }
        if writes(call) && self.strikes(self.settings.faults.late_commit) {
            return self.commit_late(call, in_batch);
        }
        if !in_batch && self.strikes(self.settings.faults.hangs) {
            if self.chance.below(2) == 0 {
                self.handle(call);
            }
            return Outcome::Never;
        }
        let mut done = self.handle(call);
        if writes(call) {
            if self.strikes(self.settings.faults.delivered_twice) {
                done = self.handle(call);
            }
            done = self.after_write(call, done);
        } else {
            done = self.mutilated(done, in_batch);
        }
        if !in_batch && self.strikes(self.settings.faults.reply_lost) {
            return Outcome::Lost;
        }
        Outcome::Done(done)
    }

    /// F11, F14, F16: turned away before anything was done.
    fn refused(&mut self, call: &Call) -> Option<Done> {
        if self.strikes(self.settings.faults.throttled) {
            return Some(storm(&mut self.chance, call.now_ms));
        }
        if let Some(done) = self.outage(call) {
            return Some(done);
        }
        if !writes(call) && self.strikes(self.settings.faults.read_refused) {
            return Some(match self.chance.below(2) {
                0 => error::access_denied(),
                _ => error::item_not_found(),
            });
        }
        None
    }

    fn outage(&mut self, call: &Call) -> Option<Done> {
        let faults = &self.settings.faults;
        if self.outages.is_empty() && faults.consent_flaps <= 0.0 && faults.mailbox_flaps <= 0.0 {
            return None;
        }
        let consent = format!("{} {}", call.bearer.app, call.bearer.tenant);
        if self.is_out(consent, self.settings.faults.consent_flaps, call.now_ms) {
            return Some(
                match call.path.first().is_some_and(|s| s == "users") && call.path.len() > 2 {
                    true => error::access_denied(),
                    false => error::authorization_denied(),
                },
            );
        }
        let Ok(Target::Mailbox(owner)) = self.target(call) else {
            return None;
        };
        let out = self.is_out(
            owner.to_string(),
            self.settings.faults.mailbox_flaps,
            call.now_ms,
        );
        out.then(error::mailbox_not_enabled)
    }

    fn is_out(&mut self, key: String, rate: f64, now_ms: i64) -> bool {
        if let Some(until_ms) = self.outages.get(&key).copied() {
            if now_ms < until_ms {
                return true;
            }
            self.outages.remove(&key);
        }
        if !self.strikes(rate) {
            return false;
        }
        let until_ms = now_ms + 1_000 + self.chance.below(OUTAGE_MS) as i64;
        self.outages.insert(key, until_ms);
        true
    }

    /// F3: no answer, or one that does not know; the write comes later.
    fn commit_late(&mut self, call: &Call, in_batch: bool) -> Outcome {
        let within = self.settings.bounds.commit_ms.max(1) as u64;
        let due_ms = call.now_ms + 1 + self.chance.below(within) as i64;
        self.late_count += 1;
        self.late.insert((due_ms, self.late_count), call.clone());
        match self.chance.below(3) {
            0 if !in_batch => Outcome::Lost,
            1 if !in_batch => Outcome::Never,
            _ => Outcome::Done(error::gateway_timeout()),
        }
    }

    /// F2, F37, F38: what happens to a write that was committed, and beside it.
    fn after_write(&mut self, call: &Call, done: Done) -> Done {
        if done.status >= 400 {
            return done;
        }
        let faults = self.settings.faults.clone();
        if self.strikes(faults.marker_stripped) {
            self.meddle(call, false);
        }
        if self.strikes(faults.rival_writes) {
            self.meddle(call, true);
        }
        if !self.strikes(faults.error_after_commit) {
            return done;
        }
        if self.strikes(faults.marker_missing) {
            self.strip_written(call, &done);
        }
        match self.chance.below(5) {
            0 => error::internal(),
            1 => error::bad_gateway(),
            2 => error::concurrent_save(),
            3 => error::gateway_timeout(),
            _ => error::conflict(),
        }
    }

    /// The item that the call created has lost its extended properties.
    fn strip_written(&mut self, call: &Call, done: &Done) {
        let Body::Json(json) = &done.body else { return };
        let id = json.get("id").and_then(Value::as_str).map(str::to_owned);
        let Ok(Target::Mailbox(owner)) = self.target(call) else {
            return;
        };
        let doer = Doer {
            actor: Actor::Service,
            now_ms: call.now_ms,
        };
        let (tenants, _, mut scene) = self.split();
        let mailbox = tenants
            .get_mut(&*call.bearer.tenant)
            .and_then(|t| t.mailboxes.get_mut(&*owner));
        if let (Some(mailbox), Some(id)) = (mailbox, id) {
            mailbox.strip_by_id(&id, &doer, &mut scene);
        }
    }

    /// Another product edits, adds or strips a contact in the mailbox of the call.
    fn meddle(&mut self, call: &Call, rival: bool) {
        let Ok(Target::Mailbox(owner)) = self.target(call) else {
            return;
        };
        let dice = self.chance.draw();
        let (tenants, _, mut scene) = self.split();
        let mailbox = tenants
            .get_mut(&*call.bearer.tenant)
            .and_then(|t| t.mailboxes.get_mut(&*owner));
        let Some(mailbox) = mailbox else { return };
        match rival {
            true => mailbox.rival(dice, call.now_ms, &mut scene),
            false => mailbox.strip_some(dice, call.now_ms, &mut scene),
        }
    }

    /// F14 and F43: a good answer that arrives bent.
    fn mutilated(&mut self, done: Done, in_batch: bool) -> Done {
        if done.status != 200 {
            return done;
        }
        if !in_batch && self.strikes(self.settings.faults.body_broken) {
            return self.broken(done);
        }
        if self.strikes(self.settings.faults.shape_surprises) {
            return surprising(done, self.chance.below(4));
        }
        done
    }

    fn broken(&mut self, done: Done) -> Done {
        let bytes = match (self.chance.below(3), &done.body) {
            (0, _) => Bytes::new(),
            (1, Body::Json(json)) => {
                let text = serde_json::to_vec(json).unwrap_or_default();
                Bytes::from(text[..text.len() / 2].to_vec())
            }
            _ => {
                Bytes::from_static(b"<!DOCTYPE html><html><body>Service Unavailable</body></html>")
            }
        };
        Done {
            body: Body::Bytes("text/html".to_owned(), bytes),
            ..done
        }
    }
}

/// Unknown members, a null, a number beyond 64 bits; or an error object under 200.
fn surprising(done: Done, dice: u64) -> Done {
    let Body::Json(mut json) = done.body else {
        return done;
    };
    let first = match json.get_mut("value").and_then(Value::as_array_mut) {
        Some(rows) => rows.first_mut(),
        None => Some(&mut json),
    };
    if let Some(Value::Object(row)) = first {
        match dice {
            0 => {
                row.insert(
                    "newMember".to_owned(),
                    json!({"kind": "unheardOf", "parts": [1, null]}),
                );
            }
            1 => {
                row.insert("importanceScore".to_owned(), json!(1.0e300));
            }
            2 => {
                row.insert("categories".to_owned(), Value::Null);
            }
            _ => {
                row.insert(
                    "@odata.type".to_owned(),
                    json!("#microsoft.graph.contactV2"),
                );
            }
        }
    }
    Done {
        body: Body::Json(json),
        ..done
    }
}
