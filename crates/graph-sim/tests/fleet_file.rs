//! A fleet file: what may be left out, what is filled in, which mistakes are named.

use graph_sim::fleet::{Fleet, FleetError};

const SMALL: &str = "
tenants:
  - domain: contoso.example
    people:
      - name: Ada Lovelace
        mobile_phone: +44 20 7946 0001
      - name: 王小明
        manager: Ada Lovelace
      - { name: Reception, kind: shared }
      - { name: Gast, upn: gast_else.example#EXT#@contoso.example, guest: true }
    org_contacts:
      - { name: Taxi, business_phone: '19410' }
    groups:
      - { name: Managers, members: [ada.lovelace@contoso.example] }
      - { name: All staff, members: [王小明, Taxi], groups: [Managers] }
    content:
      - mailbox: reception@contoso.example
        folder: Contacts/Suppliers
        contacts:
          - { name: Paper Ltd, emails: [paper@supplier.example], business_phones: ['+1 425 555 0100'] }
";

#[test]
fn names_are_enough_the_rest_is_derived() {
    let fleet = Fleet::from_yaml(SMALL).unwrap();
    let tenant = &fleet.tenants[0];
    let ada = tenant.person("Ada Lovelace").unwrap();
    assert_eq!(ada.upn, "ada.lovelace@contoso.example");
    assert_eq!(ada.mail.as_deref(), Some("ada.lovelace@contoso.example"));
    assert_eq!(
        (ada.given_name.as_deref(), ada.surname.as_deref()),
        (Some("Ada"), Some("Lovelace"))
    );
    assert!(ada.is_enabled() && ada.is_licensed());
    let shared = tenant.person("Reception").unwrap();
    assert!(!shared.is_enabled() && !shared.is_licensed());
    assert_eq!(tenant.mailboxes().count(), 3);
    assert!(tenant.person("Gast").unwrap().mail.is_none());
    assert_eq!(tenant.apps.len(), 1);
}

#[test]
fn references_become_ids() {
    let fleet = Fleet::from_yaml(SMALL).unwrap();
    let tenant = &fleet.tenants[0];
    let ada = &tenant.person("Ada Lovelace").unwrap().id;
    assert_eq!(tenant.person("王小明").unwrap().manager.as_ref(), Some(ada));
    assert_eq!(tenant.groups[0].members, [ada.as_str()]);
    assert_eq!(tenant.groups[1].groups, [tenant.groups[0].id.clone()]);
    assert_eq!(tenant.groups[1].members[1], tenant.org_contacts[0].id);
    assert_eq!(tenant.content[0].segments(), ["Suppliers"]);
}

#[test]
fn the_same_file_gives_the_same_ids_and_another_seed_gives_others() {
    let once = Fleet::from_yaml(SMALL).unwrap();
    assert_eq!(once, Fleet::from_yaml(SMALL).unwrap());
    let other = Fleet::from_yaml(&format!("seed: 7\n{SMALL}")).unwrap();
    assert_ne!(once.tenants[0].id, other.tenants[0].id);
}

#[test]
fn a_written_fleet_reads_back_equal() {
    let fleet = Fleet::from_yaml(SMALL).unwrap();
    assert_eq!(Fleet::from_yaml(&fleet.to_yaml().unwrap()).unwrap(), fleet);
}

#[test]
fn mistakes_are_named() {
    let unknown = SMALL.replace("groups: [Managers]", "groups: [Bosses]");
    let said = Fleet::from_yaml(&unknown).unwrap_err().to_string();
    assert_eq!(
        said,
        "tenant contoso.example: All staff refers to \"Bosses\", which nothing in the tenant is called"
    );
    let twice = SMALL.replace("name: 王小明", "name: ada lovelace");
    assert!(matches!(
        Fleet::from_yaml(&twice),
        Err(FleetError::Twice { .. })
    ));
    let misspelt = SMALL.replace("mobile_phone", "mobilephone");
    assert!(
        Fleet::from_yaml(&misspelt)
            .unwrap_err()
            .to_string()
            .contains("mobilephone")
    );
}
