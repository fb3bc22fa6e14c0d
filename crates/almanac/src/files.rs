//! Writing files whole or not at all, secrets readable by their owner only.

use crate::exit::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    Everyone,
}

/// Creates a file that must not be there yet.
///
/// # Errors
/// It exists, or it cannot be written; nothing half-written is left behind.
pub fn create(path: &Path, content: &[u8]) -> Result<(), Failure> {
    place(path, content, Readers::Everyone)
}

/// Like [`create`], with mode 0600.
///
/// # Errors
/// As [`create`].
pub fn create_secret(path: &Path, content: &[u8]) -> Result<(), Failure> {
    place(path, content, Readers::Owner)
}

/// Writes a file in place of the one that may be there.
///
/// # Errors
/// It cannot be written; the old file is then still there, whole.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let draft = write_draft(path, content, Readers::Everyone)?;
    let moved = fs::rename(&draft, path);
    settle(path, &draft, moved)
}

/// Makes a folder and its parents.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|e| Failure::file("make the folder", path, &e))
}

/// A folder for secrets: mode 0700.
///
/// # Errors
/// It cannot be made.
pub fn make_secret_folder(path: &Path) -> Result<(), Failure> {
    make_folder(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(|e| Failure::file("protect", path, &e))?;
    }
    Ok(())
}

fn place(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let draft = write_draft(path, content, readers)?;
    // A link, unlike a rename, never takes the place of a file that is there.
    let linked = fs::hard_link(&draft, path);
    if let Err(error) = &linked
        && error.kind() == std::io::ErrorKind::AlreadyExists
    {
        let _ = fs::remove_file(&draft);
        return Err(Failure::configuration(
            format!("{} is there already", path.display()),
            "nothing was overwritten; move it away first if you mean to replace it",
        ));
    }
    let placed = linked.or_else(|_| fs::rename(&draft, path));
    let _ = fs::remove_file(&draft);
    placed.map_err(|e| Failure::file("write", path, &e))
}

fn write_draft(path: &Path, content: &[u8], readers: Readers) -> Result<PathBuf, Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = path.with_file_name(name);
    let written = open(&draft, readers).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    settle(path, &draft, written).map(|()| draft)
}

fn settle(path: &Path, draft: &Path, result: std::io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| {
        let _ = fs::remove_file(draft);
        Failure::file("write", path, &error)
    })
}

fn open(path: &Path, readers: Readers) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        create_secret(&path, b"one").unwrap();
        let refused = create_secret(&path, b"two").unwrap_err();
        assert!(refused.what.ends_with("is there already"));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        create_secret(&path, b"one").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
