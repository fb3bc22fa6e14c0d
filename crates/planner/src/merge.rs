//! Merging: what several sources say of one person becomes one item, field by field, by rank.

use crate::compare::{Element, element_key, join, split};
use model::catalog::Contribution;
use model::field::Kind;
use model::{Field, Fields, Item, Value};

/// One person as one view sees them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    pub item: Item,
    /// Hash of the photo of the highest-ranked source that has one.
    pub photo: Option<String>,
    /// Fields in which the sources together had more values than there are slots.
    pub overflow: Vec<Field>,
}

/// Merges contributions given in order of rank, the highest first. Of single values the first wins; sets,
/// addresses and numbers are united in order of rank, as far as there are slots.
pub fn merge(ranked: &[&Contribution]) -> Merged {
    let photo = ranked.iter().find_map(|c| c.photo.clone());
    match ranked {
        [] => Merged::default(),
        [one] => Merged {
            item: one.content.clone(),
            photo,
            overflow: Vec::new(),
        },
        many => {
            let (item, overflow) = united(many);
            Merged {
                item,
                photo,
                overflow,
            }
        }
    }
}

fn united(ranked: &[&Contribution]) -> (Item, Vec<Field>) {
    let most = ranked.iter().map(|c| c.content.0.len()).max();
    let mut item = Item(Fields::with_capacity(most.unwrap_or(0)));
    let mut overflow = Vec::new();
    let mut sources: Vec<_> = ranked.iter().map(|c| c.content.0.walk()).collect();
    for field in Field::ALL.iter().copied() {
        let mut values = sources.iter_mut().filter_map(|s| s.at(field));
        let value = match field.kind() {
            Kind::Set => elements(field, values, usize::MAX, &mut overflow),
            Kind::Slots { max } | Kind::Mails { max } => {
                elements(field, values, max, &mut overflow)
            }
            _ => values.next().cloned(),
        };
        if let Some(value) = value {
            item.0.append(field, value);
        }
    }
    (item, overflow)
}

fn elements<'a>(
    field: Field,
    values: impl Iterator<Item = &'a Value>,
    max: usize,
    overflow: &mut Vec<Field>,
) -> Option<Value> {
    let mut all: Vec<Element> = Vec::new();
    for element in values.flat_map(|v| split(Some(v))) {
        let key = element_key(field, &element);
        if !all.iter().any(|e| element_key(field, e) == key) {
            all.push(element);
        }
    }
    if all.len() > max {
        overflow.push(field);
        all.truncate(max);
    }
    join(&all)
}
