//! What a handler answers to a call, before it is dressed with Graph's headers and put on the wire.

use bytes::Bytes;
use serde_json::Value;

/// The answer to one call. The cloud adds request ids, `Content-Type` and the error's `innerError`.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    None,
    Json(Value),
    /// Already complete, e.g. a picture: content type and bytes.
    Bytes(String, Bytes),
}

impl Done {
    pub fn ok(value: Value) -> Done {
        Done::json(200, value)
    }

    pub fn created(value: Value) -> Done {
        Done::json(201, value)
    }

    /// 204 without a body.
    pub fn nothing() -> Done {
        Done::empty(204)
    }

    pub fn empty(status: u16) -> Done {
        Done {
            status,
            headers: Vec::new(),
            body: Body::None,
        }
    }

    pub fn json(status: u16, value: Value) -> Done {
        Done {
            status,
            headers: Vec::new(),
            body: Body::Json(value),
        }
    }

    pub fn bytes(content_type: &str, bytes: Bytes) -> Done {
        Done {
            status: 200,
            headers: Vec::new(),
            body: Body::Bytes(content_type.to_owned(), bytes),
        }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Done {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The error code of an answer that is one.
    pub fn code(&self) -> Option<&str> {
        match &self.body {
            Body::Json(json) => json.get("error")?.get("code")?.as_str(),
            _ => None,
        }
    }
}
