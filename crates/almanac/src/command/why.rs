//! `almanac why`: one question, one chain of facts.

use crate::cli::Why as Wanted;
use crate::command::{Context, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::output::table::Mood;
use crate::output::{self, json, paint, printable};
use crate::wiring::{House, store_failure};
use engine::why::{Answer, Why, WhyError};
use model::TenantName;
use serde_json::{Value, json};

pub fn why(context: &Context, wanted: &Wanted) -> Ended {
    let house = House::open(context.settings()?)?;
    let answers = block_on(ask(&house, &wanted.person, &wanted.mailbox))??;
    if context.voice.json {
        let documents: Vec<Value> = answers
            .iter()
            .map(|(tenant, why)| json!({ "tenant": tenant, "why": why }))
            .collect();
        json::print(&json!({ "answers": documents }));
    } else {
        answers.iter().for_each(|(tenant, why)| print(tenant, why));
    }
    Ok(Exit::Done)
}

/// Asks every tenant: the mailbox belongs to one of them.
///
/// # Errors
/// No tenant knows mailbox and person, or the store cannot be read.
pub async fn ask(
    house: &House,
    person: &str,
    mailbox: &str,
) -> Result<Vec<(TenantName, Why)>, Failure> {
    let mut first = None;
    for name in house.settings.tenants.keys() {
        let tenant = TenantName(name.clone());
        match house.engine.why(&tenant, person, mailbox).await {
            Ok(answers) if answers.is_empty() => {}
            Ok(answers) => {
                return Ok(answers
                    .into_iter()
                    .map(|why| (tenant.clone(), why))
                    .collect());
            }
            // The tenant that knows the mailbox has the more telling answer.
            Err(error @ WhyError::NoSuchMailbox(_)) => first = first.or(Some(error)),
            Err(error) => return Err(failure(&error)),
        }
    }
    Err(match first {
        Some(error) => failure(&error),
        None => Failure::configuration(
            "there are no tunnels to ask about",
            "add one and run `almanac plan`",
        ),
    })
}

fn failure(error: &WhyError) -> Failure {
    match error {
        WhyError::Store(error) => store_failure(error),
        WhyError::Policy(text) => Failure::configuration(text.clone(), "run `almanac validate`"),
        other => Failure::new(Exit::Usage, other.to_string(), ""),
    }
}

/// Prints one answer.
pub fn print(tenant: &TenantName, why: &Why) {
    let (answer, mood) = match why.answer {
        Answer::There => ("there, and up to date", Mood::Good),
        Answer::Stale => ("there, and not up to date", Mood::Watch),
        Answer::Absent => ("not there, and that is right", Mood::Plain),
        Answer::Pending => ("not there yet", Mood::Watch),
        Answer::Unknown => ("not known", Mood::Watch),
    };
    output::line(&format!(
        "{tenant} / {}: {}",
        printable(&why.book),
        paint(answer, mood)
    ));
    for (n, fact) in why.chain.iter().enumerate() {
        output::line(&format!("  {}. {}", n + 1, printable(fact)));
    }
}
