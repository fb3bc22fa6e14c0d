//! The answers inside a `$batch` answer, put back in the order of the steps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::seam::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    responses: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Step<'a> {
    id: Id,
    status: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Header>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(usize),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Header {
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// One answer per step, `None` where there is none or no single one: what became of that step is unknown.
pub fn steps(body: &[u8], count: usize) -> Result<Vec<Option<Response>>, String> {
    let batch: Batch<'_> = super::page::read(body)?;
    let mut answers: Vec<Option<Response>> = vec![None; count];
    let mut seen = vec![false; count];
    for raw in batch.responses {
        let Ok(step) = serde_json::from_str::<Step<'_>>(raw.get()) else {
            continue;
        };
        let Some(at) = step.id.index().filter(|at| *at < count) else {
            continue;
        };
        // Two answers to one question are none.
        answers[at] = if seen[at] {
            None
        } else {
            Some(step.response())
        };
        seen[at] = true;
    }
    Ok(answers)
}

impl Id {
    fn index(&self) -> Option<usize> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
        }
    }
}

impl Step<'_> {
    fn response(self) -> Response {
        let headers = self.headers.unwrap_or_default().into_iter();
        let headers = headers.filter_map(|(name, value)| match value {
            Header::Text(value) => Some((name.to_lowercase(), value)),
            Header::Other(_) => None,
        });
        Response {
            status: self.status,
            headers: headers.collect(),
            body: self.body.map(body).unwrap_or_default(),
        }
    }
}

/// A JSON body as its text; a string is base64 of bytes.
fn body(raw: &RawValue) -> Bytes {
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    match text.and_then(|text| STANDARD.decode(text).ok()) {
        Some(bytes) => bytes.into(),
        None => Bytes::copy_from_slice(raw.get().as_bytes()),
    }
}
