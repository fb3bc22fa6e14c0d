//! Documents in, the policy in force out.

use expect_test::{Expect, ExpectFile, expect, expect_file};
use model::TenantName;
use model::tunnel::Policy;

const EXAMPLE: &str = include_str!("documents/example.yaml");
const EVERYTHING: &str = include_str!("documents/everything.yaml");

fn read(files: &[(&str, &str)]) -> Policy {
    let tenants: Vec<TenantName> = vec!["contoso".into(), "fabrikam".into()];
    match policy::read(files, &tenants) {
        Ok(policy) => policy,
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"))
        }
    }
}

fn check_file(text: &str, expected: ExpectFile) {
    expected.assert_eq(&policy::effective_yaml(&read(&[("tunnels.yaml", text)])));
}

fn check_effective(text: &str, expected: Expect) {
    expected.assert_eq(&policy::effective_yaml(&read(&[("tunnels.yaml", text)])));
}

#[test]
fn the_example_takes_effect_with_every_default() {
    check_file(EXAMPLE, expect_file!["documents/example.effective.yaml"]);
}

#[test]
fn every_key_takes_effect() {
    check_file(
        EVERYTHING,
        expect_file!["documents/everything.effective.yaml"],
    );
}

#[test]
fn what_is_printed_as_effective_reads_back_as_the_same_policy() {
    for text in [EXAMPLE, EVERYTHING] {
        let policy = read(&[("tunnels.yaml", text)]);
        let printed = policy::effective_yaml(&policy);
        assert_eq!(read(&[("effective.yaml", &printed)]), policy);
    }
}

#[test]
fn every_key_of_the_schema_is_in_the_document_that_has_everything() {
    let written = format!("{EVERYTHING}\nfolder: x");
    let schema = policy::schema();
    for definition in schema["$defs"].as_object().expect("definitions").values() {
        for key in definition["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            assert!(
                written.contains(&format!("{key}: ")) || written.contains(&format!("{key}:\n")),
                "{key}"
            );
        }
    }
}

#[test]
fn the_order_and_number_of_files_mean_nothing() {
    let other = EXAMPLE
        .replace("t-7f3k2m", "t-other")
        .replace("Contoso people", "Other people");
    let lists = "lists: { contoso: { board: { departments: [Board] } } }";
    let apart = [("a.yaml", EXAMPLE), ("b.yaml", &other), ("l.yaml", lists)];
    let turned = [("l.yaml", lists), ("b.yaml", &other), ("a.yaml", EXAMPLE)];
    assert_eq!(read(&apart), read(&turned));
}

#[test]
fn the_version_changes_with_every_edit_and_with_nothing_else() {
    let version = |text: &str| read(&[("tunnels.yaml", text)]).version;
    let same = EXAMPLE.replace("schedule: every 15m", "schedule: every   15m # often");
    assert_eq!(version(EXAMPLE), version(&same));
    assert_ne!(version(EXAMPLE), version(&EXAMPLE.replace("15m", "20m")));
    expect!["94847b3b3a4756dc92bbe99d190fab0d"].assert_eq(&version(EXAMPLE));
}

#[test]
fn the_rule_hash_follows_the_rule_and_its_lists_but_no_label() {
    let hash = |text: &str| {
        let policy = read(&[("tunnels.yaml", text)]);
        policy::rule_hash(&policy, &policy.tunnels[0])
    };
    let before = hash(EVERYTHING);
    let edited = |from: &str, to: &str| {
        assert!(EVERYTHING.contains(from), "{from}");
        hash(&EVERYTHING.replace(from, to))
    };
    for (from, to) in [
        ("name: Everything", "name: All"),
        ("every 2h", "every 3h"),
        ("items: 5", "items: 6"),
        ("state: paused", "state: active"),
    ] {
        assert_eq!(edited(from, to), before, "{from}");
    }
    for (from, to) in [
        ("people: all", "people: none"),
        ("[Managers]", "[Leaders]"),
        ("mailbox_kinds: [room]", "mailbox_kinds: [equipment]"),
        ("{ departments: [Test] } }", "{ departments: [Trial] } }"),
        ("[Boss@contoso.example]", "[chief@contoso.example]"),
    ] {
        assert_ne!(edited(from, to), before, "{from}");
    }
}

#[test]
fn anchors_and_merge_keys_spare_repetition() {
    let text = r#"
lists:
  contoso:
    base: &base { groups: [Staff] }
    narrowed: { <<: *base, where: has_phone }
    same: *base
"#;
    check_effective(
        text,
        expect![[r#"
        tunnels: []
        lists:
          contoso:
            base:
              groups:
                - Staff
            narrowed:
              groups:
                - Staff
              where: has_phone
            same:
              groups:
                - Staff
    "#]],
    );
}

#[test]
fn no_file_and_an_empty_file_are_an_empty_policy() {
    assert_eq!(
        read(&[]),
        read(&[("empty.yaml", ""), ("comment.yaml", "# nothing yet\n")])
    );
}
