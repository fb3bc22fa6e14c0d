//! Granted roles weighed against needed ones, and our tables against Microsoft's published permissions.
#![allow(clippy::unwrap_used)]

#[path = "../../graph-sim/tests/shared/mod.rs"]
mod shared;

use expect_test::{Expect, expect};
use graph::{HARMLESS, PERMISSIONS, Rights, WIDER};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

fn check(granted: &[&str], expected: Expect) {
    let granted = granted.iter().map(|role| (*role).to_owned()).collect();
    let rights = Rights::of(&granted);
    let mut told = String::new();
    for (needed, role) in &rights.by {
        writeln!(told, "{needed} by {role}").unwrap();
    }
    for missing in &rights.missing {
        writeln!(told, "{} missing", missing.name).unwrap();
    }
    for (role, enough) in &rights.excess {
        writeln!(told, "{role} excess, enough are {enough:?}").unwrap();
    }
    for (role, beside) in &rights.harmless {
        writeln!(told, "{role} harmless beside {beside}").unwrap();
    }
    expected.assert_eq(&told);
}

#[test]
fn what_is_needed_and_nothing_else() {
    let needed: Vec<&str> = PERMISSIONS.iter().map(|p| p.name).collect();
    check(
        &needed,
        expect![[r#"
        Contacts.ReadWrite by Contacts.ReadWrite
        GroupMember.Read.All by GroupMember.Read.All
        MailboxSettings.Read by MailboxSettings.Read
        OrgContact.Read.All by OrgContact.Read.All
        User.Read.All by User.Read.All
    "#]],
    );
}

#[test]
fn a_wider_role_gives_what_is_needed_and_is_more_than_enough() {
    check(
        &[
            "Contacts.ReadWrite",
            "Directory.Read.All",
            "MailboxSettings.ReadWrite",
        ],
        expect![[r#"
            Contacts.ReadWrite by Contacts.ReadWrite
            GroupMember.Read.All by Directory.Read.All
            MailboxSettings.Read by MailboxSettings.ReadWrite
            OrgContact.Read.All by Directory.Read.All
            User.Read.All by Directory.Read.All
            Directory.Read.All excess, enough are ["User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All"]
            MailboxSettings.ReadWrite excess, enough are ["MailboxSettings.Read"]
        "#]],
    );
}

#[test]
fn a_role_that_only_reads_what_another_reads_too_is_harmless() {
    check(
        &[
            "Contacts.Read",
            "Contacts.ReadWrite",
            "Organization.Read.All",
            "ProfilePhoto.Read.All",
            "User.Read.All",
        ],
        expect![[r#"
            Contacts.ReadWrite by Contacts.ReadWrite
            User.Read.All by User.Read.All
            MailboxSettings.Read missing
            GroupMember.Read.All missing
            OrgContact.Read.All missing
            Contacts.Read harmless beside Contacts.ReadWrite
            Organization.Read.All harmless beside User.Read.All
            ProfilePhoto.Read.All harmless beside User.Read.All
        "#]],
    );
}

#[test]
fn a_harmless_role_alone_is_of_no_use() {
    check(
        &["Contacts.Read"],
        expect![[r#"
        Contacts.ReadWrite missing
        MailboxSettings.Read missing
        User.Read.All missing
        GroupMember.Read.All missing
        OrgContact.Read.All missing
        Contacts.Read excess, enough are []
    "#]],
    );
}

#[test]
fn what_is_of_another_kind_is_excess() {
    check(
        &["Mail.ReadWrite"],
        expect![[r#"
        Contacts.ReadWrite missing
        MailboxSettings.Read missing
        User.Read.All missing
        GroupMember.Read.All missing
        OrgContact.Read.All missing
        Mail.ReadWrite excess, enough are []
    "#]],
    );
}

/// Methods and paths by permission, for applications.
type Manifest = BTreeMap<String, BTreeSet<(String, String)>>;

fn published() -> Option<(Value, Manifest)> {
    let file = shared::shared("data/graph/permissions.json")?;
    let all: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let opened = |paths: &Value| {
        let paths = paths.as_array().unwrap().iter();
        let pairs = paths.flat_map(|entry| {
            let path = entry["path"].as_str().unwrap().to_lowercase();
            let methods = entry["methods"].as_array().unwrap().iter();
            methods.map(move |m| (m.as_str().unwrap().to_owned(), path.clone()))
        });
        pairs.filter(|(_, path)| !path.starts_with("/me")).collect()
    };
    let by_name = all["applicationPaths"].as_object().unwrap().iter();
    let manifest = by_name.map(|(name, paths)| (name.clone(), opened(paths)));
    Some((all.clone(), manifest.collect()))
}

#[test]
fn ids_are_the_published_ones() {
    let Some((all, _)) = published() else { return };
    let roles = all["appRoles"].as_array().unwrap();
    for permission in PERMISSIONS {
        let role = roles.iter().find(|r| r["permission"] == permission.name);
        assert_eq!(
            role.unwrap()["appRoleId"],
            permission.id,
            "{}",
            permission.name
        );
    }
}

/// Every question that we ask, and the permission that we ask it by.
const ASKED: &[(&str, &str, &str)] = &[
    ("GET", "/users/delta", "User.Read.All"),
    ("GET", "/users", "User.Read.All"),
    ("GET", "/users/{id}", "User.Read.All"),
    ("GET", "/users/{id}/photo", "User.Read.All"),
    ("GET", "/organization", "User.Read.All"),
    ("GET", "/contacts/delta", "OrgContact.Read.All"),
    ("GET", "/contacts/{id}", "OrgContact.Read.All"),
    ("GET", "/groups", "GroupMember.Read.All"),
    ("GET", "/groups/{id}", "GroupMember.Read.All"),
    (
        "GET",
        "/groups/{id}/transitivemembers",
        "GroupMember.Read.All",
    ),
    ("GET", "/users/{id}/mailboxsettings", "MailboxSettings.Read"),
    ("GET", "/users/{id}/contactfolders", "Contacts.ReadWrite"),
    ("POST", "/users/{id}/contactfolders", "Contacts.ReadWrite"),
    (
        "GET",
        "/users/{id}/contactfolders/{id}/contacts/delta",
        "Contacts.ReadWrite",
    ),
    (
        "POST",
        "/users/{id}/contactfolders/{id}/contacts",
        "Contacts.ReadWrite",
    ),
    ("PATCH", "/users/{id}/contacts/{id}", "Contacts.ReadWrite"),
    ("DELETE", "/users/{id}/contacts/{id}", "Contacts.ReadWrite"),
];

#[test]
fn what_we_ask_is_opened_by_what_we_need() {
    let Some((_, manifest)) = published() else {
        return;
    };
    for (method, path, permission) in ASKED {
        let asked = ((*method).to_owned(), (*path).to_owned());
        assert!(
            manifest[*permission].contains(&asked),
            "{method} {path} by {permission}"
        );
    }
}

#[test]
fn a_wider_role_opens_all_that_we_ask_by_the_needed_one() {
    let Some((_, manifest)) = published() else {
        return;
    };
    for (role, gives) in WIDER {
        // The excerpt has not every role.
        let Some(opens) = manifest.get(*role) else {
            continue;
        };
        for (method, path, _) in ASKED.iter().filter(|(_, _, p)| gives.contains(p)) {
            let asked = ((*method).to_owned(), (*path).to_owned());
            assert!(opens.contains(&asked), "{method} {path} by {role}");
        }
    }
}

#[test]
fn a_harmless_role_reads_and_never_writes() {
    let Some((_, manifest)) = published() else {
        return;
    };
    let of_people = |path: &str| path.starts_with("/users/") || path.starts_with("/contacts");
    for (role, beside) in HARMLESS {
        let Some(opens) = manifest.get(*role) else {
            continue;
        };
        for (method, path) in opens {
            assert_eq!(method, "GET", "{role}: {path}");
            // The excerpt lists the photo of a contact under the reading role alone.
            let photo = path.ends_with("/photo") || path.contains("/photos");
            let within = manifest[*beside].contains(&(method.clone(), path.clone()));
            assert!(within || photo || !of_people(path), "{role}: {path}");
        }
    }
}
