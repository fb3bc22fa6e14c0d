//! `tunnels/*.yaml`: read here, understood by `policy`, with removed tenants taken into account.

use crate::exit::{Exit, Failure};
use crate::settings::tenants::{CopiesWish, TenantState, Tenants};
use crate::settings::{Settings, yaml_files};
use model::TenantName;
use model::tunnel::{Copies, Policy, TunnelState};
use policy::Problem;
use std::path::PathBuf;

/// Why there is no policy.
#[derive(Debug)]
pub enum Wrong {
    /// A file cannot be read.
    File(Failure),
    /// Documents are wrong: every problem of every file.
    Documents(Vec<Problem>),
}

/// The policy in force.
///
/// # Errors
/// A file cannot be read, or a document is wrong.
pub fn read(settings: &Settings) -> Result<Policy, Wrong> {
    let texts = texts(settings).map_err(Wrong::File)?;
    let named: Vec<(String, &str)> = texts
        .iter()
        .map(|(path, text)| (path.display().to_string(), text.as_str()))
        .collect();
    let files: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let tenants: Vec<TenantName> = settings.tenants.keys().cloned().map(TenantName).collect();
    let mut policy = policy::read(&files, &tenants).map_err(Wrong::Documents)?;
    take_out(&mut policy, &settings.tenants);
    Ok(policy)
}

/// Like [`read`], for commands that need a policy to go on.
///
/// # Errors
/// As [`read`]; of many problems the first is told, and how many there are.
pub fn require(settings: &Settings) -> Result<Policy, Failure> {
    read(settings).map_err(|wrong| match wrong {
        Wrong::File(failure) => failure,
        Wrong::Documents(problems) => failure(&problems),
    })
}

/// The first problem as one sentence, with what to do.
pub fn failure(problems: &[Problem]) -> Failure {
    let Some(first) = problems.first() else {
        return Failure::new(
            Exit::Configuration,
            "the tunnels are wrong",
            "run `almanac validate`",
        );
    };
    let place = match first.line {
        0 => first.file.clone(),
        line => format!("{}, line {line}", first.file),
    };
    let remedy = match (&first.hint, problems.len()) {
        (Some(hint), 1) => hint.clone(),
        (Some(hint), n) => format!("{hint} ({} more: run `almanac validate`)", n - 1),
        (None, _) => "correct the file and run `almanac validate`".to_owned(),
    };
    Failure::configuration(format!("{place}: {}", first.message), remedy)
}

fn texts(settings: &Settings) -> Result<Vec<(PathBuf, String)>, Failure> {
    yaml_files(&settings.tunnels_folder())?
        .into_iter()
        .map(|path| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(e) => Err(Failure::file("read", &path, &e)),
        })
        .collect()
}

/// A removed tenant removes its tunnels, with the copies as the tenant says; that is another policy.
fn take_out(policy: &mut Policy, tenants: &Tenants) {
    let removed = tenants.values().map(|placed| &placed.tenant);
    for tenant in removed.filter(|t| t.state == TenantState::Removed) {
        let copies = match tenant.copies {
            Some(CopiesWish::Remove) => Copies::Remove,
            _ => Copies::Keep,
        };
        let theirs = policy
            .tunnels
            .iter_mut()
            .filter(|t| t.tenant.as_str() == tenant.name);
        for tunnel in theirs {
            tunnel.state = TunnelState::Removed;
            tunnel.copies = copies;
        }
        policy.version = format!("{}-{}-removed-{copies:?}", policy.version, tenant.name);
    }
}
