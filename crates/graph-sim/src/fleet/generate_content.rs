//! The contacts that lie in a drawn fleet's mailboxes from the start.

use super::draw::Draw;
use super::generate::Size;
use super::generate_people::{address, name};
use super::places::PLACES;
use super::{Contact, EmailAddress, FolderContent, MailboxState, Person, PersonKind};

pub(super) fn content(
    draw: &mut Draw,
    domain: &str,
    people: &[Person],
    size: &Size,
) -> Vec<FolderContent> {
    let folder = |local: &str, folder: &str, contacts| FolderContent {
        mailbox: format!("{local}@{domain}"),
        folder: folder.to_owned(),
        contacts,
    };
    let mut all = vec![
        folder(
            "reception",
            "Contacts",
            reception(draw, size.reception_contacts),
        ),
        folder(
            "reception",
            "Contacts/Suppliers",
            strangers(draw, size.reception_contacts / 2),
        ),
        folder("hr", "Emergency numbers", emergency(people)),
    ];
    if size.private_contacts > 0 {
        all.extend(private(draw, people, size.private_contacts));
    }
    all
}

/// What a reception desk keeps: numbers without people, then people without the company's address book.
fn reception(draw: &mut Draw, count: usize) -> Vec<Contact> {
    let number = |name: &str, phone: &str| Contact {
        name: name.to_owned(),
        company: Some(name.to_owned()),
        business_phones: vec![phone.to_owned()],
        categories: vec!["Green category".to_owned()],
        ..Contact::default()
    };
    let mut all = vec![
        number("Taxi Köln", "0221 2882"),
        number("Notruf / Emergency", "112"),
        number("Hausmeister (Tor 3)", "0221/5550-199 Durchwahl 3"),
    ];
    all.truncate(count);
    let rest = count - all.len();
    all.extend(strangers(draw, rest));
    all
}

/// People from outside, with much of what a contact can hold.
fn strangers(draw: &mut Draw, count: usize) -> Vec<Contact> {
    (0..count).map(|at| stranger(draw, at)).collect()
}

fn stranger(draw: &mut Draw, at: usize) -> Contact {
    let place = draw.pick(PLACES);
    let name = name(draw, place);
    let host = name.latin.1.to_ascii_lowercase().replace(' ', "-");
    let email = EmailAddress {
        address: format!(
            "{}@{host}.example",
            name.latin.0.to_ascii_lowercase().replace(' ', ".")
        ),
        name: Some(name.display.clone()),
    };
    let phone = *draw.pick(place.phones);
    Contact {
        name: name.display,
        given_name: Some(name.given),
        surname: Some(name.surname),
        yomi_given_name: name.yomi.map(|(given, _)| given.to_owned()),
        yomi_surname: name.yomi.map(|(_, surname)| surname.to_owned()),
        emails: vec![email],
        business_phones: vec![draw.digits(phone)],
        mobile_phone: draw.one_in(2).then(|| draw.digits(place.mobiles[0])),
        company: Some(format!("{} Ltd", name.latin.1)),
        business_address: address(draw, place),
        notes: at
            .is_multiple_of(3)
            .then(|| "Ruft vor 9 Uhr an.\nBitte durchstellen.".to_owned()),
        birthday: (at % 4 == 1)
            .then(|| format!("19{:02}-0{}-2{}", 50 + at % 50, 1 + at % 9, at % 9)),
        photo: (at % 3 == 2).then(|| draw.seed()),
        ..Contact::default()
    }
}

/// Private numbers that HR keeps for managers: the same people, another phone.
fn emergency(people: &[Person]) -> Vec<Contact> {
    let staff = people
        .iter()
        .filter(|p| p.kind == PersonKind::User && !p.guest);
    let with_mail = staff
        .filter(|p| p.mailbox_state() == MailboxState::Online)
        .take(6);
    let card = |(at, person): (usize, &Person)| Contact {
        name: person.name.clone(),
        given_name: person.given_name.clone(),
        surname: person.surname.clone(),
        emails: vec![EmailAddress {
            address: person.upn.clone(),
            name: None,
        }],
        home_phones: vec![format!("+49 221 555 09{at:02}")],
        notes: Some("Emergency contact on file".to_owned()),
        ..Contact::default()
    };
    with_mail.enumerate().map(card).collect()
}

/// What people keep themselves: strangers, and for every third a colleague, typed by hand.
fn private(draw: &mut Draw, people: &[Person], each: usize) -> Vec<FolderContent> {
    let staff = people.iter().filter(|p| p.kind == PersonKind::User);
    let owners: Vec<&Person> = staff
        .filter(|p| p.mailbox_state() == MailboxState::Online)
        .collect();
    let mut all = Vec::with_capacity(owners.len());
    for (at, owner) in owners.iter().enumerate() {
        let mut contacts = strangers(draw, each);
        if at % 3 == 0 {
            contacts[0] = by_hand(owners[(at + 1) % owners.len()]);
        }
        all.push(FolderContent {
            mailbox: owner.upn.clone(),
            folder: String::new(),
            contacts,
        });
    }
    all
}

fn by_hand(colleague: &Person) -> Contact {
    Contact {
        name: colleague.name.clone(),
        given_name: colleague.given_name.clone(),
        emails: vec![EmailAddress {
            address: colleague.upn.clone(),
            name: None,
        }],
        mobile_phone: colleague.mobile_phone.clone(),
        notes: Some("Lunch on Thursdays".to_owned()),
        ..Contact::default()
    }
}
