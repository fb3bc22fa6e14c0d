//! Notices: what an owner must hear of, found by looking at what is, so that a dead worker cannot hide it.

use crate::needs::Needs;
use crate::observe::{ORG_CONTACTS, USERS, folder_key};
use crate::world::{Engine, book_scope};
use model::Timestamp;
use model::run::{Run, RunState, TroubleKind};
use model::tunnel::{Book, TunnelState};
use store::{RunFilter, StoreError};

/// Since when the watch knows of a book.
const WATCHED: &str = "watched";

impl Engine {
    /// Opens a notice for every trouble that has begun and closes those that are over. Each is told once when it
    /// begins and once when it ends: see the store's `untold_notices`. Call it by a timer that needs no worker.
    pub async fn watch(&self) -> Result<(), StoreError> {
        let now = self.store().time().await?;
        for book in self.books() {
            let filter = RunFilter {
                tenant: Some(book.tenant.clone()),
                book: Some(book.key.clone()),
                open: false,
                limit: Some(1),
            };
            let latest = self.store().runs(&filter).await?.pop();
            let state = latest.as_ref().map(|run| run.state);
            // A run that is under way has not said yet what becomes of the trouble before it.
            if state != Some(RunState::Planning) {
                self.say(&book, "hold", held(latest.as_ref()), now).await?;
            }
            if !matches!(state, Some(RunState::Planning | RunState::Performing)) {
                let trouble = self.trouble(&book).await?;
                let failure = failed(latest.as_ref()).or(trouble);
                self.say(&book, "failure", failure, now).await?;
            }
            let silence = self.silence(&book, now).await?;
            self.say(&book, "silence", silence, now).await?;
        }
        Ok(())
    }

    async fn say(
        &self,
        book: &Book,
        kind: &str,
        trouble: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = format!("{kind} {}", book.key);
        match trouble {
            Some(detail) => {
                self.store()
                    .open_notice(&book.tenant, &subject, &detail, now)
                    .await?
            }
            None => {
                self.store()
                    .close_notice(&book.tenant, &subject, now)
                    .await?
            }
        };
        Ok(())
    }

    /// What kept the last look at the sources from its end, where only a person can put it right: what passes
    /// by itself becomes silence if it does not.
    async fn trouble(&self, book: &Book) -> Result<Option<String>, StoreError> {
        let trouble = self.last_trouble(book).await?;
        let lasting = trouble.filter(|t| t.kind < TroubleKind::Unreachable);
        Ok(lasting.map(|t| format!("{}; see `almanac tenant check {}`", t.detail, book.tenant)))
    }

    /// How long the sources of a book were not read to their end, where that is longer than its tunnels allow.
    async fn silence(&self, book: &Book, now: Timestamp) -> Result<Option<String>, StoreError> {
        let active = book
            .tunnels
            .iter()
            .filter(|t| t.state == TunnelState::Active);
        let Some(limit) = active.map(|t| t.stale_after).min() else {
            return Ok(None);
        };
        let heard = self.last_heard(book, now).await?;
        let heard = heard.map(|(at, source)| (now.since(at), source));
        Ok(heard.filter(|(span, _)| *span > limit).map(|(span, source)| {
            format!("the sources were last read {span} ago ({source}); look at `almanac status` and the log of `almanac serve`")
        }))
    }

    /// When the source that was silent for longest was last read to its end: one that is read hides no other. One that
    /// never was counts from the moment when this watch first saw the book.
    async fn last_heard(
        &self,
        book: &Book,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, String)>, StoreError> {
        let mut all = Vec::new();
        for key in self.read_every_round(book) {
            let at = match self.store().collection(&book.tenant, &key).await? {
                Some(read) => read.looked_at,
                None => self.first_seen(book, now).await?,
            };
            all.push((at, in_words(&key)));
        }
        Ok(all.into_iter().min())
    }

    /// The collections that every round of a book reads. A policy that cannot be read is told of elsewhere.
    fn read_every_round(&self, book: &Book) -> Vec<String> {
        let needs = Needs::of(book, &self.lists(&book.tenant)).unwrap_or_default();
        let folders = needs.folders.iter().map(folder_key);
        let others = needs.org_contacts.then(|| ORG_CONTACTS.to_owned());
        let fixed = [USERS.to_owned()].into_iter().chain(others);
        fixed.chain(folders).collect()
    }

    async fn first_seen(&self, book: &Book, now: Timestamp) -> Result<Timestamp, StoreError> {
        let scope = book_scope(book);
        let known = self.store().setting(&scope, WATCHED).await?;
        if let Some(at) = known.and_then(|text| text.parse().ok()) {
            return Ok(Timestamp(at));
        }
        let text = now.0.to_string();
        self.store()
            .set_setting(&scope, WATCHED, Some(&text))
            .await?;
        Ok(now)
    }
}

/// A collection as its owner calls it.
fn in_words(key: &str) -> String {
    match key {
        USERS => "the directory".to_owned(),
        ORG_CONTACTS => "the organisation's contacts".to_owned(),
        folder => folder.trim_start_matches("folder:").to_owned(),
    }
}

fn held(run: Option<&Run>) -> Option<String> {
    let run = run.filter(|r| r.state == RunState::Held)?;
    let id = run.id;
    Some(format!(
        "run {id} waits for a person: {}; see `almanac show {id}`, then `almanac approve {id}` or `almanac reject {id}`",
        run.reason
    ))
}

fn failed(run: Option<&Run>) -> Option<String> {
    let run = run.filter(|r| matches!(r.state, RunState::Incomplete | RunState::Stale))?;
    Some(format!(
        "run {} did not finish: {}; see `almanac show {}`",
        run.id, run.reason, run.id
    ))
}
