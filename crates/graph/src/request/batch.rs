//! `$batch`: up to 20 requests in one (graph.md 5.1), written straight into bytes.

use super::Plain;
use crate::Batching;
use crate::wire::card::string;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The batch of these steps; a step's id is its index.
pub fn batch(steps: &[&Plain], batching: Batching) -> Plain {
    let size = steps.iter().copied().map(weight).sum::<usize>() + 64;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(b"{\"requests\":[");
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put(&mut out, at, step, batching);
    }
    out.extend_from_slice(b"]}");
    Plain::post("/$batch".to_owned(), out)
}

/// Bytes that a step takes in a batch, rounded up.
pub fn weight(step: &Plain) -> usize {
    let body = match step.content_type {
        Some("application/json") | None => step.body.len(),
        Some(_) => step.body.len().div_ceil(3) * 4,
    };
    body + step.path.len() + 320
}

fn put(out: &mut Vec<u8>, at: usize, step: &Plain, batching: Batching) {
    out.extend_from_slice(b"{\"id\":");
    string(out, &at.to_string());
    out.extend_from_slice(b",\"method\":");
    string(out, step.method);
    out.extend_from_slice(b",\"url\":");
    string(out, &step.path);
    out.extend_from_slice(b",\"headers\":{");
    for (nth, (name, value)) in step.headers().iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        string(out, name);
        out.push(b':');
        string(out, value);
    }
    out.push(b'}');
    put_body(out, step);
    if batching == Batching::Chained && at > 0 {
        out.extend_from_slice(b",\"dependsOn\":[");
        string(out, &(at - 1).to_string());
        out.push(b']');
    }
    out.push(b'}');
}

/// JSON goes in as it is; everything else as base64.
fn put_body(out: &mut Vec<u8>, step: &Plain) {
    match step.content_type {
        None => {}
        Some("application/json") => {
            out.extend_from_slice(b",\"body\":");
            out.extend_from_slice(&step.body);
        }
        Some(_) => {
            out.extend_from_slice(b",\"body\":");
            string(out, &STANDARD.encode(&step.body));
        }
    }
}
