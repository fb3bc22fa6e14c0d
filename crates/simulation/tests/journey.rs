//! The first journey, end to end through the real parts: the company's people in every mailbox.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking that its world is broken"
)]

use engine::{Ask, Bounds, Engine, Stop, Tenant, Until, World};
use futures::future::BoxFuture;
use graph::{Endpoints, Graph, TenantRef};
use graph_sim::fleet::{Size, generate};
use model::run::{Run, RunState, Trigger};
use model::seam::{
    Chance, Clock, Credential, Exchange, NoAnswer, Request, Response, SignError, Signer,
};
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

const POLICY: &str = r#"
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

struct House {
    executor: Executor,
    engine: Engine,
    log: Arc<Mutex<Vec<String>>>,
}

impl House {
    fn new() -> Self {
        let fleet = generate(1, &Size::default());
        let executor = Executor::new(START);
        let time = executor.time().clone();
        let clock: Arc<dyn Clock> = Arc::new(time.clock(Millis(0)));
        let chance: Arc<dyn Chance> = Arc::new(Dice(Mutex::new(1)));
        let app = fleet.tenants[0].apps[0].clone();
        let signer: Arc<dyn Signer> = Arc::new(Keys(app.client_secret.clone()));
        let cloud = Arc::new(Mutex::new(graph_sim::Cloud::new(
            &fleet,
            Default::default(),
            1,
            START.0,
        )));
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let wire = Arc::new(Wire {
            cloud,
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
        let policy = policy::read(&[("t.yaml", POLICY)], std::slice::from_ref(&name)).unwrap();
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
            log,
        }
    }

    fn run(&mut self, ask: Ask) -> Run {
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
}

#[test]
fn the_company_directory_reaches_every_mailbox() {
    let mut house = House::new();
    let plan = house.run(Ask {
        plan_only: true,
        ..Ask::default()
    });
    assert_eq!(plan.state, RunState::Planned);
    let run = house.run(Ask::default());
    assert_eq!(run.state, RunState::Done, "{}", run.reason);
    assert!(
        run.account.balances() && run.account.done > 400,
        "{:?}",
        run.account
    );
    let quiet = house.run(Ask::default());
    assert_eq!((quiet.state, quiet.account.planned), (RunState::Done, 0));
    let asked = house.log.lock().unwrap();
    assert_eq!(
        asked.len(),
        2,
        "a quiet run costs one delta round per source: {asked:?}"
    );
    assert!(
        asked.iter().all(|line| line.contains("/delta")),
        "{asked:?}"
    );
}
