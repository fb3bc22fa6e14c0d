//! One mailbox: contact folders, contacts, photos, categories, settings.
//!
//! `store` holds the records and the change log; `answer` is the map of paths; the other files are one
//! kind of call each. Content is shared through the shelf, ids are computed, so a contact costs little.

pub mod act;
mod answer;
mod delta;
mod extended;
mod fill;
mod folders;
mod id;
mod list;
mod names;
pub mod photo;
mod property;
mod rival;
mod settings;
mod show;
mod store;
pub mod view;
mod write;

pub use act::MailboxAct;
pub use answer::{is_mailbox_path, permissions};
pub use property::{Kind, PROPERTIES};
pub use store::{Condition, Doer, Mailbox};
pub use view::{ContactView, FolderView};
