//! `Exchange` over reqwest: one HTTP request out, one response or no answer back.
//!
//! Nothing here retries, follows a redirect or speaks HTTP/2: over HTTP/1.1 the first byte of a request
//! leaves together with the first poll of its body, so `Gate` can refuse a late request at the last moment
//! and knows for certain when none of it has left us.

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Frame, SizeHint};
use model::seam::{Clock, Exchange, NoAnswer, Request, Response};
use model::{Millis, Timestamp};
use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// A longer answer is cut off and counts as lost: no page, photo or batch of Graph comes near it.
const ANSWER_BYTES_MAX: usize = 64 << 20;

tokio::task_local! {
    /// The deadline of the request that a new connection is being made for.
    static DEADLINE: Deadline;
}

/// The network.
pub struct Http {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// What the network needs to know of the settings.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the call to the last byte of the answer.
    pub answer: Millis,
    /// Idle connections kept per host: four slots for each mailbox worked on.
    pub connections: usize,
    /// PEM text of the only certificate authority to trust; `None`: those of the machine.
    pub only_ca: Option<Vec<u8>>,
}

impl Http {
    /// # Errors
    /// The certificate file cannot be read as PEM, or the machine's certificates cannot be loaded.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        let span = Duration::from_millis(limits.answer.0.unsigned_abs());
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(span)
            .connect_timeout(span.min(Duration::from_secs(15)))
            .pool_max_idle_per_host(limits.connections)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .connector_layer(tower::util::AndThenLayer::new(connected));
        if let Some(pem) = &limits.only_ca {
            builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        Ok(Self {
            client: builder.build()?,
            clock,
        })
    }

    fn prepare(&self, request: Request, gate: &Arc<Gate>) -> Result<reqwest::Request, NoAnswer> {
        let url = check_url(&request.url)?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| NoAnswer::NotSent(format!("{} is no method", request.method)))?;
        let mut out = reqwest::Request::new(method, url);
        for (name, value) in request.headers {
            let (name, value) = header(&name, &value)?;
            out.headers_mut().append(name, value);
        }
        if !request.body.is_empty() {
            let body = GatedBody {
                bytes: Some(request.body),
                gate: Arc::clone(gate),
            };
            *out.body_mut() = Some(reqwest::Body::wrap(body));
        }
        Ok(out)
    }
}

impl Exchange for Http {
    fn send(
        &self,
        request: Request,
        not_after: Timestamp,
    ) -> BoxFuture<'_, Result<Response, NoAnswer>> {
        Box::pin(async move {
            let deadline = Deadline {
                clock: Arc::clone(&self.clock),
                not_after,
            };
            if deadline.passed() {
                return Err(late());
            }
            let has_body = !request.body.is_empty();
            let gate = Arc::new(Gate::new(deadline.clone()));
            let prepared = self.prepare(request, &gate)?;
            let answer = DEADLINE
                .scope(deadline, self.client.execute(prepared))
                .await;
            match answer {
                Ok(response) => read(response).await,
                Err(error) => Err(classify(&error, has_body, &gate)),
            }
        })
    }
}

/// Reads the whole answer. Whatever breaks here, the request has been received.
async fn read(mut response: reqwest::Response) -> Result<Response, NoAnswer> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(n, v)| {
            (
                n.as_str().to_owned(),
                String::from_utf8_lossy(v.as_bytes()).into_owned(),
            )
        })
        .collect();
    let mut body = Vec::with_capacity(response.content_length().unwrap_or(0).min(1 << 20) as usize);
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|e| NoAnswer::Lost(cause(&e)))?
    {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(NoAnswer::Lost("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        headers,
        body: Bytes::from(body),
    })
}

/// Tells "no byte left us" from "may have been received", the former only where it is certain.
fn classify(error: &reqwest::Error, has_body: bool, gate: &Gate) -> NoAnswer {
    match gate.state() {
        State::Late => late(),
        State::Waiting if has_body => NoAnswer::NotSent(whence(error)),
        _ if error.is_connect() || error.is_builder() => NoAnswer::NotSent(whence(error)),
        _ => NoAnswer::Lost(cause(error)),
    }
}

fn late() -> NoAnswer {
    NoAnswer::NotSent("its deadline passed before the first byte".to_owned())
}

/// The host that was not reached, with the cause: only the host, since a path may hold a person's address.
fn whence(error: &reqwest::Error) -> String {
    let host = error.url().and_then(reqwest::Url::host_str);
    match (host, error.url().and_then(reqwest::Url::port)) {
        (Some(host), Some(port)) => format!("{host}:{port}: {}", cause(error)),
        (Some(host), None) => format!("{host}: {}", cause(error)),
        (None, _) => cause(error),
    }
}

/// The innermost cause, without the operating system's number: outer layers name the URL, which may hold a person's address.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut inner: &dyn Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    let text = inner.to_string();
    if text.contains("://") {
        "the request failed".to_owned()
    } else {
        text.split(" (os error")
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Plain HTTP would show tokens to the network: allowed to this machine only.
fn check_url(url: &str) -> Result<reqwest::Url, NoAnswer> {
    let refuse = |why: &str| NoAnswer::NotSent(why.to_owned());
    let url = reqwest::Url::parse(url).map_err(|_| refuse("not a URL"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(refuse("only https is allowed, except to this machine")),
    }
}

/// Is this URL's host the machine itself?
pub fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn header(
    name: &str,
    value: &str,
) -> Result<(reqwest::header::HeaderName, reqwest::header::HeaderValue), NoAnswer> {
    let refuse = || NoAnswer::NotSent(format!("the header {name} cannot be sent"));
    let key = reqwest::header::HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?;
    let text = reqwest::header::HeaderValue::from_str(value).map_err(|_| refuse())?;
    Ok((key, text))
}

/// Runs when a connection has been made: a connect may have taken longer than the request may wait.
async fn connected<C>(connection: C) -> Result<C, Box<dyn Error + Send + Sync>> {
    match DEADLINE.try_with(Deadline::passed) {
        Ok(true) => Err("its deadline passed while connecting".into()),
        _ => Ok(connection),
    }
}

/// The last instant at which a first byte may leave.
#[derive(Clone)]
struct Deadline {
    clock: Arc<dyn Clock>,
    not_after: Timestamp,
}

impl Deadline {
    fn passed(&self) -> bool {
        self.clock.now() > self.not_after
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The body was not asked for: with HTTP/1.1 no byte of the head has left us either.
    Waiting,
    /// The body was handed to the connection.
    Started,
    /// The body was asked for too late and refused.
    Late,
}

/// Watches the moment at which a request with a body goes onto the wire.
struct Gate {
    deadline: Deadline,
    state: AtomicU8,
}

impl Gate {
    fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            state: AtomicU8::new(State::Waiting as u8),
        }
    }

    fn open(&self) -> bool {
        let late = self.deadline.passed();
        let state = if late { State::Late } else { State::Started };
        self.state.store(state as u8, Ordering::SeqCst);
        !late
    }

    fn state(&self) -> State {
        match self.state.load(Ordering::SeqCst) {
            0 => State::Waiting,
            1 => State::Started,
            _ => State::Late,
        }
    }
}

/// A whole body in one piece that passes the gate or fails.
struct GatedBody {
    bytes: Option<Bytes>,
    gate: Arc<Gate>,
}

impl http_body::Body for GatedBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        if self.gate.open() {
            Poll::Ready(Some(Ok(Frame::data(bytes))))
        } else {
            Poll::Ready(Some(Err("late".into())))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |b| b.len() as u64))
    }
}
