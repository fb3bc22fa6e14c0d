//! The demo's client: a simulated tenant in this process, reached like the real one.

use crate::seams::clock::MachineClock;
use futures::future::BoxFuture;
use graph_sim::cloud::Act;
use graph_sim::settings::Latency;
use graph_sim::{Cloud, Fleet, Reply, Settings};
use model::Timestamp;
use model::seam::{Clock, Exchange, NoAnswer, Request, Response};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Microsoft's cloud in a box.
pub struct Box365 {
    cloud: Mutex<Cloud>,
    reads: AtomicU64,
    writes: AtomicU64,
}

/// Answers at once, so that the story does not drag; everything else is as the simulator has it.
fn quick() -> Settings {
    Settings {
        latency: Latency {
            token_ms: 1,
            read_ms: 1,
            list_ms: 2,
            write_ms: 2,
            photo_ms: 2,
            directory_ms: 1,
            batch_ms: 1,
            throttled_ms: 1,
            jitter: 0.0,
        },
        ..Settings::default()
    }
}

impl Box365 {
    pub fn new(fleet: &Fleet, seed: u64) -> Self {
        Self {
            cloud: Mutex::new(Cloud::new(fleet, quick(), seed, MachineClock.now().0)),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        }
    }

    /// Somebody does something beside us; `false`: the cloud refused.
    pub fn act(&self, act: &Act) -> bool {
        self.lock().act(act, MachineClock.now().0).is_ok()
    }

    /// Requests since the last time this was asked: those that read, and those that may write.
    pub fn requests(&self) -> (u64, u64) {
        (
            self.reads.swap(0, Ordering::SeqCst),
            self.writes.swap(0, Ordering::SeqCst),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, request: &Request) {
        let body = String::from_utf8_lossy(&request.body);
        let reads = request.method == "GET"
            || request.url.contains("/oauth2/")
            || request.url.ends_with("/$batch")
                && !["POST", "PATCH", "PUT", "DELETE"]
                    .iter()
                    .any(|m| body.contains(&format!("\"{m}\"")));
        let counter = if reads { &self.reads } else { &self.writes };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

impl Exchange for Box365 {
    fn send(
        &self,
        request: Request,
        not_after: Timestamp,
    ) -> BoxFuture<'_, Result<Response, NoAnswer>> {
        Box::pin(async move {
            if MachineClock.now() > not_after {
                return Err(NoAnswer::NotSent("its deadline passed".to_owned()));
            }
            self.count(&request);
            let request = graph_sim::Request {
                method: request.method.to_owned(),
                url: request.url,
                headers: request.headers,
                body: request.body,
            };
            let answer = self.lock().answer(request, MachineClock.now().0);
            MachineClock.sleep_until(Timestamp(answer.at_ms)).await;
            match answer.reply {
                Reply::Response(r) => Ok(Response {
                    status: r.status,
                    headers: r
                        .headers
                        .into_iter()
                        .map(|(n, v)| (n.to_lowercase(), v))
                        .collect(),
                    body: r.body,
                }),
                Reply::Lost | Reply::Never => {
                    Err(NoAnswer::Lost("the connection was cut".to_owned()))
                }
            }
        })
    }
}
