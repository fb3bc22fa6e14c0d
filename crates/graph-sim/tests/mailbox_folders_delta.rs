//! Contact folders and deltas (graph.md 2.3, 2.4, 2.5).

#![allow(clippy::unwrap_used)]

mod house;

use graph_sim::{cloud::Act, mailbox::MailboxAct, *};
use house::*;
use serde_json::{Value, json};

fn folders() -> String {
    format!("/users/{ADA}/contactFolders")
}

fn delta(folder: &str) -> String {
    format!("/users/{ADA}/contactFolders/{folder}/contacts/delta?$select=displayName")
}

fn removed(rows: &[Value]) -> Vec<&str> {
    let gone = rows.iter().filter(|r| r.get("@removed").is_some());
    gone.map(|r| r["id"].as_str().unwrap()).collect()
}

#[test]
fn the_default_folder_is_not_listed_but_its_alias_reaches_it() {
    let mut house = House::new();
    house.folder("Team");
    assert_eq!(house.get(&folders()).column("displayName"), ["Team"]);
    let got = house.get(&format!("{}/Contacts", folders()));
    assert_eq!(got.json["displayName"], "Contacts");
    let mut house = House::with(|s| {
        s.quirks.default_folder_unlisted = false;
        s.quirks.contacts_alias = false;
    });
    assert_eq!(house.get(&folders()).column("displayName"), ["Contacts"]);
    assert_eq!(
        house.get(&format!("{}/contacts", folders())).code(),
        "ErrorInvalidIdMalformed"
    );
}

#[test]
fn a_folder_name_is_unique_among_brothers_without_regard_to_case() {
    let mut house = House::new();
    let team = house.folder("Team");
    let got = house.post(&folders(), json!({"displayName": "team"}));
    assert_eq!((got.status, got.code()), (409, "ErrorFolderExists"));
    let child = house.post(
        &format!("{}/{team}/childFolders", folders()),
        json!({"displayName": "Team"}),
    );
    assert_eq!(child.status, 201);
    assert_eq!(child.json["parentFolderId"], team.as_str());
    let listed = house.get(&format!("{}/{team}/childFolders", folders()));
    assert_eq!(listed.column("id"), [child.id()]);
    let nested = format!("{}/{team}/childFolders/{}/contacts", folders(), child.id());
    assert_eq!(house.post(&nested, json!({"displayName": "A"})).status, 201);
    assert_eq!(house.get(&nested).column("displayName"), ["A"]);
    let renamed = house.patch(
        &format!("{}/{team}", folders()),
        json!({"displayName": "Crew"}),
    );
    assert_eq!(renamed.json["displayName"], "Crew");
}

#[test]
fn folders_come_in_pages_of_ten_and_are_found_by_their_extended_property() {
    let mut house = House::new();
    for n in 0..12 {
        house.folder(&format!("F{n:02}"));
    }
    let first = house.get(&folders());
    assert_eq!(first.column("id").len(), 10);
    let rest = house.get(&first.link("@odata.nextLink").unwrap());
    assert_eq!(rest.column("displayName"), ["F10", "F11"]);
    let body = json!({"displayName": "Ours", "singleValueExtendedProperties": stamp("book-1")});
    let ours = house.post(&folders(), body);
    assert!(ours.json.get("singleValueExtendedProperties").is_none());
    let filter = search("x", "book-1").split_once('?').unwrap().1.to_owned();
    assert_eq!(
        house.get(&format!("{}?{filter}", folders())).column("id"),
        [ours.id()]
    );
    let by_name = house.get(&format!("{}?$filter=displayName%20eq%20'F03'", folders()));
    assert_eq!(by_name.column("displayName"), ["F03"]);
}

#[test]
fn hidden_folders_are_listed_with_their_mark_when_the_quirk_is_on() {
    let mut house = House::with(|s| s.quirks.hidden_folders_listed = true);
    let expand = "$expand=singleValueExtendedProperties($filter=id%20eq%20'Boolean%200x10F4')";
    let got = house.get(&format!("{}?{expand}", folders()));
    let rows = got.json["value"].as_array().unwrap();
    assert!(
        rows.len() >= 5
            && rows
                .iter()
                .all(|r| r["singleValueExtendedProperties"][0]["value"] == "true")
    );
    assert!(House::new().get(&folders()).column("id").is_empty());
}

#[test]
fn a_deleted_folder_lies_in_deleted_items_with_its_contacts() {
    let mut house = House::new();
    let team = house.folder("Team");
    let one = format!("{}/{team}", folders());
    house.contact(&team, json!({"displayName": "A"}));
    assert_eq!(house.delete(&one).status, 204);
    assert!(house.get(&folders()).column("id").is_empty());
    assert!(house.cloud.contacts(TENANT, ADA)[0].folder.deleted);
    assert_eq!(house.get(&one).status, 200);
    house.ada(MailboxAct::RestoreFolder {
        folder: team.clone(),
    });
    assert_eq!(house.get(&folders()).column("id"), [team]);
    assert_eq!(
        house
            .post(&format!("{one}/permanentDelete"), json!({}))
            .status,
        204
    );
    assert_eq!(house.get(&one).code(), "ErrorItemNotFound");
    assert!(house.cloud.contacts(TENANT, ADA).is_empty());
}

#[test]
fn the_default_folder_cannot_be_deleted() {
    let mut house = House::new();
    assert_eq!(
        house.delete(&format!("{}/contacts", folders())).code(),
        "ErrorDeleteDistinguishedFolder"
    );
}

#[test]
fn a_second_delete_of_the_same_name_fails_silently_or_not() {
    for (clash, silent, status, left) in [
        (true, false, 409, 1),
        (true, true, 204, 1),
        (false, false, 204, 0),
    ] {
        let mut house = House::with(|s| {
            s.quirks.folder_delete_name_clash = clash;
            s.quirks.folder_delete_clash_silent = silent;
        });
        let first = house.folder("Team");
        house.delete(&format!("{}/{first}", folders()));
        let second = house.folder("Team");
        assert_eq!(
            house.delete(&format!("{}/{second}", folders())).status,
            status
        );
        assert_eq!(house.get(&folders()).column("id").len(), left);
    }
}

#[test]
fn a_delta_round_shows_all_then_only_what_changed() {
    let mut house = House::new();
    let team = house.folder("Team");
    let ids: Vec<String> = (0..25)
        .map(|n| house.contact(&team, json!({"displayName": format!("P{n}")})))
        .collect();
    house
        .headers
        .push(("Prefer".to_owned(), "odata.maxpagesize=10".to_owned()));
    let first = house.get(&delta(&team));
    assert_eq!(first.column("id").len(), 10);
    assert!(
        first
            .header("Preference-Applied")
            .unwrap()
            .starts_with("odata.track-changes")
    );
    assert_eq!(
        first.json["value"][0]["@odata.type"],
        "#microsoft.graph.contact"
    );
    assert!(first.json["value"][0].get("jobTitle").is_none());
    let (rows, link) = house.round(&delta(&team));
    assert_eq!(house::ids(&rows), ids);
    let (quiet, link) = house.round(&link);
    assert!(quiet.is_empty());
    house.patch(
        &format!("/users/{ADA}/contacts/{}", ids[3]),
        json!({"displayName": "New"}),
    );
    house.delete(&format!("/users/{ADA}/contacts/{}", ids[4]));
    let (rows, _) = house.round(&link);
    assert_eq!(house::ids(&rows), [ids[3].as_str(), ids[4].as_str()]);
    assert_eq!(rows[0]["displayName"], "New");
    assert_eq!(removed(&rows), [ids[4].as_str()]);
    assert_eq!(rows[1]["@removed"], json!({"reason": "deleted"}));
}

#[test]
fn sdk_spellings_of_a_delta_are_one() {
    let mut house = House::new();
    let team = house.folder("Team");
    house.contact(&team, json!({"displayName": "A"}));
    for path in [
        format!("/users('{ADA}')/contactFolders('{team}')/contacts/delta()?%24select=displayName"),
        format!(
            "/Users/{}/contactfolders/{team}/contacts/microsoft.graph.delta()",
            ADA.to_uppercase()
        ),
        format!("/users/{ADA}/contactFolders/{team}/contacts/microsoft.graph.delta"),
    ] {
        assert_eq!(house.get(&path).column("displayName"), ["A"], "{path}");
    }
}

#[test]
fn a_move_out_is_removed_here_and_new_there() {
    let mut house = House::new().immutable();
    let (here, there) = (house.folder("Here"), house.folder("There"));
    let id = house.contact(&here, json!({"displayName": "A"}));
    let ((_, from), (_, to)) = (house.round(&delta(&here)), house.round(&delta(&there)));
    house.ada(MailboxAct::MoveContact {
        item: id.clone(),
        folder: Some(there),
    });
    let (rows, _) = house.round(&from);
    assert_eq!(removed(&rows), [id.as_str()]);
    let (rows, _) = house.round(&to);
    assert_eq!(
        (house::ids(&rows), removed(&rows).len()),
        (vec![id.as_str()], 0)
    );
}

#[test]
fn a_contact_that_came_back_is_shown_as_removed_with_immutable_ids_and_the_quirk() {
    for (on, gone) in [(true, 2), (false, 1)] {
        let mut house = House::with(|s| s.quirks.return_shown_as_removed = on).immutable();
        let (here, there) = (house.folder("Here"), house.folder("There"));
        let id = house.contact(&here, json!({"displayName": "A"}));
        let (_, link) = house.round(&delta(&here));
        house.ada(MailboxAct::MoveContact {
            item: id.clone(),
            folder: Some(there),
        });
        house.ada(MailboxAct::MoveContact {
            item: id,
            folder: Some(here.clone()),
        });
        let (rows, _) = house.round(&link);
        assert_eq!(removed(&rows).len(), gone);
        assert_eq!(
            house
                .get(&format!("{}/{here}/contacts", folders()))
                .column("id")
                .len(),
            1
        );
    }
}

#[test]
fn the_delete_that_empties_a_folder_has_no_event_with_the_quirk() {
    for (on, gone) in [(true, 1), (false, 2)] {
        let mut house = House::with(|s| s.quirks.last_delete_missing_in_delta = on);
        let team = house.folder("Team");
        let ids = [0, 1].map(|n| house.contact(&team, json!({"displayName": format!("P{n}")})));
        let (_, link) = house.round(&delta(&team));
        ids.iter().for_each(|id| {
            house.delete(&format!("/users/{ADA}/contacts/{id}"));
        });
        let (rows, _) = house.round(&link);
        assert_eq!(removed(&rows).len(), gone);
    }
}

#[test]
fn the_first_delta_page_is_empty_with_the_quirk() {
    let mut house = House::with(|s| s.quirks.contact_delta_first_page_empty = true);
    let team = house.folder("Team");
    house.contact(&team, json!({"displayName": "A"}));
    let first = house.get(&delta(&team));
    assert!(first.column("id").is_empty() && first.link("@odata.nextLink").is_some());
    assert_eq!(house.round(&delta(&team)).0.len(), 1);
}

#[test]
fn photo_and_extended_property_echo_in_delta_as_the_quirks_say() {
    for on in [true, false] {
        let mut house = House::with(|s| {
            s.quirks.photo_echoes_in_delta = on;
            s.quirks.extended_echoes_in_delta = on;
        });
        let team = house.folder("Team");
        let id = house.contact(&team, json!({"displayName": "A"}));
        let (_, link) = house.round(&delta(&team));
        let one = format!("/users/{ADA}/contacts/{id}");
        house.patch(&one, json!({"singleValueExtendedProperties": stamp("x")}));
        let (rows, link) = house.round(&link);
        assert_eq!(rows.len(), usize::from(on));
        let mut request = house.request("PUT", &format!("{one}/photo/$value"), None);
        request
            .headers
            .push(("Content-Type".to_owned(), "image/png".to_owned()));
        request.body = "png".into();
        assert_eq!(house.take(request).unwrap().status, 200);
        assert_eq!(house.round(&link).0.len(), usize::from(on));
    }
}

#[test]
fn extended_properties_and_filters_on_a_delta_are_errors() {
    let mut house = House::new();
    let team = house.folder("Team");
    let path = format!("{}/{team}/contacts/delta", folders());
    assert_eq!(
        house
            .get(&format!("{path}?$expand=singleValueExtendedProperties"))
            .status,
        500
    );
    assert_eq!(
        house.get(&format!("{path}?$orderby=displayName")).code(),
        "ErrorInvalidUrlQuery"
    );
    assert_eq!(
        house.get(&format!("{path}?$deltatoken=x%20y")).code(),
        "ErrorInvalidSyncStateData"
    );
}

#[test]
fn lost_cursors_are_410_sync_state_not_found() {
    let mut house = House::new();
    let team = house.folder("Team");
    let (_, link) = house.round(&delta(&team));
    house.ada(MailboxAct::LoseCursors);
    let got = house.get(&link);
    assert_eq!((got.status, got.code()), (410, "SyncStateNotFound"));
    assert_eq!(house.get(&delta(&team)).status, 200);
}

#[test]
fn a_migrated_mailbox_has_other_ids_and_the_same_contacts() {
    let mut house = House::new().immutable();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let (_, link) = house.round(&delta("contacts"));
    house.ada(MailboxAct::RemapIds { colliding: true });
    assert_eq!(
        house.get(&format!("/users/{ADA}/contacts/{id}")).code(),
        "ErrorItemNotFound"
    );
    assert_eq!(house.get(&link).status, 410);
    let got = house.get(&format!("/users/{ADA}/contacts"));
    assert_eq!(got.column("displayName"), ["A"]);
    assert_ne!(got.column("id"), [id]);
}

#[test]
fn folders_have_a_delta_of_their_own() {
    let mut house = House::new();
    let team = house.folder("Team");
    let (rows, link) = house.round(&format!("{}/delta", folders()));
    assert_eq!(house::ids(&rows), [team.as_str()]);
    house.patch(
        &format!("{}/{team}", folders()),
        json!({"displayName": "Crew"}),
    );
    let (rows, link) = house.round(&link);
    assert_eq!(rows[0]["displayName"], "Crew");
    house.delete(&format!("{}/{team}", folders()));
    assert_eq!(removed(&house.round(&link).0), [team.as_str()]);
}

#[test]
fn a_copy_carries_the_stamp_and_is_the_users() {
    let mut house = House::new().immutable();
    let team = house.folder("Team");
    let id = house.contact(
        &team,
        json!({"displayName": "A", "singleValueExtendedProperties": stamp("x")}),
    );
    let copy = house
        .ada(MailboxAct::CopyContact {
            item: id.clone(),
            folder: None,
        })
        .unwrap();
    let views = house.cloud.contacts(TENANT, ADA);
    assert_eq!(views[0].extended, views[1].extended);
    assert_eq!(
        (views[1].id.as_str(), &views[1].created_by),
        (copy.as_str(), &Actor::User)
    );
    house.ada(MailboxAct::StripContact {
        item: id,
        property: None,
    });
    assert!(house.cloud.contacts(TENANT, ADA)[0].extended.is_empty());
}

#[test]
fn what_a_user_deletes_can_be_restored_or_emptied_away() {
    let mut house = House::new().immutable();
    let a = house.contact("contacts", json!({"displayName": "A"}));
    let b = house.contact("contacts", json!({"displayName": "B"}));
    house.ada(MailboxAct::EmptyFolder { folder: None });
    house.ada(MailboxAct::RestoreContact {
        item: a,
        folder: None,
    });
    house.ada(MailboxAct::EmptyDeletedItems);
    let left = house.cloud.contacts(TENANT, ADA);
    assert_eq!(left.len(), 1);
    assert!(!left[0].folder.deleted && left[0].id != b);
}

#[test]
fn a_mailbox_that_is_removed_and_made_again_is_empty() {
    let mut house = House::new();
    house.contact("contacts", json!({"displayName": "A"}));
    let (tenant, mailbox) = (TENANT.to_owned(), ADA.to_owned());
    let acts = [
        Act::RemoveMailbox {
            tenant: tenant.clone(),
            mailbox: mailbox.clone(),
        },
        Act::CreateMailbox {
            tenant,
            mailbox,
            kind: "shared".to_owned(),
        },
    ];
    house.cloud.act(&acts[0], house.now_ms).unwrap();
    house.cloud.act(&acts[1], house.now_ms).unwrap();
    assert!(house.cloud.contacts(TENANT, ADA).is_empty());
    let got = house.get(&format!("/users/{ADA}/mailboxSettings/userPurpose"));
    assert_eq!(got.json["value"], "shared");
}

#[test]
fn a_first_round_shows_what_is_there_once_and_nothing_of_what_left_before() {
    let mut house = House::new();
    let team = house.folder("Team");
    let ids = [0, 1, 2].map(|n| house.contact(&team, json!({"displayName": format!("P{n}")})));
    for id in &ids[..2] {
        house.patch(
            &format!("/users/{ADA}/contacts/{id}"),
            json!({"jobTitle": "Chef"}),
        );
    }
    house.delete(&format!("/users/{ADA}/contacts/{}", ids[1]));
    let (rows, _) = house.round(&delta(&team));
    assert_eq!(house::ids(&rows), [ids[2].as_str(), ids[0].as_str()]);
}
