//! A small cloud with one tenant and three mailboxes, and a client that talks JSON to it.

#![allow(dead_code, clippy::unwrap_used)]

use bytes::Bytes;
use graph_sim::{
    Answer, Cloud, Fleet, Reply, Request, Settings,
    cloud::Act,
    event::Actor,
    fleet::{App, Person, Tenant},
    mailbox::MailboxAct,
};
use serde_json::{Value, json};

pub const NOW: i64 = 1_795_417_200_000;
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
pub const ADA: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub const BOB: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub const DESK: &str = "aaaaaaaa-0000-4000-8000-000000000003";
pub const STAMP: &str = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Stamp";

/// Calls go out one after the other: each starts when the answer before was there.
pub struct House {
    pub cloud: Cloud,
    pub now_ms: i64,
    token: String,
    /// Headers that every call carries.
    pub headers: Vec<(String, String)>,
}

/// An answer in short.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub json: Value,
    pub headers: Vec<(String, String)>,
    pub bytes: Bytes,
    pub at_ms: i64,
}

impl Got {
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or("")
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap().to_owned()
    }
    /// One property of every row.
    pub fn column(&self, name: &str) -> Vec<String> {
        let rows = self.json["value"].as_array().unwrap();
        rows.iter()
            .map(|r| r[name].as_str().unwrap_or("").to_owned())
            .collect()
    }
    pub fn link(&self, name: &str) -> Option<String> {
        self.json[name].as_str().map(str::to_owned)
    }
}

fn person(id: &str, name: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: name.to_owned(),
        upn: format!("{}@contoso.example", name.to_lowercase()),
        ..Person::default()
    }
}

pub fn fleet() -> Fleet {
    Fleet {
        seed: 0,
        tenants: vec![Tenant {
            id: TENANT.to_owned(),
            domain: "contoso.example".to_owned(),
            apps: vec![App {
                client_id: CLIENT.to_owned(),
                client_secret: "s3cret".to_owned(),
                ..App::default()
            }],
            people: vec![person(ADA, "Ada"), person(BOB, "Bob"), person(DESK, "Desk")],
            ..Tenant::default()
        }],
    }
}

impl House {
    pub fn new() -> House {
        House::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> House {
        House::seeded(1, change)
    }

    pub fn seeded(seed: u64, change: impl FnOnce(&mut Settings)) -> House {
        let mut settings = Settings::default();
        change(&mut settings);
        let mut cloud = Cloud::new(&fleet(), settings, seed, NOW);
        cloud.set_calm(true);
        let mut house = House {
            cloud,
            now_ms: NOW,
            token: String::new(),
            headers: Vec::new(),
        };
        house.sign_in();
        house.cloud.set_calm(false);
        house
    }

    pub fn sign_in(&mut self) {
        let url = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
        let mut request = Request::new("POST", &url);
        request.headers.push((
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ));
        let form = format!(
            "client_id={CLIENT}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&grant_type=client_credentials&client_secret=s3cret"
        );
        request.body = form.into();
        let got = self.take(request).unwrap();
        self.token = got.json["access_token"].as_str().unwrap().to_owned();
    }

    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> Request {
        let url = match path.starts_with("https://") {
            true => path.to_owned(),
            false => format!("https://graph.microsoft.com/v1.0{path}"),
        };
        let mut request = Request::new(method, &url);
        request
            .headers
            .push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        request.headers.extend(self.headers.clone());
        if let Some(body) = body {
            request
                .headers
                .push(("Content-Type".to_owned(), "application/json".to_owned()));
            request.body = body.to_string().into();
        }
        request
    }

    /// Sends and waits; None when no answer comes.
    pub fn take(&mut self, request: Request) -> Option<Got> {
        let answer = self.cloud.answer(request, self.now_ms);
        self.now_ms = self.now_ms.max(answer.at_ms);
        read(answer)
    }

    pub fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> Got {
        let request = self.request(method, path, body);
        self.take(request).unwrap()
    }

    pub fn get(&mut self, path: &str) -> Got {
        self.send("GET", path, None)
    }
    pub fn post(&mut self, path: &str, body: Value) -> Got {
        self.send("POST", path, Some(body))
    }
    pub fn patch(&mut self, path: &str, body: Value) -> Got {
        self.send("PATCH", path, Some(body))
    }
    pub fn delete(&mut self, path: &str) -> Got {
        self.send("DELETE", path, None)
    }

    pub fn immutable(mut self) -> House {
        self.headers
            .push(("Prefer".to_owned(), "IdType=\"ImmutableId\"".to_owned()));
        self
    }

    /// A folder of Ada's.
    pub fn folder(&mut self, name: &str) -> String {
        let got = self.post(
            &format!("/users/{ADA}/contactFolders"),
            json!({"displayName": name}),
        );
        assert_eq!(got.status, 201, "{got:?}");
        got.id()
    }

    /// A contact in one of Ada's folders.
    pub fn contact(&mut self, folder: &str, body: Value) -> String {
        let got = self.post(
            &format!("/users/{ADA}/contactFolders/{folder}/contacts"),
            body,
        );
        assert_eq!(got.status, 201, "{got:?}");
        got.id()
    }

    /// Ada does something herself.
    pub fn ada(&mut self, act: MailboxAct) -> Option<String> {
        let act = Act::Mailbox {
            tenant: TENANT.to_owned(),
            mailbox: ADA.to_owned(),
            by: Actor::User,
            act,
        };
        self.cloud.act(&act, self.now_ms).unwrap()
    }

    /// Follows next links to the delta link; all rows, and the link.
    pub fn round(&mut self, start: &str) -> (Vec<Value>, String) {
        let (mut rows, mut at) = (Vec::new(), start.to_owned());
        loop {
            let got = self.get(&at);
            assert_eq!(got.status, 200, "{got:?}");
            rows.extend(got.json["value"].as_array().unwrap().clone());
            match got.link("@odata.nextLink") {
                Some(next) => at = next,
                None => return (rows, got.link("@odata.deltaLink").unwrap()),
            }
        }
    }
}

pub fn read(answer: Answer) -> Option<Got> {
    let at_ms = answer.at_ms;
    let Reply::Response(response) = answer.reply else {
        return None;
    };
    Some(Got {
        status: response.status,
        json: serde_json::from_slice(&response.body).unwrap_or(Value::Null),
        headers: response.headers,
        bytes: response.body,
        at_ms,
    })
}

/// The ids in rows.
pub fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|r| r["id"].as_str().unwrap()).collect()
}

/// The stamp property with a value, as a body has it.
pub fn stamp(value: &str) -> Value {
    json!([{"id": STAMP, "value": value}])
}

/// The path that finds contacts by stamp in a folder.
pub fn search(folder: &str, value: &str) -> String {
    format!(
        "/users/{ADA}/contactFolders/{folder}/contacts?$filter=singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'{}'%20and%20ep/value%20eq%20'{value}')",
        STAMP.replace(' ', "%20")
    )
}
