//! Every story, played and held against what it told before. `UPDATE_EXPECT=1 cargo test -p simulation --test stories`
//! writes the outputs again: read what changed.
#![allow(clippy::unwrap_used)]

use expect_test::expect_file;
use simulation::story::{Played, Script, play};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

/// Names without their endings, in order; `STORY=name` plays that one alone.
fn stories() -> Vec<String> {
    let only = std::env::var("STORY").ok();
    let files = std::fs::read_dir(folder()).unwrap();
    let names = files.map(|f| f.unwrap().file_name().into_string().unwrap());
    let names = names.filter_map(|name| name.strip_suffix(".txt").map(str::to_owned));
    let names: BTreeSet<String> = names
        .filter(|n| only.as_ref().is_none_or(|o| o == n))
        .collect();
    names.into_iter().collect()
}

fn read(name: &str) -> Script {
    let text = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
    Script::read(&text).unwrap_or_else(|mistake| panic!("{name}: {mistake}"))
}

#[test]
fn every_story_tells_what_it_told_before() {
    let mut broken = Vec::new();
    for name in stories() {
        let script = read(&name);
        let Played {
            text,
            trace,
            violation,
            mistake,
        } = play(&script);
        expect_file![folder().join(format!("{name}.out"))].assert_eq(&text);
        let again = play(&script);
        assert_eq!(
            again.text, text,
            "{name} was told differently the second time"
        );
        assert_eq!(again.trace, trace, "{name} did not replay");
        broken.extend(violation.map(|v| format!("{name}: {} {}", v.check, v.what)));
        broken.extend(mistake.map(|m| format!("{name}: {m}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
