//! Drawn fleets: what a believable client must hold, at every size, the same for the same seed.

use graph_sim::fleet::{Fleet, MailboxState, Person, PersonKind, Size, generate, generate_tenants};

fn people(fleet: &Fleet) -> Vec<&Person> {
    let all = fleet.tenants[0].people.iter();
    all.filter(|p| p.kind == PersonKind::User).collect()
}

#[test]
fn the_default_fleet_has_what_the_rehearsal_needs() {
    let fleet = generate(1, &Size::default());
    let tenant = &fleet.tenants[0];
    assert_eq!(tenant.domain, "contoso.example");
    let people = people(&fleet);
    assert_eq!(people.len(), 25);
    let count = |wanted: &dyn Fn(&Person) -> bool| people.iter().filter(|p| wanted(p)).count();
    assert_eq!(count(&|p| p.mailbox_state() == MailboxState::Online), 20);
    assert!(count(&|p| p.guest) > 0);
    assert!(count(&|p| !p.is_enabled()) > 0);
    assert!(count(&|p| p.hidden) > 0);
    assert!(count(&|p| p.mail.is_none()) > 0);
    assert!(count(&|p| p.business_phones.is_empty() && p.mobile_phone.is_none()) > 0);
    assert!(count(&|p| p.manager.is_some()) > 15);
    for kind in [PersonKind::Shared, PersonKind::Room, PersonKind::Equipment] {
        assert!(tenant.people.iter().any(|p| p.kind == kind), "{kind:?}");
    }
    for group in ["All staff", "Managers", "No phone list", "Sales"] {
        let group = tenant.groups.iter().find(|g| g.name == group).unwrap();
        assert!(
            !group.members.is_empty() || !group.groups.is_empty(),
            "{}",
            group.name
        );
    }
    assert_eq!(tenant.org_contacts.len(), 6);
    assert!(tenant.person("reception@contoso.example").is_some());
    assert!(tenant.content.iter().any(|c| c.segments() == ["Suppliers"]));
}

#[test]
fn names_come_in_many_scripts_even_in_a_small_fleet() {
    let fleet = generate(1, &Size::default());
    let text: String = people(&fleet).iter().map(|p| p.name.as_str()).collect();
    let has = |from: char, to: char| text.chars().any(|c| (from..=to).contains(&c));
    for (script, from, to) in [
        ("accents", 'À', 'ž'),
        ("Greek", 'Α', 'ω'),
        ("Cyrillic", 'А', 'я'),
        ("Hebrew", 'א', 'ת'),
        ("Arabic", 'ء', 'ي'),
        ("Devanagari", 'अ', 'ह'),
        ("Thai", 'ก', 'ฮ'),
        ("Georgian", 'ა', 'ჰ'),
        ("Hangul", '가', '힣'),
        ("Han", '一', '龥'),
    ] {
        assert!(has(from, to), "{script}");
    }
}

#[test]
fn user_principal_names_are_plain_and_apart() {
    let fleet = generate(3, &Size::of(900, 1500));
    let mut names: Vec<_> = people(&fleet).iter().map(|p| p.upn.clone()).collect();
    assert!(names.iter().all(|n| n.is_ascii() && !n.contains(' ')));
    let before = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), before);
}

#[test]
fn a_size_is_met_exactly() {
    for (mailboxes, contacts) in [(1, 1), (2, 5), (200, 5000), (1000, 1000), (50, 51)] {
        let fleet = generate(9, &Size::of(mailboxes, contacts));
        let online = people(&fleet)
            .iter()
            .filter(|p| p.mailbox_state() == MailboxState::Online)
            .count();
        assert_eq!(online, mailboxes, "{mailboxes} of {contacts}");
        let all = people(&fleet).len() + fleet.tenants[0].org_contacts.len();
        assert_eq!(all, contacts, "{mailboxes} of {contacts}");
    }
}

#[test]
fn a_seed_draws_the_same_fleet_and_another_draws_another() {
    let size = Size::default();
    assert_eq!(generate(5, &size), generate(5, &size));
    assert_ne!(
        people(&generate(5, &size))[3].name,
        people(&generate(8, &size))[3].name
    );
}

#[test]
fn a_drawn_fleet_survives_its_file() {
    let fleet = generate_tenants(
        2,
        &["contoso.example", "fabrikam.example"],
        &Size::default(),
    );
    let again = Fleet::from_yaml(&fleet.to_yaml().unwrap()).unwrap();
    assert_eq!(again, fleet);
    assert_eq!(
        fleet.tenants[0].apps[0].client_id,
        fleet.tenants[1].apps[0].client_id
    );
    assert_ne!(
        fleet.tenants[0].apps[0].client_secret,
        fleet.tenants[1].apps[0].client_secret
    );
}

#[test]
fn a_large_clients_file_is_read() {
    let size = Size {
        people: 8_000,
        ..Size::default()
    };
    let fleet = generate(3, &size);
    let again = Fleet::from_yaml(&fleet.to_yaml().unwrap()).unwrap();
    assert_eq!(again.tenants[0].people.len(), fleet.tenants[0].people.len());
}
