//! What the real binary says when the tenant, the network, the keys, the store or the disk are not as they
//! should be: one clear sentence, the exit code of its kind, nothing half-written.
#![allow(clippy::unwrap_used)]

mod binary;

use binary::sim::{Sim, TUNNEL};
use binary::{Home, Told};
use expect_test::{Expect, expect};
use serde_json::Value;

const PEOPLE: &str = "people: [{ name: Anna Berg }, { name: Bo Dahl }]";

/// Plans with every kind of file asked for: the failure is told once, and no file is left or touched.
fn plan_fails(home: &Home, code: i32, sentence: Expect) {
    let before = home.files();
    let [out, csv, html] = ["p.json", "p.csv", "p.html"].map(|name| home.text(name));
    let told = home.run(&["plan", "--out", &out, "--csv", &csv, "--html", &html]);
    sentence.assert_eq(trouble(&told));
    assert_eq!(told.code, code, "{}{}", told.stdout, told.stderr);
    assert_eq!(home.files(), before, "a file was left or changed");
    nothing_was_written(home);
}

/// The one line of a plan that says what is wrong.
fn trouble(told: &Told) -> &str {
    let mut lines = told.stdout.lines().filter_map(|l| l.strip_prefix("  ! "));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("{}{}", told.stdout, told.stderr));
    assert_eq!(lines.next(), None, "told twice: {}", told.stdout);
    line
}

fn nothing_was_written(home: &Home) {
    let runs = home.run(&["runs", "--json"]);
    let runs: Value = serde_json::from_str(&runs.stdout).unwrap();
    for run in runs["runs"].as_array().unwrap() {
        assert_eq!(run["account"]["done"], 0, "{run}");
        assert!(!run["ended_at"].is_null(), "left open: {run}");
    }
}

/// `tenant check` says the sentence and ends with the code.
fn check_fails(home: &Home, code: i32, sentence: Expect) {
    let before = home.files();
    let told = home.run(&["tenant", "check", "contoso"]);
    let line = told
        .stdout
        .lines()
        .find_map(|l| l.strip_prefix("  sign-in: "));
    sentence.assert_eq(line.unwrap_or(&told.stdout));
    assert_eq!(told.code, code, "{}{}", told.stdout, told.stderr);
    assert_eq!(home.files(), before);
}

/// A tenant that signs in with the certificate that `tenant add` made, which the simulator does not know.
fn home_with_certificate(sim: &Sim) -> Home {
    let home = Home::new();
    home.at_lab(sim.text("/graph_url"));
    let (directory, client) = (sim.text("/tenants/0/id"), sim.text("/tenants/0/client_id"));
    let add = [
        "tenant",
        "add",
        "contoso",
        "--directory",
        directory,
        "--client-id",
        client,
    ];
    let told = home.run(&add);
    assert_eq!(told.code, 0, "{}", told.stderr);
    home.write("tunnels/a.yaml", TUNNEL);
    home
}

#[test]
fn a_wrong_secret() {
    let sim = Sim::start(None);
    let home = sim.home();
    home.write("secret", "wrong");
    check_fails(
        &home,
        66,
        expect![
            "Microsoft refused our sign-in (tenant contoso, while signing in): the client secret is wrong; put the current one into the configuration"
        ],
    );
    plan_fails(
        &home,
        66,
        expect![
            "Microsoft refused our sign-in (tenant contoso, while signing in): the client secret is wrong; put the current one into the configuration"
        ],
    );
}

#[test]
fn a_certificate_that_the_tenant_does_not_know() {
    let sim = Sim::start(None);
    let home = home_with_certificate(&sim);
    check_fails(
        &home,
        66,
        expect![
            "Microsoft refused our sign-in (tenant contoso, while signing in): our certificate is not known to the app registration; upload the one that `tenant add` made"
        ],
    );
    plan_fails(
        &home,
        66,
        expect![
            "Microsoft refused our sign-in (tenant contoso, while signing in): our certificate is not known to the app registration; upload the one that `tenant add` made"
        ],
    );
}

#[test]
fn a_key_file_that_is_broken() {
    let sim = Sim::start(None);
    let home = home_with_certificate(&sim);
    home.write(
        "keys/contoso.key.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    );
    check_fails(
        &home,
        65,
        expect![
            "we cannot sign in (tenant contoso, while signing in): $HOME/keys/contoso.key.pem is no RSA key in PEM form; put the key back from where you keep it, or make and upload a new one"
        ],
    );
    plan_fails(
        &home,
        65,
        expect![
            "we cannot sign in (tenant contoso, while signing in): $HOME/keys/contoso.key.pem is no RSA key in PEM form; put the key back from where you keep it, or make and upload a new one"
        ],
    );
}

#[test]
fn a_key_file_that_is_missing() {
    let sim = Sim::start(None);
    let home = home_with_certificate(&sim);
    std::fs::remove_file(home.path("keys/contoso.key.pem")).unwrap();
    check_fails(
        &home,
        65,
        expect![
            "we cannot sign in (tenant contoso, while signing in): $HOME/keys/contoso.key.pem is missing; put the key back from where you keep it, or make and upload a new one"
        ],
    );
    plan_fails(
        &home,
        65,
        expect![
            "we cannot sign in (tenant contoso, while signing in): $HOME/keys/contoso.key.pem is missing; put the key back from where you keep it, or make and upload a new one"
        ],
    );
}

#[test]
fn a_certificate_file_that_is_broken() {
    let sim = Sim::start(None);
    let home = home_with_certificate(&sim);
    home.write("keys/contoso.cert.pem", "no certificate");
    check_fails(
        &home,
        65,
        expect![
            "we cannot sign in (tenant contoso, while signing in): $HOME/keys/contoso.cert.pem is no certificate in PEM form; put the key back from where you keep it, or make and upload a new one"
        ],
    );
}

#[test]
fn a_missing_permission() {
    let roles = "[Contacts.ReadWrite, MailboxSettings.Read]";
    let sim = Sim::start(Some(&format!(
        "tenants: [{{ domain: contoso.example, apps: [{{ client_secret: s, roles: {roles} }}], {PEOPLE} }}]"
    )));
    let home = sim.home();
    let check = home.run(&["tenant", "check", "contoso", "--json"]);
    assert_eq!(check.code, 66, "{}", check.stdout);
    let check: Value = serde_json::from_str(&check.stdout).unwrap();
    let missing = check["tenants"][0]["missing"].as_array().unwrap();
    assert!(
        missing.contains(&Value::from("User.Read.All")),
        "{missing:?}"
    );
    plan_fails(
        &home,
        66,
        expect![
            "Microsoft denied access (tenant contoso, while reading the people of the directory, code Authorization_RequestDenied): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours"
        ],
    );
}

/// The people could be read and are written; that not all could be is told all the same.
#[test]
fn a_permission_that_only_one_source_lacks() {
    let roles = "[Contacts.ReadWrite, MailboxSettings.Read, User.Read.All]";
    let sim = Sim::start(Some(&format!(
        "tenants: [{{ domain: contoso.example, apps: [{{ client_secret: s, roles: {roles} }}], {PEOPLE} }}]"
    )));
    let home = sim.home();
    let plan = home.run(&["plan"]);
    expect!["Microsoft denied access (tenant contoso, while reading the organisation's contacts, code Authorization_RequestDenied): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours"].assert_eq(trouble(&plan));
    assert_eq!(plan.code, 66, "{}{}", plan.stdout, plan.stderr);
    let applied = home.run(&["apply", "--yes", "--json"]);
    assert_eq!(applied.code, 66, "{}{}", applied.stdout, applied.stderr);
    let applied: Value = serde_json::from_str(&applied.stdout).unwrap();
    let run = &applied["runs"][0];
    assert_eq!(run["trouble"]["kind"], "permission");
    assert_eq!(run["account"]["done"], 4, "{run}");
}

#[test]
fn a_permission_that_every_mailbox_lacks() {
    let roles = "[MailboxSettings.Read, User.Read.All, OrgContact.Read.All]";
    let sim = Sim::start(Some(&format!(
        "tenants: [{{ domain: contoso.example, apps: [{{ client_secret: s, roles: {roles} }}], {PEOPLE} }}]"
    )));
    let home = sim.home();
    let plan = home.run(&["plan", "--json"]);
    assert_eq!(plan.code, 66, "{}{}", plan.stdout, plan.stderr);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let left_out = plan["plans"][0]["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 2);
    assert_eq!(left_out[0]["trouble"], "permission");
    nothing_was_written(&home);
}

#[test]
fn a_host_that_cannot_be_reached() {
    let sim = Sim::start(None);
    let home = sim.home();
    drop(sim);
    check_fails(
        &home,
        67,
        expect![
            "Microsoft could not be reached (tenant contoso, while signing in): $LAB: Connection refused; check network, name resolution and proxy"
        ],
    );
    plan_fails(
        &home,
        67,
        expect![
            "Microsoft could not be reached (tenant contoso, while signing in): $LAB: Connection refused; check network, name resolution and proxy"
        ],
    );
}

#[test]
fn a_group_that_is_not_there() {
    let sim = Sim::start(None);
    let home = sim.home();
    let group = "groups: [Nobody's group]";
    home.write("tunnels/a.yaml", &TUNNEL.replace("everyone: true", group));
    plan_fails(
        &home,
        65,
        expect![[
            r#"there is no group "Nobody's group" (tenant contoso, while looking up a group of the policy): check the name in the tunnels, or give the group's object id"#
        ]],
    );
}

#[test]
fn a_group_whose_name_two_groups_have() {
    let groups = "groups: [{ name: Sales, id: 11111111-0000-4000-8000-000000000001 }, { name: Sales, id: 11111111-0000-4000-8000-000000000002 }]";
    let sim = Sim::start(Some(&format!(
        "tenants: [{{ domain: contoso.example, {PEOPLE}, {groups} }}]"
    )));
    let home = sim.home();
    home.write(
        "tunnels/a.yaml",
        &TUNNEL.replace("everyone: true", "groups: [Sales]"),
    );
    plan_fails(
        &home,
        65,
        expect![[
            r#"there are 2 groups "Sales" (tenant contoso, while looking up a group of the policy): give the object id of the one that is meant instead of the name, or rename the others"#
        ]],
    );
}

const DAMAGED: &str = "almanac: the store $HOME/data/almanac.db is damaged (file is not a database): stop Almanac and \
    put a backup in its place, or start with an empty folder and let it find its copies again";

#[test]
fn a_damaged_store_is_told_and_left_as_it_is() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write("tunnels/a.yaml", TUNNEL);
    let file = home.path("data").join(store::FILE);
    let damaged = "this is no database, but it is long enough to be taken for one".repeat(99);
    std::fs::write(&file, &damaged).unwrap();
    let before = home.files();
    for command in [["status"].as_slice(), &["plan"], &["runs"]] {
        let told = home.run(command);
        assert_eq!(told.code, 68, "{command:?}");
        assert_eq!(told.stderr.lines().last(), Some(DAMAGED), "{command:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), damaged);
    assert_eq!(
        (home.files(), home.list("data")),
        (before, vec![store::FILE.to_owned()])
    );
}

#[test]
fn a_full_disk_ends_with_69_and_leaves_a_store_that_opens() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write("tunnels/a.yaml", TUNNEL);
    let before = home.files();
    // A small disk of its own, in a mount namespace of its own.
    let small = format!("mount -t tmpfs -o size=64k none {} &&", home.text("data"));
    let Some(told) = home.run_alone(&small, &["status"]) else {
        eprintln!("skipped: this machine allows no mount namespaces");
        return;
    };
    told.is(69, expect!["almanac: the disk of the store $HOME/data/almanac.db is full: free some space and start again; nothing was half-written"]);
    assert_eq!(home.files(), before);
    assert_eq!(home.run(&["status"]).code, 0);
}

#[test]
fn a_plan_that_finds_no_room_for_its_file_leaves_none() {
    let sim = Sim::start(None);
    let home = sim.home();
    let before = home.files();
    std::fs::create_dir(home.path("full")).unwrap();
    let small = format!("mount -t tmpfs -o size=4k none {} &&", home.text("full"));
    let html = home.text("full/p.html");
    let Some(told) = home.run_alone(&small, &["plan", "--html", &html]) else {
        eprintln!("skipped: this machine allows no mount namespaces");
        return;
    };
    let told = Told {
        stderr: told.stderr.lines().last().unwrap_or_default().to_owned(),
        ..told
    };
    told.is(69, expect!["almanac: cannot write $HOME/full/p.html: no space left on device; free some space and try again"]);
    assert_eq!(home.files(), before);
}
