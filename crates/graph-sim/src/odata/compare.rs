//! How Graph compares: text without case, null apart from everything, instants as instants.

use super::literal::instant;
use super::{EdmType, Literal, Op};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value on one side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Datum<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Instant(jiff::Timestamp),
    /// A collection or a complex value: equal to nothing.
    Other,
}

impl<'a> Datum<'a> {
    pub(super) fn of(value: Option<Cow<'a, Value>>) -> Datum<'a> {
        match value {
            None => Datum::Null,
            Some(Cow::Borrowed(value)) => Datum::of_borrowed(value),
            Some(Cow::Owned(Value::String(text))) => Datum::Text(Cow::Owned(text)),
            Some(Cow::Owned(value)) => Datum::of_borrowed(&value).owned(),
        }
    }

    fn of_borrowed(value: &'a Value) -> Datum<'a> {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(b) => Datum::Bool(*b),
            Value::Number(n) => n.as_f64().map_or(Datum::Other, Datum::Number),
            Value::String(text) => Datum::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Datum::Other,
        }
    }

    fn owned<'b>(self) -> Datum<'b> {
        match self {
            Datum::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
            Datum::Null => Datum::Null,
            Datum::Bool(b) => Datum::Bool(b),
            Datum::Number(n) => Datum::Number(n),
            Datum::Instant(at) => Datum::Instant(at),
            Datum::Other => Datum::Other,
        }
    }

    pub(super) fn of_literal(literal: &'a Literal) -> Datum<'a> {
        match literal {
            Literal::Null => Datum::Null,
            Literal::Bool(b) => Datum::Bool(*b),
            Literal::Number(n) => Datum::Number(*n),
            Literal::Text(text) | Literal::Guid(text) => Datum::Text(Cow::Borrowed(text)),
            Literal::Instant(at) => Datum::Instant(*at),
        }
    }

    /// What cannot be cast is null (OData 4.01, 5.1.1.10).
    pub(super) fn cast(self, edm: EdmType) -> Datum<'a> {
        match (edm, self) {
            (EdmType::Number, Datum::Text(text)) => number(&text),
            (EdmType::Boolean, Datum::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "true" => Datum::Bool(true),
                "false" => Datum::Bool(false),
                _ => Datum::Null,
            },
            (EdmType::Instant, Datum::Text(text)) => {
                instant(&text).map_or(Datum::Null, Datum::Instant)
            }
            (EdmType::Text, Datum::Bool(b)) => Datum::Text(Cow::Owned(b.to_string())),
            (EdmType::Text, Datum::Number(n)) => Datum::Text(Cow::Owned(n.to_string())),
            (_, other) => other,
        }
    }
}

fn number<'a>(text: &str) -> Datum<'a> {
    match text.trim().parse::<f64>() {
        Ok(n) if n.is_finite() => Datum::Number(n),
        _ => Datum::Null,
    }
}

pub(super) fn compare(left: &Datum<'_>, op: Op, right: &Datum<'_>) -> bool {
    if matches!(left, Datum::Other) || matches!(right, Datum::Other) {
        return op == Op::Ne;
    }
    match (op, order(left, right)) {
        (Op::Eq, order) => order == Some(Ordering::Equal),
        (Op::Ne, order) => order != Some(Ordering::Equal),
        // Null is neither before nor after anything (OData 4.01, 5.1.1.1).
        _ if matches!(left, Datum::Null) || matches!(right, Datum::Null) => false,
        (Op::Gt, order) => order == Some(Ordering::Greater),
        (Op::Ge, order) => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        (Op::Lt, order) => order == Some(Ordering::Less),
        (Op::Le, order) => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// The order of two values of a kind; null sorts first; values of different kinds have none.
pub(super) fn order(left: &Datum<'_>, right: &Datum<'_>) -> Option<Ordering> {
    match (left, right) {
        (Datum::Null, Datum::Null) => Some(Ordering::Equal),
        (Datum::Null, _) => Some(Ordering::Less),
        (_, Datum::Null) => Some(Ordering::Greater),
        (Datum::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
        (Datum::Number(a), Datum::Number(b)) => a.partial_cmp(b),
        (Datum::Instant(a), Datum::Instant(b)) => Some(a.cmp(b)),
        (Datum::Instant(a), Datum::Text(b)) => Some(a.cmp(&instant(b)?)),
        (Datum::Text(a), Datum::Instant(b)) => Some(instant(a)?.cmp(b)),
        (Datum::Text(a), Datum::Text(b)) => Some(text_order(a, b)),
        _ => None,
    }
}

fn text_order(a: &str, b: &str) -> Ordering {
    folded(a).cmp(folded(b))
}

/// Whether two texts are the same to Graph: without regard to case.
pub fn same_text(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && folded(a).eq(folded(b)))
}

pub(super) fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

/// The ids of extended properties: guid, type and number without case, what follows `Name ` with case
/// (graph.md 2.6).
pub(super) fn same_property_id(a: &str, b: &str) -> bool {
    const NAME: &str = "} name ";
    let (Some(a_at), Some(b_at)) = (named_at(a, NAME), named_at(b, NAME)) else {
        return same_text(a, b);
    };
    same_text(&a[..a_at], &b[..b_at]) && a[a_at..] == b[b_at..]
}

fn named_at(id: &str, mark: &str) -> Option<usize> {
    let at = id.to_ascii_lowercase().find(mark)?;
    Some(at + mark.len())
}
