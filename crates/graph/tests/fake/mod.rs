//! A scripted Microsoft: answers in order, a transcript of what was asked, time that jumps when all wait.
#![allow(dead_code, clippy::unwrap_used)]

use bytes::Bytes;
use futures::executor::LocalPool;
use futures::future::BoxFuture;
use futures::task::LocalSpawnExt as _;
use graph::{Endpoints, Graph, Settings, TenantRef};
use model::seam::{
    Chance, Clock, Credential, Exchange, NoAnswer, Request, Response, SignError, Signer,
};
use model::{MailboxId, Millis, TenantName, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

pub type Reply = Result<Response, NoAnswer>;

#[derive(Clone, Default)]
pub struct World {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    now: Mutex<i64>,
    sleepers: Mutex<BTreeMap<(i64, u64), Waker>>,
    counter: AtomicU64,
    replies: Mutex<VecDeque<(i64, Reply)>>,
    transcript: Mutex<String>,
    tokens: AtomicU64,
    under_way: Mutex<(usize, usize)>,
}

pub fn ok(body: &str) -> Reply {
    status(200, body)
}

pub fn status(status: u16, body: &str) -> Reply {
    answer(status, &[], body)
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    Ok(Response {
        status,
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

pub fn error(status: u16, code: &str) -> Reply {
    self::status(status, &error_body(code))
}

pub fn error_body(code: &str) -> String {
    format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"words\"}}}}")
}

pub fn lost() -> Reply {
    Err(NoAnswer::Lost("connection reset".to_owned()))
}

pub fn tenant() -> TenantRef {
    TenantRef {
        name: TenantName::from("contoso"),
        directory: "contoso.example".to_owned(),
        client_id: "app".to_owned(),
    }
}

pub fn mailbox() -> MailboxId {
    MailboxId::from("m1")
}

impl World {
    pub fn new(replies: Vec<Reply>) -> Self {
        let world = Self::default();
        *world.inner.now.lock().unwrap() = 1_795_456_800_000;
        for reply in replies {
            world.reply_after(100, reply);
        }
        world
    }

    pub fn reply_after(&self, ms: i64, reply: Reply) {
        self.inner.replies.lock().unwrap().push_back((ms, reply));
    }

    pub fn graph(&self) -> Graph {
        self.graph_with(Settings {
            user_agent: "test".to_owned(),
            ..Settings::default()
        })
    }

    pub fn graph_with(&self, settings: Settings) -> Graph {
        Graph::new(
            Arc::new(self.clone()),
            Arc::new(self.clone()),
            Arc::new(self.clone()),
            Arc::new(self.clone()),
            Endpoints::at("https://login.test", "https://graph.test/v1.0/"),
            settings,
        )
    }

    /// Runs to the end; whenever everything waits, time jumps to the next sleeper.
    pub fn run<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> T {
        let mut pool = LocalPool::new();
        let done = pool.spawner().spawn_local_with_handle(future).unwrap();
        let mut done = Box::pin(done);
        loop {
            pool.run_until_stalled();
            let waker = futures::task::noop_waker();
            if let Poll::Ready(value) = done.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            self.jump();
        }
    }

    fn jump(&self) {
        let next = self.inner.sleepers.lock().unwrap().pop_first();
        let ((at, _), waker) = next.expect("everything waits for ever");
        let mut now = self.inner.now.lock().unwrap();
        *now = (*now).max(at);
        waker.wake();
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(*self.inner.now.lock().unwrap())
    }

    pub fn in_ms(&self, ms: i64) -> Timestamp {
        Timestamp(self.now().0 + ms)
    }

    /// What was asked since the last call.
    pub fn transcript(&self) -> String {
        std::mem::take(&mut *self.inner.transcript.lock().unwrap())
    }

    pub fn tokens(&self) -> u64 {
        self.inner.tokens.load(Ordering::Relaxed)
    }

    /// The most requests that were ever under way at once.
    pub fn most_at_once(&self) -> usize {
        self.inner.under_way.lock().unwrap().1
    }

    pub fn left(&self) -> usize {
        self.inner.replies.lock().unwrap().len()
    }

    fn note(&self, request: &Request) {
        let path = request.url.strip_prefix("https://graph.test/v1.0");
        let mut line = format!("{} {}\n", request.method, path.unwrap_or(&request.url));
        for (name, value) in &request.headers {
            let usual = ["Authorization", "User-Agent", "client-request-id"];
            let plain = name == "Prefer" && value == "IdType=\"ImmutableId\"";
            if !plain && !usual.contains(&name.as_str()) {
                line.push_str(&format!("  {name}: {value}\n"));
            }
        }
        if !request.body.is_empty() {
            line.push_str(&format!("  {}\n", String::from_utf8_lossy(&request.body)));
        }
        self.inner.transcript.lock().unwrap().push_str(&line);
    }
}

impl Exchange for World {
    fn send(&self, request: Request, not_after: Timestamp) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            if self.now() > not_after {
                return Err(NoAnswer::NotSent("too late".to_owned()));
            }
            if request.url.ends_with("/oauth2/v2.0/token") {
                let nth = self.inner.tokens.fetch_add(1, Ordering::Relaxed) + 1;
                return ok(&format!(
                    "{{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"t{nth}\"}}"
                ));
            }
            self.note(&request);
            let next = self.inner.replies.lock().unwrap().pop_front();
            let (ms, reply) =
                next.unwrap_or_else(|| panic!("nothing scripted for {}", request.url));
            {
                let mut under_way = self.inner.under_way.lock().unwrap();
                under_way.0 += 1;
                under_way.1 = under_way.1.max(under_way.0);
            }
            self.sleep_until(self.in_ms(ms)).await;
            self.inner.under_way.lock().unwrap().0 -= 1;
            reply
        })
    }
}

struct Sleep {
    world: World,
    until: i64,
    key: Option<(i64, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let inner = self.world.inner.clone();
        if *inner.now.lock().unwrap() >= self.until {
            return Poll::Ready(());
        }
        let until = self.until;
        let key = *self
            .key
            .get_or_insert_with(|| (until, inner.counter.fetch_add(1, Ordering::Relaxed)));
        let mut sleepers = inner.sleepers.lock().unwrap();
        sleepers.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.world.inner.sleepers.lock().unwrap().remove(&key);
        }
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        World::now(self)
    }
    fn steady(&self) -> Timestamp {
        World::now(self)
    }
    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(Sleep {
            world: self.clone(),
            until: until.0,
            key: None,
        })
    }
    fn sleep(&self, span: Millis) -> BoxFuture<'static, ()> {
        self.sleep_until(World::now(self) + span)
    }
}

impl Chance for World {
    fn bits(&self) -> u128 {
        u128::from(self.inner.counter.fetch_add(1, Ordering::Relaxed))
    }
}

impl Signer for World {
    fn credential(&self, _: &str, _: &str, _: Timestamp, _: &str) -> Result<Credential, SignError> {
        Ok(Credential::Secret("s3cret&more".to_owned()))
    }
    fn derive(&self, _: &str) -> [u8; 32] {
        [0; 32]
    }
}
