//! The memory of Almanac: the only crate that knows SQL. Its interface is verbs, grouped by noun.
//!
//! It knows how every noun of `model` is kept, what must be kept together in one transaction, and what must
//! be durable before anything is sent. It must never know why: it decides nothing about items, and calls
//! nobody. Everything of a client is keyed by its tenant, and content passes through [`Seal`].
//!
//! A verb is one transaction. SQLite in one folder is the engine; the statements are written so that
//! PostgreSQL runs the same text (a test prepares each of them there).

#[macro_use]
mod sql;
#[macro_use]
mod db;

mod backup;
mod catalog;
mod collection;
mod content;
mod due;
mod error;
mod handle;
mod hold;
mod lane;
mod ledger;
mod link;
mod member;
mod memory;
mod meta;
mod notice;
mod prior;
mod prune;
mod run;
mod schema;
mod seal;
mod threads;
mod tunnel;
mod write;
mod written;

pub use collection::{CollectionItems, CollectionSaved, CollectionState};
pub use error::{Result, StoreError};
pub use handle::{Disk, FILE, Mode, Store};
pub use hold::{Decision, Hold};
pub use lane::{Claim, Finish, Job, Lease, Priority};
pub use ledger::{LedgerBreak, LedgerFilter, LedgerRow, Phase};
pub use link::{LinkChange, Links};
pub use meta::Identity;
pub use notice::Notice;
pub use prior::{Prior, PriorFilter};
pub use prune::Pruned;
pub use run::{BlockRow, MemberEnd, RunFilter, RunMember, RunProgress, RunStart};
pub use schema::{SCHEMA, postgres_schema};
pub use seal::{Plain, Seal};
pub use sql::{Statement, all_statements};
pub use tunnel::{Pause, Scope, TunnelState};
pub use write::{Fate, Finished, Intent, Settled};
pub use written::{Counted, Counts, Written};
