//! YAML text as a tree in which every key and value knows its line and column; bounded against bombs.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, Options};
use std::fmt;

/// A policy file longer than this (in bytes) is refused before it is parsed.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;

/// Line and column, both counted from 1.
pub(crate) type Position = (u64, u64);

/// A value with its position.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub position: Position,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Tree>),
    /// Pairs in the order of the document, doubles included.
    Map(Vec<(Key, Tree)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub position: Position,
    pub text: String,
}

/// The way to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

/// Why a text is no YAML, or none that we take.
pub(crate) struct Unreadable {
    pub position: Position,
    pub message: String,
}

/// Parses one YAML document. An empty document is an empty map.
pub(crate) fn parse(text: &str) -> Result<Tree, Unreadable> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Unreadable {
            position: (0, 0),
            message: format!(
                "the file has {} bytes; a policy file may have {FILE_BYTES_MAX} at most",
                text.len()
            ),
        });
    }
    let tree: Tree = serde_saphyr::from_str_with_options(text, bounded()).map_err(unreadable)?;
    Ok(match tree.value {
        Value::Null => Tree {
            position: (1, 1),
            value: Value::Map(Vec::new()),
        },
        _ => tree,
    })
}

/// Far above what any policy needs, far below what would hurt.
fn bounded() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 100_000,
            max_events: 400_000,
            max_anchors: 1_000,
            max_aliases: 1_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
            max_replay_stack_depth: 8,
        },
        // Doubles are reported by `shape`, with both positions known.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // `NO` is Norway.
        strict_booleans: true,
        with_snippet: false,
    }
}

fn unreadable(error: serde_saphyr::Error) -> Unreadable {
    let error = error.without_snippet();
    let position = error
        .location()
        .map_or((0, 0), |place| (place.line(), place.column()));
    let message = over_bounds(error).unwrap_or_else(|| {
        // The library ends its sentences with the position, which we show in front.
        let text = error.to_string();
        let sentence = text.split(" at line ").next().unwrap_or(&text);
        format!(
            "this is no YAML: {}",
            sentence.lines().next().unwrap_or_default()
        )
    });
    Unreadable { position, message }
}

fn over_bounds(error: &serde_saphyr::Error) -> Option<String> {
    use serde_saphyr::Error::*;
    let sentence = match error {
        Budget {
            breach: BudgetBreach::Documents { .. },
            ..
        }
        | MultipleDocuments { .. } => "a second document begins here; a policy file holds one",
        Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => "values are nested deeper than 32 levels",
        Budget { .. } => "there are more values or aliases than any policy needs",
        AliasReplayCounterOverflow { .. }
        | AliasReplayLimitExceeded { .. }
        | AliasExpansionLimitExceeded { .. }
        | AliasReplayStackDepthExceeded { .. } => {
            "aliases multiply the file beyond what any policy needs"
        }
        AliasError { error, .. } => return over_bounds(error),
        _ => return None,
    };
    Some(sentence.to_owned())
}

impl Tree {
    pub fn find(&self, path: &Path) -> Option<&Tree> {
        path.0.iter().try_fold(self, |tree, step| tree.child(step))
    }

    /// The position of the value at `path`, or of the nearest thing around it.
    pub fn position(&self, path: &Path) -> Position {
        let mut tree = self;
        for step in &path.0 {
            match tree.child(step) {
                Some(child) => tree = child,
                None => break,
            }
        }
        tree.position
    }

    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.value {
            Value::Map(pairs) => pairs.iter().find(|(k, _)| k.text == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn child(&self, step: &Segment) -> Option<&Tree> {
        match (step, &self.value) {
            (Segment::Key(key), _) => self.get(key),
            (Segment::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        }
    }
}

impl Path {
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The last key on the way, which is how people call the value.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
    }

    /// Does it end at an entry of a list?
    pub fn is_entry(&self) -> bool {
        matches!(self.0.last(), Some(Segment::Index(_)))
    }

    fn with(&self, step: Segment) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Segment::Key(key) if n == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self {
            position: (spanned.referenced.line(), spanned.referenced.column()),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            position: (spanned.referenced.line(), spanned.referenced.column()),
            text: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        let finite = serde_json::Number::from_f64(number);
        Ok(finite.map_or_else(|| Value::Text(number.to_string()), Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Map(pairs))
    }
}
