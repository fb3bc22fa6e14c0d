//! `almanac validate`: every document of the home folder, with every mistake at once.

use crate::cli::Validate;
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::settings::Settings;
use crate::settings::tunnels;
use model::tunnel::Policy;
use serde_json::json;

pub fn validate(context: &Context, wanted: &Validate) -> Ended {
    let settings = context.settings()?;
    match tunnels::read(&settings) {
        Ok(policy) => {
            report(context, wanted, &settings, &policy);
            Ok(Exit::Done)
        }
        Err(tunnels::Wrong::File(failure)) => Err(failure),
        Err(tunnels::Wrong::Documents(problems)) => Err(refuse(context, &problems)),
    }
}

fn report(context: &Context, wanted: &Validate, settings: &Settings, policy: &Policy) {
    if context.voice.json {
        return json::print(&json!({
            "valid": true,
            "tenants": settings.tenants.keys().collect::<Vec<_>>(),
            "tunnels": policy.tunnels.len(),
            "version": policy.version,
            "effective": wanted.effective.then_some(policy),
        }));
    }
    if wanted.effective {
        crate::output::line(policy::effective_yaml(policy).trim_end());
        return;
    }
    context.voice.say(format!(
        "{} is valid: {}, {}.",
        settings.home.display(),
        count(settings.tenants.len(), "tenant"),
        count(policy.tunnels.len(), "tunnel"),
    ));
}

/// Prints every problem; the failure itself is the first one, so that one sentence says enough.
fn refuse(context: &Context, problems: &[policy::Problem]) -> Failure {
    if !context.voice.json {
        for problem in problems.iter().skip(1) {
            eprintln!("{problem}");
        }
    }
    tunnels::failure(problems)
}

pub fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
