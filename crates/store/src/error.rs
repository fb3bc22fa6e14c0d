//! What can go wrong with the store, each said in one sentence: what, where, and what to do.

use model::TenantName;
use std::path::Path;

/// The result of every verb.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a verb could not be carried out. Nothing of the verb is in the store then, except after
/// [`StoreError::Closed`], where it is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store {place} is locked by another program: wait until it has finished, or stop it, and try again"
    )]
    Busy { place: String },
    #[error(
        "the store {place} is damaged ({detail}): stop Almanac and put a backup in its place, or start with an empty folder and let it find its copies again"
    )]
    Damaged { place: String, detail: String },
    #[error(
        "the disk of the store {place} is full: free some space and start again; nothing was half-written"
    )]
    Full { place: String },
    #[error(
        "the store {place} was written by a newer Almanac (schema {found}, this one knows {known}): use the newer program"
    )]
    NewerSchema {
        place: String,
        found: i64,
        known: i64,
    },
    /// Another worker has taken the lane over: stop at once, and write nothing more.
    #[error("the lease of lane {lane} of tenant {tenant} was lost to another worker")]
    LostLease { tenant: TenantName, lane: String },
    /// A person paused or cancelled: write nothing more.
    #[error("{scope} is paused, cancelled or over: nothing more is written there")]
    Stopped { scope: String },
    #[error("there is no {what}: list what there is and check the name")]
    Missing { what: String },
    /// The caller broke a rule of the interface; a defect of ours.
    #[error("the store refused to {what}")]
    Refused { what: String },
    #[error(
        "the store {place} cannot be read or written ({detail}): check that the folder exists and belongs to Almanac"
    )]
    Io { place: String, detail: String },
    #[error("the store {place} was closed while it worked: look at what it holds before going on")]
    Closed { place: String },
}

impl StoreError {
    /// The exit code of its kind: 69 for the disk, 64 for what is not there, 4 for what people stopped,
    /// else 68.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Full { .. } => 69,
            Self::Missing { .. } => 64,
            Self::Stopped { .. } => 4,
            _ => 68,
        }
    }

    pub(crate) fn damaged(place: &str, detail: impl ToString) -> Self {
        Self::Damaged {
            place: place.to_owned(),
            detail: detail.to_string(),
        }
    }

    pub(crate) fn io(place: &Path, error: &std::io::Error) -> Self {
        let place = place.display().to_string();
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full { place };
        }
        Self::Io {
            place,
            detail: error.to_string(),
        }
    }

    /// Sorts SQLite's result codes into our kinds (sqlite.org/rescode.html).
    pub(crate) fn sqlite(place: &str, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let place = place.to_owned();
        let detail = error.to_string();
        let code = match error {
            rusqlite::Error::SqliteFailure(failure, _) => Some(failure.code),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Some(Code::DatabaseCorrupt),
            _ => None,
        };
        match code {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy { place },
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged { place, detail },
            Some(Code::DiskFull) => Self::Full { place },
            Some(Code::ConstraintViolation) => Self::Refused {
                what: format!("write: {detail}"),
            },
            _ => Self::Io { place, detail },
        }
    }
}
