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

const DOCUMENT: &str = include_str!("../../../docs/stories.md");

/// The comment that a story begins with, in one line.
fn title(name: &str) -> String {
    let text = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_document_lists_every_story_and_no_other() {
    let (_, list) = DOCUMENT.split_once("## The stories").unwrap();
    let listed: Vec<&str> = list.lines().filter(|l| l.starts_with("| [")).collect();
    let link = |n: &String| format!("[{n}](../crates/simulation/stories/{n}.out)");
    let wanted: Vec<String> = stories()
        .iter()
        .map(|name| format!("| {} | {} |", link(name), title(name)))
        .collect();
    assert_eq!(listed, wanted, "docs/stories.md");
}

#[test]
fn the_document_tells_every_form_and_every_kind_of_call() {
    let forms = simulation::story::forms();
    let untold: Vec<&str> = forms
        .filter(|form| !DOCUMENT.contains(&format!("`{form}`")))
        .collect();
    assert!(untold.is_empty(), "docs/stories.md misses {untold:?}");
    let calls = simulation::story::calls();
    let untold: Vec<&str> = calls
        .filter(|word| !DOCUMENT.contains(&format!("`{word}`")))
        .collect();
    assert!(untold.is_empty(), "docs/stories.md misses {untold:?}");
}
