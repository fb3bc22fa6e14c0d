//! The answers inside a `$batch` answer, put back in the order of the steps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::seam::Response;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Batch<T> {
    responses: Vec<T>,
}

/// Parts are looked into only where they matter: most steps succeed, and are many.
#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    status: u16,
    #[serde(borrow, default)]
    headers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// One answer per step, `None` where there is none or no single one: what became of that step is unknown.
pub fn steps(body: &Bytes, count: usize) -> Result<Vec<Option<Response>>, String> {
    let whole = body;
    let mut answers: Vec<Option<Response>> = vec![None; count];
    let mut seen = vec![false; count];
    for step in read(whole)? {
        let Some(at) = step.index().filter(|at| *at < count) else {
            continue;
        };
        // Two answers to one question are none.
        answers[at] = if seen[at] {
            None
        } else {
            Some(step.response(whole))
        };
        seen[at] = true;
    }
    Ok(answers)
}

/// All steps at once; where that fails, one by one, as a step that cannot be read takes nothing from the others.
fn read(whole: &Bytes) -> Result<Vec<Step<'_>>, String> {
    if let Ok(batch) = super::page::read::<Batch<Step<'_>>>(whole) {
        return Ok(batch.responses);
    }
    let batch: Batch<&RawValue> = super::page::read(whole)?;
    let raws = batch.responses.into_iter().map(RawValue::get);
    Ok(raws
        .filter_map(|raw| serde_json::from_str(raw).ok())
        .collect())
}

impl Step<'_> {
    /// We send text; a number is understood as well.
    fn index(&self) -> Option<usize> {
        self.id.get().trim_matches('"').parse().ok()
    }

    fn response(self, whole: &Bytes) -> Response {
        let headers = match self.status {
            200..=299 => Vec::new(),
            _ => self.headers.map(headers).unwrap_or_default(),
        };
        Response {
            status: self.status,
            headers,
            body: self.body.map(|raw| body(raw, whole)).unwrap_or_default(),
        }
    }
}

/// Values that are no text are left out.
fn headers(raw: &RawValue) -> Vec<(String, String)> {
    let all: BTreeMap<String, Value> = serde_json::from_str(raw.get()).unwrap_or_default();
    let text = |(name, value): (String, Value)| match value {
        Value::String(value) => Some((name.to_lowercase(), value)),
        _ => None,
    };
    all.into_iter().filter_map(text).collect()
}

/// A JSON body as its text, which stays where it is in the whole answer; a string is base64 of bytes.
fn body(raw: &RawValue, whole: &Bytes) -> Bytes {
    let text = raw.get();
    if text.starts_with('"') {
        let inner: Option<String> = serde_json::from_str(text).ok();
        if let Some(bytes) = inner.and_then(|inner| STANDARD.decode(inner).ok()) {
            return bytes.into();
        }
    }
    whole.slice_ref(text.as_bytes())
}
