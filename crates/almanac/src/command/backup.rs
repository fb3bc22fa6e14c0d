//! `almanac backup`: store, settings, tenants and tunnels, copied while everything runs. Never the keys.

use crate::cli::Backup;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::output::json;
use crate::settings::{Settings, settings_file, yaml_files};
use crate::wiring::{House, store_failure};
use serde_json::json;
use std::path::{Path, PathBuf};

pub fn backup(context: &Context, wanted: &Backup) -> Ended {
    let house = House::open(context.settings()?)?;
    let to = &wanted.to;
    if to.exists() {
        return Err(Failure::configuration(
            format!("{} is there already", to.display()),
            "name a folder that is not there yet; nothing was written",
        ));
    }
    if let Err(failure) = copy(&house, to) {
        // Half a backup is worse than none.
        let _ = std::fs::remove_dir_all(to);
        return Err(failure);
    }
    let keys = house.settings.keys_folder();
    if context.voice.json {
        json::print(&json!({ "backup": to, "keys_not_included": keys }));
    }
    context.voice.say(format!(
        "Copied store and documents to {}. The keys in {} are not in it: keep them apart.",
        to.display(),
        keys.display()
    ));
    Ok(Exit::Done)
}

fn copy(house: &House, to: &Path) -> Result<(), Failure> {
    files::make_secret_folder(to)?;
    for file in documents(&house.settings)? {
        let inside = file.strip_prefix(&house.settings.home).unwrap_or(&file);
        let target = to.join(inside);
        if let Some(folder) = target.parent() {
            files::make_folder(folder)?;
        }
        std::fs::copy(&file, &target).map_err(|e| Failure::file("copy", &file, &e))?;
    }
    let data = to.join("data");
    block_on(house.store().backup(&data))?.map_err(|e| store_failure(&e))?;
    Ok(())
}

fn documents(settings: &Settings) -> Result<Vec<PathBuf>, Failure> {
    let mut files = vec![settings_file(&settings.home)];
    let tenants = settings.home.join("tenants.yaml");
    files.extend(tenants.exists().then_some(tenants));
    files.extend(yaml_files(&settings.home.join("tenants"))?);
    files.extend(yaml_files(&settings.tunnels_folder())?);
    Ok(files)
}
