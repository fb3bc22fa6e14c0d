//! The short form of `scripts/kill9`: the real process, killed while it writes to a cloud with faults.

use std::path::Path;
use std::process::Command;

#[test]
fn a_run_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/kill9");
    let almanac = env!("CARGO_BIN_EXE_almanac");
    let done = Command::new("python3")
        .arg(&script)
        .args(["--almanac", almanac, "--kills", "5"])
        .output();
    let Ok(done) = done else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let said = String::from_utf8_lossy(&done.stdout);
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{complained}");
    assert!(said.contains("nothing lost, nothing doubled"), "{said}");
}
