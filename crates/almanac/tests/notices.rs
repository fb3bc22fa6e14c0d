//! Notices by webhook and mail: each trouble once when it begins and once when it is over, whatever the receivers do.
#![allow(clippy::unwrap_used)]

mod binary;
mod listeners;

use almanac::command::serve::notices::Teller;
use almanac::settings::Settings;
use almanac::wiring::{self, House, Seams};
use binary::sim::Sim;
use binary::{Home, Told as Ended};
use futures::future::BoxFuture;
use hmac::{Hmac, Mac};
use listeners::Told;
use model::run::{RunState, Trigger};
use model::seam::Clock;
use model::{Millis, Timestamp};
use serde_json::Value;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::RunStart;

const SECRET: &str = "between us";

/// A webhook and a mail server, and what both were told.
struct Receivers {
    webhook: Told,
    smtp: Told,
    settings: String,
}

impl Receivers {
    fn new() -> Self {
        let ((webhook, url), (smtp, port)) = (listeners::webhook(), listeners::smtp());
        let settings = format!(
            "notices:\n  webhook: {{ url: '{url}', secret_file: hook.key }}\n  smtp: {{ host: 127.0.0.1, port: \
             {port}, security: none, from: almanac@msp.example, to: [all@msp.example] }}\n"
        );
        Self {
            webhook,
            smtp,
            settings,
        }
    }

    /// Writes the settings of a home folder.
    fn install(&self, home: &Home) {
        let before = std::fs::read_to_string(home.path("almanac.yaml")).unwrap();
        let before = before.lines().filter(|line| !line.starts_with("notices:"));
        let text: String = before.map(|line| format!("{line}\n")).collect();
        home.write("almanac.yaml", &format!("{text}{}", self.settings));
        home.write("hook.key", SECRET);
    }

    /// The so-many-th notice, as both were told it: type, subject and detail.
    fn nth(&self, count: usize) -> (String, String, String) {
        let (posted, mailed) = (self.webhook.wait_for(count), self.smtp.wait_for(count));
        let (signature, body) = posted[count - 1].split_once(' ').unwrap();
        assert_eq!(
            signature,
            sign(body),
            "the body is signed with the shared key"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let letter = &mailed[count - 1];
        let over = if text("type").ends_with(".over") {
            "over: "
        } else {
            ""
        };
        let subject = format!("Subject: [Almanac] {over}{} (contoso)", text("subject"));
        assert!(letter.contains(&subject), "{subject}\n{letter}");
        for reader in ["all@msp.example", "servicedesk@msp.example"] {
            assert!(letter.contains(&format!("RCPT TO:<{reader}>")), "{letter}");
        }
        (text("type"), text("subject"), text("detail"))
    }
}

fn sign(body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(home: &Home) -> Serving {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--watch", "200ms"];
    Serving(home.command(&arguments).spawn().unwrap())
}

fn json(told: &Ended) -> Value {
    serde_json::from_str(&told.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", told.stdout, told.stderr))
}

/// Everything that the simulated client's people and cards are called by.
fn content(sim: &Sim, plan: &Value) -> Vec<String> {
    let mut words = Vec::new();
    for group in plan["plans"][0]["groups"].as_array().unwrap() {
        for line in group["block"]["lines"].as_array().unwrap() {
            words.push(line["label"].as_str().unwrap().to_owned());
            let fields = line["fields"].as_object().into_iter().flatten();
            words.extend(fields.filter_map(|(_, change)| change[1].as_str().map(str::to_owned)));
        }
    }
    words.extend((0..5).map(|n| sim.mailbox(n).to_owned()));
    // The folder is called after the company; it is the policy's own word.
    words.retain(|word| word.len() > 5 && !"Contoso people".contains(word.as_str()));
    assert!(words.len() > 100);
    words
}

#[test]
fn a_hold_and_a_failure_are_told_once_each_and_once_when_they_are_over() {
    let sim = Sim::start(None);
    let home = sim.home();
    let receivers = Receivers::new();
    receivers.install(&home);
    let words = content(&sim, &json(&home.run(&["plan", "--json"])));
    // Both fail at first; the webhook fails longer than the mail server.
    receivers.webhook.refuse(3);
    receivers.smtp.refuse(1);
    let serving = serve(&home);

    // The first plan of a tunnel waits for a person.
    let (kind, subject, detail) = receivers.nth(1);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble", "hold Contoso people")
    );
    assert!(
        detail.contains("waits for a person") && detail.contains("almanac approve"),
        "{detail}"
    );
    assert_eq!(
        (receivers.webhook.refused(), receivers.smtp.refused()),
        (3, 1)
    );

    let status = json(&home.run(&["status", "--json"]));
    let run = status["books"][0]["last_run"]["id"]
        .as_i64()
        .unwrap()
        .to_string();
    let approved = home.run(&["approve", &run, "--json"]);
    assert_eq!(approved.code, 0, "{}{}", approved.stdout, approved.stderr);
    let (kind, subject, _) = receivers.nth(2);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble.over", "hold Contoso people")
    );

    // The secret is no longer right: nothing can be read.
    let secret = std::fs::read_to_string(home.path("secret")).unwrap();
    home.write("secret", "wrong");
    assert_eq!(home.run(&["plan"]).code, 66);
    let (kind, subject, detail) = receivers.nth(3);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble", "failure Contoso people")
    );
    assert!(detail.contains("the client secret is wrong"), "{detail}");
    assert_eq!(
        home.run(&["plan"]).code,
        66,
        "a second failure of the same kind"
    );
    receivers.nth(3);

    home.write("secret", &secret);
    assert_eq!(home.run(&["plan"]).code, 0);
    let (kind, subject, _) = receivers.nth(4);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble.over", "failure Contoso people")
    );

    drop(serving);
    let told = [receivers.webhook.all(), receivers.smtp.all()]
        .concat()
        .join("\n");
    for word in words {
        assert!(!told.contains(&word), "{word} was told");
    }
}

/// This machine's clock, moved forward by hand.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Timestamp {
        self.now()
    }

    fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(futures::future::pending())
    }

    fn sleep(&self, _: Millis) -> BoxFuture<'static, ()> {
        Box::pin(futures::future::pending())
    }
}

/// A house whose clock is ours, with one tunnel that is silent after two hours.
fn quiet_house(home: &Home, clock: &Arc<Moved>) -> House {
    home.add_tenant("contoso");
    let tunnel = binary::sim::TUNNEL;
    home.write("tunnels/a.yaml", &format!("{tunnel}    stale_after: 2h\n"));
    let settings = Settings::load(&home.path("")).unwrap();
    let seams = Seams {
        clock: clock.clone(),
        ..wiring::seams(&settings).unwrap()
    };
    House::with(settings, seams).unwrap()
}

async fn sources_were_read(house: &House) {
    let (tenant, now) = ("contoso".into(), house.seams.clock.now());
    let store = house.store();
    store
        .save_collection(&tenant, "users", Vec::new(), false, Some("c"), true, now)
        .await
        .unwrap();
}

async fn round(house: &House, teller: &Teller) {
    house.engine.watch().await.unwrap();
    teller.tell().await;
}

#[tokio::test]
async fn silence_beyond_the_limit_is_told_once_and_once_when_it_is_over() {
    let (home, receivers) = (Home::new(), Receivers::new());
    receivers.install(&home);
    let clock = Arc::new(Moved(AtomicI64::new(1_795_456_800_000)));
    let house = quiet_house(&home, &clock);
    let teller = Teller::new(&house).unwrap();
    let forward = |span: Millis| clock.0.fetch_add(span.0, Ordering::SeqCst);
    sources_were_read(&house).await;
    forward(Millis::hours(2));
    round(&house, &teller).await;
    assert_eq!(
        receivers.webhook.all().len(),
        0,
        "exactly at the limit it is not silent yet"
    );
    forward(Millis::minutes(1));
    for _ in 0..3 {
        round(&house, &teller).await;
        forward(Millis::minutes(1));
    }
    let (kind, subject, detail) = receivers.nth(1);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble", "silence Contoso people")
    );
    assert!(detail.contains("the sources were last read"), "{detail}");
    sources_were_read(&house).await;
    for _ in 0..3 {
        round(&house, &teller).await;
    }
    let (kind, subject, _) = receivers.nth(2);
    assert_eq!(
        (kind.as_str(), subject.as_str()),
        ("almanac.trouble.over", "silence Contoso people")
    );
}

/// A failed run is followed by another one: as long as that is under way, nobody knows whether it is over.
#[tokio::test]
async fn a_failure_is_not_over_while_the_next_run_is_under_way() {
    let (home, receivers) = (Home::new(), Receivers::new());
    receivers.install(&home);
    let clock = Arc::new(Moved(AtomicI64::new(1_795_456_800_000)));
    let house = quiet_house(&home, &clock);
    let teller = Teller::new(&house).unwrap();
    let book = house.engine.books().remove(0);
    let start = RunStart {
        tenant: book.tenant.clone(),
        book: book.key.clone(),
        trigger: Trigger::Schedule,
        policy_version: "v".to_owned(),
    };
    sources_were_read(&house).await;
    for ends in [RunState::Incomplete, RunState::Incomplete, RunState::Done] {
        let now = clock.now();
        let run = house.store().begin_run(&start, now).await.unwrap().unwrap();
        round(&house, &teller).await;
        house
            .store()
            .set_run_state(run, RunState::Performing, "")
            .await
            .unwrap();
        round(&house, &teller).await;
        house
            .store()
            .finish_run(run, ends, "1 of 2 mailboxes", now)
            .await
            .unwrap();
        round(&house, &teller).await;
    }
    let first = receivers.nth(2);
    assert_eq!(
        (first.0.as_str(), first.1.as_str()),
        ("almanac.trouble.over", "failure Contoso people")
    );
}

/// A mail server that is down for long must not make the webhook repeat itself.
#[tokio::test]
async fn a_way_that_took_a_notice_is_not_told_again_because_of_another() {
    let (home, receivers) = (Home::new(), Receivers::new());
    receivers.install(&home);
    let clock = Arc::new(Moved(AtomicI64::new(1_795_456_800_000)));
    let house = quiet_house(&home, &clock);
    let teller = Teller::new(&house).unwrap();
    sources_were_read(&house).await;
    clock.0.fetch_add(Millis::hours(3).0, Ordering::SeqCst);
    receivers.smtp.refuse(4);
    for _ in 0..6 {
        round(&house, &teller).await;
    }
    receivers.nth(1);
    assert_eq!(receivers.smtp.refused(), 4);
}
