//! Requests, built without I/O: paths and bodies as text.

pub mod batch;
pub mod directory;
pub mod mailbox;
pub mod token;
pub mod url;

use bytes::Bytes;
use model::mutant::{self, Mutant};
use std::borrow::Cow;

/// Every request speaks immutable ids: an id survives a move within the mailbox (graph.md 2.8).
pub const IMMUTABLE: &str = "IdType=\"ImmutableId\"";

/// One request to Graph before it is addressed and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    pub method: &'static str,
    /// Relative to the version (`/users/…`), or a whole link that Graph gave us.
    pub path: String,
    /// Preferences beside immutable ids.
    pub prefer: Option<String>,
    /// `ConsistencyLevel: eventual`, which counts and casts of the directory need (graph.md 4.5).
    pub eventual: bool,
    pub if_match: Option<String>,
    pub content_type: Option<&'static str>,
    pub body: Bytes,
}

impl Plain {
    pub fn get(path: String) -> Self {
        Self {
            method: "GET",
            path,
            prefer: None,
            eventual: false,
            if_match: None,
            content_type: None,
            body: Bytes::new(),
        }
    }

    pub fn post(path: String, body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            content_type: Some("application/json"),
            body: body.into(),
            ..Self::get(path)
        }
    }

    /// Asks for pages of this size.
    pub fn page_of(self, size: u32) -> Self {
        Self {
            prefer: Some(format!("odata.maxpagesize={size}")),
            ..self
        }
    }

    pub fn eventual(self) -> Self {
        Self {
            eventual: true,
            ..self
        }
    }

    /// The same question at the next page: preferences must be sent again (graph.md 2.4).
    pub fn follow(&self, link: String) -> Self {
        Self {
            path: link,
            ..self.clone()
        }
    }

    /// The headers that belong to the request itself, in the order they are sent.
    pub fn headers(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut prefer: Cow<'_, str> = match &self.prefer {
            Some(more) => format!("{IMMUTABLE}, {more}").into(),
            None => IMMUTABLE.into(),
        };
        if mutant::on(Mutant::A19) {
            prefer = prefer.replace(IMMUTABLE, "respond-async").into();
        }
        let mut headers = vec![("Prefer", prefer)];
        if self.eventual {
            headers.push(("ConsistencyLevel", "eventual".into()));
        }
        if let Some(etag) = &self.if_match {
            headers.push(("If-Match", etag.into()));
        }
        if let Some(kind) = self.content_type {
            headers.push(("Content-Type", kind.into()));
        }
        headers
    }
}
