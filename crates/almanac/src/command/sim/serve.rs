//! `almanac sim serve`: the simulated cloud behind a real socket, in real time.

use super::{fleet, tls};
use crate::cli::SimServe;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::seams::clock::MachineClock;
use bytes::Bytes;
use graph_sim::{Answer, Cloud, Fleet, Reply};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::Timestamp;
use model::seam::Clock;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Larger than anything Graph takes (4 MB): the simulator itself answers 413.
const BODY_BYTES_MAX: usize = 16 << 20;
/// A client that says nothing for so long is cut off.
const HEADER_PATIENCE: Duration = Duration::from_secs(60);

pub fn serve(context: &Context, wanted: &SimServe) -> Ended {
    let fleet = fleet::chosen(wanted.fleet.as_deref(), wanted.seed)?;
    let settings = behaviour(&wanted.faults)?;
    let cloud = Cloud::new(&fleet, settings, wanted.seed, MachineClock.now().0);
    block_on(listen(context, wanted, &fleet, cloud))?
}

/// A profile by name, or a file of simulator settings.
fn behaviour(wanted: &str) -> Result<graph_sim::Settings, Failure> {
    if let Some(faults) = graph_sim::Faults::profile(wanted) {
        return Ok(graph_sim::Settings {
            faults,
            ..graph_sim::Settings::default()
        });
    }
    let path = Path::new(wanted);
    if !path.exists() {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{wanted}` is neither a fault profile nor a file"),
            "say none, light or hostile, or name a YAML file of simulator settings",
        ));
    }
    crate::settings::yaml::read(path)
}

async fn listen(context: &Context, wanted: &SimServe, fleet: &Fleet, cloud: Cloud) -> Ended {
    let busy = |e: std::io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot listen on {}: {}", wanted.listen, e.kind()),
            "choose another address with --listen; port 0 takes a free one",
        )
    };
    let listener = TcpListener::bind(wanted.listen).await.map_err(busy)?;
    let address = listener.local_addr().map_err(busy)?;
    let tls = wanted.tls.then(|| tls::make(address.ip())).transpose()?;
    let door = Door {
        cloud: Arc::new(Mutex::new(cloud)),
        scheme: if wanted.tls { "https" } else { "http" },
        tls: tls
            .as_ref()
            .map(|t| TlsAcceptor::from(Arc::clone(&t.config))),
    };
    announce(context, &ready(&door, address, tls.as_ref(), fleet));
    tokio::select! {
        biased;
        () = crate::seams::signal::stopped() => Ok(Exit::Done),
        () = door.accept(listener) => Ok(Exit::Done),
    }
}

/// The line that says where everything is.
fn ready(door: &Door, address: SocketAddr, tls: Option<&tls::Tls>, fleet: &Fleet) -> Value {
    let url = format!("{}://{address}", door.scheme);
    let tenants: Vec<Value> = fleet
        .tenants
        .iter()
        .map(|tenant| {
            let app = tenant.apps.first();
            json!({
                "id": tenant.id,
                "domain": tenant.domain,
                "client_id": app.map(|a| &a.client_id),
                "client_secret": app.map(|a| &a.client_secret),
                "mailboxes": tenant.mailboxes().map(|p| &p.upn).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "login_url": url,
        "graph_url": url,
        "ca_file": tls.map(|t| &t.ca_file),
        "tenants": tenants,
    })
}

fn announce(context: &Context, ready: &Value) {
    if context.voice.json {
        return json::print_line(ready);
    }
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    context.voice.say(format!(
        "The simulator answers at {}. Stop it with Ctrl-C.\n",
        text(&ready["graph_url"])
    ));
    context.voice.say("Point almanac.yaml at it:\n  lab:");
    for key in ["login_url", "graph_url", "ca_file"] {
        if ready[key].is_string() {
            context
                .voice
                .say(format!("    {key}: {}", text(&ready[key])));
        }
    }
    for tenant in ready["tenants"].as_array().into_iter().flatten() {
        let mailboxes = tenant["mailboxes"].as_array().map_or(0, Vec::len);
        context.voice.say(format!(
            "\n{} with {mailboxes} mailboxes\n  directory {}\n  client id {}\n  secret    {}",
            text(&tenant["domain"]),
            text(&tenant["id"]),
            text(&tenant["client_id"]),
            text(&tenant["client_secret"]),
        ));
    }
}

/// Where connections come in.
#[derive(Clone)]
struct Door {
    cloud: Arc<Mutex<Cloud>>,
    scheme: &'static str,
    tls: Option<TlsAcceptor>,
}

impl Door {
    async fn accept(&self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(self.clone().greet(stream));
                }
                // Out of file handles: wait until some are free again.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn greet(self, stream: TcpStream) {
        match self.tls.clone() {
            None => self.talk(stream).await,
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.talk(stream).await;
                }
            }
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(self, stream: S) {
        let service = hyper::service::service_fn(|request| self.clone().answer(request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_PATIENCE)
            .serve_connection(TokioIo::new(stream), service);
        // A cut connection is an answer, too.
        let _ = connection.await;
    }

    /// An error cuts the connection: that is what a lost answer looks like.
    async fn answer(
        self,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Full<Bytes>>, Cut> {
        let request = self.read(request).await?;
        let Answer { reply, at_ms } = {
            let mut cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner);
            cloud.answer(request, MachineClock.now().0)
        };
        MachineClock.sleep_until(Timestamp(at_ms)).await;
        match reply {
            Reply::Response(response) => dress(response),
            Reply::Lost => Err(Cut),
            Reply::Never => match std::future::pending::<Infallible>().await {},
        }
    }

    async fn read(&self, request: hyper::Request<Incoming>) -> Result<graph_sim::Request, Cut> {
        let (head, body) = request.into_parts();
        let text =
            |v: &hyper::header::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
        let host = head.headers.get("host").map(text).unwrap_or_default();
        let path = head.uri.path_and_query().map_or("/", |p| p.as_str());
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|_| Cut)?;
        Ok(graph_sim::Request {
            method: head.method.as_str().to_owned(),
            url: format!("{}://{host}{path}", self.scheme),
            headers: head
                .headers
                .iter()
                .map(|(n, v)| (n.as_str().to_owned(), text(v)))
                .collect(),
            body: body.to_bytes(),
        })
    }
}

fn dress(response: graph_sim::Response) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(response.body)).map_err(|_| Cut)
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Cut;
