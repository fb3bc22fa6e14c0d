//! Choices as written, turned into choices as they take effect.

use crate::document::{ChoiceDocument, ExcludeDocument};
use crate::problem::{At, Findings};
use model::person::MailboxKind;
use model::tunnel::Choice;

/// A longer CEL expression than this (in bytes) is refused.
const WHERE_BYTES_MAX: usize = 4_096;

/// What a choice that names nothing would mean at its place.
#[derive(Clone, Copy)]
pub(crate) enum IfEmpty {
    /// Everybody, as everyone expects: a source without a choice.
    Everyone,
    /// Everybody, which nobody should get by leaving a key out.
    MustBeSaid(&'static str),
}

pub(crate) fn choice(
    written: &ChoiceDocument,
    at: &At,
    empty: IfEmpty,
    findings: &mut Findings,
) -> Choice {
    check_empty(written, at, empty, findings);
    let exclude = written.exclude.as_ref();
    Choice {
        everyone: written.everyone,
        groups: names(&written.groups, &at.key("groups"), findings),
        departments: names(&written.departments, &at.key("departments"), findings),
        mailboxes: addresses(&written.mailboxes, &at.key("mailboxes"), findings),
        lists: names(&written.lists, &at.key("lists"), findings),
        where_: written
            .where_
            .as_ref()
            .map(|text| expression(text, &at.key("where"), findings)),
        mailbox_kinds: kinds(written, at, findings),
        exclude: exclude
            .and_then(|exclude| excluded(exclude, &at.key("exclude"), findings))
            .map(Box::new),
    }
}

fn check_empty(written: &ChoiceDocument, at: &At, empty: IfEmpty, findings: &mut Findings) {
    let named = ["groups", "departments", "mailboxes", "lists"];
    let names_any = named.iter().any(|key| findings.is_written(&at.key(key)));
    for key in named {
        check_names_something(key, at, findings);
    }
    if written.everyone && names_any {
        let message = "`everyone: true` already includes whatever else is named beside it";
        findings.add(
            at,
            message,
            "remove `everyone` or the names; `where` and `exclude` narrow it",
        );
    }
    let narrowed = ["where", "mailbox_kinds"]
        .iter()
        .any(|key| findings.is_written(&at.key(key)));
    if let IfEmpty::MustBeSaid(what) = empty
        && !(written.everyone || names_any || narrowed)
        && findings.is_written(at)
        && !findings.is_unclear(at)
    {
        let message = format!("{what} nothing, which would mean everybody");
        findings.add(
            at,
            message,
            "name groups, departments, mailboxes or lists, or write `everyone: true`",
        );
    }
}

fn excluded(written: &ExcludeDocument, at: &At, findings: &mut Findings) -> Option<Choice> {
    match written {
        ExcludeDocument::Addresses(list) if list.is_empty() => None,
        ExcludeDocument::Addresses(list) => Some(Choice {
            mailboxes: addresses(list, at, findings),
            ..Choice::default()
        }),
        ExcludeDocument::Choice(written) => Some(choice(
            written,
            at,
            IfEmpty::MustBeSaid("`exclude` names"),
            findings,
        )),
    }
}

/// Names without doubles, in the order written.
fn names(written: &[String], at: &At, findings: &mut Findings) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (n, name) in written.iter().enumerate() {
        let at = at.index(n);
        if findings.is_blank_text(&at) {
            findings.add(&at, "a name is blank", "write the name or remove the entry");
        }
        let name = name.trim().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn addresses(written: &[String], at: &At, findings: &mut Findings) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for (n, text) in written.iter().enumerate() {
        let address = address(text, &at.index(n), findings);
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// An address in lower case: addresses compare without case.
pub(crate) fn address(text: &str, at: &At, findings: &mut Findings) -> String {
    if !looks_like_address(text) && (!text.is_empty() || findings.is_blank_text(at)) {
        let message = format!("`{text}` is not an e-mail address");
        findings.add(at, message, "write it as name@domain");
    }
    text.to_lowercase()
}

fn looks_like_address(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"');
    let parts: Vec<&str> = text.split('@').collect();
    matches!(parts.as_slice(), [name, domain] if !name.is_empty() && domain.len() > 2)
        && !text.contains(forbidden)
        && text.len() <= 320
}

fn expression(text: &str, at: &At, findings: &mut Findings) -> String {
    if text.len() > WHERE_BYTES_MAX {
        let message = format!(
            "the expression has {} bytes; {WHERE_BYTES_MAX} are allowed",
            text.len()
        );
        findings.add(at, message, "split it: name parts of it as `lists`");
    }
    if findings.is_blank_text(at) {
        findings.add(
            at,
            "the expression is blank",
            "write a CEL expression or remove `where`",
        );
    }
    text.trim().to_owned()
}

fn kinds(written: &ChoiceDocument, at: &At, findings: &mut Findings) -> Vec<MailboxKind> {
    check_names_something("mailbox_kinds", at, findings);
    let mut kinds = written.mailbox_kinds.clone();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// An empty list looks like "nobody" but could only mean "not narrowed by this".
fn check_names_something(key: &str, at: &At, findings: &mut Findings) {
    let at = at.key(key);
    if findings.is_empty(&at) {
        let message = format!("`{key}` names nothing, so it would not narrow anything");
        findings.add(&at, message, "name at least one or remove the key");
    }
}
