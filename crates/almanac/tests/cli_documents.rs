//! Bad documents and bad command lines: one clear sentence, the exit code of its kind, nothing half-written.
#![allow(clippy::unwrap_used)]

mod binary;

use binary::Home;
use expect_test::expect;

#[test]
fn no_home_folder_says_how_to_make_one() {
    let home = Home::empty();
    home.run(&["validate"]).is(
        65,
        expect!["almanac: there is no $HOME/almanac.yaml; make a home folder with `almanac init`, or name yours with --config"],
    );
}

#[test]
fn broken_yaml_names_file_and_line() {
    let home = Home::new();
    home.write("almanac.yaml", "cloud: global\nlog: \"warn\nworkers: 3\n");
    home.run(&["validate"]).is(65, expect!["almanac: $HOME/almanac.yaml, line 2: unclosed quote; correct the file and run `almanac validate`"]);
}

#[test]
fn an_unknown_setting_names_file_line_and_field() {
    let home = Home::new();
    home.write("almanac.yaml", "cloud: global\nwokers: 3\n");
    home.run(&["validate"]).is(65, expect!["almanac: $HOME/almanac.yaml, line 2: unknown field `wokers`, expected one of cloud, lab, data, keys, bounds, workers, notices, listen, log; correct the file and run `almanac validate`"]);
}

#[test]
fn a_secret_in_a_broken_document_is_not_repeated() {
    let home = Home::new();
    home.write(
        "almanac.yaml",
        "notices:\n  smtp: { host: h, from: f, password: hunter2 }\n",
    );
    let told = home.run(&["validate"]);
    assert_eq!(told.code, 65);
    assert!(!told.stderr.contains("hunter2"), "{}", told.stderr);
}

#[test]
fn a_tenant_with_a_bad_id_is_named() {
    let home = Home::new();
    home.write(
        "tenants.yaml",
        "tenants:\n  - { name: contoso, directory: common, client_id: x }\n",
    );
    home.run(&["tenant", "list"]).is(65, expect!["almanac: $HOME/tenants.yaml: tenant `contoso`: client_id is no GUID; take the application (client) id from the app registration; correct the file and run `almanac validate`"]);
}

#[test]
fn a_tunnel_for_an_unknown_tenant_is_named() {
    let home = Home::new();
    home.write("tunnels/a.yaml", &home.example_tunnel());
    home.run(&["validate"]).is(65, expect!["almanac: $HOME/tunnels/a.yaml, line 7: there is no tenant `contoso`; add it with `almanac tenant add`"]);
}

#[test]
fn the_example_tunnel_is_valid_once_its_tenant_is_there() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write("tunnels/a.yaml", &home.example_tunnel());
    let told = home.run(&["validate"]);
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (0, "$HOME is valid: 1 tenant, 1 tunnel.\n"),
        "{}",
        told.stderr
    );
}

#[test]
fn an_unknown_field_of_a_tunnel_is_named_with_its_line() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write(
        "tunnels/a.yaml",
        &home.example_tunnel().replace("direction:", "directon:"),
    );
    home.run(&["validate"]).is(65, expect!["almanac: $HOME/tunnels/a.yaml, line 19: unknown key `directon`; did you mean `direction`?"]);
}

#[test]
fn an_unknown_tenant_lists_the_known_ones() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.run(&["tenant", "check", "adatum"]).is(
        65,
        expect!["almanac: there is no tenant `adatum` in $HOME; known are: contoso"],
    );
}

#[test]
fn init_never_overwrites_and_a_refused_tenant_leaves_no_key() {
    let home = Home::new();
    home.run(&["init"]).is(65, expect!["almanac: $HOME/almanac.yaml is there already; nothing was written; choose another folder with --config"]);
    let bad = [
        "tenant",
        "add",
        "Contoso!",
        "--directory",
        "contoso.example",
        "--client-id",
        "x",
    ];
    home.run(&bad).is(64, expect!["almanac: tenant `Contoso!`: this is no tenant name, use lower-case letters, digits and dashes; nothing was written"]);
    assert_eq!(home.list("keys"), ["root.key"]);
    assert_eq!(home.list("tenants"), Vec::<String>::new());
}

/// The default home folder has the program's name: started beside itself, it would find itself there.
#[test]
fn a_file_is_no_home_folder() {
    let home = Home::empty();
    std::fs::write(home.path(""), "the program").unwrap();
    home.run(&["init"]).is(65, expect!["almanac: $HOME is a file, so it cannot be the home folder; name another folder with --config, or go elsewhere first; nothing was written"]);
    home.run(&["validate"]).is(65, expect!["almanac: there is no $HOME/almanac.yaml; make a home folder with `almanac init`, or name yours with --config"]);
    assert_eq!(
        std::fs::read_to_string(home.path("")).unwrap(),
        "the program"
    );
}

#[test]
fn a_tenant_without_a_tunnel_is_named() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.add_tenant("adatum");
    home.write("tunnels/a.yaml", &home.example_tunnel());
    home.run(&["plan", "--tenant", "adatum"])
        .is(65, expect!["almanac: no tunnel is of tenant `adatum`; there is nothing to plan or to carry out for it; write a tunnel if there should be"]);
}

#[test]
fn a_missing_root_key_is_told_before_anything_is_sent() {
    let home = Home::new();
    home.add_tenant("contoso");
    std::fs::remove_file(home.path("keys/root.key")).unwrap();
    home.run(&["tenant", "check"]).is(65, expect!["almanac: the root key $HOME/keys/root.key is missing; put the root key back from where you keep it; a new one cannot read the old stamps"]);
}

#[test]
fn usage_mistakes_end_with_64() {
    let home = Home::empty();
    assert_eq!(home.run(&["fly"]).code, 64);
    assert_eq!(home.run(&["tenant", "remove", "contoso"]).code, 64);
    assert_eq!(
        home.run(&["pause", "--tunnel", "a", "--tenant", "b"]).code,
        64
    );
    assert_eq!(home.run(&["--help"]).code, 0);
}

#[test]
fn under_json_a_failure_is_a_document_too() {
    let home = Home::empty();
    let told = home.run(&["validate", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["error"]["code"], 65);
    assert_eq!(document["error"]["kind"], "configuration");
}

#[test]
fn every_schema_describes_what_init_writes() {
    let home = Home::new();
    for (name, file) in [
        ("settings", "settings.json"),
        ("tenants", "tenants.json"),
        ("tunnels", "tunnels.json"),
    ] {
        let told = home.run(&["schema", name]);
        let printed: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        let written = std::fs::read_to_string(home.path(&format!("schemas/{file}"))).unwrap();
        assert_eq!(
            printed,
            serde_json::from_str::<serde_json::Value>(&written).unwrap()
        );
        assert_eq!(printed["type"], "object", "{name}");
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let home = Home::empty();
    // No file may grow: the same error as a full disk, without being root.
    let told = home.run_under("ulimit -f 0; trap '' XFSZ;", &["init"]);
    assert_eq!(told.code, 69, "{}", told.stderr);
    assert!(told.stderr.contains("free some space"), "{}", told.stderr);
    assert!(!home.path("").exists(), "{:?}", home.list(""));
}
