//! vCard files (2.1, 3.0, 4.0) as contacts of a folder or as org contacts of a tenant.

use super::{Contact, EmailAddress, OrgContact, PostalAddress, text};
use calcard::vcard::{VCard, VCardEntry, VCardParameterName, VCardProperty, VCardValue};
use calcard::{Entry, Parser};

/// What a vCard file gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedCards {
    pub contacts: Vec<Contact>,
    /// Parts that were left out, and why.
    pub left_out: Vec<String>,
}

/// Reads every card of a file. A card without any name takes its organisation's, its address's or its number's.
///
/// Graph's limits hold: two numbers for work and two for home, three addresses, three for messages; what is
/// beyond is left out and said. A picture is not kept, only that there is one.
pub fn contacts_from_vcard(bytes: &[u8]) -> ImportedCards {
    let decoded = text::decode(bytes);
    let mut parser = Parser::new(&decoded);
    let mut imported = ImportedCards::default();
    loop {
        match parser.entry() {
            Entry::Eof => return imported,
            Entry::VCard(card) => imported.take(&card),
            Entry::TooManyComponents => {
                imported
                    .left_out
                    .push("the rest of the file: too deeply nested".to_owned());
                return imported;
            }
            Entry::InvalidLine(line) => imported
                .left_out
                .push(format!("not a card: {}", shorten(&line))),
            other => imported.left_out.push(format!(
                "not a whole card: {}",
                shorten(&format!("{other:?}"))
            )),
        }
    }
}

impl ImportedCards {
    fn take(&mut self, card: &VCard) {
        let mut contact = Contact::default();
        for entry in &card.entries {
            put(&mut contact, entry);
        }
        let at = self.contacts.len() + 1;
        if !name(&mut contact) {
            self.left_out.push(format!(
                "card {at}: it has no name, organisation, address or number"
            ));
            return;
        }
        for (what, count) in trim(&mut contact) {
            self.left_out.push(format!(
                "card {at} ({}): {count} {what} too many",
                contact.name
            ));
        }
        self.contacts.push(contact);
    }
}

impl From<Contact> for OrgContact {
    /// What an org contact has room for.
    fn from(contact: Contact) -> OrgContact {
        let address = match contact.business_address.is_blank() {
            true => contact.home_address,
            false => contact.business_address,
        };
        OrgContact {
            name: contact.name,
            given_name: contact.given_name,
            surname: contact.surname,
            mail: contact.emails.into_iter().next().map(|e| e.address),
            business_phone: contact.business_phones.into_iter().next(),
            mobile_phone: contact.mobile_phone,
            job_title: contact.job_title,
            department: contact.department,
            company: contact.company,
            office: contact.office,
            address,
            ..OrgContact::default()
        }
    }
}

fn put(contact: &mut Contact, entry: &VCardEntry) {
    let parts = parts(entry);
    let whole = || parts.iter().find(|p| !p.is_empty()).cloned();
    match &entry.name {
        VCardProperty::Fn => contact.name = whole().unwrap_or_default(),
        VCardProperty::N => put_name(contact, &parts),
        VCardProperty::Nickname => contact.nick_name = whole(),
        VCardProperty::Org => {
            contact.company = part(&parts, 0);
            contact.department = part(&parts, 1);
        }
        VCardProperty::Title => contact.job_title = whole(),
        VCardProperty::Role => contact.profession = whole(),
        VCardProperty::Note => contact.notes = whole(),
        VCardProperty::Url => contact.home_page = whole(),
        VCardProperty::Categories => contact.categories.extend(parts),
        VCardProperty::Email => contact.emails.extend(whole().map(|address| EmailAddress {
            address,
            name: None,
        })),
        VCardProperty::Impp => contact.im_addresses.extend(whole()),
        VCardProperty::Tel => put_phone(contact, entry, whole()),
        VCardProperty::Adr => put_address(contact, entry, &parts),
        VCardProperty::Bday => contact.birthday = entry.values.first().and_then(day),
        VCardProperty::Photo => contact.photo = Some(picture(entry)),
        VCardProperty::Other(name) => put_other(contact, name, whole()),
        _ => {}
    }
}

fn put_other(contact: &mut Contact, name: &str, value: Option<String>) {
    match name.to_ascii_uppercase().as_str() {
        "X-PHONETIC-FIRST-NAME" => contact.yomi_given_name = value,
        "X-PHONETIC-LAST-NAME" => contact.yomi_surname = value,
        "X-ASSISTANT" | "X-MS-ASSISTANT" | "X-EVOLUTION-ASSISTANT" => {
            contact.assistant_name = value
        }
        "X-SPOUSE" | "X-MS-SPOUSE" | "X-EVOLUTION-SPOUSE" => contact.spouse_name = value,
        "X-MANAGER" | "X-MS-MANAGER" | "X-EVOLUTION-MANAGER" => contact.manager = value,
        "X-JABBER" | "X-SKYPE" | "X-AIM" | "X-MS-IMADDRESS" => contact.im_addresses.extend(value),
        _ => {}
    }
}

/// Family; given; additional; prefixes; suffixes (RFC 6350 section 6.2.2).
fn put_name(contact: &mut Contact, parts: &[String]) {
    contact.surname = part(parts, 0);
    contact.given_name = part(parts, 1);
    contact.middle_name = part(parts, 2);
    contact.title = part(parts, 3);
    contact.generation = part(parts, 4);
}

fn put_phone(contact: &mut Contact, entry: &VCardEntry, number: Option<String>) {
    let number = number.map(|n| n.trim_start_matches("tel:").to_owned());
    let types = types(entry);
    let is = |wanted: &str| types.iter().any(|t| t == wanted);
    // Graph's contact has no place for these (graph.md 2.1: extended properties only).
    if is("fax") || is("pager") {
        return;
    }
    match (is("cell"), is("home"), number) {
        (true, _, Some(number)) if contact.mobile_phone.is_none() => {
            contact.mobile_phone = Some(number)
        }
        (_, true, Some(number)) => contact.home_phones.push(number),
        (_, false, Some(number)) => contact.business_phones.push(number),
        (_, _, None) => {}
    }
}

/// Post office box; extended; street; city; region; postal code; country (RFC 6350 section 6.3.1).
fn put_address(contact: &mut Contact, entry: &VCardEntry, parts: &[String]) {
    let lines = [part(parts, 0), part(parts, 1), part(parts, 2)];
    let address = PostalAddress {
        street: lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        city: part(parts, 3).unwrap_or_default(),
        state: part(parts, 4).unwrap_or_default(),
        postal_code: part(parts, 5).unwrap_or_default(),
        country: part(parts, 6).unwrap_or_default(),
    };
    let types = types(entry);
    let is = |wanted: &str| types.iter().any(|t| t == wanted);
    let place = match (is("work"), is("home")) {
        (true, _) => &mut contact.business_address,
        (_, true) => &mut contact.home_address,
        _ => &mut contact.other_address,
    };
    if place.is_blank() {
        *place = address;
    }
}

/// The display name, from whatever the card has.
fn name(contact: &mut Contact) -> bool {
    if contact.name.trim().is_empty() {
        let own = [&contact.given_name, &contact.middle_name, &contact.surname];
        let own: Vec<&str> = own.into_iter().filter_map(|n| n.as_deref()).collect();
        let others = [
            contact.company.clone(),
            contact.emails.first().map(|e| e.address.clone()),
            contact.business_phones.first().cloned(),
            contact.mobile_phone.clone(),
        ];
        contact.name = match own.is_empty() {
            true => others.into_iter().flatten().next().unwrap_or_default(),
            false => own.join(" "),
        };
    }
    !contact.name.trim().is_empty()
}

/// Cuts the lists to what Graph takes (graph.md 2.2); says what was cut.
fn trim(contact: &mut Contact) -> Vec<(&'static str, usize)> {
    let mut cut = vec![
        ("e-mail addresses", contact.emails.len().saturating_sub(3)),
        (
            "business phones",
            contact.business_phones.len().saturating_sub(2),
        ),
        ("home phones", contact.home_phones.len().saturating_sub(2)),
        (
            "message addresses",
            contact.im_addresses.len().saturating_sub(3),
        ),
    ];
    contact.emails.truncate(3);
    contact.business_phones.truncate(2);
    contact.home_phones.truncate(2);
    contact.im_addresses.truncate(3);
    cut.retain(|(_, count)| *count > 0);
    cut
}

/// The values as texts, one per semicolon (or comma, for lists); several in one place joined by a space.
fn parts(entry: &VCardEntry) -> Vec<String> {
    let text = |value: &VCardValue| match value {
        VCardValue::Component(several) => several.join(" "),
        VCardValue::Integer(number) => number.to_string(),
        other => other.as_text().unwrap_or_default().to_owned(),
    };
    entry
        .values
        .iter()
        .map(|v| text(v).trim().to_owned())
        .collect()
}

fn part(parts: &[String], at: usize) -> Option<String> {
    parts.get(at).filter(|p| !p.is_empty()).cloned()
}

/// The TYPE parameter's values in lower case; vCard 2.1 writes them bare.
fn types(entry: &VCardEntry) -> Vec<String> {
    let typed = entry.parameters(&VCardParameterName::Type);
    let mut all: Vec<String> = typed
        .filter_map(|v| v.as_text())
        .map(str::to_lowercase)
        .collect();
    for param in &entry.params {
        if let VCardParameterName::Other(bare) = &param.name {
            all.push(bare.to_lowercase());
        }
    }
    all.iter()
        .flat_map(|t| t.split(','))
        .map(str::to_owned)
        .collect()
}

/// A birthday that has a year; Graph cannot hold one without.
fn day(value: &VCardValue) -> Option<String> {
    match value {
        VCardValue::PartialDateTime(date) => {
            let (year, month, day) = (date.year?, date.month?, date.day?);
            Some(format!("{year:04}-{month:02}-{day:02}"))
        }
        _ => None,
    }
}

/// Which portrait stands for the card's picture: the same picture, the same portrait.
fn picture(entry: &VCardEntry) -> u64 {
    let hash = match entry.values.first() {
        Some(VCardValue::Binary(data)) => crate::chance::hash(&data.data),
        Some(value) => crate::chance::hash(value.as_text().unwrap_or_default().as_bytes()),
        None => 0,
    };
    // As short as a drawn seed: a plain number in YAML and JSON everywhere.
    hash >> 32
}

fn shorten(line: &str) -> String {
    line.chars().take(60).collect()
}
