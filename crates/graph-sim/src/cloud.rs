//! The cloud: requests in, answers out, and what people and admins do in between.

use crate::{
    call,
    chance::Chance,
    done::{Body, Done},
    entra::Entra,
    error,
    event::Event,
    fleet::Fleet,
    http::{Request, Response},
    scene::Scene,
    settings::Settings,
    shelf::Shelf,
    tenant::Tenant,
    throttle::Throttle,
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Microsoft Graph, Exchange Online and Entra in a box.
#[derive(Clone, Debug)]
pub struct Cloud {
    settings: Settings,
    tenants: BTreeMap<String, Tenant>,
    entra: Entra,
    throttle: Throttle,
    shelf: Shelf,
    chance: Chance,
    events: Vec<Event>,
    calm: bool,
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

impl Cloud {
    /// A cloud that holds `fleet` and behaves by `settings`; all chance comes from `seed`.
    pub fn new(fleet: &Fleet, settings: Settings, seed: u64, now_ms: i64) -> Cloud {
        let tenants = fleet.tenants.iter().enumerate().map(|(number, tenant)| {
            let tenant = Tenant::new(tenant, number as u64, now_ms);
            (tenant.id.clone(), tenant)
        });
        Cloud {
            tenants: tenants.collect(),
            settings,
            entra: Entra::default(),
            throttle: Throttle::default(),
            shelf: Shelf::default(),
            chance: Chance::new(seed),
            events: Vec::new(),
            calm: false,
        }
    }

    /// Carries out one request that arrives at `now_ms`.
    pub fn answer(&mut self, request: Request, now_ms: i64) -> Answer {
        let done = self.handle(&request, now_ms);
        let response = dress(done, &request, &mut self.chance);
        Answer {
            reply: Reply::Response(response),
            at_ms: now_ms,
        }
    }

    /// Every committed change since the last time this was asked.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn handle(&mut self, request: &Request, now_ms: i64) -> Done {
        let mut scene = Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            calm: self.calm,
        };
        if let Some(done) = self
            .entra
            .answer(request, &mut self.tenants, now_ms, &mut scene)
        {
            return done;
        }
        let bearer = match self.entra.bearer(request, now_ms) {
            Ok(bearer) => bearer,
            Err(done) => return done,
        };
        let call = call::parse(
            &request.method,
            &request.url,
            request.headers.clone(),
            request.body.clone(),
            bearer,
            now_ms,
        );
        let call = match call {
            Ok(call) => call,
            Err(done) => return done,
        };
        match self.tenants.get_mut(&*call.bearer.tenant) {
            Some(tenant) => tenant
                .directory
                .answer(&call, &mut scene)
                .unwrap_or_else(|| error::unknown_segment(call.path.last().map_or("", |s| s))),
            None => error::invalid_token(),
        }
    }
}

fn dress(done: Done, _request: &Request, _chance: &mut Chance) -> Response {
    let body = match done.body {
        Body::None => Bytes::new(),
        Body::Json(json) => Bytes::from(serde_json::to_vec(&json).unwrap_or_default()),
        Body::Bytes(_, bytes) => bytes,
    };
    Response {
        status: done.status,
        headers: done.headers,
        body,
    }
}
