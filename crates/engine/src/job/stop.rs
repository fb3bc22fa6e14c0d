//! Stopping: whether a person, or a newer policy, stands in the way of what a run still wants to write.

use crate::job::JobError;
use crate::world::Engine;
use model::CatalogId;
use model::run::Run;
use store::Pause;

/// Why nothing more may be written for this run; `None`: it may go on. Asked before anything is sent.
pub(crate) async fn stopped(
    engine: &Engine,
    run: &Run,
    catalog: CatalogId,
) -> Result<Option<String>, JobError> {
    let now = engine.store().run_state(run.id).await?;
    if now.is_none_or(|state| state.ended()) {
        return Ok(Some("not written: its run was given up".to_owned()));
    }
    if engine.in_force().policy.version != run.policy_version {
        return Ok(Some("not written: its policy changed meanwhile".to_owned()));
    }
    let pause = engine.pause_of(catalog, Some(run.id)).await?;
    Ok(pause.map(|pause| format!("not written: {}", words(&pause))))
}

/// Who paused what, and why.
pub(crate) fn words(pause: &Pause) -> String {
    let reason = match pause.reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    format!("{} is paused by {}{reason}", pause.scope, pause.who)
}
