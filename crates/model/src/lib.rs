//! The nouns of Almanac: plain data that every other crate speaks in.
//!
//! This crate knows what a tunnel, a member, an item and a step *are*. It must never know how one is
//! decided (`planner`), written as policy (`policy`), sent (`graph`) or kept (`store`). The five seams
//! through which the world enters (time, network, chance, keys; memory is `store`) are declared in [`seam`].

pub mod catalog;
pub mod field;
pub mod fields;
pub mod id;
pub mod item;
pub mod link;
pub mod member;
pub mod mutant;
pub mod person;
pub mod plan;
pub mod run;
pub mod seam;
pub mod snapshot;
pub mod time;
pub mod tunnel;
pub mod value;

pub use field::{Field, Kind};
pub use fields::Fields;
pub use id::{
    BookKey, CatalogId, ContentId, EntryId, Etag, Fingerprint, FolderId, ItemId, MailboxId,
    MemberId, RunId, TenantName, TunnelId, ViewId,
};
pub use item::{Item, Sighting, Values};
pub use time::{Millis, Timestamp};
pub use value::{Address, Mail, Value};
