//! The contacts of a shared mailbox bring their photos along, as people of the directory do.
#![allow(clippy::unwrap_used)]

mod house;

use engine::Ask;
use graph_sim::cloud::Act;
use graph_sim::fleet::Fleet;
use graph_sim::mailbox::MailboxAct;
use graph_sim::{Actor, fleet};
use house::House;
use model::Millis;
use model::run::RunState;

const FLEET: &str = "
tenants:
  - domain: contoso.example
    people:
      - { name: Anna Berg }
      - { name: Reception, kind: shared }
    content:
      - mailbox: Reception
        contacts:
          - { name: Plumber, photo: 7, mobile_phone: '+4930123456' }
          - { name: Baker, mobile_phone: '+4930123457' }
";

const POLICY: &str = r#"
tunnels:
  - id: t-1
    name: suppliers
    tenant: contoso
    owner: desk@msp.example
    content: contacts
    sources:
      - mailbox: { address: reception@contoso.example, folder: Contacts }
    targets: { everyone: true, mailbox_kinds: [user], folder: "Suppliers" }
    direction: one-way
    options: { photos: true }
    schedule: every 15m
"#;

struct Office {
    house: House,
    anna: String,
    reception: String,
}

impl Office {
    fn new(policy: &str) -> Self {
        let fleet = Fleet::from_yaml(FLEET).unwrap();
        let id = |name: &str| fleet.tenants[0].person(name).unwrap().id.clone();
        let (anna, reception) = (id("Anna Berg"), id("Reception"));
        Self {
            house: House::of(&fleet, policy),
            anna,
            reception,
        }
    }

    /// The photo that Anna's copy of this card shows.
    fn photo(&self, name: &str) -> Option<u64> {
        let cloud = self.house.cloud.lock().unwrap();
        let cards = cloud.contacts(&self.house.tenant, &self.anna);
        let card = cards.iter().find(|c| c.properties["displayName"] == name);
        card.unwrap_or_else(|| panic!("Anna has no card of {name}"))
            .photo
    }

    /// The id of a card at the source, and the photo that it shows there.
    fn source(&self, name: &str) -> (String, Option<u64>) {
        let cloud = self.house.cloud.lock().unwrap();
        let cards = cloud.contacts(&self.house.tenant, &self.reception);
        let card = cards
            .iter()
            .find(|c| c.properties["displayName"] == name)
            .unwrap();
        (card.id.clone(), card.photo)
    }

    /// Somebody at the reception sets another picture.
    fn paint(&mut self, name: &str, picture: u64) {
        let act = MailboxAct::SetPhoto {
            item: self.source(name).0,
            content_type: "image/jpeg".to_owned(),
            bytes: fleet::photo::portrait(picture, 48),
        };
        let act = Act::Mailbox {
            tenant: self.house.tenant.clone(),
            mailbox: self.reception.clone(),
            by: Actor::User,
            act,
        };
        self.house.act(&act);
    }

    fn run(&mut self) {
        self.house.wait(Millis::hours(1));
        let run = self.house.run(Ask::default());
        assert_eq!(run.state, RunState::Done, "{}", run.reason);
    }
}

#[test]
fn photos_come_along_and_follow_what_the_source_shows() {
    let mut office = Office::new(POLICY);
    office.run();
    assert!(office.photo("Plumber").is_some());
    assert_eq!(office.photo("Plumber"), office.source("Plumber").1);
    assert_eq!(office.photo("Baker"), None);
    for (name, picture) in [("Plumber", 8), ("Baker", 9)] {
        office.paint(name, picture);
        office.run();
        assert_eq!(office.photo(name), office.source(name).1, "{name}");
    }
}

#[test]
fn a_quiet_run_asks_for_no_photo() {
    let mut office = Office::new(POLICY);
    office.run();
    office.run();
    office.run();
    let asked = office.house.log.lock().unwrap();
    let photos: Vec<&String> = asked
        .iter()
        .filter(|line| line.contains("photo") || line.contains("$batch"))
        .collect();
    assert!(photos.is_empty(), "{photos:?}");
}

#[test]
fn a_tunnel_without_photos_asks_for_none() {
    let mut office = Office::new(&POLICY.replace("photos: true", "photos: false"));
    office.run();
    assert_eq!(office.photo("Plumber"), None);
}
