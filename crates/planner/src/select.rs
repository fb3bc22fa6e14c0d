//! Selection: does a person belong? In, out by a fact, or not known.

use crate::expression::Expression;
use model::person::{Facts, MailboxKind, Person, PersonKind};
use model::tunnel::Choice;
use model::{Field, MailboxId, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    #[error("the expression `{text}` cannot be used: {reason}")]
    Expression { text: String, reason: String },
}

/// A choice, compiled once.
#[derive(Clone, Debug)]
pub struct Selector {
    rule: Arc<Rule>,
}

#[derive(Debug)]
struct Rule {
    everyone: bool,
    groups: Vec<String>,
    /// Lower case.
    departments: Vec<String>,
    /// Lower case.
    mailboxes: BTreeSet<String>,
    lists: Vec<(String, Arc<Rule>)>,
    where_: Option<Expression>,
    mailbox_kinds: Vec<MailboxKind>,
    exclude: Option<Arc<Rule>>,
}

impl Selector {
    pub fn compile(choice: &Choice, lists: &BTreeMap<String, Choice>) -> Result<Self, SelectError> {
        let mut compiler = Compiler {
            lists,
            open: Vec::new(),
            done: BTreeMap::new(),
        };
        Ok(Self {
            rule: compiler.rule(choice)?,
        })
    }

    pub fn judge(&self, person: &Person, facts: &Facts) -> Selected {
        self.rule.judge(person, facts, Doubt::No)
    }

    /// Every group that this choice names, in lists and expressions too: `Facts::groups` must know them.
    pub fn groups(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        self.rule.gather_groups(&mut all);
        all
    }
}

struct Compiler<'a> {
    lists: &'a BTreeMap<String, Choice>,
    /// The lists being compiled, outermost first.
    open: Vec<String>,
    done: BTreeMap<String, Arc<Rule>>,
}

impl Compiler<'_> {
    fn rule(&mut self, choice: &Choice) -> Result<Arc<Rule>, SelectError> {
        let lower = |list: &[String]| list.iter().map(|t| t.trim().to_lowercase()).collect();
        let mut lists = Vec::new();
        for name in &choice.lists {
            lists.push((name.clone(), self.list(name)?));
        }
        Ok(Arc::new(Rule {
            // Naming nothing means everybody.
            everyone: choice.everyone || choice.names_nothing(),
            groups: choice.groups.clone(),
            departments: lower(&choice.departments),
            mailboxes: choice
                .mailboxes
                .iter()
                .map(|t| t.trim().to_lowercase())
                .collect(),
            lists,
            where_: choice
                .where_
                .as_deref()
                .map(Expression::compile)
                .transpose()?,
            mailbox_kinds: choice.mailbox_kinds.clone(),
            exclude: match &choice.exclude {
                // An exclusion that names and narrows nothing excludes nobody.
                Some(exclude) if **exclude != Choice::default() => Some(self.rule(exclude)?),
                _ => None,
            },
        }))
    }

    fn list(&mut self, name: &str) -> Result<Arc<Rule>, SelectError> {
        if let Some(rule) = self.done.get(name) {
            return Ok(rule.clone());
        }
        if self.open.iter().any(|open| open == name) {
            return Err(SelectError::Cycle(name.to_owned()));
        }
        let choice = self
            .lists
            .get(name)
            .ok_or_else(|| SelectError::NoSuchList(name.to_owned()))?;
        self.open.push(name.to_owned());
        let rule = self.rule(choice)?;
        self.open.pop();
        self.done.insert(name.to_owned(), rule.clone());
        Ok(rule)
    }
}

impl Rule {
    /// Three-valued: what is not known decides nothing, unless the rest decides without it.
    fn judge(&self, person: &Person, facts: &Facts, doubt: Doubt) -> Selected {
        let mut answer = self.named(person, facts, doubt);
        answer = and(answer, || self.kind(person, facts));
        answer = and(answer, || self.expression(person, facts));
        and(answer, || {
            let exclude = self.exclude.as_ref();
            match exclude.map(|rule| rule.judge(person, facts, doubt.turned())) {
                None | Some(Selected::Out(_)) => Selected::In,
                Some(Selected::In) => Selected::Out("excluded by the rule".to_owned()),
                Some(Selected::Unknown(why)) => Selected::Unknown(why),
            }
        })
    }

    /// The union of what the choice names.
    fn named(&self, person: &Person, facts: &Facts, doubt: Doubt) -> Selected {
        if self.everyone {
            return Selected::In;
        }
        let mut unknown = None;
        let mut missed = Vec::new();
        for (name, answer) in self.names(person, facts, doubt) {
            match answer {
                Selected::In => return Selected::In,
                Selected::Unknown(why) => unknown = unknown.or(Some(why)),
                Selected::Out(_) => missed.push(name),
            }
        }
        match unknown {
            Some(why) => Selected::Unknown(why),
            None => Selected::Out(format!("not in {}", missed.join(", "))),
        }
    }

    fn names<'a>(
        &'a self,
        person: &'a Person,
        facts: &'a Facts,
        doubt: Doubt,
    ) -> impl Iterator<Item = (String, Selected)> + 'a {
        let groups = self
            .groups
            .iter()
            .map(move |g| (format!("group {g}"), in_group(g, person, facts, doubt)));
        let departments = self.departments.iter().map(|d| {
            let own = person.item.text(Field::Department).trim().to_lowercase();
            (format!("department {d}"), yes(own == *d))
        });
        let listed = (!self.mailboxes.is_empty()).then(|| {
            (
                "the addresses named".to_owned(),
                yes(self.lists_address(person)),
            )
        });
        let lists = self
            .lists
            .iter()
            .map(move |(name, rule)| (format!("list {name}"), rule.judge(person, facts, doubt)));
        groups.chain(departments).chain(listed).chain(lists)
    }

    fn lists_address(&self, person: &Person) -> bool {
        let mails = match person.item.get(Field::Emails) {
            Some(Value::Mails(mails)) => &**mails,
            _ => &[],
        };
        person.addresses.iter().any(|a| self.mailboxes.contains(a))
            || self.mailboxes.contains(&person.upn.to_lowercase())
            || mails
                .iter()
                .any(|m| self.mailboxes.contains(&m.address.to_lowercase()))
    }

    fn kind(&self, person: &Person, facts: &Facts) -> Selected {
        if self.mailbox_kinds.is_empty() {
            return Selected::In;
        }
        if person.kind != PersonKind::Member {
            return Selected::Out("has no mailbox of a kind that the rule names".to_owned());
        }
        match facts.mailboxes.get(&MailboxId(person.key.clone())) {
            None => Selected::Unknown("the kind of the mailbox is not known".to_owned()),
            Some(kind) if self.mailbox_kinds.contains(kind) => Selected::In,
            Some(_) => Selected::Out("mailbox is of another kind".to_owned()),
        }
    }

    fn expression(&self, person: &Person, facts: &Facts) -> Selected {
        match self.where_.as_ref().map(|e| e.holds(person, facts)) {
            None | Some(Ok(true)) => Selected::In,
            Some(Ok(false)) => Selected::Out("the rule's expression is not true".to_owned()),
            Some(Err(why)) => Selected::Unknown(why),
        }
    }

    fn gather_groups(&self, all: &mut BTreeSet<String>) {
        all.extend(self.groups.iter().cloned());
        all.extend(self.where_.iter().flat_map(|e| e.groups.iter().cloned()));
        for rule in self.lists.iter().map(|(_, rule)| rule).chain(&self.exclude) {
            rule.gather_groups(all);
        }
    }
}

/// What someone is whom a group did not show the last time it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Not in the group: what follows from that is confirmed elsewhere, by a second round.
    No,
    /// Unknown: an exclusion that was misread once would show people to everybody at once.
    Unknown,
}

impl Doubt {
    fn turned(self) -> Self {
        match self {
            Self::No => Self::Unknown,
            Self::Unknown => Self::No,
        }
    }
}

/// A group that is not known says nothing of its members.
fn in_group(name: &str, person: &Person, facts: &Facts, doubt: Doubt) -> Selected {
    match facts.groups.get(name) {
        None => Selected::Unknown(format!("group {name} is not known")),
        Some(group) if doubt == Doubt::Unknown && group.missed.contains_key(&person.key) => {
            Selected::Unknown(format!("seen once outside of group {name}"))
        }
        Some(group) => yes(group.members.contains(&person.key)),
    }
}

fn yes(answer: bool) -> Selected {
    if answer {
        Selected::In
    } else {
        Selected::Out(String::new())
    }
}

/// Out wins over Unknown, Unknown over In.
pub(crate) fn and(first: Selected, second: impl FnOnce() -> Selected) -> Selected {
    match first {
        Selected::Out(_) => first,
        Selected::In => second(),
        Selected::Unknown(_) => match second() {
            Selected::Out(fact) => Selected::Out(fact),
            Selected::In | Selected::Unknown(_) => first,
        },
    }
}
