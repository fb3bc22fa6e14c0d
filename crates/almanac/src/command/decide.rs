//! `almanac pause`, `resume`, `cancel`, `approve` and `reject`: what a person decides.

use crate::cli::{Decision, RunTarget, Target};
use crate::command::{Context, apply, block_on, work};
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::wiring::{House, store_failure};
use model::run::{Run, RunState};
use model::{Fingerprint, RunId, TenantName};
use serde_json::json;
use store::{Scope, StoreError};

/// Who decided, for the ledger.
fn who() -> String {
    let names = ["SUDO_USER", "USER", "USERNAME"];
    let found = names.iter().find_map(|name| std::env::var(name).ok());
    found
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "the command line".to_owned())
}

pub fn pause(context: &Context, wanted: &Target) -> Ended {
    let house = House::open(context.settings()?)?;
    let (tenant, scope) = scope(&house, wanted)?;
    let now = house.seams.clock.now();
    let changed = block_on(house.store().pause(&tenant, &scope, &who(), "by hand", now))?
        .map_err(|e| store_failure(&e))?;
    let text = match changed {
        true => {
            format!("{scope} is paused: nothing more is written for it until `almanac resume`.")
        }
        false => format!("{scope} was paused already."),
    };
    Ok(told(context, &scope, "paused", &text))
}

pub fn resume(context: &Context, wanted: &Target) -> Ended {
    let house = House::open(context.settings()?)?;
    let (tenant, scope) = scope(&house, wanted)?;
    let now = house.seams.clock.now();
    let changed = block_on(house.store().resume(&tenant, &scope, &who(), now))?
        .map_err(|e| store_failure(&e))?;
    let text = match changed {
        true => format!("{scope} goes on."),
        false => format!("{scope} was not paused."),
    };
    Ok(told(context, &scope, "active", &text))
}

fn told(context: &Context, scope: &Scope, state: &str, text: &str) -> Exit {
    if context.voice.json {
        json::print(&json!({ "scope": scope.to_string(), "state": state }));
    }
    context.voice.say(text);
    Exit::Done
}

/// What is meant, with the tenant it belongs to.
fn scope(house: &House, wanted: &Target) -> Result<(TenantName, Scope), Failure> {
    if let Some(name) = &wanted.tenant {
        house.settings.tenant(name)?;
        let tenant = TenantName(name.clone());
        return Ok((tenant.clone(), Scope::Tenant(tenant)));
    }
    if let Some(run) = wanted.run {
        let run = existing(house, run)?;
        return Ok((run.tenant.clone(), Scope::Run(run.id)));
    }
    let name = wanted.tunnel.clone().unwrap_or_default();
    let tunnel = house
        .policy
        .tunnels
        .iter()
        .find(|t| t.id.as_str() == name || t.name == name);
    match tunnel {
        Some(tunnel) => Ok((tunnel.tenant.clone(), Scope::Tunnel(tunnel.id.clone()))),
        None => Err(Failure::new(
            Exit::Usage,
            format!("there is no tunnel `{name}`"),
            "`almanac status` lists them",
        )),
    }
}

/// # Errors
/// There is no such run, or the store cannot be read.
pub fn existing(house: &House, run: i64) -> Result<Run, Failure> {
    let found = block_on(house.store().run(RunId(run)))?.map_err(|e| store_failure(&e))?;
    found.ok_or_else(|| {
        store_failure(&StoreError::Missing {
            what: format!("run {run}"),
        })
    })
}

pub fn cancel(context: &Context, wanted: &RunTarget) -> Ended {
    let house = House::open(context.settings()?)?;
    let run = existing(&house, wanted.run)?;
    let now = house.seams.clock.now();
    let cancelled =
        block_on(house.store().cancel(run.id, &who(), now))?.map_err(|e| store_failure(&e))?;
    let text = match cancelled {
        true => format!(
            "Run {} is given up: nothing more is written for it, what is done stays done.",
            run.id
        ),
        false => format!("Run {} had ended already.", run.id),
    };
    Ok(told(context, &Scope::Run(run.id), "cancelled", &text))
}

/// Approves, and carries the plan out; what was rejected is planned again first, and goes if it comes out the same.
pub fn approve(context: &Context, wanted: &Decision) -> Ended {
    let house = House::open(context.settings()?)?;
    let (run, print) = in_state(&house, wanted, &[RunState::Held, RunState::Rejected])?;
    if run.state == RunState::Rejected {
        let again = block_on(house.engine.reconsider(run.id, &who()))?
            .map_err(|e| store_failure(&e))?
            .ok_or_else(|| moved_on(run.id))?;
        context.voice.say(format!(
            "Run {} was rejected; approved after all. Run {again} plans again, and carries out what comes out the same.",
            run.id
        ));
        return carry_out(context, &house, again);
    }
    let now = house.seams.clock.now();
    let taken = block_on(house.store().approve(run.id, &print, &who(), now))?
        .map_err(|e| store_failure(&e))?;
    if !taken {
        return Err(moved_on(run.id));
    }
    context
        .voice
        .say(format!("Approved run {}; carrying it out.", run.id));
    carry_out(context, &house, run.id)
}

fn carry_out(context: &Context, house: &House, run: RunId) -> Ended {
    let done = block_on(async {
        house
            .engine
            .schedule()
            .await
            .map_err(|e| store_failure(&e))?;
        work::finish(house, vec![run], context.voice.json).await
    })??;
    Ok(apply::report(context, &done))
}

pub fn reject(context: &Context, wanted: &Decision) -> Ended {
    let house = House::open(context.settings()?)?;
    let (run, print) = in_state(&house, wanted, &[RunState::Held])?;
    let now = house.seams.clock.now();
    let taken = block_on(house.store().reject(run.id, &print, &who(), now))?
        .map_err(|e| store_failure(&e))?;
    if !taken {
        return Err(moved_on(run.id));
    }
    let text = format!(
        "Rejected run {0}: this very plan is not carried out, unless `almanac approve {0}` says so later.",
        run.id
    );
    Ok(told(context, &Scope::Run(run.id), "rejected", &text))
}

fn moved_on(run: RunId) -> Failure {
    Failure::new(
        Exit::Stale,
        format!("run {run} has another plan by now, or no longer waits"),
        format!("look at it again with `almanac show {run}`"),
    )
}

/// The run, in one of these states, and the fingerprint that a person saw.
fn in_state(
    house: &House,
    wanted: &Decision,
    states: &[RunState],
) -> Result<(Run, Fingerprint), Failure> {
    let run = existing(house, wanted.run)?;
    let Some(print) = run
        .fingerprint
        .clone()
        .filter(|_| states.contains(&run.state))
    else {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "run {} is not held, it is {}",
                run.id,
                crate::words::run_state(run.state)
            ),
            "`almanac status` shows what waits",
        ));
    };
    match &wanted.fingerprint {
        Some(seen) if !print.as_str().starts_with(seen.as_str()) || seen.len() < 8 => {
            Err(moved_on(run.id))
        }
        _ => Ok((run, print)),
    }
}
