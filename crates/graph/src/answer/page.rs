//! Pages of a listing.

use serde::Deserialize;
use serde::de::DeserializeSeed;
use std::marker::PhantomData;

/// One page. `value` must be there: a success without it is not an empty page but no answer at all.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<T> {
    pub value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub delta: Option<String>,
    #[serde(rename = "@odata.count")]
    pub count: Option<u64>,
}

/// Where a delta round goes on after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    Next(String),
    /// The end of the round, with the cursor for the next one.
    Done(String),
}

impl<T> Page<T> {
    /// A delta page must carry exactly one of the two links.
    pub fn onward(&self) -> Result<Onward, String> {
        match (&self.next, &self.delta) {
            (Some(next), None) => Ok(Onward::Next(next.clone())),
            (None, Some(delta)) => Ok(Onward::Done(delta.clone())),
            (Some(_), Some(_)) => Err("a page with both a next and a delta link".to_owned()),
            (None, None) => Err("a page with neither a next nor a delta link".to_owned()),
        }
    }
}

/// Reads a JSON body of a known shape.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    read_by(PhantomData, body)
}

/// Reads a JSON body as `seed` does.
pub fn read_by<'a, S: DeserializeSeed<'a>>(seed: S, body: &'a [u8]) -> Result<S::Value, String> {
    // Whether it is text is asked once for the whole, not again for each piece of it.
    let read = match std::str::from_utf8(body) {
        Ok(text) => whole(seed, serde_json::Deserializer::from_str(text)),
        Err(_) => whole(seed, serde_json::Deserializer::from_slice(body)),
    };
    // The position says enough; the text could quote content.
    read.map_err(|e| {
        format!(
            "not the JSON we expect, at line {} column {}",
            e.line(),
            e.column()
        )
    })
}

/// One value with nothing behind it.
fn whole<'a, S, R>(
    seed: S,
    mut from: serde_json::Deserializer<R>,
) -> Result<S::Value, serde_json::Error>
where
    S: DeserializeSeed<'a>,
    R: serde_json::de::Read<'a>,
{
    let value = seed.deserialize(&mut from)?;
    from.end()?;
    Ok(value)
}
