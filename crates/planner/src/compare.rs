//! Comparing: when do two values mean the same, whatever the server or a phone did to their form.

use model::field::Kind;
use model::value::{Mail, Value};
use model::{Field, Item};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Do both say the same? Blank equals absent; sets and slots compare without order.
pub fn same(field: Field, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) if is_one(a, b) => return true,
        // Without its edges a blank text is empty: nothing else need be asked of it.
        (Some(Value::Text(a)), Some(Value::Text(b))) if field.kind() != Kind::Notes => {
            return trim(a) == trim(b);
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

/// Is it the very same value, or do both share what they hold? A value that we write is its source's as a rule.
fn is_one(a: &Value, b: &Value) -> bool {
    match (a, b) {
        _ if std::ptr::eq(a, b) => true,
        (Value::Text(a), Value::Text(b)) | (Value::Date(a), Value::Date(b)) => Arc::ptr_eq(a, b),
        (Value::Texts(a), Value::Texts(b)) => Arc::ptr_eq(a, b),
        (Value::Mails(a), Value::Mails(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// Most texts have nothing at their edges: two bytes tell.
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
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
    let is_list = |v: Option<&Value>| matches!(v, Some(Value::Texts(_) | Value::Mails(_)));
    if !is_list(a) && !is_list(b) || a == b {
        return true;
    }
    keys(field, a).eq(keys(field, b))
}

/// The key of each element of a list value, blanks left out.
pub fn keys(field: Field, value: Option<&Value>) -> impl Iterator<Item = Cow<'_, str>> {
    split(value).map(move |element| element_key(field, &element))
}

fn text_key(field: Field, text: &str) -> Cow<'_, str> {
    match field.kind() {
        Kind::Set => lowercase(trim(text)),
        _ => trim(text).into(),
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

/// One element of a list value.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    Text(&'a str),
    Mail(&'a Mail),
}

/// The elements of a list value, blanks left out.
pub fn split<'a>(value: Option<&'a Value>) -> impl Iterator<Item = Element<'a>> {
    let (texts, mails): (&[String], &[Mail]) = match value {
        Some(Value::Texts(list)) => (list, &[]),
        Some(Value::Mails(list)) => (&[], list),
        _ => (&[], &[]),
    };
    let texts = texts.iter().filter(|t| !trim(t).is_empty());
    let mails = mails.iter().filter(|m| !trim(&m.address).is_empty());
    let texts = texts.map(|t| Element::Text(t));
    texts.chain(mails.map(Element::Mail))
}

/// Joins elements to a list value again; `None` when there are none.
pub fn join(elements: &[Element]) -> Option<Value> {
    let texts = elements.iter().filter_map(|e| match e {
        Element::Text(text) => Some((*text).to_owned()),
        Element::Mail(_) => None,
    });
    let mails = elements.iter().filter_map(|e| match e {
        Element::Mail(mail) => Some((*mail).clone()),
        Element::Text(_) => None,
    });
    match elements.first()? {
        Element::Text(_) => Some(Value::Texts(texts.collect())),
        Element::Mail(_) => Some(Value::Mails(mails.collect())),
    }
}

/// What makes an element the same element: an address or a category without case, a number as it stands.
pub fn element_key<'a>(field: Field, element: &Element<'a>) -> Cow<'a, str> {
    match element {
        Element::Text(text) => text_key(field, text),
        Element::Mail(mail) => lowercase(trim(&mail.address)),
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
    (lowercase(trim(&mail.address)), own_name(mail))
}

/// Exchange shows an address without a name under itself: a name that only repeats the address is none.
fn own_name(mail: &Mail) -> &str {
    let (address, name) = (trim(&mail.address), trim(&mail.name));
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
            Value::Mails(
                [Mail {
                    address: "A@x.y".into(),
                    name: name.into(),
                }]
                .into(),
            )
        };
        assert!(!same(Field::Emails, Some(&mail("A")), Some(&mail("B"))));
    }

    #[test]
    fn a_name_that_repeats_its_address_is_none() {
        let mail = |name: &str| {
            Value::Mails(
                [Mail {
                    address: "A@x.y".into(),
                    name: name.into(),
                }]
                .into(),
            )
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
