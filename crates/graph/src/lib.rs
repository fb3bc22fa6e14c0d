//! Microsoft Graph as we speak it: requests, answers, delta, `$batch`, pacing and tokens.
//!
//! Everything this crate knows of Microsoft comes from one manual (`reference/graph.md`); it must never
//! look at the simulator, which reads the same manual by itself. Requests are built ([`request`]) and
//! answers are read ([`answer`]) without I/O; a thin driver sends them through [`model::seam::Exchange`],
//! paced by [`pacing`]. It decides nothing about items: it says what was seen and what became of a write.
//!
//! Three rules hold everywhere. Absence is never inferred: a listing is complete or an error, and `Gone`
//! is only said after a definite answer about that very item. A write that was not definitely turned
//! away is [`Outcome::Unknown`](model::plan::Outcome::Unknown). No error or log carries a token, an
//! address or content.

pub mod answer;
mod batches;
mod census;
mod check;
mod contacts;
mod desk;
mod directory;
mod error;
mod folders;
mod graph;
pub mod pacing;
mod paging;
mod permission;
pub mod request;
mod send;
mod settings;
mod source;
mod token;
pub mod wire;
mod writing;

pub use census::{ContactPhotoTags, PhotoTags, Purposes};
pub use check::Check;
pub use contacts::{ContactChange, FullLook, Lookup, Raw};
pub use directory::{Directory, Existence, GroupFound, PersonChange, Round};
pub use error::{GraphError, Place, SignInReason};
pub use folders::{DEFAULT_NAME, Folder, FolderOutcome};
pub use graph::{Graph, TenantRef};
pub use permission::{HARMLESS, PERMISSIONS, Permission, Rights, WIDER};
pub use settings::{Batching, Endpoints, Settings};
pub use wire::card::Card;
pub use wire::person::STAMP_ATTRIBUTE;
pub use wire::text::{cap, fit};
pub use writing::{Write, Written};
