//! Following pages: a listing to its proven end, a delta round with its one restart.

use crate::answer::page::{self, Onward, Page};
use crate::error::GraphError;
use crate::graph::Inner;
use crate::request::{Plain, url};
use crate::send::Call;
use model::mutant::{self, Mutant};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// No collection that we read has this many pages: beyond it the server leads us in a circle.
const PAGES_MAX: usize = 20_000;

/// A listing in progress.
pub struct Listing {
    first: Plain,
    next: Option<Plain>,
    /// Links followed so far: one that comes again would never end.
    followed: BTreeSet<String>,
    /// What the first page said the whole would count.
    announced: Option<u64>,
}

/// Does the listing have to say its count?
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Required,
    IfSaid,
}

impl Listing {
    pub fn new(first: Plain) -> Self {
        Self {
            next: Some(first.clone()),
            first,
            followed: BTreeSet::new(),
            announced: None,
        }
    }

    /// The next page; `None` when the listing is over.
    pub async fn next<T: DeserializeOwned>(
        &mut self,
        inner: &Inner,
        call: Call<'_>,
    ) -> Result<Option<Vec<T>>, GraphError> {
        let Some(plain) = self.next.take() else {
            return Ok(None);
        };
        let read = |r: &model::seam::Response| page::read::<Page<T>>(&r.body);
        let page = match inner.get(call, &plain, read).await {
            Ok(page) => page,
            Err(error) => {
                // The caller may ask for the same page again.
                self.next = Some(plain);
                return Err(error);
            }
        };
        self.announced = self.announced.or(page.count);
        if let Some(link) = page.next {
            check_link(inner, call, &link, &mut self.followed)?;
            self.next = Some(self.first.follow(link));
        }
        Ok(Some(page.value))
    }

    /// At the end: did we get what the server itself had announced? `received` counts each key once. More
    /// is fine, items come and go.
    pub fn check_count(
        &self,
        call: Call<'_>,
        count: Count,
        received: u64,
    ) -> Result<(), GraphError> {
        let detail = match self.announced {
            Some(announced) if received < announced && !mutant::on(Mutant::F9) => {
                format!("{received} of {announced} entries came")
            }
            None if count == Count::Required => "it did not say its count".to_owned(),
            _ => return Ok(()),
        };
        Err(GraphError::Incomplete {
            at: call.place(),
            detail,
        })
    }
}

fn check_link(
    inner: &Inner,
    call: Call<'_>,
    link: &str,
    followed: &mut BTreeSet<String>,
) -> Result<(), GraphError> {
    let detail = if !url::is_ours(link, &inner.endpoints.graph) {
        "a link leads away from Microsoft Graph"
    } else if followed.len() >= PAGES_MAX || !followed.insert(link.to_owned()) {
        "its pages lead in a circle"
    } else {
        return Ok(());
    };
    Err(GraphError::Malformed {
        at: call.place(),
        detail: detail.to_owned(),
    })
}

/// A finished delta round, entries in the order in which they came.
pub struct Delta<T> {
    pub entries: Vec<T>,
    pub cursor: String,
    pub whole: bool,
    pub restarted: bool,
}

/// How a pass over the pages of a round ended.
enum Pass<T> {
    Done(Delta<T>),
    LostCursor,
}

impl Inner {
    /// One delta round. A lost cursor, on any page, starts it again from nothing, once.
    pub async fn delta<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        first: &Plain,
        cursor: Option<&str>,
    ) -> Result<Delta<T>, GraphError> {
        // A cursor of another cloud or host is as good as none.
        let known = cursor.filter(|link| url::is_ours(link, &self.endpoints.graph));
        let start = match known {
            Some(link) => first.follow(link.to_owned()),
            None => first.clone(),
        };
        let restarted = known.is_none() && cursor.is_some();
        match self.pass(call, start, known.is_none()).await? {
            Pass::Done(delta) => Ok(Delta { restarted, ..delta }),
            Pass::LostCursor => match self.pass(call, first.clone(), true).await? {
                Pass::Done(delta) if mutant::on(Mutant::K17) => Ok(Delta {
                    entries: Vec::new(),
                    whole: false,
                    ..delta
                }),
                Pass::Done(delta) => Ok(Delta {
                    restarted: cursor.is_some(),
                    ..delta
                }),
                Pass::LostCursor => Err(GraphError::Incomplete {
                    at: call.place(),
                    detail: "the round's state was lost twice".to_owned(),
                }),
            },
        }
    }

    async fn pass<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        start: Plain,
        whole: bool,
    ) -> Result<Pass<T>, GraphError> {
        let (mut entries, mut followed) = (Vec::new(), BTreeSet::new());
        let mut plain = start;
        loop {
            let read = |r: &model::seam::Response| {
                let page = page::read::<Page<T>>(&r.body)?;
                let onward = page.onward()?;
                Ok((page.value, onward))
            };
            let (value, onward) = match self.ask(call, &plain, read).await? {
                Ok(page) => page,
                Err(fault) if fault.is_lost_cursor() => return Ok(Pass::LostCursor),
                Err(fault) => return Err(fault.error(call.place())),
            };
            entries.extend(value);
            match onward {
                Onward::Next(link) => {
                    check_link(self, call, &link, &mut followed)?;
                    plain = plain.follow(link);
                }
                Onward::Done(cursor) => {
                    // A cursor that we would not follow must not be stored.
                    check_link(self, call, &cursor, &mut followed)?;
                    return Ok(Pass::Done(Delta {
                        entries,
                        cursor,
                        whole,
                        restarted: false,
                    }));
                }
            }
        }
    }
}
