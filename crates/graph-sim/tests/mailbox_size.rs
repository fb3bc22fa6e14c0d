//! How fast and how small: figures of the issue, `cargo test --release -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod house;

use graph_sim::{fleet::Person, *};
use house::*;
use serde_json::json;
use std::time::Duration;

/// Time on the processor, so that a busy machine does not show.
struct Instant(u64);

impl Instant {
    fn now() -> Instant {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let first = text.split(' ').next().and_then(|t| t.parse().ok());
        Instant(first.unwrap_or(0))
    }
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(Instant::now().0 - self.0)
    }
}

fn many(people: usize) -> Fleet {
    let mut fleet = fleet();
    fleet.tenants[0].people = (0..people)
        .map(|n| Person {
            id: format!("aaaaaaaa-0000-4000-8000-{n:012}"),
            name: format!("P{n}"),
            upn: format!("p{n}@contoso.example"),
            ..Person::default()
        })
        .collect();
    fleet
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS"))
        .unwrap_or("VmRSS: 0 kB");
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// MAILBOXES and CONTACTS as in the issue: 1,000 and 5,000.
#[test]
#[ignore = "takes minutes and gigabytes"]
fn a_thousand_mailboxes_of_five_thousand_contacts() {
    let read = |name: &str, or: usize| {
        std::env::var(name)
            .ok()
            .and_then(|v| v.parse().ok())
            .unwrap_or(or)
    };
    let (mailboxes, contacts) = (read("MAILBOXES", 1_000), read("CONTACTS", 5_000));
    let fleet = many(mailboxes);
    let start = Instant::now();
    let settings = Settings {
        record_events: false,
        ..Settings::default()
    };
    let mut cloud = Cloud::new(&fleet, settings, 1, NOW);
    println!("new: {:?}", start.elapsed());
    let before = resident_mb();
    let start = Instant::now();
    for m in 0..mailboxes {
        let mailbox = format!("aaaaaaaa-0000-4000-8000-{m:012}");
        for c in 0..contacts {
            let properties = json!({
                "displayName": format!("Person Number {c}"), "givenName": "Person", "surname": format!("Number {c}"),
                "jobTitle": "Engineer", "companyName": "Contoso", "department": format!("D{}", c % 40),
                "mobilePhone": format!("+49 170 {c:07}"), "businessPhones": [format!("+49 30 {c:07}")],
                "emailAddresses": [{"address": format!("p{c}@contoso.example"), "name": format!("Person {c}")}],
                "businessAddress": {"street": "Street 1", "city": "Berlin", "countryOrRegion": "DE"},
                "singleValueExtendedProperties": stamp(&format!("almanac-1:{m:08x}:{c:016x}:0123456789abcdef0123456789abcdef")),
            });
            let act = graph_sim::mailbox::MailboxAct::CreateContact {
                folder: None,
                properties: properties.as_object().unwrap().clone(),
            };
            let act = cloud::Act::Mailbox {
                tenant: TENANT.to_owned(),
                mailbox: mailbox.clone(),
                by: Actor::User,
                act,
            };
            cloud.act(&act, NOW).unwrap();
        }
    }
    let count = (mailboxes * contacts) as f64;
    let took = start.elapsed();
    println!(
        "{count} contacts: {took:?}, {:.2} us each",
        took.as_secs_f64() * 1e6 / count
    );
    let mb = resident_mb() - before;
    println!("{mb} MB, {:.0} bytes each", mb as f64 * 1048576.0 / count);
}

#[test]
#[ignore = "prints times"]
fn one_call_costs_microseconds() {
    let fleet = many(30);
    let start = Instant::now();
    for seed in 0..100 {
        std::hint::black_box(Cloud::new(&fleet, Settings::default(), seed, NOW));
    }
    println!("Cloud::new for 30 people: {:?}", start.elapsed() / 100);
    let mut house = House::with(|s| s.limits.enforced = false);
    let body = json!({"displayName": "A B", "givenName": "A", "surname": "B", "jobTitle": "Chef", "mobilePhone": "1",
                      "companyName": "C", "emailAddresses": [{"address": "a@b.example", "name": "A"}],
                      "singleValueExtendedProperties": stamp("x")});
    let requests: Vec<Request> = (0..5_000)
        .map(|_| {
            house.request(
                "POST",
                &format!("/users/{ADA}/contacts"),
                Some(body.clone()),
            )
        })
        .collect();
    let start = Instant::now();
    let mut last = None;
    for request in requests {
        last = read(house.cloud.answer(request, NOW));
    }
    println!("create: {:?}", start.elapsed() / 5_000);
    let path = format!("/users/{ADA}/contacts/{}", last.unwrap().id());
    let requests: Vec<Request> = (0..5_000)
        .map(|_| house.request("GET", &path, None))
        .collect();
    let start = Instant::now();
    for request in requests {
        std::hint::black_box(house.cloud.answer(request, NOW));
    }
    println!("read: {:?}", start.elapsed() / 5_000);
    let found = house.request("GET", &search("contacts", "nothing"), None);
    let start = Instant::now();
    std::hint::black_box(house.cloud.answer(found, NOW));
    println!("search by stamp among 5,000: {:?}", start.elapsed());
}
