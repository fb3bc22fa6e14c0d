//! The health endpoint: `GET /healthz` answers 200 while the store answers and the watch goes round.

use crate::wiring::House;
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::{Millis, Timestamp};
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

/// Without a round of the watch for so long, something is stuck.
const SILENCE_MAX: Millis = Millis::minutes(3);
/// A caller that says nothing for so long is cut off.
const PATIENCE: Duration = Duration::from_secs(10);

/// When the watch last went round.
#[derive(Default)]
pub struct Pulse(AtomicI64);

impl Pulse {
    pub fn beat(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    fn last(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Answers until the process ends.
pub async fn answer(listener: TcpListener, house: House, pulse: Arc<Pulse>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (house, pulse) = (house.clone(), Arc::clone(&pulse));
        tokio::spawn(async move {
            let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
                let (house, pulse) = (house.clone(), Arc::clone(&pulse));
                async move { Ok::<_, Infallible>(respond(request.uri().path(), &house, &pulse).await) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE);
            // A caller that hangs up is no concern of ours.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(path: &str, house: &House, pulse: &Pulse) -> hyper::Response<Full<Bytes>> {
    let (status, body) = match path {
        "/healthz" => health(house, pulse).await,
        _ => (404, json!({ "error": "only /healthz is here" })),
    };
    let body = Full::new(Bytes::from(body.to_string()));
    let mut response = hyper::Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, kind);
    response
}

/// Counts only: whoever can reach the port learns nothing of any client.
async fn health(house: &House, pulse: &Pulse) -> (u16, serde_json::Value) {
    let store = house.store().waiting_holds(None).await;
    let notices = house.store().open_notices(None).await;
    let alive = house.seams.clock.now().since(pulse.last()) < SILENCE_MAX;
    match (store, notices) {
        (Ok(holds), Ok(notices)) if alive => (
            200,
            json!({ "status": "ok", "held": holds.len(), "open_notices": notices.len() }),
        ),
        (Ok(_), Ok(_)) => (
            503,
            json!({ "status": "stuck", "last_watch": pulse.last().to_string() }),
        ),
        _ => (503, json!({ "status": "store does not answer" })),
    }
}
