//! What is wrong with a document: where, in one sentence, and what to do about it.

use crate::yaml::{Path, Tree, Value};
use std::collections::BTreeSet;
use std::fmt;

/// One thing to put right in a policy document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's name as the caller gave it.
    pub file: String,
    /// Counted from 1; 0 when the whole file is meant.
    pub line: u64,
    /// Counted from 1, in characters; 0 when the whole file is meant.
    pub column: u64,
    /// The way to the value: `tunnels[0].targets.groups[1]`; empty for the whole document.
    pub path: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do, where that can be said.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// A place in one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub file: usize,
    pub path: Path,
}

impl At {
    pub fn key(&self, key: &str) -> Self {
        Self {
            file: self.file,
            path: self.path.key(key),
        }
    }

    pub fn index(&self, index: usize) -> Self {
        Self {
            file: self.file,
            path: self.path.index(index),
        }
    }
}

/// The files that were read, and everything found wrong in them so far.
#[derive(Default)]
pub(crate) struct Findings {
    files: Vec<(String, Option<Tree>)>,
    found: Vec<(usize, Problem)>,
    /// Places where what was written could not be understood, so that nothing can be concluded from it.
    unclear: BTreeSet<(usize, String)>,
}

impl Findings {
    /// Registers a file and returns its number.
    pub fn open(&mut self, name: &str) -> usize {
        self.files.push((name.to_owned(), None));
        self.files.len() - 1
    }

    /// From here on, places in this file are looked up in `tree`.
    pub fn set_tree(&mut self, file: usize, tree: Tree) {
        self.files[file].1 = Some(tree);
    }

    /// Is there a file of which nothing could be read? Then what seems missing may stand there.
    pub fn any_unread(&self) -> bool {
        self.files.iter().any(|(_, tree)| tree.is_none())
    }

    /// From here on, what is missing at this place is not held against anybody.
    pub fn mark_unclear(&mut self, at: &At) {
        self.unclear.insert((at.file, at.path.to_string()));
    }

    pub fn is_unclear(&self, at: &At) -> bool {
        self.unclear.contains(&(at.file, at.path.to_string()))
    }

    /// Was anything written at this place?
    pub fn is_written(&self, at: &At) -> bool {
        self.find(at).is_some()
    }

    /// Was blank text written at this place?
    pub fn is_blank_text(&self, at: &At) -> bool {
        self.find(at)
            .is_some_and(|tree| matches!(&tree.value, Value::Text(text) if text.trim().is_empty()))
    }

    /// Was `{}` or `[]` written at this place?
    pub fn is_empty(&self, at: &At) -> bool {
        self.find(at).is_some_and(|tree| match &tree.value {
            Value::Map(pairs) => pairs.is_empty(),
            Value::List(items) => items.is_empty(),
            _ => false,
        })
    }

    fn find(&self, at: &At) -> Option<&Tree> {
        self.files[at.file].1.as_ref()?.find(&at.path)
    }

    /// `file:line` of a place, to point at it from another problem.
    pub fn name_place(&self, at: &At) -> String {
        let (name, tree) = &self.files[at.file];
        let line = tree.as_ref().map_or(0, |tree| tree.position(&at.path).0);
        format!("{name}:{line}")
    }

    /// Adds a problem at the position of the value, or of what is nearest around it.
    pub fn add(&mut self, at: &At, message: impl Into<String>, hint: impl Into<String>) {
        let tree = self.files[at.file].1.as_ref();
        let (line, column) = tree.map_or((0, 0), |tree| tree.position(&at.path));
        self.add_at(at, (line, column), message, hint);
    }

    /// Adds a problem at a position that the caller knows better. An empty hint is none.
    pub fn add_at(
        &mut self,
        at: &At,
        (line, column): (u64, u64),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let hint = Some(hint.into()).filter(|hint: &String| !hint.is_empty());
        let problem = Problem {
            file: self.files[at.file].0.clone(),
            line,
            column,
            path: at.path.to_string(),
            message: printable(&message.into()),
            hint: hint.map(|hint| printable(&hint)),
        };
        self.found.push((at.file, problem));
    }

    /// Everything found, in the order of the files and of the places in them, nothing twice.
    pub fn into_problems(mut self) -> Vec<Problem> {
        self.found
            .sort_by_cached_key(|(file, problem)| (*file, problem.line, problem.column));
        self.found.dedup();
        self.found.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// Messages quote what was written: neither control characters nor a whole file may come through.
fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(600).map(visible).collect();
    if shown.len() < text.len() && text.chars().nth(600).is_some() {
        shown.push('…');
    }
    shown
}
