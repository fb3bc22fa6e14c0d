//! A client of the simulated cloud for tests: signed in to the default fleet, patient enough to see its own writes.
#![allow(dead_code, clippy::unwrap_used)]

use graph_sim::fleet::{Fleet, Size, generate};
use graph_sim::{Cloud, Reply, Request, Settings};
use serde_json::Value;

const START_MS: i64 = 1_795_417_200_000;
/// Longer than a committed write may stay out of lists.
const PATIENCE_MS: i64 = 60_000;

pub struct Client {
    pub cloud: Cloud,
    pub fleet: Fleet,
    token: String,
    now_ms: i64,
}

/// One complete answer.
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Null where the body is not JSON.
    pub json: Value,
}

impl Client {
    pub fn new() -> Client {
        let fleet = generate(1, &Size::default());
        let mut settings = Settings::default();
        settings.limits.enforced = false;
        settings.limits.token_s = 10_000_000;
        let cloud = Cloud::new(&fleet, settings, 1, START_MS);
        let mut client = Client {
            cloud,
            fleet,
            token: String::new(),
            now_ms: START_MS,
        };
        client.sign_in();
        client
    }

    fn sign_in(&mut self) {
        let tenant = &self.fleet.tenants[0];
        let app = &tenant.apps[0];
        let url = format!(
            "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
            tenant.id
        );
        let mut request = Request::new("POST", &url);
        let form = "application/x-www-form-urlencoded".to_owned();
        request.headers = vec![("Content-Type".to_owned(), form)];
        request.body = format!(
            "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id={}&client_secret={}",
            app.client_id, app.client_secret
        )
        .into();
        let answer = self.exchange(request);
        self.token = answer.json["access_token"].as_str().unwrap().to_owned();
    }

    /// Sends to a path below the version (`/users`) or to a whole link.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answered {
        let bytes = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body).unwrap(),
        };
        let kind = [("Content-Type", "application/json")];
        let kind = kind.into_iter().filter(|_| !body.is_null());
        let headers: Vec<_> = headers.iter().copied().chain(kind).collect();
        self.send_bytes(method, path, &headers, bytes)
    }

    pub fn send_bytes(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answered {
        let url = match path.starts_with("https://") {
            true => path.to_owned(),
            false => format!("https://graph.microsoft.com/v1.0{path}"),
        };
        let mut request = Request::new(method, &url);
        let bearer = [("Authorization", format!("Bearer {}", self.token))];
        let bearer = bearer.iter().map(|(n, v)| (*n, v.as_str()));
        let all = headers.iter().copied().chain(bearer);
        request.headers = all.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        request.body = body.into();
        self.exchange(request)
    }

    pub fn get(&mut self, path: &str) -> Value {
        let answer = self.send("GET", path, &[], &Value::Null);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.json);
        answer.json
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.send("POST", path, &[], body);
        assert!(
            (200..300).contains(&answer.status),
            "POST {path}: {} {}",
            answer.status,
            answer.json
        );
        answer.json
    }

    fn exchange(&mut self, request: Request) -> Answered {
        let url = request.url.clone();
        let answer = self.cloud.answer(request, self.now_ms);
        self.now_ms = answer.at_ms.max(self.now_ms) + PATIENCE_MS;
        match answer.reply {
            Reply::Response(r) => Answered {
                status: r.status,
                headers: r.headers,
                json: serde_json::from_slice(&r.body).unwrap_or_default(),
                body: r.body.to_vec(),
            },
            other => panic!("{url}: {other:?} without faults"),
        }
    }
}

impl Answered {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }
}
