//! A directory with an app that calls it, for tests.

#![allow(dead_code, clippy::unwrap_used)]

use graph_sim::directory::{Directory, DirectoryAct};
use graph_sim::event::Event;
use graph_sim::fleet::{self, Group, GroupKind, OrgContact, Person, PersonKind};
use graph_sim::shelf::Shelf;
use graph_sim::throttle::Throttle;
use graph_sim::{Bearer, Body, Chance, Done, Scene, Settings, call};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub const NOW: i64 = 1_795_417_200_000;
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub const BASE: &str = "https://graph.microsoft.com/v1.0";

/// `id(7)` is `00000007-0000-4000-8000-000000000000`.
pub fn id(n: u32) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

pub struct Office {
    pub directory: Directory,
    pub settings: Settings,
    pub chance: Chance,
    pub throttle: Throttle,
    pub shelf: Shelf,
    pub events: Vec<Event>,
    flapped: BTreeMap<Vec<String>, i64>,
    pub now_ms: i64,
    pub roles: Vec<String>,
}

pub fn person(n: u32, name: &str) -> Person {
    let first = name.split(' ').next().unwrap().to_lowercase();
    Person {
        id: id(n),
        name: name.to_owned(),
        given_name: name.split(' ').next().map(str::to_owned),
        surname: name.split(' ').nth(1).map(str::to_owned),
        upn: format!("{first}@contoso.example"),
        mail: Some(format!("{first}@contoso.example")),
        ..Person::default()
    }
}

/// Anna (1) reports to Boss (2); Carl (3) is disabled and hidden; Gast (4) is a guest; Room (5).
/// Org contact Olga (20). Groups: Staff (30) = Anna, Boss, Olga and Inner (31); Inner = Carl, Gast and Staff.
pub fn fleet() -> fleet::Tenant {
    let mut anna = person(1, "Anna Ahn");
    anna.department = Some("Sales".to_owned());
    anna.mobile_phone = Some("+49 151 1234".to_owned());
    anna.business_phones = vec!["+49 30 1".to_owned(), "+49 30 2".to_owned()];
    anna.manager = Some(id(2));
    anna.photo = Some(7);
    let mut carl = person(3, "Carl Cohn");
    carl.enabled = Some(false);
    carl.hidden = true;
    let mut guest = person(4, "Gast Gerber");
    guest.upn = "gast_other.example#EXT#@contoso.example".to_owned();
    guest.guest = true;
    let mut room = person(5, "Room One");
    room.kind = PersonKind::Room;
    let group = |n: u32, name: &str, members: &[u32], groups: &[u32]| Group {
        id: id(n),
        name: name.to_owned(),
        members: members.iter().map(|n| id(*n)).collect(),
        groups: groups.iter().map(|n| id(*n)).collect(),
        ..Group::default()
    };
    let mut inner = group(31, "Inner", &[3, 4], &[30]);
    inner.kind = GroupKind::Microsoft365;
    fleet::Tenant {
        id: TENANT.to_owned(),
        domain: "contoso.example".to_owned(),
        name: "Contoso".to_owned(),
        country: "DE".to_owned(),
        people: vec![anna, person(2, "Boss Berg"), carl, guest, room],
        org_contacts: vec![OrgContact {
            id: id(20),
            name: "Olga Outside".to_owned(),
            mail: Some("olga@outside.example".to_owned()),
            mobile_phone: Some("+1 555 1".to_owned()),
            ..OrgContact::default()
        }],
        groups: vec![group(30, "Staff", &[1, 2, 20], &[31]), inner],
        ..fleet::Tenant::default()
    }
}

impl Office {
    pub fn new() -> Office {
        Office::of(&fleet())
    }

    pub fn of(tenant: &fleet::Tenant) -> Office {
        Office {
            directory: Directory::new(tenant, NOW),
            settings: Settings::default(),
            chance: Chance::new(1),
            throttle: Throttle::default(),
            shelf: Shelf::default(),
            events: Vec::new(),
            flapped: BTreeMap::new(),
            now_ms: NOW,
            roles: fleet::ALL_ROLES.iter().map(|r| (*r).to_owned()).collect(),
        }
    }

    pub fn call(&mut self, method: &str, url: &str, headers: &[(&str, &str)]) -> Option<Done> {
        let url = if url.starts_with("https://") {
            url.to_owned()
        } else {
            format!("{BASE}{url}")
        };
        let headers = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let bearer = Bearer {
            app: "app".into(),
            tenant: TENANT.into(),
            roles: self.roles.clone().into(),
        };
        let call = call::parse(
            method,
            &url,
            headers,
            Vec::new().into(),
            bearer,
            self.now_ms,
        )
        .unwrap();
        let mut scene = Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            seed: 1,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            flapped: &mut self.flapped,
            calm: false,
        };
        self.directory.answer(&call, &mut scene)
    }

    pub fn get(&mut self, url: &str) -> Done {
        self.call("GET", url, &[]).unwrap()
    }

    /// An advanced query.
    pub fn eventual(&mut self, url: &str) -> Done {
        self.call("GET", url, &[("ConsistencyLevel", "eventual")])
            .unwrap()
    }

    /// The JSON of a GET that succeeds.
    pub fn json(&mut self, url: &str) -> Value {
        let done = self.get(url);
        assert_eq!(done.status, 200, "{url}: {done:?}");
        json_of(&done).clone()
    }

    /// `(status, code)` of a GET that fails.
    pub fn error(&mut self, url: &str) -> (u16, String) {
        failed(&self.get(url))
    }

    /// The `value` of all pages, and the last page's links.
    pub fn pages(
        &mut self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> (Vec<Value>, Vec<usize>, String) {
        let (mut all, mut sizes, mut url) = (Vec::new(), Vec::new(), url.to_owned());
        loop {
            let done = self.call("GET", &url, headers).unwrap();
            assert_eq!(done.status, 200, "{url}: {done:?}");
            let json = json_of(&done);
            let value = json["value"].as_array().unwrap();
            sizes.push(value.len());
            all.extend(value.iter().cloned());
            match json["@odata.nextLink"].as_str() {
                Some(next) => url = next.to_owned(),
                None => {
                    return (
                        all,
                        sizes,
                        json["@odata.deltaLink"]
                            .as_str()
                            .unwrap_or_default()
                            .to_owned(),
                    );
                }
            }
        }
    }

    /// A delta round from `url`: what it told, and the link for the next one.
    pub fn round(&mut self, url: &str) -> (Vec<Value>, String) {
        let (all, _, link) = self.pages(url, &[]);
        (all, link)
    }

    pub fn act(&mut self, act: DirectoryAct) {
        let mut scene = Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            seed: 1,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            flapped: &mut self.flapped,
            calm: false,
        };
        self.directory.act(&act, self.now_ms, &mut scene);
    }

    pub fn edit(&mut self, n: u32, properties: Value) {
        self.act(DirectoryAct::EditUser {
            id: id(n),
            properties: map(properties),
        });
    }

    pub fn create(&mut self, n: u32, properties: Value) {
        self.act(DirectoryAct::CreateUser {
            id: id(n),
            properties: map(properties),
        });
    }
}

pub fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn json_of(done: &Done) -> &Value {
    match &done.body {
        Body::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

pub fn failed(done: &Done) -> (u16, String) {
    (done.status, done.code().unwrap_or_default().to_owned())
}

pub fn header<'a>(done: &'a Done, name: &str) -> Option<&'a str> {
    done.headers
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
}

/// One property of each.
pub fn each(value: &[Value], name: &str) -> Vec<String> {
    value
        .iter()
        .map(|one| one[name].as_str().unwrap_or("-").to_owned())
        .collect()
}
