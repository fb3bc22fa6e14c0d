//! displayName and fileAs: what Exchange derives from the parts of a name (graph.md 2.2, Q15).

use crate::{quirk::Quirks, shelf::Content};
use serde_json::Value;

const PARTS: [&str; 5] = ["title", "givenName", "middleName", "surname", "generation"];

/// Completes a new contact.
pub fn complete(content: &mut Content, quirks: &Quirks) {
    if text(content, "displayName").is_empty() {
        set(content, "displayName", display_name(content));
    }
    if quirks.file_as_derived && text(content, "fileAs").is_empty() {
        set(content, "fileAs", file_as(content));
    }
}

/// What a PATCH changes beyond its body: `old` is the contact before, `changes` gains the derived names.
pub fn regenerate(old: &Content, changes: &mut Content, quirks: &Quirks) {
    let names_change = PARTS
        .iter()
        .any(|p| changes.get(*p).is_some_and(|v| differs(old, p, v)));
    if !names_change && !changes.contains_key("displayName") {
        return;
    }
    let mut new = old.clone();
    super::property::apply(&mut new, changes.clone());
    if names_change && quirks.display_name_regenerated && !changes.contains_key("displayName") {
        let name = display_name(&new);
        set(&mut new, "displayName", name.clone());
        changes.insert("displayName".to_owned(), Value::from(name));
    }
    let derived = text(old, "fileAs") == file_as(old);
    if derived && quirks.file_as_derived && !changes.contains_key("fileAs") {
        changes.insert("fileAs".to_owned(), Value::from(file_as(&new)));
    }
}

fn differs(old: &Content, name: &str, new: &Value) -> bool {
    old.get(name).unwrap_or(&Value::Null) != new
}

fn display_name(content: &Content) -> String {
    let parts = ["givenName", "middleName", "surname", "generation"];
    let parts: Vec<&str> = parts
        .iter()
        .map(|p| text(content, p))
        .filter(|t| !t.is_empty())
        .collect();
    match parts.is_empty() {
        true => text(content, "companyName").to_owned(),
        false => parts.join(" "),
    }
}

fn file_as(content: &Content) -> String {
    let (given, middle, surname) = (
        text(content, "givenName"),
        text(content, "middleName"),
        text(content, "surname"),
    );
    let rest: Vec<&str> = [given, middle]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect();
    match (surname.is_empty(), rest.is_empty()) {
        (false, false) => format!("{surname}, {}", rest.join(" ")),
        (false, true) => surname.to_owned(),
        _ => text(content, "displayName").to_owned(),
    }
}

fn text<'a>(content: &'a Content, name: &str) -> &'a str {
    content.get(name).and_then(Value::as_str).unwrap_or("")
}

fn set(content: &mut Content, name: &str, value: String) {
    if !value.is_empty() {
        content.insert(name.to_owned(), Value::from(value));
    }
}
