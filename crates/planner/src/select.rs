//! Selection: does a person belong? In, out by a fact, or not known.

use model::person::{Facts, Person};
use model::tunnel::Choice;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    In,
    /// With the fact in one phrase: `account disabled`, `not in group All staff`.
    Out(String),
    /// With what is missing.
    Unknown(String),
}

/// A selection that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    #[error("the list {0} does not exist")]
    NoSuchList(String),
    #[error("the list {0} contains itself")]
    Cycle(String),
    #[error("the expression `{text}` cannot be read: {reason}")]
    Expression { text: String, reason: String },
}

/// A choice, compiled once.
pub struct Selector {}

impl Selector {
    pub fn compile(choice: &Choice, lists: &BTreeMap<String, Choice>) -> Result<Self, SelectError> {
        todo!()
    }

    pub fn judge(&self, person: &Person, facts: &Facts) -> Selected {
        todo!()
    }

    /// Every group that this choice names, in lists and expressions too: `Facts::groups` must know them.
    pub fn groups(&self) -> BTreeSet<String> {
        todo!()
    }
}
