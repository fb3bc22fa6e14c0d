//! The properties that an object has set: a sorted list, since objects are built by the thousand and hold few.

use serde_json::Value;
use std::borrow::Cow;

/// Names are unique and sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row(Vec<(Cow<'static, str>, Value)>);

impl Row {
    /// An empty row with room for a person.
    pub(super) fn new() -> Row {
        Row(Vec::with_capacity(28))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.at(name).ok().map(|at| &self.0[at].1)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.at(name).ok().map(|at| &mut self.0[at].1)
    }

    pub(super) fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        let name = name.into();
        match self.at(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Ok(at) = self.at(name) {
            self.0.remove(at);
        }
    }

    /// Sets a text, unless there is none.
    pub(super) fn put(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.insert(name, Value::from(text));
        }
    }

    /// Sets a list, unless it is empty.
    pub(super) fn put_list(&mut self, name: &'static str, list: Vec<Value>) {
        if !list.is_empty() {
            self.insert(name, Value::Array(list));
        }
    }

    fn at(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| (**own).cmp(name))
    }
}
