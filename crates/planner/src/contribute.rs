//! Contributing: who of a source belongs, and what it says of them in normal form.

use crate::adopt::addresses;
use crate::compare::{Element, element_key, join, split};
use crate::phone;
use crate::select::{Selected, Selector, and};
use model::catalog::Identity;
use model::field::Kind;
use model::person::{Facts, MailboxKind, Person, PersonKind};
use model::plan::Reason;
use model::tunnel::{NameOrder, Options, Source, SourcePlace};
use model::{Field, Item, Mail, MailboxId, Value};

/// Does a person of this source belong to the tunnel?
pub fn belongs(
    source: &Source,
    pick: &Selector,
    options: &Options,
    person: &Person,
    facts: &Facts,
) -> Selected {
    let plain = of_kind(&source.place, person);
    let plain = and(plain, || enabled(source, options, person, facts));
    let plain = and(plain, || with_email(options, person));
    and(plain, || pick.judge(person, facts))
}

fn of_kind(place: &SourcePlace, person: &Person) -> Selected {
    let SourcePlace::Directory {
        members,
        guests,
        org_contacts,
    } = place
    else {
        return Selected::In;
    };
    let (wanted, fact) = match person.kind {
        PersonKind::Member => (*members, "is a member of the tenant"),
        PersonKind::Guest => (*guests, "is a guest"),
        PersonKind::OrgContact => (*org_contacts, "is an organisation contact"),
        PersonKind::FolderContact => (false, "is no directory object"),
    };
    if wanted {
        Selected::In
    } else {
        Selected::Out(fact.to_owned())
    }
}

/// Accounts of shared mailboxes and rooms are disabled by nature: a rule that names their kind takes them.
fn enabled(source: &Source, options: &Options, person: &Person, facts: &Facts) -> Selected {
    let kind = facts.mailboxes.get(&MailboxId(person.key.clone()));
    let named =
        kind.is_some_and(|k| *k != MailboxKind::User && source.pick.mailbox_kinds.contains(k));
    if person.enabled == Some(false) && !options.include_disabled && !named {
        return Selected::Out("account disabled".to_owned());
    }
    Selected::In
}

fn with_email(options: &Options, person: &Person) -> Selected {
    let has = person.item.get(Field::Emails).is_some() || !person.addresses.is_empty();
    if has || options.without_email {
        Selected::In
    } else {
        Selected::Out("has no e-mail address".to_owned())
    }
}

/// How this person is recognised in other sources.
pub fn identity(person: &Person) -> Identity {
    let mut all = addresses(&person.item);
    all.extend(person.addresses.iter().map(|a| a.to_lowercase()));
    Identity {
        object: (person.kind != PersonKind::FolderContact).then(|| person.key.clone()),
        addresses: all,
    }
}

/// The person's content in normal form, with notes on what could not be taken as it is.
pub fn contribution(person: &Person, options: &Options) -> (Item, Vec<(Reason, Field)>) {
    let region = phone::region(&person.country).or_else(|| options.region.clone());
    let (mut item, mut notes) = (Item::default(), Vec::new());
    for (field, value) in &person.item.0 {
        let value = clean(*field, value);
        let value = if field.is_phone() {
            dialled(*field, value, region.as_deref(), &mut notes)
        } else {
            value
        };
        item.set(*field, slotted(*field, value, &mut notes));
    }
    add_categories(&mut item, options);
    order_names(&mut item, options.name_order);
    (item, notes)
}

/// Without control characters and blanks around: Exchange and phones choke on the former and drop the latter.
fn clean(field: Field, value: &Value) -> Value {
    let text = |t: &str| -> String {
        let keep =
            |c: &char| !c.is_control() || (field.kind() == Kind::Notes && matches!(c, '\n' | '\t'));
        t.trim()
            .chars()
            .filter(keep)
            .collect::<String>()
            .trim()
            .to_owned()
    };
    let mut value = value.clone();
    match &mut value {
        Value::Text(t) | Value::Date(t) => *t = text(t).into(),
        Value::Texts(list) => *list = list.iter().map(|t| text(t)).collect(),
        Value::Mails(list) => {
            let mail = |m: &Mail| Mail {
                address: text(&m.address),
                name: text(&m.name),
            };
            *list = list.iter().map(mail).collect();
        }
        Value::Address(a) => {
            for part in [
                &mut a.street,
                &mut a.city,
                &mut a.state,
                &mut a.postal_code,
                &mut a.country,
            ] {
                // A street may have lines.
                let lines: Vec<String> = part.lines().map(text).collect();
                *part = lines.join("\n").trim().to_owned();
            }
        }
    }
    value
}

fn dialled(
    field: Field,
    value: Value,
    region: Option<&str>,
    notes: &mut Vec<(Reason, Field)>,
) -> Value {
    let mut read = |raw: &str| {
        let phone = phone::normalise(raw, region);
        if !phone.readable {
            notes.push((Reason::PhoneUnreadable, field));
        }
        phone.text
    };
    match value {
        Value::Text(t) => Value::text(read(&t)),
        Value::Texts(list) => Value::Texts(list.iter().map(|t| read(t)).collect()),
        other => other,
    }
}

/// No element twice, no more than there are slots.
fn slotted(field: Field, value: Value, notes: &mut Vec<(Reason, Field)>) -> Value {
    let max = match field.kind() {
        Kind::Slots { max } | Kind::Mails { max } => max,
        Kind::Set => usize::MAX,
        _ => return value,
    };
    let mut kept: Vec<Element> = Vec::new();
    for element in split(Some(&value)) {
        let key = element_key(field, &element);
        if !kept.iter().any(|k| element_key(field, k) == key) {
            kept.push(element);
        }
    }
    if kept.len() > max {
        notes.push((Reason::Overflow, field));
        kept.truncate(max);
    }
    join(&kept).unwrap_or(Value::Texts([].into()))
}

fn add_categories(item: &mut Item, options: &Options) {
    let mut all = match item.get(Field::Categories) {
        Some(Value::Texts(list)) => list.to_vec(),
        _ => Vec::new(),
    };
    all.extend(options.categories.iter().cloned());
    let united = slotted(Field::Categories, Value::Texts(all.into()), &mut Vec::new());
    item.set(Field::Categories, united);
}

fn order_names(item: &mut Item, order: NameOrder) {
    let (given, surname) = (item.text(Field::GivenName), item.text(Field::Surname));
    let both = !given.is_empty() && !surname.is_empty();
    let last_first = both.then(|| format!("{surname}, {given}"));
    let display = match item.text(Field::DisplayName) {
        "" => fallback_name(item),
        name => name.to_owned(),
    };
    let (display, file_as) = match order {
        NameOrder::AsSource => return,
        NameOrder::FirstLast => (display.clone(), last_first.unwrap_or(display)),
        NameOrder::LastFirst => {
            let name = last_first.unwrap_or(display);
            (name.clone(), name)
        }
    };
    item.set(Field::DisplayName, Value::text(display));
    item.set(Field::FileAs, Value::text(file_as));
}

/// The name to show for someone whose display name is blank.
fn fallback_name(item: &Item) -> String {
    let name = format!(
        "{} {}",
        item.text(Field::GivenName),
        item.text(Field::Surname)
    );
    let company = item.text(Field::CompanyName);
    match (name.trim(), company) {
        ("", "") => addresses(item).into_iter().next().unwrap_or_default(),
        ("", company) => company.to_owned(),
        (name, _) => name.to_owned(),
    }
}
