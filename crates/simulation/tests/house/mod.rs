//! One engine against one simulated cloud under virtual time: what the tests of journeys live in.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test says by panicking that its world is broken"
)]

use engine::{Ask, Bounds, Engine, Stop, Tenant, Until, World};
use futures::future::BoxFuture;
use graph::{Endpoints, Graph, TenantRef};
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet::{Fleet, Size, generate};
use model::member::Member;
use model::run::{Run, Trigger};
use model::seam::{
    Chance, Clock, Credential, Exchange, NoAnswer, Request, Response, SignError, Signer,
};
use model::tunnel::Policy;
use model::{Millis, TenantName, Timestamp};
use simulation::executor::{Executor, VirtualTime};
use std::sync::{Arc, Mutex};
use store::{Mode, Store};

const START: Timestamp = Timestamp(1_795_456_800_000);

struct Wire {
    cloud: Arc<Mutex<graph_sim::Cloud>>,
    time: VirtualTime,
    log: Arc<Mutex<Vec<String>>>,
}

impl Exchange for Wire {
    fn send(
        &self,
        request: Request,
        not_after: Timestamp,
    ) -> BoxFuture<'_, Result<Response, NoAnswer>> {
        Box::pin(async move {
            let now = self.time.now();
            if now > not_after {
                return Err(NoAnswer::NotSent("too late".into()));
            }
            let line = format!("{} {}", request.method, request.url);
            let asked = graph_sim::http::Request {
                method: request.method.to_owned(),
                url: request.url,
                headers: request.headers,
                body: request.body,
            };
            let answer = self.cloud.lock().unwrap().answer(asked, now.0);
            self.time.sleep_until(Timestamp(answer.at_ms)).await;
            match answer.reply {
                graph_sim::Reply::Response(r) => {
                    self.log
                        .lock()
                        .unwrap()
                        .push(format!("{line} -> {}", r.status));
                    Ok(Response {
                        status: r.status,
                        headers: r.headers,
                        body: r.body,
                    })
                }
                _ => Err(NoAnswer::Lost("no answer".into())),
            }
        })
    }
}

struct Dice(Mutex<u128>);
impl Chance for Dice {
    fn bits(&self) -> u128 {
        let mut state = self.0.lock().unwrap();
        *state = state
            .wrapping_mul(0x2360ed051fc65da44385df649fccf645)
            .wrapping_add(0x5851f42d4c957f2d14057b7ef767814f);
        *state ^ (*state >> 64)
    }
}

struct Keys(String);
impl Signer for Keys {
    fn credential(&self, _: &str, _: &str, _: Timestamp, _: &str) -> Result<Credential, SignError> {
        Ok(Credential::Secret(self.0.clone()))
    }
    fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [7u8; 32];
        for (i, b) in purpose.bytes().enumerate() {
            key[i % 32] ^= b.wrapping_mul(i as u8 + 1);
        }
        key
    }
}

pub const POLICY: &str = r#"
tunnels:
  - id: t-1
    name: everyone
    tenant: contoso
    owner: desk@msp.example
    content: contacts
    sources:
      - directory: { people: members, org_contacts: true }
    targets: { everyone: true, folder: "Contoso people" }
    direction: one-way
    schedule: every 15m
"#;

/// A policy of the tenant `contoso`.
pub fn read(text: &str) -> Policy {
    let name = TenantName::from("contoso");
    policy::read(&[("t.yaml", text)], std::slice::from_ref(&name)).unwrap()
}

pub struct House {
    executor: Executor,
    pub engine: Engine,
    pub cloud: Arc<Mutex<graph_sim::Cloud>>,
    pub tenant: String,
    pub log: Arc<Mutex<Vec<String>>>,
}

impl House {
    pub fn new() -> Self {
        Self::of(&generate(1, &Size::default()), POLICY)
    }

    pub fn of(fleet: &Fleet, policy: &str) -> Self {
        let executor = Executor::new(START);
        let time = executor.time().clone();
        let clock: Arc<dyn Clock> = Arc::new(time.clock(Millis(0)));
        let chance: Arc<dyn Chance> = Arc::new(Dice(Mutex::new(1)));
        let app = fleet.tenants[0].apps[0].clone();
        let signer: Arc<dyn Signer> = Arc::new(Keys(app.client_secret.clone()));
        let cloud = Arc::new(Mutex::new(graph_sim::Cloud::new(
            fleet,
            Default::default(),
            1,
            START.0,
        )));
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let wire = Arc::new(Wire {
            cloud: cloud.clone(),
            time,
            log: log.clone(),
        });
        let endpoints = Endpoints::at(
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com",
        );
        let graph = Graph::new(
            wire,
            clock.clone(),
            chance.clone(),
            signer.clone(),
            endpoints,
            Default::default(),
        );
        let store = Store::in_memory_with(
            clock.clone(),
            chance.clone(),
            Mode::Inline,
            Arc::new(store::Plain),
        )
        .unwrap();
        let name = TenantName::from("contoso");
        let policy = read(policy);
        let at = TenantRef {
            name,
            directory: fleet.tenants[0].id.clone(),
            client_id: app.client_id,
        };
        let world = World {
            clock,
            chance,
            signer,
            graph,
            store,
        };
        let settings = engine::Settings {
            bounds: Bounds::default(),
            ..Default::default()
        };
        let tenants = vec![Tenant {
            at,
            region: Some("GB".into()),
        }];
        let engine = Engine::new(world, tenants, policy, settings);
        House {
            executor,
            engine,
            cloud,
            tenant: fleet.tenants[0].id.clone(),
            log,
        }
    }

    pub fn run(&mut self, ask: Ask) -> Run {
        self.log.lock().unwrap().clear();
        let engine = self.engine.clone();
        let out: Arc<Mutex<Option<Run>>> = Arc::default();
        let slot = out.clone();
        let task = self.executor.spawn(async move {
            let book = engine.books().remove(0);
            let asked = engine.ask(&book, Trigger::Command, &ask).await.unwrap();
            engine
                .work("w1", &Until::Settled(vec![asked.run], Stop::default()))
                .await
                .unwrap();
            let run = engine.store().run(asked.run).await.unwrap().unwrap();
            *slot.lock().unwrap() = Some(run);
        });
        let limit = self.executor.time().now() + Millis::hours(10);
        assert!(self.executor.run_task(task, limit), "the run does not end");
        out.lock().unwrap().take().unwrap()
    }

    /// An admin does something.
    pub fn admin(&mut self, act: DirectoryAct) {
        let tenant = self.tenant.clone();
        self.act(&Act::Directory { tenant, act });
    }

    /// Somebody does something.
    pub fn act(&mut self, act: &Act) {
        let now = self.executor.time().now();
        self.cloud.lock().unwrap().act(act, now.0).unwrap();
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: Millis) {
        let clock = self.executor.time().clock(Millis(0));
        let task = self.executor.spawn(async move { clock.sleep(span).await });
        let limit = self.executor.time().now() + span + Millis::hours(1);
        assert!(self.executor.run_task(task, limit));
    }

    /// Every member of the only book, by id.
    pub fn members(&self) -> Vec<Member> {
        let book = self.engine.books().remove(0);
        let members = self.engine.store().members(&book.tenant, book.catalog);
        futures::executor::block_on(members).unwrap()
    }
}
