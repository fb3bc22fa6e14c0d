//! `almanac demo`: the whole story against a simulated client, for somebody who has never seen it.

mod cloud;
mod tale;

use crate::cli::Demo;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::settings::Settings;
use crate::wiring::House;
use cloud::Box365;
use graph_sim::Fleet;
use graph_sim::fleet::{Size, generate};
use std::path::Path;
use std::sync::Arc;

/// The tunnel of the story.
const TUNNEL: &str = include_str!("tunnel.yaml");

pub fn demo(context: &Context, wanted: &Demo) -> Ended {
    let folder =
        tempfile::tempdir().map_err(|e| Failure::file("use", &std::env::temp_dir(), &e))?;
    let contacts = wanted
        .contacts
        .unwrap_or(wanted.mailboxes + (wanted.mailboxes / 5).max(6));
    let size = Size::of(wanted.mailboxes as usize, contacts as usize);
    let fleet = generate(wanted.seed, &size);
    let cloud = Arc::new(Box365::new(&fleet, wanted.seed));
    let settings = furnish(folder.path(), &fleet)?;
    let house = House::over(settings, Arc::<Box365>::clone(&cloud) as Arc<_>)?;
    let tale = tale::Tale::new(context.voice, house, cloud, &fleet);
    block_on(tale.tell())??;
    Ok(Exit::Done)
}

/// A home folder as `init` and `tenant add` make one, for the simulated client.
fn furnish(home: &Path, fleet: &Fleet) -> Result<Settings, Failure> {
    let tenant = fleet.tenants.first();
    let app = tenant.and_then(|t| t.apps.first());
    let (Some(tenant), Some(app)) = (tenant, app) else {
        return Err(Failure::new(
            Exit::Failed,
            "the generated client has no app",
            "",
        ));
    };
    for folder in ["keys", "tenants", "tunnels"] {
        files::make_folder(&home.join(folder))?;
    }
    crate::seams::keys::make_root(&home.join("keys"), &crate::seams::chance::MachineChance)?;
    files::create(&home.join("almanac.yaml"), b"cloud: global\n")?;
    files::create_secret(&home.join("keys/secret"), app.client_secret.as_bytes())?;
    let document = format!(
        "tenants:\n  - name: contoso\n    directory: {}\n    client_id: {}\n    credential: {{ secret_file: keys/secret }}\n",
        tenant.id, app.client_id
    );
    files::create(&home.join("tenants/contoso.yaml"), document.as_bytes())?;
    files::create(
        &home.join("tunnels/everyone-on-phones.yaml"),
        TUNNEL.as_bytes(),
    )?;
    Settings::load(home)
}
