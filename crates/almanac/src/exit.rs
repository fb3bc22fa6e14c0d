//! How a command ends: the table of exit codes, and the one sentence that goes with a failure.

use std::fmt;

macro_rules! exits {
    ($($(#[$doc:meta])* $name:ident $code:literal $word:literal;)*) => {
        /// The kind of an ending. The number is the process's exit code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Exit { $($(#[$doc])* $name = $code,)* }

        impl Exit {
            pub const ALL: &'static [Exit] = &[$(Exit::$name,)*];

            /// The word used in JSON.
            pub fn word(self) -> &'static str {
                match self { $(Exit::$name => $word,)* }
            }
        }
    };
}

exits! {
    /// Done, or nothing to do.
    Done 0 "done";
    /// Failed in a way that no other code says better.
    Failed 1 "failed";
    /// A plan was made and it would change something.
    Changes 2 "changes";
    /// Part of the work was left out: a mailbox did not answer, or moved since the plan.
    Incomplete 3 "incomplete";
    /// A guard stopped the run; a person must approve it.
    Held 4 "held";
    /// The policy or everything behind a saved plan moved: plan again.
    Stale 5 "stale";
    /// The command line was wrong (`EX_USAGE`).
    Usage 64 "usage";
    /// A settings, tenant or tunnel document is wrong.
    Configuration 65 "configuration";
    /// Sign-in was refused or a permission is missing.
    SignIn 66 "sign_in";
    /// A host cannot be reached.
    Unreachable 67 "unreachable";
    /// The store cannot be opened or is damaged.
    Store 68 "store";
    /// The disk is full or a file cannot be written.
    Disk 69 "disk";
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command could not do its work: what, where and what to do, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// What is wrong and where, without a full stop.
    pub what: String,
    /// What to do about it, without a full stop; empty where there is nothing to advise.
    pub remedy: String,
}

impl Failure {
    pub fn new(exit: Exit, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (what, remedy) = (what.into(), remedy.into());
        Self { exit, what, remedy }
    }

    pub fn configuration(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, what, remedy)
    }

    /// A file that could not be read or written; a full disk has a code of its own.
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let (exit, remedy) = match error.kind() {
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge => (Exit::Disk, "free some space and try again"),
            std::io::ErrorKind::ReadOnlyFilesystem => {
                (Exit::Disk, "use a folder that can be written")
            }
            std::io::ErrorKind::PermissionDenied => (
                Exit::Configuration,
                "give this user access to it, or run as its owner",
            ),
            std::io::ErrorKind::NotFound => (Exit::Configuration, "check the path"),
            std::io::ErrorKind::NotADirectory => (
                Exit::Configuration,
                "a part of that path is a file: name another folder",
            ),
            _ => (Exit::Disk, "check the disk and try again"),
        };
        let what = format!("cannot {doing} {}: {}", path.display(), plain(error));
        Self::new(exit, what, remedy)
    }
}

/// The operating system's words, without its error number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// What a command returns.
pub type Ended = Result<Exit, Failure>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_design() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|e| e.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 64, 65, 66, 67, 68, 69]);
    }

    #[test]
    fn a_full_disk_is_told_apart_from_a_missing_file() {
        let path = std::path::Path::new("/x/y");
        let full = Failure::file("write", path, &std::io::ErrorKind::StorageFull.into());
        let gone = Failure::file("read", path, &std::io::ErrorKind::NotFound.into());
        assert_eq!((full.exit, gone.exit), (Exit::Disk, Exit::Configuration));
    }
}
