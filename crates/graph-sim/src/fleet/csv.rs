//! The users CSV of the Microsoft 365 admin centre ("Active users", "Export users") as people of a fleet.
//!
//! Two generations of its header are in use (`Country/Region`, `State` and `CountryOrRegion`,
//! `StateOrProvince`); licences and proxy addresses are joined by `+`; a value may start with a backtick.
//! The users download of the Entra admin centre (`userPrincipalName`, `displayName`, …) is read as well.

use super::{MailboxState, Person, PersonKind, PostalAddress, Tenant, text};
use std::collections::BTreeMap;

/// What an export gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedUsers {
    /// The domain that most user principal names have.
    pub domain: String,
    pub people: Vec<Person>,
    /// Rows that were left out, and why.
    pub left_out: Vec<String>,
}

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("the CSV has no column {0:?}; is it the export of Users > Active users?")]
    Column(&'static str),
    #[error("the CSV cannot be read: {0}")]
    Malformed(#[from] csv::Error),
    #[error("the CSV names nobody")]
    Empty,
}

impl ImportedUsers {
    /// A tenant of these people. The export knows no managers, groups or org contacts.
    pub fn into_tenant(self) -> Tenant {
        Tenant {
            domain: self.domain,
            people: self.people,
            ..Tenant::default()
        }
    }
}

/// Reads an export.
///
/// What it does not say is inferred: `#EXT#` means a guest; a soft-deleted row is left out; somebody
/// unlicensed has a mailbox only when the row has an SMTP address, and is a shared mailbox when sign-in is
/// blocked too (rooms look the same in the export).
pub fn users_from_csv(bytes: &[u8]) -> Result<ImportedUsers, CsvError> {
    let decoded = text::decode(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&decoded))
        .flexible(true)
        .from_reader(decoded.as_bytes());
    let columns = Columns::of(reader.headers()?)?;
    let mut imported = ImportedUsers::default();
    for (at, record) in reader.records().enumerate() {
        let row = Row {
            columns: &columns,
            record: record?,
        };
        match row.person() {
            Ok(person) => imported.people.push(person),
            // The header is line 1.
            Err(why) => imported.left_out.push(format!("row {}: {why}", at + 2)),
        }
    }
    imported.domain = usual_domain(&imported.people).ok_or(CsvError::Empty)?;
    Ok(imported)
}

/// Locales with a decimal comma write semicolons; a re-saved file may have tabs.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |sign: char| header.matches(sign).count();
    let best = [',', ';', '\t']
        .into_iter()
        .max_by_key(|sign| (count(*sign), *sign == ','));
    best.unwrap_or(',') as u8
}

fn usual_domain(people: &[Person]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for person in people.iter().filter(|p| !p.guest) {
        let (_, domain) = person.upn.split_once('@')?;
        *counts.entry(domain.to_ascii_lowercase()).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
    most.map(|(domain, _)| domain)
}

/// What a column is called, by letters and digits in lower case, and which of our fields it fills.
#[rustfmt::skip]
const HEADERS: &[(&str, &str)] = &[
    ("displayname", "name"), ("firstname", "given"), ("givenname", "given"),
    ("lastname", "surname"), ("surname", "surname"),
    ("userprincipalname", "upn"), ("username", "upn"), ("mail", "mail"),
    ("title", "title"), ("jobtitle", "title"), ("department", "department"),
    ("companyname", "company"),
    ("office", "office"), ("officelocation", "office"), ("physicaldeliveryofficename", "office"),
    ("phonenumber", "phone"), ("officephone", "phone"), ("telephonenumber", "phone"),
    ("mobilephone", "mobile"), ("mobile", "mobile"), ("fax", "fax"), ("faxnumber", "fax"),
    ("streetaddress", "street"), ("address", "street"), ("city", "city"),
    ("state", "state"), ("stateorprovince", "state"),
    ("postalcode", "postal"), ("ziporpostalcode", "postal"),
    ("countryregion", "country"), ("countryorregion", "country"), ("country", "country"),
    ("usagelocation", "usage"), ("preferredlanguage", "language"),
    ("licenses", "licenses"), ("blockcredential", "blocked"), ("accountenabled", "enabled"),
    ("proxyaddresses", "proxies"), ("alternateemailaddress", "other"),
    ("whencreated", "created"), ("createddatetime", "created"),
    ("objectid", "id"), ("id", "id"), ("usertype", "usertype"),
    ("softdeletiontimestamp", "deleted"),
];

struct Columns(BTreeMap<&'static str, usize>);

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Columns, CsvError> {
        let mut found = BTreeMap::new();
        for (at, name) in header.iter().enumerate() {
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let field = HEADERS.iter().find(|(h, _)| plain.eq_ignore_ascii_case(h));
            if let Some((_, field)) = field {
                found.entry(*field).or_insert(at);
            }
        }
        for (field, column) in [("upn", "User principal name"), ("name", "Display name")] {
            if !found.contains_key(field) {
                return Err(CsvError::Column(column));
            }
        }
        Ok(Columns(found))
    }
}

struct Row<'a> {
    columns: &'a Columns,
    record: csv::StringRecord,
}

impl Row<'_> {
    fn field(&self, name: &str) -> &str {
        let at = self.columns.0.get(name);
        let value = at.and_then(|at| self.record.get(*at)).unwrap_or_default();
        // The admin centre puts a backtick before values that a spreadsheet would take for a formula.
        value.trim().trim_start_matches('`')
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.field(name))
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
    }

    fn is(&self, name: &str, wanted: bool) -> bool {
        self.field(name)
            .eq_ignore_ascii_case(if wanted { "true" } else { "false" })
    }

    fn person(&self) -> Result<Person, String> {
        let upn = self.text("upn").filter(|upn| upn.contains('@'));
        let upn = upn.ok_or("it has no user principal name")?;
        if !self.field("deleted").is_empty() {
            return Err(format!("{upn} is soft-deleted"));
        }
        let mut person = Person {
            id: self.field("id").to_ascii_lowercase(),
            name: self.text("name").unwrap_or_else(|| upn.clone()),
            given_name: self.text("given"),
            surname: self.text("surname"),
            job_title: self.text("title"),
            department: self.text("department"),
            company: self.text("company"),
            office: self.text("office"),
            business_phones: self.text("phone").into_iter().collect(),
            mobile_phone: self.text("mobile"),
            fax_number: self.text("fax"),
            address: self.address(),
            usage_location: self.text("usage"),
            language: self.text("language"),
            other_mails: self.text("other").into_iter().collect(),
            created: self.text("created").map(|c| c.replacen(' ', "T", 1)),
            upn,
            ..Person::default()
        };
        self.place_mailbox(&mut person);
        Ok(person)
    }

    fn address(&self) -> PostalAddress {
        PostalAddress {
            street: self.field("street").to_owned(),
            city: self.field("city").to_owned(),
            state: self.field("state").to_owned(),
            postal_code: self.field("postal").to_owned(),
            country: self.field("country").to_owned(),
        }
    }

    /// Who the account is for, which addresses it has, and whether there is a mailbox behind it.
    fn place_mailbox(&self, person: &mut Person) {
        let (primary, aliases) = smtp_addresses(self.field("proxies"));
        let blocked = self.is("blocked", true) || self.is("enabled", false);
        person.guest =
            person.upn.contains("#EXT#") || self.field("usertype").eq_ignore_ascii_case("guest");
        person.mail = primary.or_else(|| self.text("mail"));
        person.aliases = aliases;
        person.enabled = Some(!blocked);
        if person.guest {
            person.mail = person.mail.take().or_else(|| invited_address(&person.upn));
            return;
        }
        let licences = self.field("licenses");
        let licensed = !licences.is_empty() && !licences.eq_ignore_ascii_case("unlicensed");
        person.licensed = Some(licensed);
        person.mailbox = Some(match licensed || person.mail.is_some() {
            true => MailboxState::Online,
            false => MailboxState::None,
        });
        if !licensed && blocked && person.mail.is_some() {
            person.kind = PersonKind::Shared;
        }
    }
}

/// `SMTP:a@b+smtp:c@d+X500:/o=…` → the primary address and the others. A plus sign may be part of an address.
fn smtp_addresses(proxies: &str) -> (Option<String>, Vec<String>) {
    let mut parts: Vec<String> = Vec::new();
    for piece in proxies.split('+') {
        let starts_anew = piece.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric())
        });
        match parts.last_mut() {
            Some(last) if !starts_anew => {
                last.push('+');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    let primary = parts.iter().find_map(|p| p.strip_prefix("SMTP:"));
    let aliases = parts.iter().filter_map(|p| p.strip_prefix("smtp:"));
    (
        primary.map(str::to_owned),
        aliases.map(str::to_owned).collect(),
    )
}

/// `ann_fabrikam.com#EXT#@contoso.onmicrosoft.com` → `ann@fabrikam.com`.
fn invited_address(upn: &str) -> Option<String> {
    let (outside, _) = upn.split_once("#EXT#")?;
    let (local, domain) = outside.rsplit_once('_')?;
    Some(format!("{local}@{domain}"))
}
