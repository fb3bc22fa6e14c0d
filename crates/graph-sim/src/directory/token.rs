//! Page and delta tokens: opaque to callers, complete in themselves, and refused when they were not made here.

use crate::call::Call;
use crate::chance::{hash, mix};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where a list goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    /// The id that the last page ended with, for lists in the order of ids.
    pub after: Option<String>,
    /// How many were shown, for lists in an order of their own.
    pub offset: usize,
    /// The list shows one half of its objects, drawn by this salt (F44).
    pub halved: Option<u64>,
}

/// Where a delta goes on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Delta {
    /// What was changed after this is what the round tells.
    pub from: u64,
    /// Where in the log the next page begins; in the initial round nothing.
    pub at: u64,
    /// What the next round's `from` will be.
    pub until: u64,
    /// The initial round: the id that the last page ended with.
    pub initial: Option<String>,
    /// In the initial round of groups: the last member that was told of the group after `initial`.
    pub member: String,
    pub issued_ms: i64,
    pub epoch: u64,
    /// The round's `$select`.
    pub select: Option<String>,
    /// The round's `$filter` by ids.
    pub ids: Vec<String>,
}

/// No token that was made here is longer, but for the ids of a `$filter`.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
const MARK: char = '\u{1f}';

impl Page {
    pub(super) fn text(&self, tenant: &str, path: &[String]) -> String {
        let fields = [
            "p".to_owned(),
            self.after.clone().unwrap_or_default(),
            self.offset.to_string(),
            self.halved.map_or(String::new(), |salt| salt.to_string()),
        ];
        seal(&fields, tenant, path)
    }

    pub(super) fn read(text: &str, tenant: &str, path: &[String]) -> Option<Page> {
        match open(text, tenant, path)?.as_slice() {
            [kind, after, offset, halved] if kind == "p" => Some(Page {
                after: Some(after.clone()).filter(|after| !after.is_empty()),
                offset: offset.parse().ok()?,
                halved: halved.parse().ok(),
            }),
            _ => None,
        }
    }
}

impl Delta {
    pub(super) fn text(&self, tenant: &str, path: &[String]) -> String {
        let option =
            |text: &Option<String>| text.as_ref().map_or(String::new(), |t| format!("={t}"));
        let fields = [
            "d".to_owned(),
            self.from.to_string(),
            self.at.to_string(),
            self.until.to_string(),
            option(&self.initial),
            self.member.clone(),
            self.issued_ms.to_string(),
            self.epoch.to_string(),
            option(&self.select),
            self.ids.join(","),
        ];
        seal(&fields, tenant, path)
    }

    pub(super) fn read(text: &str, tenant: &str, path: &[String]) -> Option<Delta> {
        let fields = open(text, tenant, path)?;
        let [
            kind,
            from,
            at,
            until,
            initial,
            member,
            issued,
            epoch,
            select,
            ids,
        ] = fields.as_slice()
        else {
            return None;
        };
        let option = |text: &str| text.strip_prefix('=').map(str::to_owned);
        (kind == "d").then_some(())?;
        Some(Delta {
            from: from.parse().ok()?,
            at: at.parse().ok()?,
            until: until.parse().ok()?,
            initial: option(initial),
            member: member.clone(),
            issued_ms: issued.parse().ok()?,
            epoch: epoch.parse().ok()?,
            select: option(select),
            ids: ids
                .split(',')
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// Whether `id` is in the half that `salt` shows.
pub(super) fn in_half(id: &str, salt: u64) -> bool {
    mix(hash(id.as_bytes()) ^ salt) & 1 == 0
}

/// The same request with the token of the next page.
pub(super) fn next_link(call: &Call, page: &Page) -> String {
    let tenant = &call.bearer.tenant;
    let others = call.query_text.split('&').filter(|part| {
        let name = part
            .split('=')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        !part.is_empty() && !name.ends_with("skiptoken")
    });
    let mut query: Vec<String> = others.map(str::to_owned).collect();
    query.push(format!("$skiptoken={}", page.text(tenant, &call.path)));
    format!("{}?{}", here(call), query.join("&"))
}

/// The URL of the call without its query.
pub(super) fn here(call: &Call) -> String {
    let mut url = call.base.clone();
    for segment in &call.path {
        url.push('/');
        for byte in segment.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(byte as char),
                b'-' | b'.' | b'_' | b'~' | b'@' | b'$' | b'=' | b'\'' => url.push(byte as char),
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    url
}

fn seal(fields: &[String], tenant: &str, path: &[String]) -> String {
    let body = fields.join(&MARK.to_string());
    let tag = tag(&body, tenant, path);
    URL_SAFE_NO_PAD.encode(format!("{tag}{MARK}{body}"))
}

fn open(text: &str, tenant: &str, path: &[String]) -> Option<Vec<String>> {
    if text.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let whole = String::from_utf8(bytes).ok()?;
    let (found, body) = whole.split_once(MARK)?;
    let is_ours = found == tag(body, tenant, path);
    is_ours.then(|| body.split(MARK).map(str::to_owned).collect())
}

/// Binds a token to its tenant and path. It keeps out mistakes, not attackers.
fn tag(body: &str, tenant: &str, path: &[String]) -> String {
    let of_path = path
        .iter()
        .fold(0, |sum, part| mix(sum ^ hash(part.as_bytes())));
    format!(
        "{:016x}",
        mix(hash(body.as_bytes()) ^ hash(tenant.as_bytes()) ^ of_path)
    )
}
