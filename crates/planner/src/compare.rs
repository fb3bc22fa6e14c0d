//! Comparing: when do two values mean the same, whatever the server or a phone did to their form.

use model::field::Kind;
use model::value::{Mail, Value};
use model::{Field, Item};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Do both say the same? Blank equals absent; sets and slots compare without order.
pub fn same(field: Field, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) if std::ptr::eq(a, b) => return true,
        // Without its edges a blank text is empty: nothing else need be asked of it.
        (Some(Value::Text(a)), Some(Value::Text(b))) if field.kind() != Kind::Notes => {
            return a.trim() == b.trim();
        }
        _ if a == b => return true,
        _ => {}
    }
    match (a.filter(|v| !v.is_blank()), b.filter(|v| !v.is_blank())) {
        (None, None) => true,
        (Some(a), Some(b)) => same_values(field, a, b),
        _ => false,
    }
}

fn same_values(field: Field, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) if field.kind() == Kind::Notes => lines(a).eq(lines(b)),
        (Value::Text(a), Value::Text(b)) | (Value::Date(a), Value::Date(b)) => a.trim() == b.trim(),
        (Value::Address(a), Value::Address(b)) => parts(a)
            .iter()
            .zip(parts(b))
            .all(|(a, b)| a.trim() == b.trim()),
        (Value::Mails(a), Value::Mails(b)) => match (&a[..], &b[..]) {
            ([a], [b]) => name(a) == name(b),
            _ => named(a) == named(b),
        },
        (Value::Texts(x), Value::Texts(y)) if x.len() == 1 && y.len() == 1 => {
            keys(field, Some(a)).eq(keys(field, Some(b)))
        }
        (Value::Texts(_), Value::Texts(_)) => elements(field, a) == elements(field, b),
        _ => false,
    }
}

/// Do two lists name the same elements in the same order? Slots have a first one.
pub fn same_order(field: Field, a: Option<&Value>, b: Option<&Value>) -> bool {
    if a == b {
        return true;
    }
    keys(field, a).eq(keys(field, b))
}

/// The key of each element of a list value, blanks left out.
fn keys(field: Field, value: Option<&Value>) -> impl Iterator<Item = Cow<'_, str>> {
    let (texts, mails): (&[String], &[Mail]) = match value {
        Some(Value::Texts(list)) => (list, &[]),
        Some(Value::Mails(list)) => (&[], list),
        _ => (&[], &[]),
    };
    let texts = texts.iter().map(move |t| text_key(field, t));
    let mails = mails.iter().map(|m| lowercase(m.address.trim()));
    texts.chain(mails).filter(|key| !key.is_empty())
}

fn text_key(field: Field, text: &str) -> Cow<'_, str> {
    match field.kind() {
        Kind::Set => lowercase(text.trim()),
        _ => text.trim().into(),
    }
}

/// Most addresses have no capitals, and are compared as they stand.
fn lowercase(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii() && !b.is_ascii_uppercase();
    match text.bytes().all(plain) {
        true => text.into(),
        false => text.to_lowercase().into(),
    }
}

/// The elements of a list value as single-element values, blanks left out.
pub fn split(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::Texts(list)) => list
            .iter()
            .filter(|t| !t.trim().is_empty())
            .map(|t| Value::Texts(vec![t.clone()]))
            .collect(),
        Some(Value::Mails(list)) => list
            .iter()
            .filter(|m| !m.address.trim().is_empty())
            .map(|m| Value::Mails(vec![m.clone()]))
            .collect(),
        _ => Vec::new(),
    }
}

/// Joins single-element values again; `None` when there are none.
pub fn join(elements: Vec<Value>) -> Option<Value> {
    let (mut texts, mut mails) = (Vec::new(), Vec::new());
    for element in elements {
        match element {
            Value::Texts(list) => texts.extend(list),
            Value::Mails(list) => mails.extend(list),
            _ => {}
        }
    }
    match (texts.is_empty(), mails.is_empty()) {
        (false, _) => Some(Value::Texts(texts)),
        (_, false) => Some(Value::Mails(mails)),
        _ => None,
    }
}

/// What makes an element the same element: an address or a category without case, a number as it stands.
pub fn element_key(field: Field, element: &Value) -> String {
    match element {
        Value::Texts(list) => {
            let text = list.first().map_or("", |t| t.trim());
            text_key(field, text).into_owned()
        }
        Value::Mails(list) => {
            let address = list.first().map_or("", |m| m.address.trim());
            lowercase(address).into_owned()
        }
        _ => String::new(),
    }
}

fn elements(field: Field, value: &Value) -> BTreeSet<Cow<'_, str>> {
    keys(field, Some(value)).collect()
}

fn named(mails: &[Mail]) -> BTreeSet<(Cow<'_, str>, &str)> {
    let given = mails.iter().filter(|m| !m.address.trim().is_empty());
    given.map(name).collect()
}

/// What names a mail: its address without case, and a name of its own.
fn name(mail: &Mail) -> (Cow<'_, str>, &str) {
    (lowercase(mail.address.trim()), own_name(mail))
}

/// Exchange shows an address without a name under itself: a name that only repeats the address is none.
fn own_name(mail: &Mail) -> &str {
    let (address, name) = (mail.address.trim(), mail.name.trim());
    if name.eq_ignore_ascii_case(address) {
        ""
    } else {
        name
    }
}

fn parts(a: &model::Address) -> [&String; 5] {
    [&a.street, &a.city, &a.state, &a.postal_code, &a.country]
}

/// Lines without the ends that servers rewrite.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end().lines().map(str::trim_end)
}

/// A person's name as adoption and pairing compare it: given name and surname, else the display name.
pub fn name_key(item: &Item) -> String {
    let (given, surname) = (item.text(Field::GivenName), item.text(Field::Surname));
    let name = if given.trim().is_empty() || surname.trim().is_empty() {
        item.text(Field::DisplayName).to_owned()
    } else {
        format!("{given} {surname}")
    };
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Value {
        Value::Texts(list.iter().map(|t| (*t).to_owned()).collect())
    }

    #[test]
    fn order_of_slots_and_case_of_categories_mean_nothing() {
        let (a, b) = (texts(&["1", "2"]), texts(&["2", " 1"]));
        assert!(same(Field::BusinessPhones, Some(&a), Some(&b)));
        assert!(!same_order(Field::BusinessPhones, Some(&a), Some(&b)));
        assert!(same(
            Field::Categories,
            Some(&texts(&["Work"])),
            Some(&texts(&["work"]))
        ));
    }

    #[test]
    fn blank_is_absent_and_a_name_is_a_difference() {
        assert!(same(Field::Title, Some(&Value::text(" ")), None));
        let mail = |name: &str| {
            Value::Mails(vec![Mail {
                address: "A@x.y".into(),
                name: name.into(),
            }])
        };
        assert!(!same(Field::Emails, Some(&mail("A")), Some(&mail("B"))));
    }

    #[test]
    fn a_name_that_repeats_its_address_is_none() {
        let mail = |name: &str| {
            Value::Mails(vec![Mail {
                address: "A@x.y".into(),
                name: name.into(),
            }])
        };
        assert!(same(Field::Emails, Some(&mail("")), Some(&mail("a@x.y"))));
        assert!(!same(Field::Emails, Some(&mail("")), Some(&mail("a@x"))));
    }

    #[test]
    fn line_ends_of_notes_mean_nothing() {
        let (a, b) = (Value::text("a \r\nb\r\n"), Value::text("a\nb"));
        assert!(same(Field::Notes, Some(&a), Some(&b)));
    }
}
