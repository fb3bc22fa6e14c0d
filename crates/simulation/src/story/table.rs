//! The table of all forms: how each statement is written, and the verb that it is read as.

use super::form::{self, Found};
use super::traits;
use super::verb::{Admin, InMailbox, Show, Trouble, Verb, Work};
use crate::armed::{Calls, Moment};
use graph_sim::{Faults, Quirks};
use model::Millis;

type Made = Result<Verb, String>;
type Make = fn(&Found) -> Made;

/// Every form, the more specific before the more general, with what it is made into.
const FORMS: &[(&str, Make)] = &[
    ("person TRAITS", |f| {
        Ok(Verb::Person(traits::person(f["TRAITS"])?))
    }),
    ("org contact TRAITS", |f| {
        Ok(Verb::OrgContact(traits::person(f["TRAITS"])?))
    }),
    ("shared mailbox NAME", |f| {
        Ok(Verb::Shared(owned(f, "NAME")))
    }),
    ("group NAME: MEMBERS", |f| {
        Ok(Verb::Group(owned(f, "NAME"), list(f["MEMBERS"])))
    }),
    ("card of MAILBOX in FOLDER: TRAITS", card),
    ("policy", |_| Ok(Verb::Policy(String::new()))),
    ("edit CARD in MAILBOX: FIELDS", |f| {
        let fields = traits::card_fields(f["FIELDS"])?;
        in_mailbox(f, InMailbox::Edit(owned(f, "CARD"), fields))
    }),
    ("move CARD in MAILBOX to FOLDER", |f| {
        in_mailbox(f, InMailbox::Move(owned(f, "CARD"), owned(f, "FOLDER")))
    }),
    ("copy CARD in MAILBOX to FOLDER", |f| {
        in_mailbox(f, InMailbox::Copy(owned(f, "CARD"), owned(f, "FOLDER")))
    }),
    ("carry CARD in MAILBOX to OTHER", |f| {
        in_mailbox(f, InMailbox::Carry(owned(f, "CARD"), owned(f, "OTHER")))
    }),
    ("rename folder FOLDER in MAILBOX to NAME", |f| {
        in_mailbox(
            f,
            InMailbox::RenameFolder(owned(f, "FOLDER"), owned(f, "NAME")),
        )
    }),
    ("delete folder FOLDER in MAILBOX", |f| {
        in_mailbox(f, InMailbox::DeleteFolder(owned(f, "FOLDER")))
    }),
    ("empty folder FOLDER in MAILBOX", |f| {
        in_mailbox(f, InMailbox::EmptyFolder(owned(f, "FOLDER")))
    }),
    ("delete CARD in MAILBOX", |f| {
        in_mailbox(f, InMailbox::Delete(owned(f, "CARD")))
    }),
    ("purge CARD in MAILBOX", |f| {
        in_mailbox(f, InMailbox::Purge(owned(f, "CARD")))
    }),
    ("restore CARD in MAILBOX", |f| {
        in_mailbox(f, InMailbox::Restore(owned(f, "CARD")))
    }),
    ("change PERSON: FIELDS", |f| {
        admin(Admin::Change(
            owned(f, "PERSON"),
            traits::person_fields(f["FIELDS"])?,
        ))
    }),
    ("rename PERSON to NAME", |f| {
        admin(Admin::Rename(owned(f, "PERSON"), owned(f, "NAME")))
    }),
    ("disable PERSON", |f| {
        admin(Admin::Enable(owned(f, "PERSON"), false))
    }),
    ("enable PERSON", |f| {
        admin(Admin::Enable(owned(f, "PERSON"), true))
    }),
    ("remove PERSON", |f| {
        admin(Admin::Remove(owned(f, "PERSON")))
    }),
    ("bring back PERSON", |f| {
        admin(Admin::BringBack(owned(f, "PERSON")))
    }),
    ("erase PERSON", |f| admin(Admin::Erase(owned(f, "PERSON")))),
    ("add MEMBER to GROUP", |f| {
        admin(Admin::Join(owned(f, "MEMBER"), owned(f, "GROUP")))
    }),
    ("take MEMBER from GROUP", |f| {
        admin(Admin::Leave(owned(f, "MEMBER"), owned(f, "GROUP")))
    }),
    ("close mailbox of PERSON", |f| {
        admin(Admin::CloseMailbox(owned(f, "PERSON")))
    }),
    ("open mailbox of PERSON", |f| {
        admin(Admin::OpenMailbox(owned(f, "PERSON")))
    }),
    ("withdraw consent", |_| admin(Admin::Consent(false))),
    ("grant consent", |_| admin(Admin::Consent(true))),
    ("pause tunnel ID", |f| admin(Admin::Pause(owned(f, "ID")))),
    ("resume tunnel ID", |f| admin(Admin::Resume(owned(f, "ID")))),
    ("run", |_| run(false, 1)),
    ("run in full", |_| run(true, 1)),
    ("run with two workers", |_| run(false, 2)),
    ("plan", |_| Ok(Verb::Work(Work::Plan))),
    ("approve", |_| Ok(Verb::Work(Work::Approve))),
    ("reject", |_| Ok(Verb::Work(Work::Reject))),
    ("start worker N", |f| {
        Ok(Verb::Work(Work::Start(worker(f["N"])?)))
    }),
    ("wait SPAN", |f| {
        Ok(Verb::Work(Work::Wait(span(f["SPAN"])?)))
    }),
    ("fault FAULT for the next N CALLS", |f| {
        let (fault, times) = (fault(f["FAULT"])?, number(f["N"])?);
        let calls = calls(f["CALLS"])?;
        trouble(Trouble::Strike {
            fault,
            calls,
            times,
        })
    }),
    ("fault FAULT at rate RATE", |f| {
        trouble(Trouble::Rate(fault(f["FAULT"])?, rate(f["RATE"])?))
    }),
    ("no more faults", |_| trouble(Trouble::Over)),
    ("quirk QUIRK on", |f| {
        trouble(Trouble::Quirk(quirk(f["QUIRK"])?, true))
    }),
    ("quirk QUIRK off", |f| {
        trouble(Trouble::Quirk(quirk(f["QUIRK"])?, false))
    }),
    ("crash worker N", |f| {
        trouble(Trouble::Crash(worker(f["N"])?))
    }),
    ("freeze worker N for SPAN", |f| {
        trouble(Trouble::Freeze(worker(f["N"])?, span(f["SPAN"])?))
    }),
    ("freeze before the next CALL for SPAN", |f| {
        trouble(Trouble::FreezeAt(calls(f["CALL"])?, span(f["SPAN"])?))
    }),
    ("crash before the next CALL", |f| {
        trouble(Trouble::CrashAt(Moment::Before, calls(f["CALL"])?))
    }),
    ("crash after the next CALL", |f| {
        trouble(Trouble::CrashAt(Moment::After, calls(f["CALL"])?))
    }),
    ("crash at poll N", |f| {
        trouble(Trouble::CrashAtPoll(number(f["N"])?))
    }),
    ("lose the store", |_| trouble(Trouble::LoseStore)),
    ("lose cursors in MAILBOX", |f| {
        in_mailbox(f, InMailbox::LoseCursors)
    }),
    ("show folder FOLDER in MAILBOX", |f| {
        show(Show::Folder(owned(f, "MAILBOX"), Some(owned(f, "FOLDER"))))
    }),
    ("show folder MAILBOX", |f| {
        show(Show::Folder(owned(f, "MAILBOX"), None))
    }),
    ("show run", |_| show(Show::Run)),
    ("show holds", |_| show(Show::Holds)),
    ("show requests", |_| show(Show::Requests)),
    ("show ledger", |_| show(Show::Ledger)),
    ("why PERSON in MAILBOX", |f| {
        show(Show::Why(owned(f, "PERSON"), owned(f, "MAILBOX")))
    }),
    ("check", |_| show(Show::Check)),
];

/// How every statement is written, for the documentation.
pub fn forms() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(form, _)| *form)
}

/// Reads one statement; else says what is expected.
pub fn read(text: &str) -> Made {
    let found = FORMS
        .iter()
        .find_map(|(form, make)| form::read(form, text).map(|found| make(&found)));
    found.unwrap_or_else(|| Err(meant(text)))
}

/// The forms that look most like it, or all verbs where none does.
fn meant(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let best = forms().map(|form| form::likeness(form, text)).max();
    let like: Vec<String> = forms()
        .filter(|form| Some(form::likeness(form, text)) == best && best > Some(0))
        .map(|form| format!("`{form}`"))
        .collect();
    if !like.is_empty() {
        return format!("expected {}", like.join(" or "));
    }
    let mut verbs: Vec<&str> = forms().filter_map(|form| form.split(' ').next()).collect();
    verbs.dedup();
    format!(
        "`{first}` is no verb; expected one of: {}",
        verbs.join(", ")
    )
}

fn owned(found: &Found, slot: &str) -> String {
    found.get(slot).copied().unwrap_or_default().to_owned()
}

fn list(text: &str) -> Vec<String> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn card(found: &Found) -> Made {
    Ok(Verb::Card {
        mailbox: owned(found, "MAILBOX"),
        folder: owned(found, "FOLDER"),
        card: traits::card(found["TRAITS"])?,
    })
}

fn in_mailbox(found: &Found, act: InMailbox) -> Made {
    Ok(Verb::InMailbox(owned(found, "MAILBOX"), act))
}

fn admin(act: Admin) -> Made {
    Ok(Verb::Admin(act))
}

fn trouble(trouble: Trouble) -> Made {
    Ok(Verb::Trouble(trouble))
}

fn show(show: Show) -> Made {
    Ok(Verb::Show(show))
}

fn run(full: bool, workers: usize) -> Made {
    Ok(Verb::Work(Work::Run { full, workers }))
}

fn number(text: &str) -> Result<u64, String> {
    let read = text.parse().ok().filter(|n| *n > 0);
    read.ok_or_else(|| format!("`{text}` is no number: expected 1 or more"))
}

/// Two machines there are.
fn worker(text: &str) -> Result<usize, String> {
    match text {
        "1" => Ok(0),
        "2" => Ok(1),
        _ => Err(format!("there is no worker {text}: expected 1 or 2")),
    }
}

fn span(text: &str) -> Result<Millis, String> {
    let unit = |letter| match letter {
        's' => Some(Millis::seconds(1)),
        'm' => Some(Millis::minutes(1)),
        'h' => Some(Millis::hours(1)),
        'd' => Some(Millis::days(1)),
        _ => None,
    };
    let part = |part: &str| {
        let unit = part.chars().last().and_then(unit)?;
        let number: i64 = part[..part.len() - 1].parse().ok()?;
        (1..=10_000).contains(&number).then_some(unit.0 * number)
    };
    let parts: Option<Vec<i64>> = text.split_whitespace().map(part).collect();
    let parts =
        parts.ok_or_else(|| format!("`{text}` is no span: expected 30s, 15m, 1h 30m or 2d"));
    Ok(Millis(parts?.iter().sum()))
}

fn rate(text: &str) -> Result<f64, String> {
    let read = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    read.ok_or_else(|| format!("`{text}` is no rate: expected 0 to 1"))
}

fn calls(word: &str) -> Result<Calls, String> {
    Calls::named(word).ok_or_else(|| {
        let words = Calls::words().join(", ");
        format!("`{word}` is no kind of call: expected one of {words}")
    })
}

fn fault(name: &str) -> Result<String, String> {
    one_of(name, Faults::NAMES, "fault")
}

fn quirk(name: &str) -> Result<String, String> {
    one_of(name, Quirks::NAMES, "quirk")
}

fn one_of(name: &str, known: &[&str], what: &str) -> Result<String, String> {
    match known.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "`{name}` is no {what}: expected one of {}",
            known.join(", ")
        )),
    }
}
