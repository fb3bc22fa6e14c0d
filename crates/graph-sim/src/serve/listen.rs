//! Connections: HTTP messages in and out, and what a lost or never-sent answer looks like on the wire.

use super::{admin, world::World};
use crate::{Reply, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{io, sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::{sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

/// Read no further: Graph refuses above 4 MB, and the cloud must see that it was more.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Who sends no complete head within this time is cut off.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

type Outgoing = hyper::Response<Full<Bytes>>;

/// Accepts until told to stop; then every connection is cut.
pub(super) async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    world: Arc<World>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            Some(_) = connections.join_next() => {}
            taken = listener.accept() => match taken {
                Ok((stream, _)) => drop(connections.spawn(greet(stream, acceptor.clone(), Arc::clone(&world)))),
                // Out of file descriptors, most likely: the next connection may find one again.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn greet(stream: TcpStream, acceptor: Option<TlsAcceptor>, world: Arc<World>) {
    // A socket without this option works too, only slower.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => talk(stream, world).await,
        Some(acceptor) => {
            // A client that does not trust our CA goes away during the handshake: nothing to answer.
            if let Ok(secured) = acceptor.accept(stream).await {
                talk(secured, world).await;
            }
        }
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, world: Arc<World>) {
    let service = service_fn(move |request| serve_one(request, Arc::clone(&world)));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE);
    // An error here is a client that went away, or an answer that we lost on purpose.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn serve_one(request: hyper::Request<Incoming>, world: Arc<World>) -> io::Result<Outgoing> {
    let scheme = if world.ready.ca_file.is_some() {
        "https"
    } else {
        "http"
    };
    let request = read(request, scheme).await?;
    if let Some(path) = admin::path(&request) {
        let response = admin::answer(&request, &path, &world);
        return outgoing(response);
    }
    let answer = world.answer(request);
    world.sleep_until(answer.at_ms).await;
    match answer.reply {
        Reply::Response(response) => outgoing(response),
        // An error makes hyper close the connection without a word.
        Reply::Lost => Err(io::ErrorKind::ConnectionReset.into()),
        Reply::Never => std::future::pending().await,
    }
}

async fn read(request: hyper::Request<Incoming>, scheme: &str) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let host = head.headers.get("host").map(text).unwrap_or_default();
    let path = head.uri.path_and_query().map_or("/", |p| p.as_str());
    Ok(Request {
        method: head.method.as_str().to_owned(),
        url: format!("{scheme}://{host}{path}"),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: body.map_err(io::Error::other)?.to_bytes(),
    })
}

fn outgoing(response: Response) -> io::Result<Outgoing> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(response.body))
        .map_err(io::Error::other)
}
