//! Documents: the policies of a story, as the product reads them and as far as the monitors understand them.

use crate::charter::TENANT;
use model::TenantName;
use model::tunnel::{Choice, Policy};

/// A policy that the product accepts and the monitors of the simulation understand; else line and what is wrong.
pub fn known(text: &str) -> Result<Policy, (usize, String)> {
    let read = policy::read(&[("policy", text)], &[TenantName::from(TENANT)]);
    let policy = read.map_err(|problems| match problems.into_iter().next() {
        Some(problem) => {
            let hint = problem.hint.map_or_else(String::new, |h| format!(" ({h})"));
            (problem.line as usize, format!("{}{hint}", problem.message))
        }
        None => (0, "the policy is refused".to_owned()),
    })?;
    let picks = policy.tunnels.iter().flat_map(|tunnel| {
        let sources = tunnel.sources.iter();
        let sources = sources.flat_map(|s| [Some(&s.pick), s.only_for.as_ref()]);
        sources.flatten().chain([&tunnel.audience])
    });
    for pick in picks {
        understood(pick).map_err(|what| (0, what))?;
    }
    Ok(policy)
}

/// What the monitors can tell the truth of by themselves.
fn understood(choice: &Choice) -> Result<(), String> {
    if !crate::wanted::EXPRESSIONS.contains(&choice.where_.as_deref().unwrap_or_default()) {
        let known = crate::wanted::EXPRESSIONS[1..].join("` and `");
        return Err(format!(
            "the monitors of stories read only the expressions `{known}`"
        ));
    }
    if !choice.lists.is_empty() || !choice.mailbox_kinds.is_empty() {
        return Err("the monitors of stories know no lists and no kinds of mailbox".to_owned());
    }
    choice.exclude.as_ref().map_or(Ok(()), |e| understood(e))
}
