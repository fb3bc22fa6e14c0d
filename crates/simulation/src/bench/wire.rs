//! The wire of a bench: every request answered by the simulated cloud, and counted, batches step by step.

use crate::executor::VirtualTime;
use futures::future::BoxFuture;
use graph_sim::{Cloud, Reply};
use model::Timestamp;
use model::seam::{Exchange, NoAnswer, Request, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was asked of Graph; the steps of a batch count one by one, batches themselves do not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub requests: u64,
    /// Writes among them.
    pub writes: u64,
    /// Requests on the network: a batch is one.
    pub http: u64,
    /// By method and path, ids left out.
    pub kinds: BTreeMap<String, u64>,
}

impl Asked {
    fn count(&mut self, method: &str, url: &str) {
        self.requests += 1;
        self.writes += u64::from(method != "GET");
        *self
            .kinds
            .entry(format!("{method} {}", shape(url)))
            .or_default() += 1;
    }

    /// Requests whose method and path, ids left out, contain these words.
    pub fn of(&self, words: &str) -> u64 {
        let fits = |kind: &&String| kind.contains(words);
        self.kinds.keys().filter(fits).map(|k| self.kinds[k]).sum()
    }
}

impl Asked {
    /// Folders made, and cards made.
    pub fn folders_made(&self) -> u64 {
        self.exactly("POST users/…/contactFolders")
    }

    pub fn cards_made(&self) -> u64 {
        self.exactly("POST users/…/contactFolders/…/contacts")
    }

    fn exactly(&self, kind: &str) -> u64 {
        self.kinds.get(kind).copied().unwrap_or(0)
    }
}

/// A path without host, version, ids and query.
fn shape(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path
        .find('/')
        .map_or("", |at| &path[at..])
        .split('?')
        .next();
    let plain = |part: &str| {
        part.len() <= 24
            && part
                .chars()
                .all(|c| c.is_ascii_alphabetic() || "$()".contains(c))
    };
    let parts = path.unwrap_or("").split('/').skip(1);
    let parts = parts.filter(|p| *p != "v1.0");
    parts
        .map(|p| if plain(p) { p } else { "…" })
        .collect::<Vec<_>>()
        .join("/")
}

/// The network between the engine and the simulated cloud.
pub(super) struct Wire {
    pub cloud: Arc<Mutex<Cloud>>,
    pub time: VirtualTime,
    pub asked: Arc<Mutex<Asked>>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<Step<'a>>,
}

#[derive(Deserialize)]
struct Step<'a> {
    method: &'a str,
    #[serde(borrow)]
    url: std::borrow::Cow<'a, str>,
}

impl Wire {
    fn count(&self, request: &Request) {
        let mut asked = lock(&self.asked);
        if request.url.contains("/oauth2/") {
            return;
        }
        asked.http += 1;
        if !request.url.ends_with("/$batch") {
            return asked.count(request.method, &request.url);
        }
        let steps = serde_json::from_slice::<Batch>(&request.body).map(|b| b.requests);
        for step in steps.unwrap_or_default() {
            asked.count(step.method, &step.url);
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
                return Err(NoAnswer::NotSent("too late".to_owned()));
            }
            self.count(&request);
            let asked = graph_sim::Request {
                method: request.method.to_owned(),
                url: request.url,
                headers: request.headers,
                body: request.body,
            };
            let answer = lock(&self.cloud).answer(asked, now.0);
            self.time.sleep_until(Timestamp(answer.at_ms)).await;
            match answer.reply {
                Reply::Response(r) => Ok(Response {
                    status: r.status,
                    headers: r.headers,
                    body: r.body,
                }),
                Reply::Lost | Reply::Never => Err(NoAnswer::Lost("no answer".to_owned())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_names_the_path_without_ids() {
        let url = "https://graph.microsoft.com/v1.0/users/0a-1/contactFolders/AAM=/contacts/delta()?$top=3";
        assert_eq!(shape(url), "users/…/contactFolders/…/contacts/delta()");
        assert_eq!(shape("/users/0a-1/photo/$value"), "users/…/photo/$value");
    }
}
