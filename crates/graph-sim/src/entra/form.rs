//! URLs and form bodies of the login host, taken apart.

use crate::call::decode;
use std::collections::BTreeMap;

pub(super) struct Url {
    /// `https://host`.
    pub origin: String,
    /// Decoded.
    pub segments: Vec<String>,
    pub query: BTreeMap<String, String>,
}

/// No form of the login host is longer; more is not read.
const FORM_BYTES_MAX: usize = 64 * 1024;

impl Url {
    pub(super) fn read(url: &str) -> Url {
        let from = url.find("://").map_or(0, |at| at + 3);
        let end = url[from..].find('/').map_or(url.len(), |at| from + at);
        let (origin, rest) = url.split_at(end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        Url {
            origin: origin.to_owned(),
            segments: segments.map(|segment| decode(segment, false)).collect(),
            query: pairs(query),
        }
    }
}

/// `application/x-www-form-urlencoded` in the body of a request.
pub(super) fn form(body: &[u8]) -> BTreeMap<String, String> {
    let body = body.get(..FORM_BYTES_MAX).unwrap_or(body);
    pairs(&String::from_utf8_lossy(body))
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name, true), decode(value, true)))
        .collect()
}

/// Encodes everything but unreserved characters (RFC 3986 section 2.3).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
