//! Pages of a listing.

use serde::Deserialize;

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
    // The position says enough; the text could quote content.
    serde_json::from_slice(body).map_err(|e| {
        format!(
            "not the JSON we expect, at line {} column {}",
            e.line(),
            e.column()
        )
    })
}
