//! `almanac sim serve`: the simulated cloud behind a real socket.

use super::fleet;
use crate::cli::SimServe;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::seams::clock::MachineClock;
use crate::seams::signal;
use graph_sim::serve::{Ready, ReadyTenant, ServeError, ServeOptions, serve as start};
use model::seam::Clock;
use std::path::{Path, PathBuf};

pub fn serve(context: &Context, wanted: &SimServe) -> Ended {
    let options = ServeOptions {
        listen: wanted.listen,
        fleet: fleet::chosen(wanted.fleet.as_deref(), wanted.seed)?,
        settings: behaviour(&wanted.faults)?,
        seed: wanted.seed,
        start_ms: MachineClock.now().0,
        time_scale: wanted.time_scale,
        tls: wanted.tls.then(ca_folder),
    };
    block_on(until_stopped(context, options))?
}

/// The certificate is good for this run only; the folder goes with it.
fn ca_folder() -> PathBuf {
    std::env::temp_dir().join(format!("almanac-sim-{}", std::process::id()))
}

/// A profile by name, or a file of simulator settings.
fn behaviour(wanted: &str) -> Result<graph_sim::Settings, Failure> {
    if let Some(faults) = graph_sim::Faults::profile(wanted) {
        return Ok(graph_sim::Settings {
            faults,
            ..graph_sim::Settings::default()
        });
    }
    let path = Path::new(wanted);
    if !path.exists() {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{wanted}` is neither a fault profile nor a file"),
            "say none, light or hostile, or name a YAML file of simulator settings",
        ));
    }
    crate::settings::yaml::read(path)
}

async fn until_stopped(context: &Context, options: ServeOptions) -> Ended {
    let folder = options.tls.clone();
    let server = start(options).await.map_err(|error| failure(&error))?;
    announce(context, &server.ready);
    signal::stopped().await;
    server.stop().await;
    if let Some(folder) = folder {
        // Left behind it does no harm: the key is not in it.
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(Exit::Done)
}

fn failure(error: &ServeError) -> Failure {
    match error {
        ServeError::Listen { .. } => Failure::new(
            Exit::Failed,
            error.to_string(),
            "choose another address with --listen; port 0 takes a free one",
        ),
        ServeError::Fleet(_) => Failure::configuration(error.to_string(), "correct the fleet file"),
        ServeError::TimeScale(_) => Failure::new(Exit::Usage, error.to_string(), ""),
        ServeError::Write { path, source } => Failure::file("write", path, source),
        ServeError::Certificate(_) => Failure::new(Exit::Failed, error.to_string(), ""),
    }
}

fn announce(context: &Context, ready: &Ready) {
    if context.voice.json {
        return json::print_line(ready);
    }
    let say = |text: String| context.voice.say(text);
    say(format!(
        "The simulator answers at {}. Stop it with Ctrl-C.\n",
        ready.graph_url
    ));
    say("Point almanac.yaml at it:\n  lab:".to_owned());
    say(format!(
        "    login_url: {}\n    graph_url: {}",
        ready.login_url, ready.graph_url
    ));
    if let Some(file) = &ready.ca_file {
        say(format!("    ca_file: {}", file.display()));
    }
    ready
        .tenants
        .iter()
        .for_each(|tenant| announce_tenant(context, tenant));
}

fn announce_tenant(context: &Context, tenant: &ReadyTenant) {
    context.voice.say(format!(
        "\n{} with {} mailboxes\n  directory {}\n  client id {}\n  secret    {}",
        tenant.domain,
        tenant.mailboxes.len(),
        tenant.id,
        tenant.client_id,
        tenant.client_secret,
    ));
}
