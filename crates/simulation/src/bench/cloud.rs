//! The memory of the simulated cloud itself: many mailboxes that hold the same cards, each under its own stamp.

use super::house::{BenchError, START, client};
use super::{Size, usage};
use graph_sim::cloud::Act;
use graph_sim::mailbox::MailboxAct;
use graph_sim::{Actor, Cloud};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What the mailboxes of a cloud take.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub size: Size,
    pub cards: u64,
    /// Resident before the first card, and with the last.
    pub before_kib: u64,
    pub with_kib: u64,
    pub cpu_ms: u64,
}

impl Held {
    pub fn bytes_per_card(&self) -> f64 {
        let kib = self.with_kib.saturating_sub(self.before_kib);
        (kib * 1_024) as f64 / self.cards.max(1) as f64
    }
}

/// Puts `size.contacts` stamped cards into each of `size.mailboxes` mailboxes.
///
/// # Errors
/// A mailbox refused a card.
pub fn cloud(size: Size) -> Result<Held, BenchError> {
    let people = Size {
        contacts: size.mailboxes,
        ..size
    };
    let fleet = client(people);
    let settings = graph_sim::Settings {
        record_events: false,
        ..graph_sim::Settings::default()
    };
    let mut cloud = Cloud::new(&fleet, settings, 1, START.0);
    let tenant = &fleet.tenants[0];
    let before = usage();
    let mut cards = 0;
    for (m, person) in tenant.mailboxes().take(size.mailboxes).enumerate() {
        for c in 0..size.contacts {
            let act = Act::Mailbox {
                tenant: tenant.id.clone(),
                mailbox: person.id.clone(),
                by: Actor::User,
                act: MailboxAct::CreateContact {
                    folder: None,
                    properties: card(m, c),
                },
            };
            let made = cloud.act(&act, START.0);
            made.map_err(|done| BenchError::Cloud(format!("a card was refused: {done:?}")))?;
            cards += 1;
        }
    }
    let after = usage();
    Ok(Held {
        size,
        cards,
        before_kib: before.resident_kib,
        with_kib: after.resident_kib,
        cpu_ms: after.cpu_us_since(&before) / 1_000,
    })
}

/// A card as we write them: a dozen fields that are equal in every mailbox, and a stamp that is not.
fn card(mailbox: usize, contact: usize) -> Map<String, Value> {
    let stamp = format!("v1|{mailbox:032x}|{contact:032x}|1|0123456789abcdef0123456789abcdef");
    let body = json!({
        "displayName": format!("Person Number {contact}"),
        "givenName": "Person",
        "surname": format!("Number {contact}"),
        "fileAs": format!("Number {contact}, Person"),
        "jobTitle": "Engineer",
        "companyName": "Contoso",
        "department": format!("Department {}", contact % 40),
        "officeLocation": format!("Building {}", contact % 9),
        "mobilePhone": format!("+49 170 {contact:07}"),
        "businessPhones": [format!("+49 30 {contact:07}")],
        "emailAddresses": [{ "address": format!("p{contact}@contoso.example"), "name": format!("Person {contact}") }],
        "businessAddress": { "street": "Street 1", "city": "Berlin", "countryOrRegion": "DE" },
        "singleValueExtendedProperties": [{ "id": STAMP, "value": stamp }],
    });
    match body {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Any named property does; ours is written like this (graph.md 2.4).
const STAMP: &str = "String {d1b2a9ac-0f7e-4a5c-9b53-5c1a6b0f7a11} Name AlmanacStamp";
