//! `almanac serve`: works by the schedule until stopped, answers health checks, tells people of trouble.

mod health;
pub mod notices;

use crate::cli::Serve;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::seams::signal;
use crate::settings::{Settings, tunnels};
use crate::wiring::{House, store_failure};
use engine::{Stop, Until};
use health::Pulse;
use notices::Teller;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use tokio::net::TcpListener;

pub fn serve(context: &Context, wanted: &Serve) -> Ended {
    let house = House::open(context.settings()?)?;
    let address = wanted.listen.unwrap_or(house.settings.document.listen);
    let span = Duration::from_millis(wanted.watch.0.0.unsigned_abs());
    block_on(until_stopped(context, house, address, span))?
}

async fn until_stopped(
    context: &Context,
    house: House,
    address: SocketAddr,
    span: Duration,
) -> Ended {
    let listener = TcpListener::bind(address).await.map_err(|e| {
        let remedy = "choose another address with --listen or `listen` in almanac.yaml";
        Failure::new(
            Exit::Failed,
            format!("cannot listen on {address}: {}", e.kind()),
            remedy,
        )
    })?;
    let address = listener.local_addr().unwrap_or(address);
    let pulse = Arc::new(Pulse::default());
    let teller = Teller::new(&house)?;
    house
        .engine
        .schedule()
        .await
        .map_err(|e| store_failure(&e))?;
    announce(context, &house, address);
    let stop = Stop::default();
    let worked = tokio::select! {
        biased;
        worked = work(&house, &stop) => worked,
        () = watch(&house, &teller, &pulse, span) => Ok(()),
        () = health::answer(listener, house.clone(), Arc::clone(&pulse)) => Ok(()),
    };
    worked.map_err(|e| store_failure(&e))?;
    context.voice.say("Stopped; nothing is in flight.");
    Ok(Exit::Done)
}

fn announce(context: &Context, house: &House, address: SocketAddr) {
    if context.voice.json {
        crate::output::json::print_line(
            &serde_json::json!({ "health_url": format!("http://{address}/healthz") }),
        );
    }
    context.voice.say(format!(
        "Working on {} by the schedule; health at http://{address}/healthz. Stop with Ctrl-C or SIGTERM.",
        crate::words::count(house.engine.books().len() as u64, "folder"),
    ));
}

/// Works until asked to stop; what is in flight is finished or handed back first.
async fn work(house: &House, stop: &Stop) -> Result<(), StoreError> {
    let name = format!("serve-{}", house.seams.chance.guid());
    let until = Until::Stopped(stop.clone());
    let mut work = std::pin::pin!(house.engine.work(&name, &until));
    let mut stopped = std::pin::pin!(signal::stopped());
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = &mut stopped, if !stop.is_raised() => stop.raise(),
        }
    }
}

/// The timer that needs no worker: a stuck one cannot hide trouble.
/// Every `span`, trouble is looked for, notices are told and documents are read again.
async fn watch(house: &House, teller: &Teller, pulse: &Pulse, span: Duration) {
    let mut version = house.policy.version.clone();
    loop {
        reread(house, &mut version).await;
        match house.engine.watch().await {
            Ok(()) => pulse.beat(house.seams.clock.now()),
            Err(error) => tracing::error!("cannot look for trouble: {error}"),
        }
        teller.tell().await;
        tokio::time::sleep(span).await;
    }
}

/// Puts edited tunnels in force; a mistake in them leaves the old ones in force and is logged.
async fn reread(house: &House, version: &mut String) {
    let policy =
        Settings::load(&house.settings.home).and_then(|settings| tunnels::require(&settings));
    match policy {
        Ok(policy) if policy.version != *version => {
            version.clone_from(&policy.version);
            house.engine.set_policy(policy);
            if let Err(error) = house.engine.schedule().await {
                tracing::error!("cannot schedule the edited tunnels: {error}");
            }
        }
        Ok(_) => {}
        Err(failure) => tracing::error!("the edited documents are not used: {failure}"),
    }
}
