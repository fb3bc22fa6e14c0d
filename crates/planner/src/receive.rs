//! Receiving: what one field of a copy should become, by its two switches.
//!
//! | source | member | `when_present` / `when_blank` | the copy becomes |
//! |---|---|---|---|
//! | as agreed | as the base | any | left: the base is the server's echo, so a loss is never fought |
//! | any | any | `never` | left, whatever it holds |
//! | value | any | `always` | the source's value; of sets: the source's elements and the user's own |
//! | value | blank | `if_blank` | the source's value |
//! | value | not blank | `if_blank` | left |
//! | value | any | `append` (notes) | our delimited part replaced, the rest left |
//! | blank | any | `keep` | left |
//! | blank | any | `clear` | blank; of sets and notes: only our elements are taken away |
//!
//! On a card that was adopted, `clear` only takes away what the source had brought. Where both sides never agreed, or
//! the memory of it is lost, a name that servers make up by themselves is left when the source has none.

use crate::compare::{Element, element_key, join, keys, same, same_order, split};
use crate::notes;
use crate::rules::Rules;
use model::field::Kind;
use model::link::Origin;
use model::mutant::{self, Mutant};
use model::plan::Reason;
use model::tunnel::{FieldRule, WhenBlank, WhenPresent};
use model::{Field, Item, Value};
use std::borrow::Cow;

/// Everything that decides one field.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    pub field: Field,
    pub rule: FieldRule,
    pub origin: Origin,
    /// The link has a base: both sides have agreed before.
    pub based: bool,
    /// What the content that was agreed on says.
    pub agreed: Option<&'a Value>,
    /// What the server showed when both sides agreed.
    pub base: Option<&'a Value>,
    /// What the catalog wants now.
    pub wish: Option<&'a Value>,
    /// What the member shows now; a field that this look does not carry is as its base.
    pub seen: Option<&'a Value>,
    /// We have overwritten the user too often.
    pub braked: bool,
    /// The rule may be another one since both sides agreed.
    pub anew: bool,
}

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn<'a> {
    /// The value to write (`None` inside: blank it), if any.
    pub write: Option<Option<Value>>,
    /// The base of this field afterwards, where nothing is written.
    pub base: Option<&'a Value>,
    /// Nothing is new at the source: this only puts our value back over a user's.
    pub tug: bool,
    pub note: Option<Reason>,
}

/// Decides one field.
pub fn turn<'a>(sides: &Sides<'a>) -> Turn<'a> {
    let field = sides.field;
    let moved = sides.based && !same(field, sides.seen, sides.base);
    let news = !sides.based
        || !same(field, sides.wish, sides.agreed)
        || !same_order(field, sides.wish, sides.agreed);
    if !moved && !news && !sides.anew {
        return leave(sides.base);
    }
    match target(sides) {
        Target::Left(note) => Turn {
            note,
            ..leave(sides.seen)
        },
        Target::Value { value, note } => {
            let reordered =
                || sides.based && news && !same_order(field, value.as_ref(), sides.seen);
            let equal = same(field, value.as_ref(), sides.seen) && !mutant::on(Mutant::H6);
            if equal && !reordered() {
                return Turn {
                    note,
                    ..leave(sides.seen)
                };
            }
            // Whoever decides anew and finds the same again and again tugs, too: at a server that says it otherwise.
            let tug = !news;
            if tug && sides.braked {
                return Turn {
                    note: Some(Reason::Tugging),
                    ..leave(sides.seen)
                };
            }
            Turn {
                base: None,
                write: Some(value),
                tug,
                note,
            }
        }
    }
}

fn leave(base: Option<&Value>) -> Turn<'_> {
    Turn {
        write: None,
        base,
        tug: false,
        note: None,
    }
}

enum Target {
    Left(Option<Reason>),
    Value {
        value: Option<Value>,
        note: Option<Reason>,
    },
}

fn value(value: Option<Value>) -> Target {
    Target::Value { value, note: None }
}

/// What the field should hold under the rule.
fn target(sides: &Sides) -> Target {
    use WhenPresent::{Always, Append, IfBlank, Never};
    let blank_there = sides.seen.is_none_or(Value::is_blank);
    match (sides.rule.when_present, sides.wish, sides.rule.when_blank) {
        (Never, _, _) | (_, None, WhenBlank::Keep) => Target::Left(None),
        (Append, wish, _) if sides.field.kind() == Kind::Notes => value(appended(sides, wish)),
        (Always, Some(wish), _) => always(sides, wish),
        (IfBlank | Append, Some(wish), _) if blank_there => value(Some(wish.clone())),
        (IfBlank | Append, Some(_), _) => Target::Left(Some(Reason::UserValueKept)),
        (_, None, WhenBlank::Clear) => cleared(sides),
    }
}

fn appended(sides: &Sides, wish: Option<&Value>) -> Option<Value> {
    let there = sides.seen.and_then(Value::as_text).unwrap_or("");
    let text = notes::merge(there, wish.and_then(Value::as_text));
    Some(Value::text(text)).filter(|v| !v.is_blank())
}

fn always(sides: &Sides, wish: &Value) -> Target {
    match sides.field.kind() {
        Kind::Set => value(united(sides, wish, usize::MAX).0),
        // Without a base nobody can tell a user's element from an old one of ours: the source wins.
        Kind::Slots { .. } | Kind::Mails { .. }
            if !sides.based && sides.origin == Origin::Created =>
        {
            value(Some(wish.clone()))
        }
        Kind::Slots { max } | Kind::Mails { max } => {
            let (value, cut) = united(sides, wish, max);
            Target::Value {
                value,
                note: cut.then_some(Reason::Overflow),
            }
        }
        _ => value(Some(wish.clone())),
    }
}

/// The source's elements in its order, then the user's own in theirs, as far as there are slots.
fn united(sides: &Sides, wish: &Value, max: usize) -> (Option<Value>, bool) {
    let own = users_own(sides);
    if own.is_empty() && is_tidy(wish, max) {
        return (Some(wish.clone()), false);
    }
    let mut all: Vec<Element> = split(Some(wish)).collect();
    for own in own {
        let key = element_key(sides.field, &own);
        if !all.iter().any(|e| element_key(sides.field, e) == key) {
            all.push(own);
        }
    }
    let cut = all.len() > max;
    all.truncate(max);
    (join(&all), cut)
}

/// A list that fits and has no blanks.
fn is_tidy(list: &Value, max: usize) -> bool {
    match list {
        Value::Texts(list) => {
            (1..=max).contains(&list.len()) && list.iter().all(|t| !t.trim().is_empty())
        }
        Value::Mails(list) => {
            (1..=max).contains(&list.len()) && list.iter().all(|m| !m.address.trim().is_empty())
        }
        _ => false,
    }
}

/// The elements that the member shows and that no agreed content had.
fn users_own<'a>(sides: &Sides<'a>) -> Vec<Element<'a>> {
    if sides.seen == sides.agreed {
        return Vec::new();
    }
    let ours: Vec<_> = keys(sides.field, sides.agreed).collect();
    split(sides.seen)
        .filter(|e| !ours.contains(&element_key(sides.field, e)))
        .collect()
}

/// The source is blank and the rule says `clear`.
fn cleared(sides: &Sides) -> Target {
    match sides.field.kind() {
        Kind::Set => value(join(&users_own(sides))),
        Kind::Slots { .. } | Kind::Mails { .. }
            if sides.based || sides.origin == Origin::Adopted =>
        {
            value(join(&users_own(sides)))
        }
        _ if sides.origin == Origin::Adopted && sides.agreed.is_none() => Target::Left(None),
        // Without a base nobody can tell a name that the server made up from one that the source withdrew.
        _ if !sides.based && sides.field.is_made_up() => value(sides.seen.cloned()),
        _ => value(None),
    }
}

/// What a fresh card carries: the content under the field rules, notes between our delimiters where the rule
/// says `append`. The body of a create is made of this.
pub fn card(content: &Item, rules: &Rules) -> Item {
    let mut card = Item::default();
    for field in content.0.keys() {
        if let Some(value) = fresh(*field, content, rules) {
            card.set(*field, value.into_owned());
        }
    }
    card
}

/// One field of a fresh card.
pub(crate) fn fresh<'a>(field: Field, content: &'a Item, rules: &Rules) -> Option<Cow<'a, Value>> {
    let value = content.get(field)?;
    let value = match (rules.of_field(field).when_present, field.kind()) {
        (WhenPresent::Never, _) => return None,
        (WhenPresent::Append, Kind::Notes) => {
            Cow::Owned(Value::text(notes::merge("", value.as_text())))
        }
        _ => Cow::Borrowed(value),
    };
    Some(value).filter(|value| !value.is_blank())
}
