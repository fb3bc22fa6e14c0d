//! Traits: what is said of a person or a card, separated by commas: `Inga Tonning, mobile +49 151 1, no mail`.

use crate::town::{Card, DOMAIN, Place, Resident};
use serde_json::{Map, Value, json};

/// A name where one is asked for, and words with their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traits {
    pub name: String,
    /// A word and its value; none: `no mobile`. Flags have an empty value.
    pub words: Vec<(&'static str, Option<String>)>,
}

const PERSON: &[&str] = &["mail", "mobile", "business", "job", "department"];
const PHONES: &[&str] = &["mobile", "business", "home"];
const FLAGS: &[&str] = &["mailbox", "guest", "disabled"];
const CARD: &[&str] = &[
    "name",
    "mail",
    "mobile",
    "business",
    "home",
    "company",
    "job",
    "department",
    "notes",
    "nickname",
    "spouse",
];
/// What a shared mailbox's card may say: what the monitors know of it.
const NEW_CARD: &[&str] = &["mail", "mobile", "company"];

pub fn person(text: &str) -> Result<Traits, String> {
    named(text, PERSON, FLAGS)
}

pub fn card(text: &str) -> Result<Traits, String> {
    named(text, NEW_CARD, &[])
}

pub fn person_fields(text: &str) -> Result<Traits, String> {
    words(text.split(','), PERSON, &[])
}

pub fn card_fields(text: &str) -> Result<Traits, String> {
    words(text.split(','), CARD, &[])
}

fn named(text: &str, known: &'static [&str], flags: &'static [&str]) -> Result<Traits, String> {
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    let name = name.trim();
    if !name.contains(' ') {
        return Err(format!(
            "`{name}` is no name: expected a given name and a surname"
        ));
    }
    let parts = rest.split(',').filter(|part| !part.trim().is_empty());
    let traits = words(parts, known, flags)?;
    let name = name.to_owned();
    Ok(Traits { name, ..traits })
}

fn words<'a>(
    parts: impl Iterator<Item = &'a str>,
    known: &'static [&str],
    flags: &'static [&str],
) -> Result<Traits, String> {
    let words: Result<Vec<_>, String> = parts.map(|part| word(part.trim(), known, flags)).collect();
    let name = String::new();
    Ok(Traits {
        name,
        words: words?,
    })
}

fn word(
    part: &str,
    known: &'static [&str],
    flags: &'static [&str],
) -> Result<(&'static str, Option<String>), String> {
    let one = |wanted: &str, of: &'static [&str]| of.iter().find(|w| **w == wanted).copied();
    if let Some(flag) = one(part, flags) {
        return Ok((flag, Some(String::new())));
    }
    let (first, rest) = part.split_once(' ').unwrap_or((part, ""));
    let found = match first {
        "no" => one(rest.trim(), known).map(|word| (word, None)),
        _ => one(first, known)
            .filter(|_| !rest.trim().is_empty())
            .map(|word| (word, Some(rest.trim().to_owned()))),
    };
    if let Some((word, Some(number))) = &found
        && PHONES.contains(word)
        && number.contains(' ')
    {
        return Err(format!(
            "the number `{number}` is written without blanks: the monitors compare it letter by letter"
        ));
    }
    found.ok_or_else(|| {
        let flags: String = flags.iter().map(|f| format!(", `{f}`")).collect();
        let known = known.join(", ");
        format!("`{part}` is not understood: expected a word and its value, or `no` and the word, of: {known}{flags}")
    })
}

impl Traits {
    /// The last value of a word; `None`: not said, or `no`.
    fn get(&self, word: &str) -> Option<&str> {
        let said = self.words.iter().rev().find(|(w, _)| *w == word)?;
        said.1.as_deref()
    }

    fn says(&self, word: &str) -> bool {
        self.words.iter().any(|(w, _)| *w == word)
    }

    fn text(&self, word: &str) -> String {
        self.get(word).unwrap_or_default().to_owned()
    }

    /// A person whose address, if nothing else is said, is made of the name.
    pub fn resident(&self, id: String) -> Resident {
        let (given, surname) = parts(&self.name);
        let mail = match self.says("mail") {
            true => self.text("mail"),
            false => address(&self.name, DOMAIN),
        };
        Resident {
            id,
            given,
            surname,
            name: self.name.clone(),
            mail,
            mobile: self.text("mobile"),
            business: self.text("business"),
            job: self.text("job"),
            department: self.text("department"),
            enabled: !self.says("disabled"),
            guest: self.says("guest"),
            mailbox: match self.says("mailbox") {
                true => Place::User,
                false => Place::None,
            },
            ..Resident::default()
        }
    }

    pub fn card(&self, folder: &str) -> Card {
        let (given, surname) = parts(&self.name);
        Card {
            folder: folder.to_owned(),
            given,
            surname,
            name: self.name.clone(),
            mail: self.text("mail"),
            mobile: self.text("mobile"),
            company: self.text("company"),
        }
    }

    /// What changes of a person in the directory.
    pub fn apply(&self, person: &mut Resident) {
        for (word, value) in &self.words {
            let value = value.clone().unwrap_or_default();
            match *word {
                "mail" => person.mail = value,
                "mobile" => person.mobile = value,
                "business" => person.business = value,
                "job" => person.job = value,
                _ => person.department = value,
            }
        }
    }

    /// What changes of a shared mailbox's card, as far as the monitors know of it.
    pub fn apply_to_card(&self, card: &mut Card) {
        for (word, value) in &self.words {
            let value = value.clone().unwrap_or_default();
            match *word {
                "name" => {
                    (card.given, card.surname) = parts(&value);
                    card.name = value;
                }
                "mail" => card.mail = value,
                "mobile" => card.mobile = value,
                "company" => card.company = value,
                _ => {}
            }
        }
    }

    /// Graph's properties of a contact.
    pub fn contact(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for (word, value) in &self.words {
            contact_property(word, value.as_deref(), &mut all);
        }
        all
    }
}

fn contact_property(word: &str, value: Option<&str>, all: &mut Map<String, Value>) {
    let list: Vec<&str> = value.into_iter().collect();
    let (name, value) = match word {
        "name" => {
            let (given, surname) = parts(value.unwrap_or_default());
            all.insert("givenName".to_owned(), json!(given));
            all.insert("surname".to_owned(), json!(surname));
            ("displayName", json!(value))
        }
        "mail" => {
            let addresses = list.iter().map(|a| json!({ "address": a, "name": a }));
            ("emailAddresses", Value::Array(addresses.collect()))
        }
        "business" => ("businessPhones", json!(list)),
        "home" => ("homePhones", json!(list)),
        "mobile" => ("mobilePhone", json!(value)),
        "company" => ("companyName", json!(value)),
        "job" => ("jobTitle", json!(value)),
        "notes" => ("personalNotes", json!(value)),
        "nickname" => ("nickName", json!(value)),
        "spouse" => ("spouseName", json!(value)),
        _ => ("department", json!(value)),
    };
    all.insert(name.to_owned(), value);
}

/// Given names and surname: the last word.
pub fn parts(name: &str) -> (String, String) {
    let (given, surname) = name.rsplit_once(' ').unwrap_or(("", name));
    (given.to_owned(), surname.to_owned())
}

/// `given.surname@domain`, letters without accents left out.
pub fn address(name: &str, domain: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    let local: String = name.chars().filter(|c| plain(*c)).collect();
    format!("{}@{domain}", local.to_lowercase().replace(' ', "."))
}
