//! `almanac init`: a home folder with commented examples and a root key. Never overwrites.

use crate::cli::SchemaOf;
use crate::command::{Context, schema};
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::output::json;
use crate::seams::{chance::MachineChance, keys};
use serde_json::json;
use std::path::{Path, PathBuf};

const SETTINGS: &str = include_str!("init/almanac.yaml");
const TUNNEL: &str = include_str!("init/everyone-on-phones.yaml");
const IGNORE: &str = "# Secrets and state: never into version control.\nkeys/\ndata/\n";

pub fn init(context: &Context) -> Ended {
    let home = &context.home;
    let papers = papers();
    refuse_a_file(home)?;
    refuse_if_there(home, &papers)?;
    if let Err(failure) = write(home, &papers) {
        take_back(home, &papers);
        return Err(failure);
    }
    report(context);
    Ok(Exit::Done)
}

/// What is written, by path within the home folder.
fn papers() -> Vec<(&'static str, String)> {
    vec![
        ("almanac.yaml", SETTINGS.to_owned()),
        ("tunnels/everyone-on-phones.yaml.example", TUNNEL.to_owned()),
        ("schemas/settings.json", schema::text(SchemaOf::Settings)),
        ("schemas/tenants.json", schema::text(SchemaOf::Tenants)),
        ("schemas/tunnels.json", schema::text(SchemaOf::Tunnels)),
        (".gitignore", IGNORE.to_owned()),
    ]
}

/// The default home folder is called as the program is: started beside itself, it finds itself there.
fn refuse_a_file(home: &Path) -> Result<(), Failure> {
    if !home.is_file() {
        return Ok(());
    }
    Err(Failure::configuration(
        format!(
            "{} is a file, so it cannot be the home folder",
            home.display()
        ),
        "name another folder with --config, or go elsewhere first; nothing was written",
    ))
}

fn root_of(home: &Path) -> PathBuf {
    keys::root_path(&home.join("keys"))
}

fn refuse_if_there(home: &Path, papers: &[(&str, String)]) -> Result<(), Failure> {
    let paths = papers.iter().map(|(path, _)| home.join(path));
    match paths.chain([root_of(home)]).find(|path| path.exists()) {
        Some(path) => Err(Failure::configuration(
            format!("{} is there already", path.display()),
            "nothing was written; choose another folder with --config",
        )),
        None => Ok(()),
    }
}

fn write(home: &Path, papers: &[(&str, String)]) -> Result<(), Failure> {
    for folder in ["tenants", "tunnels", "schemas"] {
        files::make_folder(&home.join(folder))?;
    }
    files::make_secret_folder(&home.join("keys"))?;
    files::make_secret_folder(&home.join("data"))?;
    for (path, text) in papers {
        files::create(&home.join(path), text.as_bytes())?;
    }
    keys::make_root(&home.join("keys"), &MachineChance).map(|_| ())
}

/// After a failure nothing of ours stays; folders that hold anything else are left.
fn take_back(home: &Path, papers: &[(&str, String)]) {
    for (path, _) in papers {
        let _ = std::fs::remove_file(home.join(path));
    }
    let _ = std::fs::remove_file(root_of(home));
    for folder in ["tenants", "tunnels", "schemas", "keys", "data", ""] {
        let _ = std::fs::remove_dir(home.join(folder));
    }
}

fn report(context: &Context) {
    let home = context.home.display();
    let key = root_of(&context.home);
    if context.voice.json {
        return json::print(&json!({ "home": context.home, "root_key": key }));
    }
    context.voice.say(format!(
        "Made {home}.

Keep a copy of {key} in a safe place, apart from the data: without it our marks in
mailboxes can no longer be read.

Next:
  1. almanac tenant add NAME --directory DOMAIN --client-id GUID --config {home}
  2. mv {home}/tunnels/everyone-on-phones.yaml.example {home}/tunnels/everyone-on-phones.yaml, and edit it
  3. almanac validate --config {home}
  4. almanac plan --config {home}",
        key = key.display()
    ));
}
