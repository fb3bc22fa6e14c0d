//! The import table of ARCHITECTURE.md, held: which of our crates may import which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate, and what it may import of ours. A missing edge is a wall: see ARCHITECTURE.md.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("planner", &["model"]),
    ("policy", &["model"]),
    ("graph", &["model"]),
    ("store", &["model"]),
    ("graph-sim", &[]),
    ("engine", &["graph", "model", "planner", "policy", "store"]),
    (
        "simulation",
        &[
            "engine",
            "graph",
            "graph-sim",
            "model",
            "planner",
            "policy",
            "store",
        ],
    ),
    (
        "almanac",
        &[
            "engine",
            "graph",
            "graph-sim",
            "model",
            "planner",
            "policy",
            "simulation",
            "store",
        ],
    ),
];

/// Crates that must stay free of I/O: none of these may appear even far down among what they import.
const PURE: &[&str] = &["model", "planner", "policy"];
const EFFECTS: &[&str] = &[
    "tokio", "reqwest", "hyper", "rusqlite", "axum", "mio", "socket2",
];

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// Package name to the names it imports outside tests (normal and build dependencies), workspace or not.
fn imports(metadata: &serde_json::Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name").to_owned();
        let deps = package["dependencies"].as_array().expect("dependencies");
        let shipped = deps.iter().filter(|d| d["kind"].as_str() != Some("dev"));
        let names = shipped
            .filter_map(|d| d["name"].as_str())
            .map(str::to_owned)
            .collect();
        all.insert(name, names);
    }
    all
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let all = imports(&metadata());
    let ours: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in TABLE {
        let found: BTreeSet<&str> = all[*name]
            .iter()
            .map(String::as_str)
            .filter(|d| ours.contains(d))
            .collect();
        let extra: Vec<_> = found.iter().filter(|d| !allowed.contains(d)).collect();
        assert!(extra.is_empty(), "{name} must not import {extra:?}");
    }
}

#[test]
fn every_crate_of_the_workspace_is_in_the_table() {
    let metadata = metadata();
    let members = metadata["workspace_members"].as_array().expect("members");
    assert_eq!(
        members.len(),
        TABLE.len(),
        "add the new crate to the table: {members:?}"
    );
}

#[test]
fn pure_crates_reach_no_effect_however_far_down() {
    let all = imports(&metadata());
    for pure in PURE {
        let mut seen = BTreeSet::new();
        let mut open = vec![(*pure).to_owned()];
        while let Some(name) = open.pop() {
            if seen.insert(name.clone()) {
                open.extend(all.get(&name).into_iter().flatten().cloned());
            }
        }
        let found: Vec<_> = EFFECTS.iter().filter(|e| seen.contains(**e)).collect();
        assert!(found.is_empty(), "{pure} reaches {found:?}");
    }
}

/// Mutants are old bugs that tests put back: nothing that is built to be shipped may know them.
#[test]
fn mutants_are_asked_for_by_tests_of_the_simulation_alone() {
    let metadata = metadata();
    let mut asking = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let features = dependency["features"].as_array().expect("features");
            if dependency["name"] == "model" && features.iter().any(|f| f == "mutants") {
                let kind = dependency["kind"].as_str().unwrap_or("normal");
                asking.push(format!(
                    "{} {kind}",
                    package["name"].as_str().expect("name")
                ));
            }
        }
        // Nor may a feature of another crate switch it on.
        for (feature, on) in package["features"].as_object().expect("features") {
            let on = on.to_string();
            assert!(
                !on.contains("model/mutants"),
                "{} {feature}",
                package["name"]
            );
        }
        if package["name"] == "model" {
            assert!(
                package["features"]["default"].is_null(),
                "no default features"
            );
        }
    }
    assert_eq!(asking, ["simulation dev"]);
}

/// `cargo metadata` also names what no enabled feature asks for; `cargo tree` names what is built.
#[test]
fn one_provider_of_cryptography_is_in_the_graph() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--target",
            "all",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree runs");
    let built = String::from_utf8_lossy(&output.stdout);
    assert!(built.contains("aws-lc-rs v"), "{built}");
    assert!(
        !built.lines().any(|line| line.starts_with("ring v")),
        "two providers make rustls panic at the first handshake (see `cargo tree -i ring`)"
    );
}
