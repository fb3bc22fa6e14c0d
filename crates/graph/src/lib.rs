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

mod census;
mod check;
mod contacts;
mod directory;
mod error;
mod folders;
mod graph;
mod settings;
mod source;
mod writing;

pub use census::{PhotoTags, Purposes};
pub use check::{Check, PERMISSIONS, Permission};
pub use contacts::{ContactChange, FullLook, Lookup, Raw};
pub use directory::{Directory, Existence, GroupFound, PersonChange, Round};
pub use error::{GraphError, Place, SignInReason};
pub use folders::{Folder, FolderOutcome};
pub use graph::{Graph, TenantRef};
pub use settings::{Batching, Endpoints, Settings};
pub use writing::{Card, Write, Written};
