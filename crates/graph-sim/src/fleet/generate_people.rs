//! The people, rooms and org contacts of a drawn fleet.

use super::draw::Draw;
use super::generate::Size;
use super::places::{NameOrder, PLACES, Place};
use super::{MailboxState, OrgContact, Person, PersonKind, PostalAddress};
use std::collections::BTreeMap;

/// Everybody in a tenant, and how they are organised; people are named by user principal name.
pub(super) struct Staff {
    pub people: Vec<Person>,
    /// Department → members, in the order of [`DEPARTMENTS`].
    pub departments: Vec<(&'static str, Vec<String>)>,
    pub managers: Vec<String>,
}

/// Departments and the titles of those in them, the head's first.
#[rustfmt::skip]
const DEPARTMENTS: [(&str, [&str; 4]); 7] = [
    ("Board", ["Chief Executive Officer", "Chief Financial Officer", "Assistant to the Board", "Counsel"]),
    ("Sales", ["Head of Sales", "Account Manager", "Vertrieb Außendienst", "Sales Assistant"]),
    ("IT", ["IT Manager", "Systems Engineer", "Développeuse", "Service Desk"]),
    ("Finance", ["Head of Finance", "Accountant", "Payroll Officer", "Buchhaltung / Controlling"]),
    ("Production", ["Plant Manager", "Shift Lead", "Machine Operator", "Quality Engineer"]),
    ("Human Resources", ["Head of HR", "Recruiter", "HR Partner", "Trainer"]),
    ("Test", ["Test Lead", "Test Account", "Load Generator", "Demo User"]),
];

/// How often somebody works in a department, by index into [`DEPARTMENTS`].
const SHARES: [usize; 16] = [0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 1, 6];

/// What sets somebody apart from an ordinary colleague.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trait {
    Ordinary,
    Guest,
    GuestWithoutPhone,
    Disabled,
    Hidden,
    NoPhone,
    NoMail,
    OnPremises,
}

/// Which trait the person at this place among 25 has.
fn trait_at(at: usize) -> Trait {
    match at % 25 {
        7 => Trait::NoPhone,
        11 => Trait::Guest,
        13 => Trait::Disabled,
        16 => Trait::NoMail,
        19 => Trait::Hidden,
        21 => Trait::OnPremises,
        23 => Trait::GuestWithoutPhone,
        24 => Trait::NoMail,
        _ => Trait::Ordinary,
    }
}

pub(super) fn staff(draw: &mut Draw, domain: &str, size: &Size) -> Staff {
    let mut names = Names::default();
    let mut people: Vec<Person> = Vec::with_capacity(size.people + size.rooms * 2 + 4);
    let mut mailboxes_due = size.mailboxes.min(size.people);
    for at in 0..size.people {
        let may_be_without = size.people - at > mailboxes_due;
        let special = match trait_at(at) {
            Trait::Guest | Trait::GuestWithoutPhone | Trait::NoMail | Trait::OnPremises
                if !may_be_without =>
            {
                Trait::Ordinary
            }
            other => other,
        };
        let mut person = person(draw, &mut names, domain, at, special);
        match (person.mailbox_state(), mailboxes_due) {
            (MailboxState::Online, 0) => move_mailbox_away(&mut person),
            (MailboxState::Online, _) => mailboxes_due -= 1,
            _ => {}
        }
        people.push(person);
    }
    let managers = appoint(&mut people);
    let departments = departments(&people);
    people.extend(resources(domain, size.rooms));
    Staff {
        people,
        departments,
        managers,
    }
}

/// Beyond the mailboxes that were asked for: the address is served elsewhere.
fn move_mailbox_away(person: &mut Person) {
    person.mail = Some(person.upn.clone());
    person.mailbox = Some(MailboxState::None);
    person.licensed = Some(false);
}

/// Names already given, so that user principal names stay apart as an admin would keep them apart.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn local_part(&mut self, given: &str, surname: &str) -> String {
        let plain = |s: &str| -> String {
            let keep = s.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
            keep.collect::<String>().to_ascii_lowercase()
        };
        let wanted = format!("{}.{}", plain(given), plain(surname));
        let count = self.0.entry(wanted.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => wanted,
            n => format!("{wanted}{n}"),
        }
    }
}

/// A drawn name in every form it has.
pub(super) struct Name {
    pub given: String,
    pub surname: String,
    pub display: String,
    pub latin: (&'static str, &'static str),
    pub yomi: Option<(&'static str, &'static str)>,
}

pub(super) fn name(draw: &mut Draw, place: &Place) -> Name {
    let (given, surname) = (
        forms(draw.pick::<&'static str>(place.given)),
        forms(draw.pick::<&'static str>(place.surnames)),
    );
    let display = match place.order {
        NameOrder::GivenFirst => format!("{} {}", given.0, surname.0),
        NameOrder::FamilyFirst => format!("{} {}", surname.0, given.0),
        NameOrder::FamilyFirstJoined => format!("{}{}", surname.0, given.0),
    };
    Name {
        given: given.0.to_owned(),
        surname: surname.0.to_owned(),
        display,
        latin: (given.1, surname.1),
        yomi: given.2.zip(surname.2),
    }
}

/// `native|latin|yomi`, the last two optional.
fn forms(name: &'static str) -> (&'static str, &'static str, Option<&'static str>) {
    let mut parts = name.split('|');
    let native = parts.next().unwrap_or(name);
    (native, parts.next().unwrap_or(native), parts.next())
}

fn person(draw: &mut Draw, names: &mut Names, domain: &str, at: usize, special: Trait) -> Person {
    let place = place_of(draw, at);
    let name = name(draw, place);
    let local = names.local_part(name.latin.0, name.latin.1);
    let department = DEPARTMENTS[SHARES[at % SHARES.len()]];
    let mut person = Person {
        upn: format!("{local}@{domain}"),
        name: name.display,
        given_name: Some(name.given),
        surname: Some(name.surname),
        department: Some(department.0.to_owned()),
        job_title: Some((*draw.pick(&department.1[1..])).to_owned()),
        company: Some(super::generate::title_of(domain)),
        office: Some(format!("{} {}", place.city.0, draw.below(4) + 1)),
        address: address(draw, place),
        usage_location: Some(place.country.to_owned()),
        language: Some(place.language.to_owned()),
        employee_id: Some(format!("E{:05}", at + 1)),
        employee_type: Some(
            if at % 9 == 8 {
                "Contractor"
            } else {
                "Employee"
            }
            .to_owned(),
        ),
        created: Some(format!(
            "20{:02}-0{}-1{}T08:00:00Z",
            12 + at % 13,
            1 + at % 9,
            at % 10
        )),
        photo: (!at.is_multiple_of(4)).then(|| draw.seed()),
        ..Person::default()
    };
    phones(draw, place, &mut person);
    if draw.one_in(5) {
        person.aliases = vec![format!("{}@{domain}", local.replace('.', "-"))];
    }
    if draw.one_in(6) {
        person.extension_attributes =
            BTreeMap::from([(1, format!("CC-{}", 100 + draw.below(900)))]);
    }
    set_apart(&mut person, special, &local, domain);
    person
}

/// The first people come from every place once, so that a small fleet has every script too.
fn place_of(draw: &mut Draw, at: usize) -> &'static Place {
    PLACES.get(at).unwrap_or_else(|| draw.pick(PLACES))
}

fn phones(draw: &mut Draw, place: &Place, person: &mut Person) {
    let (phone, mobile) = (*draw.pick(place.phones), *draw.pick(place.mobiles));
    if !draw.one_in(6) {
        person.business_phones = vec![draw.digits(phone)];
    }
    if !draw.one_in(4) || person.business_phones.is_empty() {
        person.mobile_phone = Some(draw.digits(mobile));
    }
    if draw.one_in(8) {
        person.fax_number = Some(draw.digits(phone));
    }
}

fn set_apart(person: &mut Person, special: Trait, local: &str, domain: &str) {
    match special {
        Trait::Ordinary => {}
        Trait::Guest | Trait::GuestWithoutPhone => invite(person, local, domain),
        Trait::Disabled => person.enabled = Some(false),
        Trait::Hidden => person.hidden = true,
        Trait::NoPhone => take_phones(person),
        Trait::NoMail => {
            person.mailbox = Some(MailboxState::None);
            person.aliases.clear();
        }
        Trait::OnPremises => {
            person.mailbox = Some(MailboxState::OnPremises);
            person.licensed = Some(false);
        }
    }
    if special == Trait::GuestWithoutPhone {
        take_phones(person);
    }
}

fn take_phones(person: &mut Person) {
    person.business_phones.clear();
    person.mobile_phone = None;
    person.fax_number = None;
}

/// Guests are invited by an address outside; their user principal name says so.
fn invite(person: &mut Person, local: &str, domain: &str) {
    person.guest = true;
    person.mail = Some(format!("{local}@partner.example"));
    person.upn = format!("{local}_partner.example#EXT#@{domain}");
    person.aliases.clear();
    person.department = None;
    person.employee_id = None;
    person.employee_type = None;
    person.company = Some("Partner Ltd".to_owned());
}

pub(super) fn address(draw: &mut Draw, place: &Place) -> PostalAddress {
    PostalAddress {
        street: draw.digits(place.street),
        city: place.city.0.to_owned(),
        state: place.city.1.to_owned(),
        postal_code: draw.digits(place.city.2),
        country: place.country_name.to_owned(),
    }
}

/// Makes the first of every department its head, and says who reports to whom. Returns the managers.
fn appoint(people: &mut [Person]) -> Vec<String> {
    let mut heads: BTreeMap<&str, String> = BTreeMap::new();
    for (name, titles) in DEPARTMENTS {
        let first = people
            .iter_mut()
            .find(|p| p.department.as_deref() == Some(name));
        if let Some(head) = first {
            head.job_title = Some(titles[0].to_owned());
            heads.insert(name, head.upn.clone());
        }
    }
    let chief = heads.get(DEPARTMENTS[0].0).cloned();
    for person in people.iter_mut() {
        let head = person.department.as_deref().and_then(|d| heads.get(d));
        let superior = if head == Some(&person.upn) {
            chief.as_ref()
        } else {
            head
        };
        person.manager = superior.filter(|upn| **upn != person.upn).cloned();
    }
    heads.into_values().collect()
}

fn departments(people: &[Person]) -> Vec<(&'static str, Vec<String>)> {
    let members = |name: &str| {
        let inside = people
            .iter()
            .filter(|p| p.department.as_deref() == Some(name));
        inside.map(|p| p.upn.clone()).collect::<Vec<_>>()
    };
    let all = DEPARTMENTS.iter().map(|(name, _)| (*name, members(name)));
    all.filter(|(_, members)| !members.is_empty()).collect()
}

/// Shared mailboxes, rooms and devices.
fn resources(domain: &str, rooms: usize) -> Vec<Person> {
    let resource = |name: String, local: String, kind| Person {
        name,
        upn: format!("{local}@{domain}"),
        kind,
        ..Person::default()
    };
    let mut all = vec![
        resource("Reception".into(), "reception".into(), PersonKind::Shared),
        resource("Human Resources".into(), "hr".into(), PersonKind::Shared),
        resource("Board room".into(), "board-room".into(), PersonKind::Room),
    ];
    for n in 1..=rooms {
        all.push(resource(
            format!("Room {n}"),
            format!("room-{n}"),
            PersonKind::Room,
        ));
    }
    for n in 1..=rooms.div_ceil(2) {
        all.push(resource(
            format!("Projector {n}"),
            format!("projector-{n}"),
            PersonKind::Equipment,
        ));
    }
    all
}

/// Mail contacts of the organisation: suppliers, advisers, some without a phone or an address.
pub(super) fn org_contacts(draw: &mut Draw, count: usize) -> Vec<OrgContact> {
    (0..count).map(|at| org_contact(draw, at)).collect()
}

fn org_contact(draw: &mut Draw, at: usize) -> OrgContact {
    let place = draw.pick(PLACES);
    let name = name(draw, place);
    let company = format!("{} & Partner", name.latin.1);
    OrgContact {
        mail: Some(format!("contact{}@supplier.example", at + 1)),
        name: format!("{} ({company})", name.display),
        given_name: Some(name.given),
        surname: Some(name.surname),
        business_phone: (at % 5 != 3).then(|| draw.digits(draw_pattern(place.phones, at))),
        mobile_phone: (at % 3 == 1).then(|| draw.digits(draw_pattern(place.mobiles, at))),
        business_fax: (at % 7 == 2).then(|| draw.digits(place.phones[0])),
        job_title: at.is_multiple_of(2).then(|| "Account Manager".to_owned()),
        company: Some(company),
        address: address(draw, place),
        ..OrgContact::default()
    }
}

fn draw_pattern(patterns: &'static [&'static str], at: usize) -> &'static str {
    patterns[at % patterns.len()]
}
