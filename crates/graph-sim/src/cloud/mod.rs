//! The cloud: requests in, answers out, and what people and admins do in between.

mod act;
mod batch;
mod dress;
mod perform;
mod trouble;

pub use act::Act;

use crate::{
    call::{self, Call},
    chance::Chance,
    done::Done,
    entra::Entra,
    error,
    event::Event,
    fleet::Fleet,
    http::{Request, Response},
    mailbox::{ContactView, FolderView},
    scene::Scene,
    settings::Settings,
    shelf::Shelf,
    tenant::Tenant,
    throttle::{Counts, Throttle},
};
use std::collections::BTreeMap;

/// Microsoft Graph, Exchange Online and Entra in a box.
#[derive(Clone, Debug)]
pub struct Cloud {
    settings: Settings,
    seed: u64,
    tenants: BTreeMap<String, Tenant>,
    entra: Entra,
    throttle: Throttle,
    shelf: Shelf,
    chance: Chance,
    events: Vec<Event>,
    outbox: Vec<Mail>,
    /// Writes that were received and are carried out later (F3): due instant and order of arrival.
    late: BTreeMap<(i64, u64), Call>,
    late_count: u64,
    /// Tenants (`app tenant`) and mailboxes that are out until an instant (F16).
    outages: BTreeMap<String, i64>,
    flapped: BTreeMap<Vec<String>, i64>,
    calm: bool,
}

/// A mail that a request caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub at_ms: i64,
    pub app: String,
    pub from: String,
    pub body: String,
}

/// What a client gets, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub reply: Reply,
    /// The instant at which it reaches the client.
    pub at_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Response(Response),
    /// The connection ends without an answer.
    Lost,
    /// Nothing ever comes: the client's own patience decides.
    Never,
}

/// What became of a call on its way through the service.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Done(Done),
    Lost,
    Never,
}

impl Cloud {
    /// A cloud that holds `fleet` and behaves by `settings`; all chance comes from `seed`.
    pub fn new(fleet: &Fleet, settings: Settings, seed: u64, now_ms: i64) -> Cloud {
        let mut cloud = Cloud {
            seed,
            tenants: BTreeMap::new(),
            entra: Entra::default(),
            throttle: Throttle::new(&settings.limits),
            shelf: Shelf::default(),
            chance: Chance::new(seed),
            events: Vec::new(),
            outbox: Vec::new(),
            late: BTreeMap::new(),
            late_count: 0,
            outages: BTreeMap::new(),
            flapped: BTreeMap::new(),
            calm: true,
            settings,
        };
        for tenant in &fleet.tenants {
            let (_, _, mut scene) = cloud.split();
            let tenant = Tenant::new(tenant, now_ms, &mut scene);
            cloud.tenants.insert(tenant.id.clone(), tenant);
        }
        cloud.events.clear();
        cloud.calm = false;
        cloud
    }

    /// Carries out one request that arrives at `now_ms`. Instants must not go back.
    pub fn answer(&mut self, request: Request, now_ms: i64) -> Answer {
        self.advance(now_ms);
        let latency = &self.settings.latency;
        let (token_ms, refused_ms) = (latency.token_ms, latency.throttled_ms);
        if self.strikes(self.settings.faults.request_lost) {
            return Answer {
                reply: Reply::Lost,
                at_ms: now_ms + refused_ms,
            };
        }
        let (tenants, entra, mut scene) = self.split();
        if let Some(done) = entra.answer(&request, tenants, now_ms, &mut scene) {
            let at_ms = now_ms + self.jittered(token_ms);
            return self.reply(Outcome::Done(done), &request, at_ms, now_ms);
        }
        let (outcome, at_ms) = match self.open(&request, now_ms) {
            Ok(call) if call.path == ["$batch"] => self.batch(&call, request.body.len()),
            Ok(call) => self.perform(&call, request.body.len()),
            Err(done) => (Outcome::Done(done), now_ms + refused_ms),
        };
        self.reply(outcome, &request, at_ms, now_ms)
    }

    /// Who calls what: the token, the URL, the ceiling of the app.
    fn open(&mut self, request: &Request, now_ms: i64) -> Result<Call, Done> {
        let bearer = self.entra.bearer(request, now_ms)?;
        if self.strikes(self.settings.faults.token_expired) {
            self.entra.end_tokens(&bearer.tenant, &bearer.app, now_ms);
            return Err(error::expired_token());
        }
        let counted = self.throttle.app(&bearer.app, now_ms);
        counted.map_err(|refusal| refusal.done(&self.settings.quirks, now_ms))?;
        if request.body.len() > self.settings.limits.body_bytes {
            return Err(error::body_too_large());
        }
        let (headers, body) = (request.headers.clone(), request.body.clone());
        call::parse(&request.method, &request.url, headers, body, bearer, now_ms)
    }

    fn reply(&mut self, outcome: Outcome, request: &Request, at_ms: i64, now_ms: i64) -> Answer {
        let reply = match outcome {
            Outcome::Done(done) => {
                Reply::Response(dress::dress(done, request, &mut self.chance, now_ms))
            }
            Outcome::Lost => Reply::Lost,
            Outcome::Never => Reply::Never,
        };
        Answer { reply, at_ms }
    }

    /// Carries out what is due by now: writes that were received and are late.
    pub fn advance(&mut self, now_ms: i64) {
        while let Some(entry) = self.late.first_entry().filter(|e| e.key().0 <= now_ms) {
            let ((due_ms, _), mut call) = entry.remove_entry();
            call.now_ms = due_ms;
            self.handle(&call);
        }
    }

    /// Whether faults strike no more. Late commits that are under way still come.
    pub fn set_calm(&mut self, calm: bool) {
        self.calm = calm;
        if calm {
            self.outages.clear();
        }
    }

    /// When the last late commit will have come, if any is under way.
    pub fn late_until_ms(&self) -> Option<i64> {
        self.late.last_key_value().map(|((due_ms, _), _)| *due_ms)
    }

    /// Every committed change since the last time this was asked.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Mails that requests caused; must stay empty.
    pub fn outbox(&self) -> &[Mail] {
        &self.outbox
    }

    /// What an app asked of a mailbox so far.
    pub fn counts(&self, app: &str, mailbox: &str) -> Counts {
        self.throttle.counts(app, mailbox)
    }

    pub fn all_counts(&self) -> impl Iterator<Item = (&str, &str, Counts)> {
        self.throttle.all_counts()
    }

    /// The contacts of a mailbox as they really are (Deleted Items too); none where there is no mailbox.
    pub fn contacts(&self, tenant: &str, mailbox: &str) -> Vec<ContactView> {
        let found = self
            .tenants
            .get(tenant)
            .and_then(|t| t.mailboxes.get(mailbox));
        found.map(|m| m.contacts_view()).unwrap_or_default()
    }

    /// One contact as it really is; none when it is gone for good.
    pub fn contact(&self, tenant: &str, mailbox: &str, id: &str) -> Option<ContactView> {
        let found = self.tenants.get(tenant)?.mailboxes.get(mailbox)?;
        found.contact_view(id)
    }

    /// The folders of a mailbox, the default one first.
    pub fn folders(&self, tenant: &str, mailbox: &str) -> Vec<FolderView> {
        let found = self
            .tenants
            .get(tenant)
            .and_then(|t| t.mailboxes.get(mailbox));
        found.map(|m| m.folders_view()).unwrap_or_default()
    }

    pub fn tenants(&self) -> &BTreeMap<String, Tenant> {
        &self.tenants
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Other quirks or faults from here on; limits and latencies too.
    pub fn set_settings(&mut self, settings: Settings) {
        self.throttle.set_limits(&settings.limits);
        self.settings = settings;
    }

    fn split(&mut self) -> (&mut BTreeMap<String, Tenant>, &mut Entra, Scene<'_>) {
        let scene = Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            seed: self.seed,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            flapped: &mut self.flapped,
            calm: self.calm,
        };
        (&mut self.tenants, &mut self.entra, scene)
    }

    fn strikes(&mut self, rate: f64) -> bool {
        !self.calm && self.chance.happens(rate)
    }

    fn jittered(&mut self, ms: i64) -> i64 {
        let jitter = self.settings.latency.jitter;
        if jitter <= 0.0 {
            return ms;
        }
        let share = 1.0 + jitter * (self.chance.unit() * 2.0 - 1.0);
        (ms as f64 * share).max(0.0) as i64
    }
}
