//! Holds a tree against the published schema and says everything that does not fit.
//!
//! What fits is returned, what does not is left out: so the checks that follow can go on and find more.

use crate::nearest::hint;
use crate::problem::{At, Findings};
use crate::yaml::{Tree, Value};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Words that people may expect already, and what to say to them.
const LATER: [(&str, &str, &str); 8] = [
    (
        "members",
        "",
        "the kernel form `members:` (place, publishes, receives) is not built yet: write `sources`, `targets` and `direction: one-way`",
    ),
    (
        "direction",
        "two-way",
        "only `one-way` is built so far: a contact tunnel copies from its sources to its targets",
    ),
    (
        "direction",
        "multi-way",
        "only `one-way` is built so far: a contact tunnel copies from its sources to its targets",
    ),
    ("content", "calendar", "only `contacts` is built so far"),
    ("content", "calendars", "only `contacts` is built so far"),
    ("content", "events", "only `contacts` is built so far"),
    (
        "photo",
        "",
        "photos are switched with `options: { photos: … }`",
    ),
    (
        "photos",
        "",
        "photos are switched with `options: { photos: … }`",
    ),
];

/// Checks the tree of one file; `at` is its root.
pub(crate) fn check(tree: &Tree, schema: &Json, at: &At, findings: &mut Findings) -> Option<Json> {
    let mut check = Check { schema, findings };
    check.value(tree, schema, at)
}

struct Check<'a> {
    schema: &'a Json,
    findings: &'a mut Findings,
}

impl<'a> Check<'a> {
    /// The part of the value that fits, or `None` when nothing of it does.
    fn value(&mut self, tree: &Tree, rule: &'a Json, at: &At) -> Option<Json> {
        let rule = self.branch(self.resolve(rule), &tree.value);
        match (type_of(rule), &tree.value) {
            ("object", Value::Map(pairs)) => Some(self.map(tree, pairs, rule, at)),
            ("array", Value::List(items)) => Some(self.list(items, rule, at)),
            ("string", Value::Text(text)) => self.text(text, tree, rule, at),
            ("boolean", Value::Bool(flag)) => Some(Json::Bool(*flag)),
            ("integer", Value::Number(number)) => self.number(number, tree, rule, at),
            _ => {
                self.wrong_type(tree, rule, at);
                None
            }
        }
    }

    fn map(
        &mut self,
        tree: &Tree,
        pairs: &[(crate::yaml::Key, Tree)],
        rule: &'a Json,
        at: &At,
    ) -> Json {
        let mut fitting = Map::new();
        let mut seen = BTreeMap::new();
        for (key, value) in pairs {
            let parent = at;
            let at = at.key(&key.text);
            if let Some(line) = seen.insert(key.text.as_str(), key.position.0) {
                let message = format!("`{}` is written twice, first in line {line}", key.text);
                self.findings
                    .add_at(&at, key.position, message, "keep one of them");
                continue;
            }
            let Some(value_rule) = key_rule(rule, &key.text) else {
                self.unknown_key(key, rule, parent);
                continue;
            };
            if let Some(value) = self.value(value, value_rule, &at) {
                fitting.insert(key.text.clone(), value);
            }
        }
        self.missing_keys(tree, rule, at);
        Json::Object(fitting)
    }

    fn list(&mut self, items: &[Tree], rule: &'a Json, at: &At) -> Json {
        let rule = &rule["items"];
        // A blank item stands in for one that does not fit, so that those behind it keep their number.
        let blank = match self.resolve(rule) {
            rule if type_of(rule) == "object" => Some(Json::Object(Map::new())),
            rule if rule["enum"].is_null() => Some(Json::from("")),
            _ => None,
        };
        let items = items.iter().enumerate();
        let fitting =
            items.filter_map(|(n, item)| self.value(item, rule, &at.index(n)).or(blank.clone()));
        Json::Array(fitting.collect())
    }

    fn text(&mut self, text: &str, tree: &Tree, rule: &Json, at: &At) -> Option<Json> {
        let Some(words) = rule["enum"].as_array() else {
            return Some(Json::from(text));
        };
        let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
        if words.contains(&text) {
            return Some(Json::from(text));
        }
        let key = at.path.last_key().unwrap_or_default();
        let message = format!("`{key}` cannot be `{text}`");
        let hint = later(key, text).map_or_else(|| hint(text, words), str::to_owned);
        self.findings.add_at(at, tree.position, message, hint);
        self.findings.mark_unclear(at);
        None
    }

    fn number(
        &mut self,
        number: &serde_json::Number,
        tree: &Tree,
        rule: &Json,
        at: &At,
    ) -> Option<Json> {
        let least = rule["minimum"].as_u64().unwrap_or(0);
        let most = rule["maximum"].as_u64().unwrap_or(u64::from(u32::MAX));
        if number.as_u64().is_some_and(|n| (least..=most).contains(&n)) {
            return Some(Json::Number(number.clone()));
        }
        let key = at.path.last_key().unwrap_or_default();
        let message = format!("`{key}` cannot be {number}");
        let hint = format!("write a whole number from {least} to {most}");
        self.findings.add_at(at, tree.position, message, hint);
        None
    }

    fn unknown_key(&mut self, key: &crate::yaml::Key, rule: &Json, parent: &At) {
        let message = match parent.path.last_key() {
            Some("fields") => format!("there is no field `{}`", key.text),
            _ => format!("unknown key `{}`", key.text),
        };
        let known = rule["properties"].as_object().into_iter().flatten();
        let hint = match later(&key.text, "") {
            Some(sentence) => sentence.to_owned(),
            None => hint(&key.text, known.map(|(name, _)| name.as_str())),
        };
        self.findings
            .add_at(&parent.key(&key.text), key.position, message, hint);
        self.findings.mark_unclear(parent);
    }

    fn missing_keys(&mut self, tree: &Tree, rule: &Json, at: &At) {
        for key in rule["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
        {
            if tree.get(key).is_none() {
                let message = format!("{} has no `{key}`", called(tree, at));
                let about = self.resolve(&rule["properties"][key]);
                let says = rule["properties"][key]["description"]
                    .as_str()
                    .or(about["description"].as_str());
                let hint = says.map(|says| format!("{key}: {}", first_sentence(says)));
                self.findings
                    .add_at(at, tree.position, message, hint.unwrap_or_default());
            }
        }
    }

    fn wrong_type(&mut self, tree: &Tree, rule: &Json, at: &At) {
        let subject = match at.path.last_key() {
            Some(key) if at.path.is_entry() => format!("an entry of `{key}`"),
            Some(key) => format!("`{key}`"),
            None => "the document".to_owned(),
        };
        let wanted = match type_of(rule) {
            "object" => "a map of keys",
            "array" => "a list",
            "string" => "text",
            "boolean" => "true or false",
            _ => "a whole number",
        };
        let (found, hint) = match (&tree.value, type_of(rule)) {
            (Value::Null, _) => (
                "empty".to_owned(),
                "write a value or remove the key".to_owned(),
            ),
            (Value::Number(number), "string") => (
                format!("the number {number}"),
                format!("put it in quotes: \"{number}\""),
            ),
            (Value::Bool(flag), "string") => {
                (format!("{flag}"), format!("put it in quotes: \"{flag}\""))
            }
            (Value::Text(text), "array") => (
                format!("the text `{}`", short(text)),
                format!("write [\"{}\"]", short(text)),
            ),
            (Value::Bool(_), _) => ("true or false".to_owned(), String::new()),
            (Value::Number(number), _) => (format!("the number {number}"), String::new()),
            (Value::Text(text), _) => (format!("the text `{}`", short(text)), String::new()),
            (Value::List(_), _) => ("a list".to_owned(), String::new()),
            (Value::Map(_), _) => ("a map of keys".to_owned(), String::new()),
        };
        let message = format!("{subject} must be {wanted}, but is {found}");
        self.findings.add_at(at, tree.position, message, hint);
        self.findings.mark_unclear(at);
    }

    /// Follows `$ref` into the definitions.
    fn resolve(&self, rule: &'a Json) -> &'a Json {
        match rule["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix("#/$defs/"))
        {
            Some(name) => &self.schema["$defs"][name],
            None => rule,
        }
    }

    /// Of several allowed forms, the one that the value looks like; else the last.
    fn branch(&self, rule: &'a Json, value: &Value) -> &'a Json {
        let Some(forms) = rule["anyOf"].as_array() else {
            return rule;
        };
        let looks = match value {
            Value::List(_) => "array",
            _ => "object",
        };
        let mut forms = forms.iter().map(|form| self.resolve(form));
        forms.find(|form| type_of(form) == looks).unwrap_or(rule)
    }
}

fn type_of(rule: &Json) -> &str {
    rule["type"].as_str().unwrap_or_default()
}

/// The rule for the value of one key; `None` when there is no such key.
fn key_rule<'a>(rule: &'a Json, key: &str) -> Option<&'a Json> {
    rule["properties"].get(key).or_else(|| {
        rule.get("additionalProperties")
            .filter(|other| other.is_object())
    })
}

fn later(key: &str, value: &str) -> Option<&'static str> {
    let found = LATER.iter().find(|(k, v, _)| (*k, *v) == (key, value));
    found.map(|(_, _, sentence)| *sentence)
}

/// What people call the thing: a tunnel by its id, else its path.
fn called(tree: &Tree, at: &At) -> String {
    let path = at.path.to_string();
    match tree.get("id").map(|id| &id.value) {
        Some(Value::Text(id)) => format!("tunnel `{}`", short(id)),
        _ if path.is_empty() => "the document".to_owned(),
        _ => format!("`{path}`"),
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or(text.trim_end_matches('.'), |(first, _)| first)
}

fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
