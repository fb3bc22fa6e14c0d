//! What a request would write, read from its bytes: the oracle's own reading of the wire.

use model::seam::Request;
use serde_json::{Map, Value};

/// One write to a contact, as it was sent.
#[derive(Clone, Debug)]
pub struct Write {
    pub method: String,
    pub mailbox: String,
    /// The contact; none for a creation.
    pub item: Option<String>,
    pub if_match: Option<String>,
    /// The JSON body, where there is one.
    pub body: Map<String, Value>,
}

/// Every write to contacts in a request; the steps of a `$batch` one by one.
pub fn writes(request: &Request) -> Vec<Write> {
    if request.method == "GET" || is_sign_in(request) {
        return Vec::new();
    }
    let path = path(&request.url);
    let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or(Value::Null);
    if path != "/$batch" {
        let if_match = header(&request.headers, "if-match");
        return write(request.method, path, if_match, body())
            .into_iter()
            .collect();
    }
    // Batches of reads are many: their bodies need not be read.
    let has = |word: &[u8]| request.body.windows(word.len()).any(|w| w == word);
    if ![&b"\"PATCH\""[..], b"\"POST\"", b"\"DELETE\"", b"\"PUT\""]
        .iter()
        .any(|m| has(m))
    {
        return Vec::new();
    }
    let mut whole = body();
    let steps = whole["requests"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    steps.into_iter().filter_map(step).collect()
}

fn step(mut step: Value) -> Option<Write> {
    let if_match = step["headers"].as_object().and_then(|all| {
        let found = all
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("if-match"));
        found.and_then(|(_, v)| v.as_str()).map(str::to_owned)
    });
    let body = step["body"].take();
    write(
        step["method"].as_str()?,
        step["url"].as_str()?,
        if_match,
        body,
    )
}

fn write(method: &str, path: &str, if_match: Option<String>, body: Value) -> Option<Write> {
    if method == "GET" {
        return None;
    }
    let parts: Vec<String> = path
        .split('?')
        .next()?
        .split('/')
        .skip(1)
        .map(decoded)
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (mailbox, item) = match parts[..] {
        ["users", mailbox, "contactFolders", _, "contacts"] => (mailbox, None),
        ["users", mailbox, "contacts", item] => (mailbox, Some(item)),
        ["users", mailbox, "contacts", item, "permanentDelete"] => (mailbox, Some(item)),
        ["users", mailbox, "contacts", item, "photo", "$value"] => (mailbox, Some(item)),
        _ => return None,
    };
    let method = if parts.last() == Some(&"permanentDelete") {
        "DELETE"
    } else {
        method
    };
    Some(Write {
        method: method.to_owned(),
        mailbox: mailbox.to_owned(),
        item: item.map(str::to_owned),
        if_match,
        body: match body {
            Value::Object(body) => body,
            _ => Map::new(),
        },
    })
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    let found = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, v)| v.clone())
}

/// The part of the URL behind `/v1.0`.
fn path(url: &str) -> &str {
    url.split_once("/v1.0").map_or("", |(_, path)| path)
}

fn decoded(segment: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                _ => out.push(b'%'),
            },
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Token requests carry the secret: their bodies are no part of a trace.
pub fn is_sign_in(request: &Request) -> bool {
    request.url.contains("/oauth2/")
}

/// For readable traces: the path, and what a write says.
pub fn shown(request: &Request) -> String {
    let body = match is_sign_in(request) {
        true => String::new(),
        false => String::from_utf8_lossy(&request.body).into_owned(),
    };
    let path = if is_sign_in(request) {
        "/token"
    } else {
        path(&request.url)
    };
    format!("{path} {body}")
}

/// For readable traces: how each step of a batch was answered, and how much a list holds.
pub fn steps_shown(answer: &graph_sim::Answer) -> String {
    let graph_sim::Reply::Response(response) = &answer.reply else {
        return String::new();
    };
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    if let Some(listed) = body["value"].as_array() {
        let more = body.get("@odata.nextLink").map_or("", |_| " and more");
        return format!(" {} listed{more}", listed.len());
    }
    let steps = body["responses"].as_array().map(Vec::as_slice);
    let shown = steps.unwrap_or_default().iter();
    shown
        .map(|s| format!(" {}={}", s["id"].as_str().unwrap_or("?"), s["status"]))
        .collect()
}

/// What a call is for, as stories name and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    SignIn,
    DirectoryDelta,
    DirectoryRead,
    GroupRead,
    GroupMembers,
    PhotoRead,
    MailboxRead,
    FolderRead,
    ContactList,
    ContactDelta,
    ContactRead,
    FolderCreate,
    Create,
    Update,
    Delete,
    Photo,
    Batch,
}

impl Kind {
    pub const ALL: &[Kind] = &[
        Kind::SignIn,
        Kind::DirectoryDelta,
        Kind::DirectoryRead,
        Kind::GroupRead,
        Kind::GroupMembers,
        Kind::PhotoRead,
        Kind::MailboxRead,
        Kind::FolderRead,
        Kind::ContactList,
        Kind::ContactDelta,
        Kind::ContactRead,
        Kind::FolderCreate,
        Kind::Create,
        Kind::Update,
        Kind::Delete,
        Kind::Photo,
        Kind::Batch,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Kind::SignIn => "sign-in",
            Kind::DirectoryDelta => "directory-delta",
            Kind::DirectoryRead => "directory-read",
            Kind::GroupRead => "group-read",
            Kind::GroupMembers => "group-member",
            Kind::PhotoRead => "photo-read",
            Kind::MailboxRead => "mailbox-read",
            Kind::FolderRead => "folder-read",
            Kind::ContactList => "contact-list",
            Kind::ContactDelta => "contact-delta",
            Kind::ContactRead => "contact-read",
            Kind::FolderCreate => "folder-create",
            Kind::Create => "create",
            Kind::Update => "update",
            Kind::Delete => "delete",
            Kind::Photo => "photo",
            Kind::Batch => "batch",
        }
    }

    pub fn writes(self) -> bool {
        matches!(
            self,
            Kind::FolderCreate | Kind::Create | Kind::Update | Kind::Delete | Kind::Photo
        )
    }

    pub fn reads(self) -> bool {
        !self.writes() && !matches!(self, Kind::SignIn | Kind::Batch)
    }
}

/// What a request is for; a `$batch` with every step of it.
pub fn kinds(request: &Request) -> Vec<Kind> {
    if is_sign_in(request) {
        return vec![Kind::SignIn];
    }
    let path = path(&request.url);
    if path != "/$batch" {
        return vec![kind(request.method, path)];
    }
    let body = serde_json::from_slice::<Value>(&request.body).unwrap_or(Value::Null);
    let steps = body["requests"].as_array().map(Vec::as_slice);
    let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let steps = steps.unwrap_or_default().iter();
    let steps = steps.map(|step| kind(&text(step, "method"), &text(step, "url")));
    [Kind::Batch].into_iter().chain(steps).collect()
}

fn kind(method: &str, path: &str) -> Kind {
    let place = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = place.split('/').skip(1).collect();
    match (method, &parts[..]) {
        ("PATCH", _) => Kind::Update,
        ("PUT", _) => Kind::Photo,
        ("DELETE", _) | ("POST", [.., "permanentDelete"]) => Kind::Delete,
        ("POST", [.., "contacts"]) => Kind::Create,
        ("POST", _) => Kind::FolderCreate,
        (_, ["groups", _, _, ..]) => Kind::GroupMembers,
        (_, ["groups", ..]) => Kind::GroupRead,
        (_, [.., "photo"] | [.., "photo", "$value"]) => Kind::PhotoRead,
        (_, [.., "mailboxSettings"]) => Kind::MailboxRead,
        (_, ["users" | "contacts", "delta"]) => Kind::DirectoryDelta,
        (_, ["users", _, .., "contacts", "delta"]) => Kind::ContactDelta,
        (_, ["users", _, .., "contacts"]) => Kind::ContactList,
        (_, ["users", _, .., "contacts", _]) => Kind::ContactRead,
        (_, ["users", _, "contactFolders", ..]) => Kind::FolderRead,
        _ => Kind::DirectoryRead,
    }
}

/// The request as the cloud takes it.
pub fn to_cloud(request: &Request) -> graph_sim::Request {
    graph_sim::Request {
        method: request.method.to_owned(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    }
}

/// Statuses that only a fault brings; 412 and 404 are life.
pub fn is_fault(status: i64) -> bool {
    !(0..500).contains(&status) || matches!(status, 401 | 403 | 408 | 409 | 410 | 423 | 429)
}
