//! Expressions: CEL over the facts of one person, compiled once and bounded.
//!
//! Names: `has_phone`, `has_mobile`, `has_email`, `has_photo`, `enabled`, `guest` (true or false);
//! `display_name`, `given_name`, `surname`, `department`, `job_title`, `company`, `office`, `city`, `country`,
//! `email`, `domain`, `upn`, `kind`, `mailbox_kind`, `employee_id`, `employee_type` (text, blank is `""`);
//! `groups` (names of the groups that the policy names and the person is in), `addresses` (lists of text);
//! `attributes` (text by name; one that is not there is `""`).

use crate::select::SelectError;
use cel::common::ast::{Expr, LiteralValue};
use cel::{Context, Env, ExecutionError, IdedExpr, Program, Value as Cel};
use model::person::{Facts, MailboxKind, Person, PersonKind};
use model::value::Address;
use model::{Field, Item, MailboxId, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// A longer text is refused.
const LENGTH_MAX: usize = 2_000;
/// Deeper nesting is refused, so that no expression can exhaust the stack.
const DEPTH_MAX: usize = 40;

/// The names of text.
const TEXTS: &[&str] = &[
    "display_name",
    "given_name",
    "surname",
    "department",
    "job_title",
    "company",
    "office",
    "city",
    "country",
    "email",
    "domain",
    "upn",
    "kind",
    "mailbox_kind",
    "employee_id",
    "employee_type",
];
const FLAGS: &[&str] = &[
    "has_phone",
    "has_mobile",
    "has_email",
    "has_photo",
    "enabled",
    "guest",
];
const OTHERS: &[&str] = &["groups", "addresses", "attributes"];

/// CEL's own types and functions: made once, as making them takes longer than asking a person.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// An expression, ready to be asked of many people.
pub struct Expression {
    text: String,
    program: Program,
    /// The names that it uses.
    names: BTreeSet<String>,
    /// Groups that it names as text beside `groups`.
    pub groups: BTreeSet<String>,
    /// Attributes that it names.
    attributes: BTreeSet<String>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    pub fn compile(text: &str) -> Result<Self, SelectError> {
        let refuse = |reason: String| SelectError::Expression {
            text: text.to_owned(),
            reason,
        };
        bounded(text).map_err(&refuse)?;
        let program = Program::compile(text).map_err(|e| refuse(first_line(&e.to_string())))?;
        let mut found = Found::default();
        found.walk(program.expression(), 0).map_err(&refuse)?;
        if let Some(name) = found.names.iter().find(|n| !known(n)) {
            return Err(refuse(format!("there is nothing called `{name}`")));
        }
        let expression = Self {
            text: text.to_owned(),
            program,
            names: found.names,
            groups: found.groups,
            attributes: found.attributes,
        };
        expression.try_out().map_err(refuse)?;
        Ok(expression)
    }

    /// Asks nobody in particular: what is wrong for everybody is an error of the expression itself.
    fn try_out(&self) -> Result<(), String> {
        let person = nobody();
        let facts = Facts::default();
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in &self.names {
            let value = self
                .value(name, &person, &facts)
                .unwrap_or_else(|_| Cel::from(""));
            context.add_variable_from_value(name.as_str(), value);
        }
        match self.program.execute(&context) {
            Ok(Cel::Bool(_)) => Ok(()),
            Ok(_) => Err("it does not say yes or no".to_owned()),
            Err(ExecutionError::UndeclaredReference(name)) => {
                Err(format!("there is nothing called `{name}`"))
            }
            Err(_) => Ok(()),
        }
    }

    /// Yes, no, or what is missing to answer.
    pub fn holds(&self, person: &Person, facts: &Facts) -> Result<bool, String> {
        if let Some(group) = self.groups.iter().find(|g| !facts.groups.contains_key(*g)) {
            return Err(format!("group {group} is not known"));
        }
        // An expression may ask either way: who was missed once is neither in nor out.
        if let Some(name) = self.groups.iter().find(|g| missed(g, person, facts)) {
            return Err(format!("seen once outside of group {name}"));
        }
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in &self.names {
            context.add_variable_from_value(name.as_str(), self.value(name, person, facts)?);
        }
        match self.program.execute(&context) {
            Ok(Cel::Bool(answer)) => Ok(answer),
            Ok(_) => Err("the expression does not say yes or no".to_owned()),
            Err(_) => Err("the expression cannot be evaluated".to_owned()),
        }
    }

    fn value(&self, name: &str, person: &Person, facts: &Facts) -> Result<Cel, String> {
        let item = &person.item;
        Ok(match name {
            "has_phone" => has_phone(item).into(),
            "has_mobile" => item.get(Field::MobilePhone).is_some().into(),
            "has_email" => {
                (item.get(Field::Emails).is_some() || !person.addresses.is_empty()).into()
            }
            "has_photo" => facts.photos.contains_key(&person.key).into(),
            "enabled" => enabled(person)?.into(),
            "guest" => (person.kind == PersonKind::Guest).into(),
            "groups" => list(member_of(person, facts)),
            "addresses" => list(person.addresses.iter().cloned().collect()),
            "attributes" => self.attributes_of(person),
            text => Cel::from(text_of(text, person, facts)?),
        })
    }

    fn attributes_of(&self, person: &Person) -> Cel {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        all.extend(
            self.attributes
                .iter()
                .map(|name| (name.clone(), String::new())),
        );
        all.extend(person.attributes.clone());
        cel::to_value(all).unwrap_or(Cel::Null)
    }
}

fn bounded(text: &str) -> Result<(), String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("it is longer than {LENGTH_MAX} characters"));
    }
    let (mut depth, mut deepest) = (0usize, 0usize);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            // Chains of signs, conditions and members nest as well.
            '!' | '-' | '?' | '.' => deepest += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
        if depth > DEPTH_MAX || deepest > 10 * DEPTH_MAX {
            return Err("it is nested too deeply".to_owned());
        }
    }
    Ok(())
}

fn known(name: &str) -> bool {
    TEXTS.contains(&name) || FLAGS.contains(&name) || OTHERS.contains(&name)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").to_owned()
}

/// What an expression mentions.
#[derive(Default)]
struct Found {
    names: BTreeSet<String>,
    groups: BTreeSet<String>,
    attributes: BTreeSet<String>,
    /// Names that a macro binds.
    bound: BTreeSet<String>,
}

impl Found {
    fn walk(&mut self, node: &IdedExpr, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX * 4 {
            return Err("it is nested too deeply".to_owned());
        }
        match &node.expr {
            Expr::Ident(name) if !self.bound.contains(name) => {
                self.names.insert(name.clone());
            }
            Expr::Call(call) => {
                self.mentions(&call.func_name, &call.args);
                let inner = call.target.iter().map(AsRef::as_ref).chain(&call.args);
                for arg in inner {
                    self.walk(arg, depth + 1)?;
                }
            }
            Expr::Select(select) => {
                if ident(&select.operand) == Some("attributes") {
                    self.attributes.insert(select.field.clone());
                }
                self.walk(&select.operand, depth + 1)?;
            }
            Expr::List(list) => {
                for element in &list.elements {
                    self.walk(element, depth + 1)?;
                }
            }
            Expr::Comprehension(c) => {
                self.walk(&c.iter_range, depth + 1)?;
                self.bound.extend([c.iter_var.clone(), c.accu_var.clone()]);
                self.bound.extend(c.iter_var2.clone());
                // Macros over macros multiply the work.
                for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.walk(part, depth + DEPTH_MAX)?;
                }
            }
            Expr::Map(_) | Expr::Struct(_) => return Err("maps cannot be made here".to_owned()),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
        Ok(())
    }

    /// `"All staff" in groups`, `attributes["room"]`.
    fn mentions(&mut self, function: &str, args: &[IdedExpr]) {
        match (function, args) {
            ("@in", [left, right]) if ident(right) == Some("groups") => {
                self.groups.extend(literal(left))
            }
            ("_[_]", [left, right]) if ident(left) == Some("attributes") => {
                self.attributes.extend(literal(right));
            }
            _ => {}
        }
    }
}

fn ident(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Ident(name) => Some(name),
        _ => None,
    }
}

fn literal(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

fn has_phone(item: &Item) -> bool {
    [
        Field::MobilePhone,
        Field::BusinessPhones,
        Field::HomePhones,
        Field::OtherPhone,
    ]
    .iter()
    .any(|f| item.get(*f).is_some())
}

/// Only accounts can be disabled.
fn enabled(person: &Person) -> Result<bool, String> {
    match (person.enabled, person.kind) {
        (Some(enabled), _) => Ok(enabled),
        (None, PersonKind::OrgContact | PersonKind::FolderContact) => Ok(true),
        (None, _) => Err("whether the account is enabled is not known".to_owned()),
    }
}

fn list(texts: Vec<String>) -> Cel {
    cel::to_value(texts).unwrap_or(Cel::Null)
}

/// Did the last reading of a group not show somebody whom an earlier one had shown?
pub(crate) fn missed(name: &str, person: &Person, facts: &Facts) -> bool {
    let group = facts.groups.get(name);
    group.is_some_and(|g| g.missed.contains_key(&person.key))
}

fn member_of(person: &Person, facts: &Facts) -> Vec<String> {
    let groups = facts
        .groups
        .iter()
        .filter(|(_, g)| g.members.contains(&person.key));
    groups.map(|(name, _)| name.clone()).collect()
}

fn text_of(name: &str, person: &Person, facts: &Facts) -> Result<String, String> {
    let item = &person.item;
    let attribute = |key: &str| person.attributes.get(key).cloned().unwrap_or_default();
    Ok(match name {
        "display_name" => item.text(Field::DisplayName).to_owned(),
        "given_name" => item.text(Field::GivenName).to_owned(),
        "surname" => item.text(Field::Surname).to_owned(),
        "department" => item.text(Field::Department).to_owned(),
        "job_title" => item.text(Field::JobTitle).to_owned(),
        "company" => item.text(Field::CompanyName).to_owned(),
        "office" => item.text(Field::OfficeLocation).to_owned(),
        "city" => address(item).map_or_else(String::new, |a| a.city.clone()),
        "country" => country(person),
        "email" => email(item).to_owned(),
        "domain" => email(item)
            .rsplit_once('@')
            .map_or("", |(_, d)| d)
            .to_lowercase(),
        "upn" => person.upn.clone(),
        "kind" => kind(person.kind).to_owned(),
        "mailbox_kind" => mailbox_kind(person, facts)?.to_owned(),
        other => attribute(other),
    })
}

fn address(item: &Item) -> Option<&Address> {
    match item.get(Field::BusinessAddress) {
        Some(Value::Address(address)) => Some(address),
        _ => None,
    }
}

fn country(person: &Person) -> String {
    match address(&person.item) {
        _ if !person.country.is_empty() => person.country.clone(),
        Some(address) => address.country.clone(),
        None => String::new(),
    }
}

fn email(item: &Item) -> &str {
    match item.get(Field::Emails) {
        Some(Value::Mails(mails)) => mails.first().map_or("", |m| m.address.as_str()),
        _ => "",
    }
}

fn kind(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Member => "member",
        PersonKind::Guest => "guest",
        PersonKind::OrgContact => "org_contact",
        PersonKind::FolderContact => "folder_contact",
    }
}

/// The census answers for members; nobody else has a mailbox in the tenant.
pub fn mailbox_kind(person: &Person, facts: &Facts) -> Result<&'static str, String> {
    if person.kind != PersonKind::Member {
        return Ok("none");
    }
    let found = facts.mailboxes.get(&MailboxId(person.key.clone()));
    found
        .map(|k| mailbox_word(*k))
        .ok_or_else(|| "the kind of the mailbox is not known".to_owned())
}

fn mailbox_word(kind: MailboxKind) -> &'static str {
    match kind {
        MailboxKind::User => "user",
        MailboxKind::Linked => "linked",
        MailboxKind::Shared => "shared",
        MailboxKind::Room => "room",
        MailboxKind::Equipment => "equipment",
        MailboxKind::Others => "others",
        MailboxKind::None => "none",
    }
}

fn nobody() -> Person {
    Person {
        key: String::new(),
        kind: PersonKind::OrgContact,
        item: Item::default(),
        upn: String::new(),
        enabled: Some(true),
        listed: None,
        country: String::new(),
        addresses: BTreeSet::new(),
        attributes: BTreeMap::new(),
        has_plan: None,
    }
}
