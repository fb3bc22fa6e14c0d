//! One Graph call with its URL, headers and body understood, all wire forms of the SDKs made one.

use crate::{done::Done, error, http};
use bytes::Bytes;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

mod parse;
mod prefer;

pub use parse::{decode, parse};
pub use prefer::Prefer;

/// Who calls: what the access token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Client id.
    pub app: Arc<str>,
    /// Tenant id.
    pub tenant: Arc<str>,
    /// The application permissions in the token, e.g. `Contacts.ReadWrite`.
    pub roles: Arc<[String]>,
}

impl Bearer {
    /// Whether the token carries any of `roles`.
    pub fn may(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|r| roles.contains(&r.as_str()))
    }
}

/// One call. Segments are decoded: `users('a%40b')/contactFolders/x/microsoft.graph.delta()` is
/// `["users", "a@b", "contactFolders", "x", "delta"]`; a type cast stays as `microsoft.graph.user`.
#[derive(Clone, Debug)]
pub struct Call {
    /// Upper case.
    pub method: String,
    /// `v1.0` or `beta`.
    pub version: String,
    /// What links start with: `https://host/v1.0`.
    pub base: String,
    pub path: Vec<String>,
    /// Decoded; system options in lower case with their dollar (`$select`), others as sent.
    pub query: BTreeMap<String, String>,
    /// What stands behind the `?`, as sent.
    pub query_text: String,
    pub headers: Vec<(String, String)>,
    pub prefer: Prefer,
    /// The raw body; empty inside a `$batch` unless the step's body was a string (base64).
    pub body: Bytes,
    /// The body where it is JSON.
    pub json: Option<Value>,
    pub bearer: Bearer,
    pub now_ms: i64,
}

impl Call {
    /// The path as a slice of strings, for `match call.segments().as_slice()`.
    pub fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// A system query option, e.g. `option("$select")`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The first header of that name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::header(&self.headers, name)
    }

    /// Whether `ConsistencyLevel: eventual` was sent (advanced directory queries).
    pub fn eventual(&self) -> bool {
        self.header("consistencylevel")
            .is_some_and(|v| v.eq_ignore_ascii_case("eventual"))
    }

    /// The JSON object of the body, or Graph's 400.
    pub fn object(&self) -> Result<&serde_json::Map<String, Value>, Done> {
        match &self.json {
            Some(Value::Object(object)) => Ok(object),
            _ if self.body.is_empty() => Err(error::body_required()),
            _ => Err(error::unreadable_body()),
        }
    }

    /// A parameter of an action, whatever its case: SDKs send `InputIds`, the documentation `inputIds`.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        let object = self.json.as_ref()?.as_object()?;
        object
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// A link to go on with: this call's path with `option` set to `value`, and the other options kept
    /// or (as in deltas, whose tokens carry them) left out. The host is the one that was asked.
    pub fn link(&self, keep: bool, option: &str, value: &str) -> String {
        let mut link = self.base.clone();
        for segment in &self.path {
            link.push('/');
            encode(segment, &mut link);
        }
        let mut mark = '?';
        let replaced = [option, "$skip", "$skiptoken", "$deltatoken"];
        let kept = self
            .query
            .iter()
            .filter(|(name, _)| keep && !replaced.contains(&name.as_str()));
        for (name, text) in kept
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .chain([(option, value)])
        {
            link.push(mark);
            mark = '&';
            encode(name, &mut link);
            link.push('=');
            encode(text, &mut link);
        }
        link
    }

    /// Whether the caller's token carries any of `roles`.
    pub fn may(&self, roles: &[&str]) -> bool {
        self.bearer.may(roles)
    }
}

/// Percent-encodes what has no meaning of its own in a path or query (RFC 3986 section 3.3).
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'(' | b')' | b',' | b':' | b'@' | b'=' | b'\''
            | b'*' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}
