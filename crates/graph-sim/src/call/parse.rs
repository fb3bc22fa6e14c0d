//! From a URL to segments and options: every spelling that SDKs use becomes the documented one.

use super::{Bearer, Call, Prefer};
use crate::{done::Done, error};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;

/// Segments that Graph reads without regard to case, in their documented spelling.
const WORDS: &[&str] = &[
    "users",
    "me",
    "contacts",
    "contactFolders",
    "childFolders",
    "delta",
    "photo",
    "photos",
    "$value",
    "$ref",
    "$count",
    "$batch",
    "groups",
    "members",
    "transitiveMembers",
    "memberOf",
    "transitiveMemberOf",
    "manager",
    "directReports",
    "owners",
    "organization",
    "outlook",
    "masterCategories",
    "mailboxSettings",
    "userPurpose",
    "permanentDelete",
    "translateExchangeIds",
    "directory",
    "deletedItems",
    "singleValueExtendedProperties",
    "multiValueExtendedProperties",
    "extensions",
    "subscribedSkus",
    "servicePrincipals",
    "applications",
    "places",
    "mailFolders",
    "messages",
    "events",
    "calendar",
    "calendars",
    "calendarView",
    "restore",
    "checkMemberGroups",
    "getByIds",
    "directoryObjects",
    "sendMail",
    "domains",
    "appRoleAssignments",
    "appRoleAssignedTo",
];

/// What stays a cast when written `graph.x` or `microsoft.graph.x`; all else of that form is a function.
const CASTS: &[&str] = &[
    "user",
    "group",
    "orgContact",
    "device",
    "servicePrincipal",
    "application",
    "administrativeUnit",
    "directoryRole",
    "room",
    "roomList",
    "contact",
    "contactFolder",
    "event",
    "directoryObject",
];

/// Understands one call. `url` is absolute, or relative as inside a `$batch` (then `base` is its root,
/// and the version is the batch's own).
pub fn parse(
    method: &str,
    url: &str,
    headers: Vec<(String, String)>,
    body: Bytes,
    bearer: Bearer,
    now_ms: i64,
) -> Result<Call, Done> {
    let (origin, rest) = split_origin(url);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let query_text = query.split('#').next().unwrap_or("");
    let query = read_query(query_text);
    let mut segments = Vec::with_capacity(8);
    for raw in path.split('/').filter(|s| !s.is_empty()) {
        read_segment(raw, &query, &mut segments);
    }
    if segments.is_empty() {
        return Err(error::bad_request("Invalid version: ."));
    }
    let version = segments.remove(0);
    if version != "v1.0" && version != "beta" {
        return Err(error::bad_request(&format!("Invalid version: {version}.")));
    }
    Ok(Call {
        method: method.to_ascii_uppercase(),
        base: format!("{origin}/{version}"),
        version,
        path: segments,
        query,
        query_text: query_text.to_owned(),
        prefer: Prefer::read(&headers),
        json: read_json(&headers, &body),
        headers,
        body,
        bearer,
        now_ms,
    })
}

fn split_origin(url: &str) -> (&str, &str) {
    let from = url.find("://").map_or(0, |at| at + 3);
    let end = url[from..].find('/').map_or(url.len(), |at| from + at);
    url.split_at(end)
}

fn read_json(headers: &[(String, String)], body: &[u8]) -> Option<Value> {
    let kind = crate::http::header(headers, "content-type").unwrap_or("application/json");
    if body.is_empty() || !kind.contains("json") {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// `users('id')` is two segments; `delta()` and `microsoft.graph.delta()` are `delta`; `@id` is looked up
/// among the query's parameter aliases.
fn read_segment(raw: &str, query: &BTreeMap<String, String>, out: &mut Vec<String>) {
    let decoded = decode(raw, false);
    match decoded.strip_suffix(')').and_then(|s| s.split_once('(')) {
        Some((name, key)) => {
            out.push(word(name));
            let key = query.get(key).map_or(key, String::as_str);
            if !key.is_empty() {
                out.push(unquote(key));
            }
        }
        None => out.push(word(&decoded)),
    }
}

fn unquote(key: &str) -> String {
    match key.strip_prefix('\'').and_then(|k| k.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => key.to_owned(),
    }
}

fn word(segment: &str) -> String {
    if let Some(name) = without_namespace(segment) {
        return match CASTS.iter().find(|c| c.eq_ignore_ascii_case(name)) {
            Some(cast) => format!("microsoft.graph.{cast}"),
            None => known(name),
        };
    }
    known(segment)
}

fn known(segment: &str) -> String {
    match WORDS.iter().find(|w| w.eq_ignore_ascii_case(segment)) {
        Some(word) => (*word).to_owned(),
        None => segment.to_owned(),
    }
}

fn without_namespace(segment: &str) -> Option<&str> {
    let head = segment
        .get(..16)
        .filter(|h| h.eq_ignore_ascii_case("microsoft.graph."));
    match head {
        Some(_) => segment.get(16..),
        None => segment
            .get(..6)
            .filter(|h| h.eq_ignore_ascii_case("graph."))
            .and(segment.get(6..)),
    }
}

const OPTIONS: &[&str] = &[
    "select",
    "filter",
    "expand",
    "top",
    "skip",
    "count",
    "search",
    "orderby",
    "skiptoken",
    "deltatoken",
];

fn read_query(query: &str) -> BTreeMap<String, String> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (option_name(&decode(name, true)), decode(value, true))
        })
        .collect()
}

/// System options are known with and without their dollar, in any case (OData 4.01 section 11.2.1).
fn option_name(name: &str) -> String {
    let bare = name.strip_prefix('$').unwrap_or(name);
    match OPTIONS.iter().find(|o| o.eq_ignore_ascii_case(bare)) {
        Some(option) => format!("${option}"),
        None => name.to_owned(),
    }
}

/// Undoes percent encoding; invalid sequences stay as they are. `plus` also turns `+` into a space.
pub fn decode(text: &str, plus: bool) -> String {
    let coded = text.contains('%') || (plus && text.contains('+'));
    if !coded {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if plus && bytes[at] == b'+' {
                    b' '
                } else {
                    bytes[at]
                });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
