//! Bad documents in, every problem with its exact sentence out.

use expect_test::{Expect, expect};
use model::TenantName;

/// A tunnel in which nothing is wrong; the lines given are added to it.
fn tunnel(lines: &str) -> String {
    let mut text =
        String::from("tunnels:\n  - id: t-1\n    tenant: contoso\n    owner: desk@msp.example\n");
    for default in [
        "sources: [{ directory: {} }]",
        "targets: { everyone: true, folder: People }",
    ] {
        let key = default.split(':').next().expect("a key");
        if !lines.lines().any(|line| line.starts_with(key)) {
            text.push_str(&format!("    {default}\n"));
        }
    }
    for line in lines.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

fn problems(files: &[(&str, &str)]) -> String {
    let tenants: Vec<TenantName> = vec!["contoso".into(), "fabrikam".into()];
    match policy::read(files, &tenants) {
        Ok(_) => "no problem\n".to_owned(),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect(),
    }
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&problems(&[("t.yaml", text)]));
}

#[test]
fn a_good_document_has_no_problem() {
    check(
        &tunnel(""),
        expect![[r#"
        no problem
    "#]],
    );
}

#[test]
fn broken_yaml_says_where() {
    check(
        "tunnels:\n  - id: [t-1\n    name: x\n",
        expect![[r#"
            t.yaml:3:9: this is no YAML: illegal placement of ':' indicator (nothing of this file was read)
        "#]],
    );
    check(
        "tunnels:\n\t- id: t-1\n",
        expect![[r#"
            t.yaml:2:2: this is no YAML: tabs disallowed within this context (block indentation) (nothing of this file was read)
        "#]],
    );
    check(
        "tunnels: \"unclosed\n",
        expect![[r#"
            t.yaml:1:10: this is no YAML: unclosed quote (nothing of this file was read)
        "#]],
    );
    check(
        "tunnels: []\n---\ntunnels: []\n",
        expect![[r#"
            t.yaml:2:1: a second document begins here; a policy file holds one (nothing of this file was read)
        "#]],
    );
    check(
        "a: *nowhere\n",
        expect![[r#"
            t.yaml:1:4: this is no YAML: alias references unknown anchor (nothing of this file was read)
        "#]],
    );
}

#[test]
fn a_document_that_is_no_map_is_refused() {
    check(
        "- id: t-1\n",
        expect![[r#"
            t.yaml:1:1: the document must be a map of keys, but is a list
        "#]],
    );
    check(
        "hello\n",
        expect![[r#"
            t.yaml:1:1: the document must be a map of keys, but is the text `hello`
        "#]],
    );
}

#[test]
fn bombs_and_giants_are_refused() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (one, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let many = vec![format!("*{one}"); 10].join(", ");
        bomb.push_str(&format!("{next}: &{next} [{many}]\n"));
    }
    check(
        &bomb,
        expect![[r#"
            t.yaml:5:16: aliases multiply the file beyond what any policy needs (nothing of this file was read)
        "#]],
    );
    check(
        &format!("a: {}{}", "[".repeat(100), "]".repeat(100)),
        expect![[r#"
            t.yaml:1:35: values are nested deeper than 32 levels (nothing of this file was read)
        "#]],
    );
    check(
        &format!("a: [{}]", "x,".repeat(200_000)),
        expect![[r#"
            t.yaml:1:199999: there are more values or aliases than any policy needs (nothing of this file was read)
        "#]],
    );
    check(
        &" ".repeat((1 << 20) + 1),
        expect![[r#"
        t.yaml: the file has 1048577 bytes; a policy file may have 1048576 at most (nothing of this file was read)
    "#]],
    );
}

#[test]
fn everything_wrong_in_all_files_is_said_at_once() {
    let first = "tunels: []\ntunnels:\n  - id: t-1\n    tenant: contso\n    owner: 5\n    sources:\n      - directory: { peple: members, org_contacts: maybe }\n      - mailbox: { address: reception, priority: 0 }\n    targets: { grups: [All], folder: [x] }\n    schedule: hourly\n";
    let second = "tunnels:\n  - name: nameless\n";
    let broken = "tunnels: [";
    expect![[r#"
        a.yaml:1:1: unknown key `tunels` (did you mean `tunnels`?)
        a.yaml:4:13: there is no tenant `contso` (did you mean `contoso`?)
        a.yaml:5:12: `owner` must be text, but is the number 5 (put it in quotes: "5")
        a.yaml:7:22: unknown key `peple` (did you mean `people`?)
        a.yaml:7:52: `org_contacts` must be true or false, but is the text `maybe`
        a.yaml:8:29: `reception` is not an e-mail address (write it as name@domain)
        a.yaml:8:50: `priority` cannot be 0 (write a whole number from 1 to 4294967295)
        a.yaml:9:16: unknown key `grups` (did you mean `groups`?)
        a.yaml:9:38: `folder` must be text, but is a list
        a.yaml:10:15: `hourly` is not a schedule (write `every 15m`, `every 1h 30m` or `every 1d`)
        b.yaml:2:5: `tunnels[0]` has no `id` (id: The stable id (letters, digits, `.`, `_`, `-`))
        b.yaml:2:5: `tunnels[0]` has no `tenant` (tenant: The tenant's name in the configuration)
        b.yaml:2:5: `tunnels[0]` has no `owner` (owner: Who is asked when something is wrong: an address)
        b.yaml:2:5: `tunnels[0]` has no `sources` (sources: Where the people come from)
        b.yaml:2:5: `tunnels[0]` has no `targets` (targets: Which mailboxes receive them, and in which folder)
        c.yaml:1:10: this is no YAML: unclosed bracket '[' (nothing of this file was read)
    "#]].assert_eq(&problems(&[("a.yaml", first), ("b.yaml", second), ("c.yaml", broken)]));
}

#[test]
fn an_unknown_key_gets_the_nearest_known_one() {
    check(
        &tunnel("optons: {}"),
        expect![[r#"
        t.yaml:7:5: unknown key `optons` (did you mean `options`?)
    "#]],
    );
    check(
        &tunnel("options: { foto: true }"),
        expect![[r#"
        t.yaml:7:16: unknown key `foto` (known: categories, include_disabled, initials_for_lost_photo, name_order, on_user_delete, own_card, permanent_delete, photos, region, without_email)
    "#]],
    );
    check(
        &tunnel("limits: { hold: { items: 3 } }"),
        expect![[r#"
        t.yaml:7:15: unknown key `hold` (write `hold_above`)
    "#]],
    );
    check(
        &tunnel("xyz: 1"),
        expect![[r#"
        t.yaml:7:5: unknown key `xyz` (known: content, copies, direction, fields, id, limits, name, options, owner, schedule, sources, stale_after, state, targets, tenant)
    "#]],
    );
}

#[test]
fn a_key_written_twice_is_refused() {
    check(
        &tunnel("name: a\nname: b"),
        expect![[r#"
        t.yaml:8:5: `name` is written twice, first in line 7 (keep one of them)
    "#]],
    );
}

#[test]
fn a_wrong_type_says_what_is_wanted() {
    check(
        &tunnel("name: 5"),
        expect![[r#"
        t.yaml:7:11: `name` must be text, but is the number 5 (put it in quotes: "5")
    "#]],
    );
    check(
        &tunnel("name: true"),
        expect![[r#"
        t.yaml:7:11: `name` must be text, but is true (put it in quotes: "true")
    "#]],
    );
    check(
        &tunnel("name:"),
        expect![[r#"
        t.yaml:7:9: `name` must be text, but is empty (write a value or remove the key)
    "#]],
    );
    check(
        &tunnel("targets: { groups: All staff, folder: People }"),
        expect![[r#"
            t.yaml:6:24: `groups` must be a list, but is the text `All staff` (write ["All staff"])
        "#]],
    );
    check(
        &tunnel("targets: everyone"),
        expect![[r#"
            t.yaml:6:14: `targets` must be a map of keys, but is the text `everyone`
        "#]],
    );
    check(
        &tunnel("targets: { groups: [{ a: b }, 5, ok], folder: People }"),
        expect![[r#"
            t.yaml:6:25: an entry of `groups` must be text, but is a map of keys
            t.yaml:6:35: an entry of `groups` must be text, but is the number 5 (put it in quotes: "5")
        "#]],
    );
    check(
        &tunnel("options: { photos: yes }"),
        expect![[r#"
        t.yaml:7:24: `photos` must be true or false, but is the text `yes`
    "#]],
    );
    check(
        &tunnel("limits: { hold_above: { items: -1, percent: 101, both: 1 } }"),
        expect![[r#"
        t.yaml:7:36: `items` cannot be -1 (write a whole number from 0 to 4294967295)
        t.yaml:7:49: `percent` cannot be 101 (write a whole number from 0 to 100)
        t.yaml:7:60: `both` must be true or false, but is the number 1
    "#]],
    );
    check(
        &tunnel("limits: { hold_above: { items: 2.5 } }"),
        expect![[r#"
        t.yaml:7:36: `items` cannot be 2.5 (write a whole number from 0 to 4294967295)
    "#]],
    );
}

#[test]
fn a_word_that_is_not_one_of_the_choices_is_refused() {
    check(
        &tunnel("state: pause"),
        expect![[r#"
        t.yaml:7:12: `state` cannot be `pause` (did you mean `paused`?)
    "#]],
    );
    check(
        &tunnel("sources: [{ directory: { people: everyone } }]"),
        expect![[r#"
        t.yaml:6:38: `people` cannot be `everyone` (known: members, guests, all, none)
    "#]],
    );
    check(
        &tunnel("targets: { mailbox_kinds: [users], folder: P }"),
        expect![[r#"
            t.yaml:6:32: `mailbox_kinds` cannot be `users` (did you mean `user`?)
        "#]],
    );
}

#[test]
fn what_is_not_built_yet_is_said_plainly() {
    check(
        &tunnel("direction: two-way"),
        expect![[r#"
        t.yaml:7:16: `direction` cannot be `two-way` (only `one-way` is built so far: a contact tunnel copies from its sources to its targets)
    "#]],
    );
    check(
        &tunnel("content: calendar"),
        expect![[r#"
        t.yaml:7:14: `content` cannot be `calendar` (only `contacts` is built so far)
    "#]],
    );
    check(
        &tunnel("members: []"),
        expect![[r#"
        t.yaml:7:5: unknown key `members` (the kernel form `members:` (place, publishes, receives) is not built yet: write `sources`, `targets` and `direction: one-way`)
    "#]],
    );
}

#[test]
fn what_must_be_written_is_missed() {
    check(
        "tunnels:\n  - id: t-1\n  - {}\n",
        expect![[r#"
            t.yaml:2:5: tunnel `t-1` has no `tenant` (tenant: The tenant's name in the configuration)
            t.yaml:2:5: tunnel `t-1` has no `owner` (owner: Who is asked when something is wrong: an address)
            t.yaml:2:5: tunnel `t-1` has no `sources` (sources: Where the people come from)
            t.yaml:2:5: tunnel `t-1` has no `targets` (targets: Which mailboxes receive them, and in which folder)
            t.yaml:3:5: `tunnels[1]` has no `id` (id: The stable id (letters, digits, `.`, `_`, `-`))
            t.yaml:3:5: `tunnels[1]` has no `tenant` (tenant: The tenant's name in the configuration)
            t.yaml:3:5: `tunnels[1]` has no `owner` (owner: Who is asked when something is wrong: an address)
            t.yaml:3:5: `tunnels[1]` has no `sources` (sources: Where the people come from)
            t.yaml:3:5: `tunnels[1]` has no `targets` (targets: Which mailboxes receive them, and in which folder)
        "#]],
    );
    check(
        &tunnel("sources: [{ mailbox: {} }]"),
        expect![[r#"
            t.yaml:6:26: `tunnels[0].sources[0].mailbox` has no `address` (address: The mailbox's address)
        "#]],
    );
    check(
        &tunnel("sources: []"),
        expect![[r#"
        t.yaml:6:14: `sources` names no source (write `- directory: {}` or `- mailbox: { address: … }`)
    "#]],
    );
    check(
        &tunnel("sources: [{}]"),
        expect![[r#"
        t.yaml:6:15: a source is empty (write `directory: {}` or `mailbox: { address: … }`)
    "#]],
    );
    check(
        &tunnel("targets: { everyone: true }"),
        expect![[r#"
        t.yaml:6:14: `targets` names no folder (write `folder: "Company people"`, or `default: true` for the mailbox's own Contacts)
    "#]],
    );
    check(
        &tunnel("").replace("desk@msp.example", "\" \""),
        expect![[r#"
        t.yaml:4:12: `owner` is blank (write who is asked when something is wrong)
    "#]],
    );
}

#[test]
fn ids_are_unique_and_plain() {
    let one = tunnel("");
    expect![[r#"
        b.yaml:2:9: the tunnel id `t-1` is used twice, first in a.yaml:2 (give each tunnel its own id; ids are never reused)
    "#]].assert_eq(&problems(&[("a.yaml", &one), ("b.yaml", &one)]));
    check(
        &one.replace("t-1", "\"a b\""),
        expect![[r#"
        t.yaml:2:9: `a b` cannot be a tunnel's id (use 1 to 64 letters, digits, `.`, `_` or `-`)
    "#]],
    );
}

#[test]
fn an_unknown_tenant_gets_the_nearest_known_one() {
    check(
        &tunnel("").replace("contoso", "contosso"),
        expect![[r#"
        t.yaml:3:13: there is no tenant `contosso` (did you mean `contoso`?)
    "#]],
    );
    check(
        "lists: { fabricam: { a: { everyone: true } } }",
        expect![[r#"
        t.yaml:1:20: there is no tenant `fabricam` (did you mean `fabrikam`?)
    "#]],
    );
    let nobody = policy::read(&[("t.yaml", &tunnel(""))], &[]).expect_err("no tenant");
    expect!["t.yaml:3:13: there is no tenant `contoso` (add it with `almanac tenant add`)"]
        .assert_eq(&nobody[0].to_string());
}

#[test]
fn an_unknown_field_gets_the_nearest_known_one() {
    check(
        &tunnel("fields: { mobilephone: { when_present: always } }"),
        expect![[r#"
        t.yaml:7:15: there is no field `mobilephone` (did you mean `mobile_phone`?)
    "#]],
    );
    check(
        &tunnel("fields: { shoe_size: { when_present: always } }"),
        expect![[r#"
            t.yaml:7:15: there is no field `shoe_size` (docs/tunnels.md lists them)
        "#]],
    );
    check(
        &tunnel("fields: { photo: { when_present: always } }"),
        expect![[r#"
            t.yaml:7:15: there is no field `photo` (photos are switched with `options: { photos: … }`)
        "#]],
    );
    check(
        &tunnel("fields: { pager: { when: always }, notes: { when_present: add } }"),
        expect![[r#"
            t.yaml:7:24: unknown key `when` (known: when_blank, when_present)
            t.yaml:7:63: `when_present` cannot be `add` (known: never, if_blank, always, append)
        "#]],
    );
}

#[test]
fn append_is_for_notes_only() {
    check(
        &tunnel("fields: { mobile_phone: { when_present: append } }"),
        expect![[r#"
        t.yaml:7:45: `append` is for notes only, not for `mobile_phone` (write never, if_blank or always)
    "#]],
    );
}

#[test]
fn spans_and_schedules_must_be_readable() {
    check(
        &tunnel("schedule: 15m"),
        expect![[r#"
        t.yaml:7:15: `15m` is not a schedule (write `every 15m`, `every 1h 30m` or `every 1d`)
    "#]],
    );
    check(
        &tunnel("schedule: every 5s"),
        expect![[r#"
        t.yaml:7:15: `every 5s` is outside what is allowed (write a span from 1m to 31d)
    "#]],
    );
    check(
        &tunnel("stale_after: soon"),
        expect![[r#"
        t.yaml:7:18: `soon` is not a span of time (write a number with s, m, h, d or w: 15m, 24h, 1h 30m)
    "#]],
    );
    check(
        &tunnel("schedule: every 1h\nstale_after: 30m"),
        expect![[r#"
        t.yaml:8:18: `stale_after: 30m` is not longer than the schedule, so every turn would be reported (make it at least twice the schedule's span)
    "#]],
    );
    check(
        &tunnel("limits: { hold_above: { per: 1.5h } }"),
        expect![[r#"
        t.yaml:7:34: `1.5h` is not a span of time (write a number with s, m, h, d or w: 15m, 24h, 1h 30m)
    "#]],
    );
}

#[test]
fn lists_must_exist_and_never_go_round() {
    check(
        &tunnel("targets: { lists: [manager], folder: P }"),
        expect![[r#"
        t.yaml:6:24: tenant `contoso` has no list `manager` (none is known yet)
    "#]],
    );
    let lists = "lists:\n  contoso:\n    managers: { groups: [M] }\n    a: { lists: [b] }\n    b: { groups: [B], exclude: { lists: [c] } }\n    c: { lists: [a] }\n    d: { lists: [a, nobody] }\n    e: {}\n";
    let uses = tunnel(
        "sources: [{ directory: { only_for: { lists: [manager] } } }]\ntargets: { lists: [managers], exclude: { lists: [rooms] }, folder: P }",
    );
    expect![[r#"
        l.yaml:4:8: lists go round in a circle: a → b → c → a (take one of them out of the next)
        l.yaml:7:21: tenant `contoso` has no list `nobody` (known: a, b, c, d, e, managers)
        l.yaml:8:8: the list names nothing, which would mean everybody (name groups, departments, mailboxes or lists, or write `everyone: true`)
        t.yaml:5:50: tenant `contoso` has no list `manager` (did you mean `managers`?)
        t.yaml:6:54: tenant `contoso` has no list `rooms` (known: a, b, c, d, e, managers)
    "#]].assert_eq(&problems(&[("l.yaml", lists), ("t.yaml", &uses)]));
    let again = "lists: { contoso: { managers: { everyone: true } } }";
    expect![[r#"
        m.yaml:1:31: the list `managers` of tenant `contoso` is written twice, first in l.yaml:1 (keep one of them or rename it)
    "#]].assert_eq(&problems(&[("l.yaml", "lists: { contoso: { managers: { groups: [M] } } }"), ("m.yaml", again)]));
}

#[test]
fn nobody_gets_everybody_by_leaving_something_out() {
    check(
        &tunnel("targets: { folder: P }"),
        expect![[r#"
        t.yaml:6:14: `targets` names nothing, which would mean everybody (name groups, departments, mailboxes or lists, or write `everyone: true`)
    "#]],
    );
    check(
        &tunnel("targets: { groups: [], folder: P }"),
        expect![[r#"
        t.yaml:6:24: `groups` names nothing, so it would not narrow anything (name at least one or remove the key)
    "#]],
    );
    check(
        &tunnel("targets: { everyone: true, groups: [A], folder: P }"),
        expect![[r#"
        t.yaml:6:14: `everyone: true` already includes whatever else is named beside it (remove `everyone` or the names; `where` and `exclude` narrow it)
    "#]],
    );
    check(
        &tunnel("targets: { everyone: true, exclude: {}, folder: P }"),
        expect![[r#"
        t.yaml:6:41: `exclude` names nothing, which would mean everybody (name groups, departments, mailboxes or lists, or write `everyone: true`)
    "#]],
    );
    check(
        &tunnel("sources: [{ directory: { groups: [], only_for: {} } }]"),
        expect![[r#"
        t.yaml:6:38: `groups` names nothing, so it would not narrow anything (name at least one or remove the key)
        t.yaml:6:52: `only_for` names nothing, which would mean everybody (name groups, departments, mailboxes or lists, or write `everyone: true`)
    "#]],
    );
    check(
        &tunnel("targets: { mailbox_kinds: [], folder: P }"),
        expect![[r#"
        t.yaml:6:31: `mailbox_kinds` names nothing, so it would not narrow anything (name at least one or remove the key)
    "#]],
    );
    check(
        &tunnel("sources: [{ directory: { people: none } }]"),
        expect![[r#"
        t.yaml:6:28: this source takes nobody: `people` is none and `org_contacts` is false (remove the source or choose people)
    "#]],
    );
}

#[test]
fn names_addresses_and_expressions_are_checked() {
    check(
        &tunnel("targets: { mailboxes: [board-room, \"a b@c.de\"], groups: [\" \"], folder: P }"),
        expect![[r#"
        t.yaml:6:28: `board-room` is not an e-mail address (write it as name@domain)
        t.yaml:6:40: `a b@c.de` is not an e-mail address (write it as name@domain)
        t.yaml:6:62: a name is blank (write the name or remove the entry)
    "#]],
    );
    check(
        &tunnel(&format!(
            "targets: {{ where: \"{}\", folder: P }}",
            "a".repeat(4_097)
        )),
        expect![[r#"
        t.yaml:6:23: the expression has 4097 bytes; 4096 are allowed (split it: name parts of it as `lists`)
    "#]],
    );
    check(
        &tunnel("targets: { where: \"\", folder: P }"),
        expect![[r#"
        t.yaml:6:23: the expression is blank (write a CEL expression or remove `where`)
    "#]],
    );
    check(
        &tunnel("options: { region: GER, categories: [\"\"] }"),
        expect![[r#"
        t.yaml:7:24: `GER` is not an ISO 3166 region (write two letters: DE, GB, US)
        t.yaml:7:42: a category is blank or longer than 255 characters (write a short name)
    "#]],
    );
    check(
        &tunnel("sources: [{ mailbox: { address: a@b.de, folder: \"Contacts//X\" } }]"),
        expect![[r#"
        t.yaml:6:53: `Contacts//X` is not the path of a folder (write folder names with `/` between them: Contacts/Suppliers)
    "#]],
    );
}

#[test]
fn a_folder_is_named_once_and_never_like_the_users_own() {
    check(
        &tunnel("targets: { everyone: true, folder: P, default: true }"),
        expect![[r#"
        t.yaml:6:14: `targets` names a folder and asks for the default one (keep `folder` or `default: true`, not both)
    "#]],
    );
    check(
        &tunnel("targets: { everyone: true, folder: contacts }"),
        expect![[r#"
        t.yaml:6:40: `contacts` is the mailbox's own folder, where the user's contacts are (write `default: true` if that is meant, or name another folder)
    "#]],
    );
    check(
        &tunnel("targets: { everyone: true, folder: \"\" }"),
        expect![[r#"
        t.yaml:6:40: the folder's name is blank (write a name)
    "#]],
    );
}

#[test]
fn a_source_is_one_place() {
    check(
        &tunnel("sources: [{ directory: {}, mailbox: { address: a@b.de } }]"),
        expect![[r#"
        t.yaml:6:15: one source names both `directory` and `mailbox` (write two entries, each with its own `-`)
    "#]],
    );
    check(
        &tunnel(
            "sources: [{ directory: { people: none } }, { mailbox: { addres: x } }, { ldap: {} }]",
        ),
        expect![[r#"
            t.yaml:6:28: this source takes nobody: `people` is none and `org_contacts` is false (remove the source or choose people)
            t.yaml:6:59: `tunnels[0].sources[1].mailbox` has no `address` (address: The mailbox's address)
            t.yaml:6:61: unknown key `addres` (did you mean `address`?)
            t.yaml:6:78: unknown key `ldap` (known: directory, mailbox)
        "#]],
    );
}

#[test]
fn a_removed_tunnel_says_what_becomes_of_its_copies() {
    check(
        &tunnel("state: removed"),
        expect![[r#"
        t.yaml:7:12: tunnel `t-1` is removed, but does not say what becomes of its copies (add `copies: keep` or `copies: remove`)
    "#]],
    );
    check(
        &tunnel("state: removed\ncopies: remove"),
        expect![[r#"
        no problem
    "#]],
    );
}

#[test]
fn tunnels_of_one_folder_agree_on_how_a_card_is_made() {
    let one = tunnel("");
    let other = tunnel(
        "copies: keep\nfields: { pager: { when_present: never } }\noptions: { photos: false, categories: [A] }",
    );
    expect![[r#"
        b.yaml:7:13: tunnels `t-1` and `t-2` share the folder `People`, but say different things about `copies` (say the same in both, or name another folder)
        b.yaml:8:22: tunnels `t-1` and `t-2` share the folder `People`, but say different things about the field `pager` (say the same in both, or name another folder)
        b.yaml:9:24: tunnels `t-1` and `t-2` share the folder `People`, but say different things about `photos` (say the same in both, or name another folder)
        b.yaml:9:43: tunnels `t-1` and `t-2` share the folder `People`, but say different things about `categories` (say the same in both, or name another folder)
    "#]].assert_eq(&problems(&[("a.yaml", &one), ("b.yaml", &other.replace("t-1", "t-2"))]));
    let cased = tunnel("targets: { everyone: true, folder: people }").replace("t-1", "t-2");
    expect![[r#"
        b.yaml:6:40: `people` and `People` of tunnel `t-1` differ only in their case (spell the folder the same in both tunnels)
    "#]].assert_eq(&problems(&[("a.yaml", &one), ("b.yaml", &cased)]));
    let apart = other.replace("t-1", "t-2").replace("contoso", "fabrikam");
    expect![[r#"
        no problem
    "#]]
    .assert_eq(&problems(&[("a.yaml", &one), ("b.yaml", &apart)]));
    let gone = other.replace("t-1", "t-2") + "    state: removed\n";
    expect![[r#"
        no problem
    "#]]
    .assert_eq(&problems(&[("a.yaml", &one), ("b.yaml", &gone)]));
}

#[test]
fn copies_never_become_sources() {
    let reads = |targets: &str| {
        tunnel(&format!(
            "sources: [{{ mailbox: {{ address: Desk@contoso.example, folder: people }} }}]\ntargets: {{ {targets}, folder: People }}"
        ))
    };
    check(
        &reads("everyone: true"),
        expect![[r#"
        t.yaml:5:67: this source reads the folder `people` of desk@contoso.example, which tunnel `t-1` may write: copies must never become sources (exclude desk@contoso.example from the targets of `t-1`, or read another folder)
    "#]],
    );
    check(
        &reads("everyone: true, exclude: [desk@contoso.example]"),
        expect![[r#"
        no problem
    "#]],
    );
    check(
        &reads("mailboxes: [other@contoso.example]"),
        expect![[r#"
        no problem
    "#]],
    );
    check(
        &reads("everyone: true, exclude: { mailboxes: [desk@contoso.example], where: has_phone }"),
        expect![[r#"
        t.yaml:5:67: this source reads the folder `people` of desk@contoso.example, which tunnel `t-1` may write: copies must never become sources (exclude desk@contoso.example from the targets of `t-1`, or read another folder)
    "#]],
    );
}

#[test]
fn a_region_may_be_norway() {
    check(
        &tunnel("options: { region: NO }"),
        expect![[r#"
        no problem
    "#]],
    );
}

#[test]
fn a_list_that_may_stand_in_an_unreadable_file_is_not_missed() {
    let uses = tunnel("targets: { lists: [managers], folder: P }");
    expect![[r#"
        broken.yaml:1:8: this is no YAML: unclosed bracket '[' (nothing of this file was read)
    "#]]
    .assert_eq(&problems(&[("broken.yaml", "lists: ["), ("t.yaml", &uses)]));
}

/// Cut anywhere, or with any line left out or doubled, a document is read or refused with a place and a
/// sentence: never a panic, never an empty complaint.
#[test]
fn a_mangled_document_never_makes_the_reader_panic() {
    let whole = include_str!("documents/everything.yaml");
    let lines: Vec<&str> = whole.lines().collect();
    let cuts = (0..whole.len())
        .step_by(7)
        .map(|end| whole[..end].to_owned());
    let gaps = (0..lines.len()).map(|gap| [&lines[..gap], &lines[gap + 1..]].concat().join("\n"));
    let doubles = (0..lines.len()).map(|at| [&lines[..=at], &lines[at..]].concat().join("\n"));
    let (mut read, mut refused) = (0, 0);
    for text in cuts.chain(gaps).chain(doubles) {
        match policy::read(&[("t.yaml", &text)], &["contoso".into()]) {
            Ok(_) => read += 1,
            Err(problems) => {
                refused += 1;
                assert!(
                    problems
                        .iter()
                        .all(|problem| problem.line > 0 && !problem.message.is_empty()),
                    "{text}"
                );
            }
        }
    }
    assert!(read > 20 && refused > 100, "{read} read, {refused} refused");
}
