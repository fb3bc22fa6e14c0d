//! What one field may show, by its rule, the sources and what users wrote.

use super::merge::Want;
use super::value::{Shape, covers, elements, same, shape, squash, text_same};
use super::world::{Blank, Present};

/// One field of a card, with all that bears on it.
pub struct Field<'a> {
    pub name: &'a str,
    pub want: &'a Want,
    /// What users wrote here, the original of an adopted card first.
    pub written: &'a [String],
    pub adopted: bool,
    /// It may have been adopted before, and that is not remembered.
    pub forgot: bool,
    pub marks: &'a (String, String),
}

impl Field<'_> {
    /// Is this what the field may show?
    pub fn accepts(&self, got: &str) -> bool {
        let plainly = self.want.now.len() == 1
            && self.want.now[0] == got
            && self.want.rule.present == Present::Always;
        if self.want.any || self.unnoticed(got) || (plainly && self.written.is_empty()) {
            return true;
        }
        if self.name == "notes" && self.want.rule.present == Present::Append {
            return self.notes(got);
        }
        let merged = self.want.rule.present == Present::Always
            && matches!(shape(self.name), Shape::Words(_) | Shape::Phones(_));
        self.values().iter().any(|v| self.equal(v, got, merged))
    }

    /// Extended properties are in no delta, and endless tugging has a brake: then the user's value may stand.
    fn unnoticed(&self, got: &str) -> bool {
        let unseen = ["business_fax", "other_phone", "pager"].contains(&self.name)
            || self.written.len() >= 3;
        unseen
            && self
                .written
                .last()
                .is_some_and(|w| same(self.name, w, got, ""))
    }

    fn equal(&self, want: &str, got: &str, merged: bool) -> bool {
        let own = self.own_elements();
        match (squash(want).is_empty(), squash(got).is_empty()) {
            (true, true) => true,
            (true, false) => merged && covers(self.name, "", got, &own, self.want.code),
            (false, true) => false,
            (false, false) => {
                let extra = if merged {
                    [own, self.want.extra.clone()].concat()
                } else {
                    Vec::new()
                };
                covers(self.name, want, got, &extra, self.want.code)
            }
        }
    }

    /// What users added to a list, less what came from the source and is no longer said there.
    fn own_elements(&self) -> Vec<String> {
        let now = self.want.now.iter();
        let old: Vec<String> = self
            .want
            .past
            .iter()
            .flat_map(|v| elements(self.name, v))
            .collect();
        let current: Vec<String> = now.flat_map(|v| elements(self.name, v)).collect();
        let is_in =
            |list: &[String], one: &String| list.iter().any(|x| same(self.name, x, one, ""));
        let added = self.written.iter().flat_map(|v| elements(self.name, v));
        added
            .filter(|one| self.adopted || !is_in(&old, one) || is_in(&current, one))
            .collect()
    }

    /// Every value that the rule allows.
    fn values(&self) -> Vec<String> {
        let Want {
            rule,
            now,
            past,
            loose,
            ..
        } = self.want;
        let last = self.written.last().cloned().unwrap_or_default();
        let present: Vec<String> = now
            .iter()
            .filter(|v| !squash(v).is_empty())
            .cloned()
            .collect();
        let mut all = match rule.present {
            Present::Never => vec![last.clone()],
            Present::IfBlank if present.is_empty() => Vec::new(),
            Present::IfBlank if squash(&last).is_empty() => {
                [present.clone(), past.clone()].concat()
            }
            Present::IfBlank => vec![last.clone()],
            Present::Always | Present::Append => present.clone(),
        };
        if present.len() < now.len() && rule.present != Present::Never {
            all.extend(self.when_blank(&last));
        }
        if *loose {
            all.extend(
                [
                    past.clone(),
                    now.clone(),
                    self.written.to_vec(),
                    vec![String::new()],
                ]
                .concat(),
            );
        }
        all
    }

    fn when_blank(&self, last: &str) -> Vec<String> {
        let Want { rule, past, .. } = self.want;
        let own = self.written.to_vec();
        match rule.blank {
            Blank::Keep if past.is_empty() => vec![last.to_owned()],
            Blank::Keep => [past.clone(), own, vec![String::new()]].concat(),
            Blank::Clear if self.forgot => [past.clone(), own, vec![String::new()]].concat(),
            Blank::Clear if self.adopted || rule.present == Present::IfBlank => {
                [own, vec![String::new()]].concat()
            }
            Blank::Clear => vec![String::new()],
        }
    }

    /// Our part says what the source says; the user's text around it stays.
    fn notes(&self, got: &str) -> bool {
        let (inside, _) = split_notes(got, self.marks);
        let fits = |want: &String| match (squash(want).is_empty(), &inside) {
            (false, Some(text)) => text_same(want, text),
            (false, None) => false,
            (true, None) => true,
            (true, Some(text)) => {
                self.want.rule.blank == Blank::Keep
                    && self.want.past.iter().any(|p| text_same(p, text))
                    || squash(text).is_empty()
            }
        };
        // Another rule may have written over the whole text.
        self.want.loose
            || self.want.now.iter().any(fits) && outside_kept(self.written, got, self.marks)
    }
}

/// Our part of the notes (`None`: no such part), and everything else.
fn split_notes(text: &str, marks: &(String, String)) -> (Option<String>, String) {
    let Some(start) = text.find(&marks.0) else {
        return (None, text.to_owned());
    };
    let after = &text[start + marks.0.len()..];
    match after.find(&marks.1) {
        Some(end) => {
            let rest = format!("{}\n{}", &text[..start], &after[end + marks.1.len()..]);
            (Some(after[..end].to_owned()), rest)
        }
        None => (None, text.to_owned()),
    }
}

/// The text that a user wrote outside our part, and nothing else, is still outside it.
pub fn outside_kept(written: &[String], got: &str, marks: &(String, String)) -> bool {
    let last = written.last().map_or("", String::as_str);
    let broken = last.contains(&marks.0) != last.contains(&marks.1);
    let (_, own) = split_notes(last, marks);
    let (_, rest) = split_notes(got, marks);
    // Half a delimiter: nobody can tell what is whose, so the text must merely be there.
    if broken {
        return true;
    }
    squash(&own) == squash(&rest)
}
