//! Asks: what a person or a timer wants of a book. An ask only opens a run; workers do the rest.

use crate::job::{BOOK, JobError, sources_lane};
use crate::world::{Engine, book_scope};
use model::mutant::{self, Mutant};
use model::run::{RunState, Trigger};
use model::tunnel::Book;
use model::{CatalogId, Fingerprint, MailboxId, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Job, Pause, Priority, RunStart, Scope, StoreError};

/// What is asked of one book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Stop when the plan stands.
    pub plan_only: bool,
    /// Only these mailboxes; empty: all.
    pub mailboxes: BTreeSet<MailboxId>,
    /// Only the first so many members, by id.
    pub pilot: Option<usize>,
    /// List every member completely, whatever its cursor says.
    pub full: bool,
    /// The planned run that a person saw: member by member, only exactly that is done.
    pub plan: Option<RunId>,
    /// The person accepts what the guards would hold, for that very plan.
    pub approved: bool,
    /// Put these prior images back instead.
    #[serde(default)]
    pub restore: BTreeSet<i64>,
}

/// A run that was opened, or the one that was open already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub run: RunId,
    /// Another run of this book was still open; this ask was not taken.
    pub busy: bool,
}

const ASK: &str = "ask";
/// Set while someone was seen leaving once.
pub(crate) const LEAVERS: &str = "leavers";

fn scope(run: RunId) -> String {
    format!("run:{run}")
}

impl Engine {
    /// Opens a run of the book for a person. One book has at most one open run.
    pub async fn ask(&self, book: &Book, trigger: Trigger, ask: &Ask) -> Result<Asked, StoreError> {
        let store = self.store();
        if let Some(open) = store.open_run(&book.tenant, &book.key).await? {
            // A plan that nobody has decided about is overtaken by the next ask.
            if open.state != RunState::Held {
                return Ok(Asked {
                    run: open.id,
                    busy: true,
                });
            }
            let now = store.time().await?;
            store
                .finish_run(
                    open.id,
                    RunState::Cancelled,
                    "overtaken by a newer run",
                    now,
                )
                .await?;
        }
        let Some(run) = self.begin(book, trigger, ask).await? else {
            // Somebody else was quicker.
            return Box::pin(self.ask(book, trigger, ask)).await;
        };
        self.offer_book(book).await?;
        Ok(Asked { run, busy: false })
    }

    /// Was someone seen leaving once? The next complete round, after what was written is visible, decides.
    pub async fn has_leavers(&self, book: &Book) -> Result<bool, StoreError> {
        let scope = book_scope(book);
        Ok(self.store().setting(&scope, LEAVERS).await?.is_some())
    }

    pub(crate) async fn begin(
        &self,
        book: &Book,
        trigger: Trigger,
        ask: &Ask,
    ) -> Result<Option<RunId>, StoreError> {
        let start = RunStart {
            tenant: book.tenant.clone(),
            book: book.key.clone(),
            trigger,
            policy_version: self.in_force().policy.version.clone(),
        };
        let now = self.store().time().await?;
        let Some(run) = self.store().begin_run(&start, now).await? else {
            return Ok(None);
        };
        let text = serde_json::to_string(ask).unwrap_or_default();
        self.store()
            .set_setting(&scope(run), ASK, Some(&text))
            .await?;
        Ok(Some(run))
    }

    pub(crate) async fn ask_of(&self, run: RunId) -> Result<Ask, StoreError> {
        let text = self.store().setting(&scope(run), ASK).await?;
        Ok(text
            .and_then(|t| serde_json::from_str(&t).ok())
            .unwrap_or_default())
    }

    /// A person approves the held plan of a run: it goes on. One that was rejected is planned again, and goes if it
    /// comes out the same. `false`: it does not wait for anyone.
    pub async fn approve(&self, run: RunId, who: &str) -> Result<bool, StoreError> {
        let Some((book, print)) = self.in_state(run, RunState::Held).await? else {
            return Ok(self.reconsider(run, who).await?.is_some());
        };
        let now = self.store().time().await?;
        let approved = self.store().approve(run, &print, who, now).await?;
        self.offer_book(&book).await?;
        Ok(approved)
    }

    /// A person rejects the held plan of a run: made again, it is not carried out. `false`: it does not wait for anyone.
    pub async fn reject(&self, run: RunId, who: &str) -> Result<bool, StoreError> {
        let Some((book, print)) = self.in_state(run, RunState::Held).await? else {
            return Ok(false);
        };
        let now = self.store().time().await?;
        let rejected = self.store().reject(run, &print, who, now).await?;
        self.offer_book(&book).await?;
        Ok(rejected)
    }

    /// A person approves after all what was rejected: the run that plans it anew. `None`: this run's plan was not
    /// rejected, or a later run has come to it.
    pub async fn reconsider(&self, run: RunId, who: &str) -> Result<Option<RunId>, StoreError> {
        let Some((book, print)) = self.in_state(run, RunState::Rejected).await? else {
            return Ok(None);
        };
        let now = self.store().time().await?;
        if !self.store().reconsider(run, &print, who, now).await? {
            return Ok(None);
        }
        let asked = self.ask(&book, Trigger::Command, &Ask::default()).await?;
        Ok(Some(asked.run))
    }

    async fn in_state(
        &self,
        run: RunId,
        state: RunState,
    ) -> Result<Option<(Arc<Book>, Fingerprint)>, StoreError> {
        let Some(run) = self.store().run(run).await? else {
            return Ok(None);
        };
        let book = self
            .books()
            .into_iter()
            .find(|b| b.tenant == run.tenant && b.key == run.book);
        Ok(book.zip(run.fingerprint).filter(|_| run.state == state))
    }

    /// Says that a book wants to be looked at now.
    pub(crate) async fn offer_book(&self, book: &Book) -> Result<(), StoreError> {
        let now = self.store().time().await?;
        self.offer_book_at(book, now).await
    }

    pub(crate) async fn offer_book_at(
        &self,
        book: &Book,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        let lane = sources_lane(&book.tenant);
        let job = Job {
            tenant: book.tenant.clone(),
            lane: if mutant::on(Mutant::M4) {
                format!("{lane}@{due_at}")
            } else {
                lane
            },
            kind: BOOK.to_owned(),
            target: book.catalog.to_string(),
            priority: Priority::Normal,
            attempts: 0,
        };
        self.store().offer(&job, due_at).await?;
        self.inner.bell.ring();
        Ok(())
    }

    /// Did a person pause the tenant, a tunnel of the book, or the run, or do the documents pause all of it?
    pub(crate) async fn pause_of(
        &self,
        catalog: CatalogId,
        run: Option<RunId>,
    ) -> Result<Option<Pause>, JobError> {
        let pauses = self.store().pauses().await?;
        let Some(book) = self.book(catalog) else {
            return Ok(None);
        };
        let tunnels = book.tunnels.iter().map(|t| Scope::Tunnel(t.id.clone()));
        let scopes: BTreeSet<String> = tunnels
            .chain([Scope::Tenant(book.tenant.clone())])
            .chain(run.map(Scope::Run))
            .map(|s| s.to_string())
            .collect();
        let by_command = pauses.into_iter().find(|p| scopes.contains(&p.scope));
        Ok(by_command.or_else(|| paused_in_document(&book)))
    }
}

/// A folder all of whose tunnels say `state: paused` is written to by nobody, whoever asks for a run.
fn paused_in_document(book: &Book) -> Option<Pause> {
    let first = book.tunnels.first()?;
    book.is_paused().then(|| Pause {
        scope: Scope::Tunnel(first.id.clone()).to_string(),
        tenant: book.tenant.clone(),
        who: "its document".to_owned(),
        reason: "state: paused".to_owned(),
        at: Timestamp(0),
    })
}
