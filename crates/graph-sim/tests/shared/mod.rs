//! Where the published data lies: `ALMANAC_SHARED`, or a folder `shared` beside or above the repository.

use std::path::PathBuf;

/// The path of a part of it, or nothing where it is absent.
pub fn shared(part: &str) -> Option<PathBuf> {
    let given = std::env::var_os("ALMANAC_SHARED").map(PathBuf::from);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let above = here.ancestors().map(|a| a.join("shared"));
    let mut all = given.into_iter().chain(above).map(|s| s.join(part));
    let found = all.find(|p| p.exists());
    if found.is_none() {
        println!("skipped: {part} is not on this machine");
    }
    found
}
