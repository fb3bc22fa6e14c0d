//! A believable client of any size, drawn from a seed.

use super::draw::Draw;
use super::generate_content::content;
use super::generate_people::{Staff, org_contacts, staff};
use super::{Fleet, Group, GroupKind, Tenant};

/// How large a drawn client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// User objects that are people: members and guests, with and without a mailbox.
    pub people: usize,
    /// How many of the people have a mailbox in Exchange Online. The rest are guests, people without mail,
    /// and colleagues whose mailbox is elsewhere; as many of each as this number leaves room for.
    pub mailboxes: usize,
    pub org_contacts: usize,
    /// Rooms beside the board room, half as many devices.
    pub rooms: usize,
    /// Contacts in the shared mailbox `reception@` and its folder of suppliers.
    pub reception_contacts: usize,
    /// Contacts of their own in the default folder of every person's mailbox.
    pub private_contacts: usize,
}

impl Default for Size {
    /// The default fleet: 25 people.
    fn default() -> Size {
        Size {
            people: 25,
            mailboxes: 20,
            org_contacts: 6,
            rooms: 1,
            reception_contacts: 8,
            private_contacts: 2,
        }
    }
}

impl Size {
    /// A client with `mailboxes` people who have a mailbox, and `contacts` people and org contacts in all
    /// (never fewer than the people with a mailbox).
    pub fn of(mailboxes: usize, contacts: usize) -> Size {
        let people = mailboxes.max(contacts * 9 / 10).max(1);
        Size {
            people,
            mailboxes,
            org_contacts: contacts.saturating_sub(people),
            ..Size::default()
        }
    }
}

/// One tenant, `contoso.example`, of this size. The same arguments give the same fleet.
pub fn generate(seed: u64, size: &Size) -> Fleet {
    generate_tenants(seed, &["contoso.example"], size)
}

/// One tenant of this size for every domain, each with people of its own.
pub fn generate_tenants(seed: u64, domains: &[&str], size: &Size) -> Fleet {
    let tenants = domains.iter().enumerate();
    let tenants = tenants.map(|(at, domain)| tenant(seed.wrapping_add(at as u64), domain, size));
    let mut fleet = Fleet {
        seed,
        tenants: tenants.collect(),
    };
    // A drawn fleet names nothing twice and refers to nothing that is not there; a test holds it to that.
    let completed = fleet.complete();
    debug_assert!(completed.is_ok(), "{completed:?}");
    fleet
}

fn tenant(seed: u64, domain: &str, size: &Size) -> Tenant {
    let mut draw = Draw::new(seed);
    let Staff {
        people,
        departments,
        managers,
    } = staff(&mut draw, domain, size);
    let org_contacts = org_contacts(&mut draw, size.org_contacts);
    let groups = groups(&people, &org_contacts, departments, managers);
    let content = content(&mut draw, domain, &people, size);
    Tenant {
        domain: domain.to_owned(),
        name: title_of(domain),
        country: "DE".to_owned(),
        people,
        org_contacts,
        groups,
        content,
        ..Tenant::default()
    }
}

/// `contoso.example` → `Contoso`.
pub(super) fn title_of(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or(domain);
    let mut letters = label.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The departments' groups, and what an admin builds from them.
fn groups(
    people: &[super::Person],
    org_contacts: &[super::OrgContact],
    departments: Vec<(&'static str, Vec<String>)>,
    managers: Vec<String>,
) -> Vec<Group> {
    let security = |name: &str, members: Vec<String>, groups: Vec<String>| Group {
        name: name.to_owned(),
        members,
        groups,
        ..Group::default()
    };
    let mut all: Vec<Group> = departments
        .into_iter()
        .map(|(name, members)| security(name, members, vec![]))
        .collect();
    let nested = all.iter().map(|g| g.name.clone()).collect();
    let guests = people
        .iter()
        .filter(|p| p.guest)
        .map(|p| p.upn.clone())
        .collect();
    let unlisted: Vec<String> = people
        .iter()
        .skip(6)
        .step_by(40)
        .map(|p| p.upn.clone())
        .collect();
    all.push(Group {
        description: Some(
            "Everyone who works here, through the groups of the departments".to_owned(),
        ),
        ..security("All staff", vec![], nested)
    });
    all.push(security("Managers", managers, vec![]));
    all.push(security("No phone list", unlisted, vec![]));
    all.push(security("Guests", guests, vec![]));
    all.push(security("Nobody yet", vec![], vec![]));
    all.push(partners(people, org_contacts));
    all.push(team(people));
    all
}

/// A distribution list with people from outside in it.
fn partners(people: &[super::Person], org_contacts: &[super::OrgContact]) -> Group {
    let outside = org_contacts.iter().filter_map(|c| c.mail.clone()).take(3);
    let inside = people.iter().take(2).map(|p| p.upn.clone());
    let domain = people
        .first()
        .and_then(|p| p.upn.split_once('@'))
        .map_or("", |(_, d)| d);
    Group {
        name: "Partners".to_owned(),
        kind: GroupKind::Distribution,
        mail: Some(format!("partners@{domain}")),
        members: outside.chain(inside).collect(),
        ..Group::default()
    }
}

/// A Microsoft 365 group whose members a rule chooses.
fn team(people: &[super::Person]) -> Group {
    let sales = people
        .iter()
        .filter(|p| p.department.as_deref() == Some("Sales"));
    let members: Vec<String> = sales.map(|p| p.upn.clone()).collect();
    let domain = people
        .first()
        .and_then(|p| p.upn.split_once('@'))
        .map_or("", |(_, d)| d);
    Group {
        name: "Sales team".to_owned(),
        kind: GroupKind::Microsoft365,
        mail: Some(format!("sales-team@{domain}")),
        membership_rule: Some("user.department -eq \"Sales\"".to_owned()),
        members,
        ..Group::default()
    }
}
