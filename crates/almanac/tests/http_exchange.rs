//! The network seam against a raw socket: what counts as not sent, what as lost.
#![allow(clippy::unwrap_used)]

use almanac::seams::http::{Http, Limits};
use bytes::Bytes;
use futures::future::BoxFuture;
use model::seam::{Clock, Exchange, NoAnswer, Request, Response};
use model::{Millis, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DEADLINE: Timestamp = Timestamp(1_000);

/// Says "in time" so many times, and "too late" ever after.
struct Stepping {
    in_time: usize,
    asked: AtomicUsize,
}

impl Clock for Stepping {
    fn now(&self) -> Timestamp {
        let late = self.asked.fetch_add(1, Ordering::SeqCst) >= self.in_time;
        if late { Timestamp(2_000) } else { Timestamp(0) }
    }

    fn steady(&self) -> Timestamp {
        Timestamp(0)
    }

    fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }

    fn sleep(&self, _: Millis) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// What the server does with each connection after it has read something.
#[derive(Clone, Copy)]
enum Server {
    Says(&'static str),
    Closes,
    Silent,
}

struct World {
    url: String,
    received: Arc<Mutex<Vec<u8>>>,
}

async fn serve(server: Server) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, server, Arc::clone(&log)));
        }
    });
    World { url, received }
}

async fn talk(mut stream: TcpStream, server: Server, log: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        log.lock().unwrap().extend_from_slice(&buffer[..n]);
        match server {
            Server::Says(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Server::Closes => return,
            Server::Silent => {}
        }
    }
}

impl World {
    async fn send(
        &self,
        method: &'static str,
        body: &'static str,
        in_time: usize,
    ) -> Result<Response, NoAnswer> {
        let clock = Stepping {
            in_time,
            asked: AtomicUsize::new(0),
        };
        let limits = Limits {
            answer: Millis(400),
            connections: 4,
            only_ca: None,
        };
        let http = Http::new(&limits, Arc::new(clock)).unwrap();
        let request = Request {
            method,
            url: self.url.clone(),
            headers: vec![("x-note".to_owned(), "1".to_owned())],
            body: Bytes::from_static(body.as_bytes()),
        };
        let answer = http.send(request, DEADLINE).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        answer
    }

    fn received(&self) -> String {
        String::from_utf8(self.received.lock().unwrap().clone()).unwrap()
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn is_not_sent(answer: &Result<Response, NoAnswer>) -> bool {
    matches!(answer, Err(NoAnswer::NotSent(_)))
}

fn is_lost(answer: &Result<Response, NoAnswer>) -> bool {
    matches!(answer, Err(NoAnswer::Lost(_)))
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let world = serve(Server::Says(OK)).await;
    let answer = world.send("POST", "{}", 99).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hi"[..]));
    let received = world.received();
    assert!(received.starts_with("POST /x HTTP/1.1\r\n"), "{received}");
    assert!(
        received.contains("content-length: 2\r\n") && received.ends_with("\r\n\r\n{}"),
        "{received}"
    );
}

#[tokio::test]
async fn a_request_that_is_already_late_is_not_sent() {
    let world = serve(Server::Says(OK)).await;
    assert!(is_not_sent(&world.send("GET", "", 0).await));
    assert_eq!(world.received(), "");
}

#[tokio::test]
async fn a_connect_that_took_too_long_is_not_followed_by_a_byte() {
    let world = serve(Server::Says(OK)).await;
    assert!(is_not_sent(&world.send("DELETE", "", 1).await));
    assert_eq!(world.received(), "");
}

#[tokio::test]
async fn a_write_that_became_late_at_the_socket_sends_no_byte() {
    let world = serve(Server::Says(OK)).await;
    assert!(is_not_sent(&world.send("POST", "{}", 2).await));
    assert_eq!(world.received(), "");
}

#[tokio::test]
async fn a_connection_cut_after_the_request_is_lost() {
    let world = serve(Server::Closes).await;
    assert!(is_lost(&world.send("POST", "{}", 99).await));
    assert!(is_lost(&world.send("DELETE", "", 99).await));
}

#[tokio::test]
async fn silence_is_lost_after_the_bound() {
    let world = serve(Server::Silent).await;
    let answer = world.send("POST", "{}", 99).await;
    assert_eq!(answer, Err(NoAnswer::Lost("timed out".to_owned())));
}

#[tokio::test]
async fn half_an_answer_is_lost() {
    let world = serve(Server::Says(
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
    ))
    .await;
    assert!(is_lost(&world.send("POST", "{}", 99).await));
}

#[tokio::test]
async fn nobody_listening_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let world = World {
        url,
        received: Arc::default(),
    };
    let answer = world.send("POST", "{}", 99).await;
    assert!(is_not_sent(&answer), "{answer:?}");
    assert!(!answer.unwrap_err().to_string().contains("://"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let world = serve(Server::Says(
        "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    assert_eq!(world.send("GET", "", 99).await.unwrap().status, 302);
    assert_eq!(world.received().matches("HTTP/1.1").count(), 1);
}

#[tokio::test]
async fn tokens_never_travel_in_plain_text_to_another_machine() {
    let world = World {
        url: "http://192.0.2.1/x".to_owned(),
        received: Arc::default(),
    };
    assert!(is_not_sent(&world.send("GET", "", 99).await));
}
