//! What an edit lets a tunnel do: widened, narrowed, or only relabelled.

use expect_test::{Expect, expect};
use model::TenantName;
use model::tunnel::Policy;

const BASE: &str = r#"
tunnels:
  - id: t-1
    name: Staff
    tenant: contoso
    owner: desk@msp.example
    copies: keep
    sources:
      - directory: { people: all, groups: [A, B], where: has_phone, exclude: { groups: [Hidden, Secret] }, only_for: { lists: [managers] } }
      - mailbox: { address: desk@contoso.example, children: true, priority: 5 }
    targets: { groups: [Staff], lists: [managers], exclude: [desk@contoso.example], mailbox_kinds: [user, shared], folder: People }
    fields: { pager: { when_present: if_blank } }
    options: { photos: false, own_card: skip, categories: [Staff], on_user_delete: respect, region: DE }
    schedule: every 1h
lists:
  contoso:
    managers: { groups: [Managers, Board], exclude: { lists: [rooms] } }
    rooms: { groups: [Rooms], where: has_phone }
"#;

fn read(text: &str) -> Policy {
    let tenants: Vec<TenantName> = vec!["contoso".into(), "fabrikam".into()];
    policy::read(&[("t.yaml", text)], &tenants).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn changed(old: &str, new: &str) -> String {
    let mut shown = String::new();
    for change in policy::changes(&read(old), &read(new)) {
        shown.push_str(&format!("{} {:?}\n", change.tunnel, change.effect));
        for difference in &change.differences {
            shown.push_str(&format!("  {:?}: {}\n", difference.effect, difference.text));
        }
    }
    shown
}

/// Shows the edit and the edit taken back.
fn check(from: &str, to: &str, expected: Expect) {
    assert!(BASE.contains(from), "{from}");
    let edited = BASE.replace(from, to);
    expected.assert_eq(&format!(
        "{}back:\n{}",
        changed(BASE, &edited),
        changed(&edited, BASE)
    ));
}

#[test]
fn no_edit_is_no_change() {
    assert_eq!(changed(BASE, BASE), "");
}

#[test]
fn labels_are_cosmetic() {
    check(
        "name: Staff",
        "name: Everybody",
        expect![[r#"
        t-1 Cosmetic
          Cosmetic: name changed
        back:
        t-1 Cosmetic
          Cosmetic: name changed
    "#]],
    );
    check(
        "desk@msp.example",
        "other@msp.example",
        expect![[r#"
        t-1 Cosmetic
          Cosmetic: owner changed
        back:
        t-1 Cosmetic
          Cosmetic: owner changed
    "#]],
    );
    check(
        "every 1h",
        "every 2d",
        expect![[r#"
        t-1 Cosmetic
          Cosmetic: schedule changed
          Cosmetic: stale_after changed
        back:
        t-1 Cosmetic
          Cosmetic: schedule changed
          Cosmetic: stale_after changed
    "#]],
    );
}

#[test]
fn more_people_widen_and_fewer_narrow() {
    check(
        "people: all",
        "people: members",
        expect![[r#"
        t-1 Narrows
          Narrows: source directory: fewer kinds of people or folders
        back:
        t-1 Widens
          Widens: source directory: more kinds of people or folders
    "#]],
    );
    check(
        "groups: [A, B]",
        "groups: [A]",
        expect![[r#"
        t-1 Narrows
          Narrows: source directory: fewer people are taken
        back:
        t-1 Widens
          Widens: source directory: more people may be taken
    "#]],
    );
    check(
        "groups: [A, B]",
        "groups: [A, C]",
        expect![[r#"
        t-1 Widens
          Widens: source directory: more people may be taken
        back:
        t-1 Widens
          Widens: source directory: more people may be taken
    "#]],
    );
    check(
        "groups: [A, B], ",
        "",
        expect![[r#"
        t-1 Widens
          Widens: source directory: more people may be taken
        back:
        t-1 Narrows
          Narrows: source directory: fewer people are taken
    "#]],
    );
    check(
        "children: true",
        "children: false",
        expect![[r#"
        t-1 Narrows
          Narrows: source mailbox:desk@contoso.example/Contacts: fewer kinds of people or folders
        back:
        t-1 Widens
          Widens: source mailbox:desk@contoso.example/Contacts: more kinds of people or folders
    "#]],
    );
}

#[test]
fn an_expression_narrows_when_it_is_added_and_widens_otherwise() {
    check(
        "where: has_phone, exclude",
        "exclude",
        expect![[r#"
        t-1 Widens
          Widens: source directory: more people may be taken
        back:
        t-1 Narrows
          Narrows: source directory: fewer people are taken
    "#]],
    );
    check(
        "where: has_phone, exclude",
        "where: has_mail, exclude",
        expect![[r#"
            t-1 Widens
              Widens: source directory: more people may be taken
            back:
            t-1 Widens
              Widens: source directory: more people may be taken
        "#]],
    );
}

#[test]
fn fewer_exclusions_widen() {
    check(
        "[Hidden, Secret]",
        "[Hidden]",
        expect![[r#"
        t-1 Widens
          Widens: source directory: more people may be taken
        back:
        t-1 Narrows
          Narrows: source directory: fewer people are taken
    "#]],
    );
    check(
        "exclude: [desk@contoso.example], ",
        "",
        expect![[r#"
        t-1 Widens
          Widens: more mailboxes may receive
        back:
        t-1 Narrows
          Narrows: fewer mailboxes receive
    "#]],
    );
    check(
        "{ groups: [Hidden, Secret] }",
        "{ groups: [Hidden, Secret], where: has_phone }",
        expect![[r#"
            t-1 Widens
              Widens: source directory: more people may be taken
            back:
            t-1 Narrows
              Narrows: source directory: fewer people are taken
        "#]],
    );
}

#[test]
fn an_edited_list_is_an_edit_of_every_tunnel_that_names_it() {
    check(
        "[Managers, Board]",
        "[Managers]",
        expect![[r#"
        t-1 Narrows
          Narrows: source directory: meant for less of the audience
          Narrows: fewer mailboxes receive
        back:
        t-1 Widens
          Widens: source directory: meant for more of the audience
          Widens: more mailboxes may receive
    "#]],
    );
    check(
        "groups: [Rooms], ",
        "groups: [Rooms, Halls], ",
        expect![[r#"
            t-1 Narrows
              Narrows: source directory: meant for less of the audience
              Narrows: fewer mailboxes receive
            back:
            t-1 Widens
              Widens: source directory: meant for more of the audience
              Widens: more mailboxes may receive
        "#]],
    );
}

#[test]
fn targets_widen_and_narrow() {
    check(
        "groups: [Staff]",
        "groups: [Staff, More]",
        expect![[r#"
        t-1 Widens
          Widens: more mailboxes may receive
        back:
        t-1 Narrows
          Narrows: fewer mailboxes receive
    "#]],
    );
    check(
        "groups: [Staff], lists: [managers]",
        "everyone: true",
        expect![[r#"
            t-1 Widens
              Widens: more mailboxes may receive
            back:
            t-1 Narrows
              Narrows: fewer mailboxes receive
        "#]],
    );
    check(
        "mailbox_kinds: [user, shared]",
        "mailbox_kinds: [user]",
        expect![[r#"
            t-1 Narrows
              Narrows: fewer mailboxes receive
            back:
            t-1 Widens
              Widens: more mailboxes may receive
        "#]],
    );
    check(
        ", mailbox_kinds: [user, shared]",
        "",
        expect![[r#"
        t-1 Widens
          Widens: more mailboxes may receive
        back:
        t-1 Narrows
          Narrows: fewer mailboxes receive
    "#]],
    );
    check(
        "folder: People",
        "folder: Others",
        expect![[r#"
        t-1 Widens
          Widens: another folder: Others
        back:
        t-1 Widens
          Widens: another folder: People
    "#]],
    );
    check(
        "folder: People",
        "default: true",
        expect![[r#"
        t-1 Widens
          Widens: another folder: Contacts
        back:
        t-1 Widens
          Widens: another folder: People
    "#]],
    );
}

#[test]
fn sources_come_and_go() {
    check(
        "      - mailbox: { address: desk@contoso.example, children: true, priority: 5 }\n",
        "",
        expect![[r#"
            t-1 Narrows
              Narrows: source mailbox:desk@contoso.example/Contacts: gone
            back:
            t-1 Widens
              Widens: source mailbox:desk@contoso.example/Contacts: new
        "#]],
    );
    check(
        "priority: 5",
        "priority: 500",
        expect![[r#"
        t-1 Widens
          Widens: source mailbox:desk@contoso.example/Contacts: another priority, so other values may win
        back:
        t-1 Widens
          Widens: source mailbox:desk@contoso.example/Contacts: another priority, so other values may win
    "#]],
    );
    check(
        ", only_for: { lists: [managers] }",
        "",
        expect![[r#"
        t-1 Widens
          Widens: source directory: meant for more of the audience
        back:
        t-1 Narrows
          Narrows: source directory: meant for less of the audience
    "#]],
    );
}

#[test]
fn the_order_of_sources_decides_equal_priorities() {
    let directory = BASE
        .lines()
        .find(|line| line.contains("- directory"))
        .expect("a source");
    let mailbox = BASE
        .lines()
        .find(|line| line.contains("- mailbox"))
        .expect("a source");
    check(
        &format!("{directory}\n{mailbox}\n"),
        &format!("{mailbox}\n{directory}\n"),
        expect![[r#"
            t-1 Widens
              Widens: sources are in another order, so other values may win
            back:
            t-1 Widens
              Widens: sources are in another order, so other values may win
        "#]],
    );
}

#[test]
fn field_rules_and_options_widen_and_narrow() {
    check(
        "when_present: if_blank",
        "when_present: always",
        expect![[r#"
            t-1 Widens
              Widens: pager: more is overwritten or cleared
            back:
            t-1 Narrows
              Narrows: pager: less is overwritten or cleared
        "#]],
    );
    check(
        "when_present: if_blank",
        "when_present: never",
        expect![[r#"
            t-1 Narrows
              Narrows: pager: less is overwritten or cleared
            back:
            t-1 Widens
              Widens: pager: more is overwritten or cleared
        "#]],
    );
    check(
        "photos: false",
        "photos: true",
        expect![[r#"
        t-1 Widens
          Widens: photos: now yes
        back:
        t-1 Narrows
          Narrows: photos: now no
    "#]],
    );
    check(
        "own_card: skip",
        "own_card: include",
        expect![[r#"
        t-1 Widens
          Widens: own card: now yes
        back:
        t-1 Narrows
          Narrows: own card: now no
    "#]],
    );
    check(
        "[Staff], on",
        "[Staff, More], on",
        expect![[r#"
        t-1 Widens
          Widens: more categories
        back:
        t-1 Narrows
          Narrows: fewer categories
    "#]],
    );
    check(
        "on_user_delete: respect",
        "on_user_delete: recreate",
        expect![[r#"
            t-1 Widens
              Widens: deleted copies come back: now yes
            back:
            t-1 Narrows
              Narrows: deleted copies come back: now no
        "#]],
    );
    check(
        "region: DE",
        "region: AT",
        expect![[r#"
        t-1 Widens
          Widens: phone numbers are read for another region
        back:
        t-1 Widens
          Widens: phone numbers are read for another region
    "#]],
    );
    check(
        "region: DE",
        "region: DE, name_order: last_first",
        expect![[r#"
            t-1 Widens
              Widens: names are written in another order
            back:
            t-1 Widens
              Widens: names are written in another order
        "#]],
    );
    check(
        "region: DE",
        "region: DE, permanent_delete: true, include_disabled: true, without_email: false, initials_for_lost_photo: true",
        expect![[r#"
            t-1 Widens
              Narrows: people without e-mail: now no
              Widens: disabled accounts: now yes
              Widens: permanent deletion: now yes
              Widens: initials for a lost photo: now yes
            back:
            t-1 Widens
              Widens: people without e-mail: now yes
              Narrows: disabled accounts: now no
              Narrows: permanent deletion: now no
              Narrows: initials for a lost photo: now no
        "#]],
    );
}

#[test]
fn weaker_limits_widen() {
    let limits =
        |text: &str| format!("schedule: every 1h\n    limits: {{ hold_above: {{ {text} }} }}");
    check(
        "schedule: every 1h",
        &limits("items: 26"),
        expect![[r#"
        t-1 Widens
          Widens: limits are weaker
        back:
        t-1 Narrows
          Narrows: limits are stricter
    "#]],
    );
    check(
        "schedule: every 1h",
        &limits("percent: 9"),
        expect![[r#"
            t-1 Narrows
              Narrows: limits are stricter
            back:
            t-1 Widens
              Widens: limits are weaker
        "#]],
    );
    check(
        "schedule: every 1h",
        &limits("per: 12h"),
        expect![[r#"
        t-1 Widens
          Widens: limits are weaker
        back:
        t-1 Narrows
          Narrows: limits are stricter
    "#]],
    );
    check(
        "schedule: every 1h",
        &limits("both: false"),
        expect![[r#"
            t-1 Narrows
              Narrows: limits are stricter
            back:
            t-1 Widens
              Widens: limits are weaker
        "#]],
    );
}

#[test]
fn states_and_copies() {
    check(
        "copies: keep",
        "copies: remove",
        expect![[r#"
        t-1 Widens
          Widens: copies are removed when a mailbox leaves
        back:
        t-1 Narrows
          Narrows: copies stay when a mailbox leaves
    "#]],
    );
    check(
        "copies: keep",
        "copies: keep\n    state: paused",
        expect![[r#"
            t-1 Narrows
              Narrows: it is paused
            back:
            t-1 Widens
              Widens: it is active again
        "#]],
    );
    check(
        "copies: keep",
        "copies: keep\n    state: removed",
        expect![[r#"
            t-1 Narrows
              Narrows: it is removed, and its copies stay
            back:
            t-1 Widens
              Widens: it is active again
        "#]],
    );
    check(
        "copies: keep",
        "copies: remove\n    state: removed",
        expect![[r#"
            t-1 Widens
              Widens: it is removed, and its copies with it
              Widens: copies are removed when a mailbox leaves
            back:
            t-1 Widens
              Widens: it is active again
              Narrows: copies stay when a mailbox leaves
        "#]],
    );
}

#[test]
fn a_tunnel_comes_and_its_document_goes() {
    check(
        "id: t-1",
        "id: t-2",
        expect![[r#"
        t-1 Narrows
          Narrows: its document is gone: it stops, and its copies stay
        t-2 Widens
          Widens: the tunnel is new
        back:
        t-1 Widens
          Widens: the tunnel is new
        t-2 Narrows
          Narrows: its document is gone: it stops, and its copies stay
    "#]],
    );
}

#[test]
fn another_tenant_widens() {
    let text = "tunnels: [{ id: t-1, tenant: contoso, owner: desk, sources: [{ directory: {} }], targets: { everyone: true, folder: P } }]";
    let expected = expect![[r#"
        t-1 Widens
          Widens: another tenant
    "#]];
    expected.assert_eq(&changed(text, &text.replace("contoso", "fabrikam")));
}

/// Two lists that each name the next two: without care, every level would double the work.
#[test]
fn many_ways_to_one_list_are_followed_once() {
    let mut text =
        String::from("lists:\n  contoso:\n    a60: { groups: [G] }\n    b60: { groups: [G] }\n");
    for level in 0..60 {
        for name in ["a", "b"] {
            let next = level + 1;
            text.push_str(&format!(
                "    {name}{level}: {{ lists: [a{next}, b{next}] }}\n"
            ));
        }
    }
    text.push_str("tunnels: [{ id: t-1, tenant: contoso, owner: desk, sources: [{ directory: {} }], targets: { lists: [a0], folder: P } }]\n");
    let edited = text.replace("b60: { groups: [G] }", "b60: { groups: [G, H] }");
    expect![[r#"
        t-1 Widens
          Widens: more mailboxes may receive
    "#]]
    .assert_eq(&changed(&text, &edited));
}
