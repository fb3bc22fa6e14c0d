//! Deltas of users, org contacts and groups: what rounds tell, and how tokens end.

#![allow(clippy::unwrap_used)]

mod directory_office;

use directory_office::{NOW, Office, each, failed, fleet, header, id, json_of, map, person};
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet;
use serde_json::{Value, json};

const SELECT: &str = "$select=displayName,jobTitle,mobilePhone,department";

fn user_delta() -> String {
    format!("/users/delta?{SELECT}")
}

#[test]
fn the_first_round_tells_everybody_with_what_is_set_and_the_second_nothing() {
    let mut office = Office::new();
    let (all, link) = office.round(&user_delta());
    assert_eq!(each(&all, "displayName").len(), 5);
    assert_eq!(
        all[0],
        json!({"id": id(1), "displayName": "Anna Ahn", "department": "Sales", "mobilePhone": "+49 151 1234"})
    );
    assert!(
        link.starts_with("https://graph.microsoft.com/v1.0/users/delta?$deltatoken="),
        "{link}"
    );
    let (none, _) = office.round(&link);
    assert_eq!(none, Vec::<Value>::new());
}

#[test]
fn every_spelling_of_delta_is_one() {
    let mut office = Office::new();
    for path in [
        "/users/delta()",
        "/users/microsoft.graph.delta()",
        "/users/microsoft.graph.delta",
        "/contacts/delta()",
        "/groups/delta()",
    ] {
        assert!(!office.round(path).0.is_empty(), "{path}");
    }
}

#[test]
fn latest_begins_with_nothing_and_tells_what_comes() {
    let mut office = Office::new();
    let (none, link) = office.round("/users/delta?$deltatoken=latest&$select=displayName");
    assert_eq!(none, Vec::<Value>::new());
    office.edit(2, json!({"displayName": "Big Boss"}));
    assert_eq!(
        office.round(&link).0,
        [json!({"id": id(2), "displayName": "Big Boss"})]
    );
}

#[test]
fn a_change_tells_the_whole_selection_and_null_for_what_was_cleared() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.edit(1, json!({"mobilePhone": null}));
    let (told, next) = office.round(&link);
    assert_eq!(
        told,
        [
            json!({"id": id(1), "displayName": "Anna Ahn", "department": "Sales", "mobilePhone": null})
        ]
    );
    assert_eq!(office.round(&next).0, Vec::<Value>::new());
    assert_eq!(
        office.round(&link).0,
        told,
        "an old link tells the same again"
    );
}

#[test]
fn minimal_tells_only_what_changed() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.edit(1, json!({"jobTitle": "Chief", "mobilePhone": null}));
    let (told, _, _) = office.pages(&link, &[("Prefer", "return=minimal")]);
    assert_eq!(
        told,
        [json!({"id": id(1), "jobTitle": "Chief", "mobilePhone": null})]
    );
}

#[test]
fn a_change_of_what_was_not_selected_is_not_told() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.edit(1, json!({"city": "Bonn"}));
    office.act(DirectoryAct::SetPhoto {
        id: id(1),
        photo: None,
    });
    let (told, _) = office.round(&link);
    assert_eq!(told, Vec::<Value>::new());
}

#[test]
fn removals_say_whether_they_can_be_undone() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.act(DirectoryAct::DeleteUser { id: id(1) });
    office.act(DirectoryAct::PurgeUser { id: id(2) });
    let (told, link) = office.round(&link);
    assert_eq!(
        told,
        [
            json!({"id": id(1), "@removed": {"reason": "changed"}}),
            json!({"id": id(2), "@removed": {"reason": "deleted"}}),
        ]
    );
    office.act(DirectoryAct::RestoreUser { id: id(1) });
    let (told, link) = office.round(&link);
    assert_eq!(told[0]["department"], "Sales", "all of it comes back");
    office.act(DirectoryAct::DeleteUser { id: id(1) });
    office.act(DirectoryAct::PurgeUser { id: id(1) });
    assert_eq!(office.round(&link).0[0]["@removed"]["reason"], "deleted");
}

#[test]
fn rounds_page_by_the_preferred_size_and_lose_nothing() {
    let people = (101..=150).map(|n| person(n, &format!("P{n} X"))).collect();
    let mut office = Office::of(&fleet::Tenant { people, ..fleet() });
    let headers = [("Prefer", "odata.maxpagesize=20")];
    let (all, sizes, link) = office.pages(&user_delta(), &headers);
    assert_eq!((all.len(), sizes), (50, vec![20, 20, 10]));
    (101..=145).for_each(|n| office.edit(n, json!({"jobTitle": "New"})));
    let (told, sizes, _) = office.pages(&link, &headers);
    assert_eq!((told.len(), sizes), (45, vec![20, 20, 5]));
}

#[test]
fn what_changes_in_the_middle_of_a_first_round_is_told_by_the_next() {
    let people = (101..=130).map(|n| person(n, &format!("P{n} X"))).collect();
    let mut office = Office::of(&fleet::Tenant { people, ..fleet() });
    let headers = [("Prefer", "odata.maxpagesize=10")];
    let first = office.call("GET", &user_delta(), &headers).unwrap();
    office.edit(101, json!({"jobTitle": "Late"}));
    let next = json_of(&first)["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(next.contains("/users/delta?$skiptoken="));
    let (_, _, link) = office.pages(&next, &headers);
    let (told, _) = office.round(&link);
    assert_eq!(each(&told, "jobTitle"), ["Late"]);
}

#[test]
fn the_selection_is_in_the_token_and_filters_by_id_too() {
    let mut office = Office::new();
    let (all, link) = office.round(&format!(
        "/users/delta?$select=displayName&$filter=id eq '{}' or id eq '{}'",
        id(1),
        id(3)
    ));
    assert_eq!(each(&all, "displayName"), ["Anna Ahn", "Carl Cohn"]);
    office.edit(2, json!({"displayName": "B"}));
    office.edit(3, json!({"displayName": "C"}));
    assert_eq!(each(&office.round(&link).0, "displayName"), ["C"]);
    let code = "Request_UnsupportedQuery".to_owned();
    for query in [
        "$filter=mail eq 'x'",
        "$top=5",
        "$orderby=displayName",
        "$expand=manager",
    ] {
        assert_eq!(
            office.error(&format!("/users/delta?{query}")),
            (400, code.clone()),
            "{query}"
        );
    }
}

#[test]
fn managers_are_told_as_a_delta_of_their_own() {
    let mut office = Office::new();
    let (all, link) = office.round("/users/delta?$select=displayName,manager");
    assert_eq!(
        all[0]["manager@delta"],
        json!([{"@odata.type": "#microsoft.graph.user", "id": id(2)}])
    );
    assert!(all[1].get("manager@delta").is_none());
    office.act(DirectoryAct::SetManager {
        id: id(1),
        manager: None,
    });
    let (told, link) = office.round(&link);
    assert_eq!(told[0]["manager@delta"][0]["@removed"]["reason"], "deleted");
    office.act(DirectoryAct::SetManager {
        id: id(1),
        manager: Some(id(3)),
    });
    assert_eq!(office.round(&link).0[0]["manager@delta"][0]["id"], id(3));
}

#[test]
fn tokens_live_seven_days() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.now_ms = NOW + 7 * 86_400_000;
    assert_eq!(office.get(&link).status, 200);
    office.now_ms += 1;
    let done = office.get(&link);
    assert_eq!(failed(&done), (410, "resyncRequired".to_owned()));
    let again = header(&done, "location").unwrap().to_owned();
    assert!(
        again.ends_with(
            "/users/delta?$select=displayName,jobTitle,mobilePhone,department&$deltatoken="
        ),
        "{again}"
    );
    assert_eq!(office.round(&again).0.len(), 5, "it leads to a full round");
}

#[test]
fn lost_tokens_are_410_or_400_by_quirk_and_made_up_ones_400() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.directory.lose_tokens();
    assert_eq!(office.error(&link).0, 410);
    office.settings.quirks.directory_resync_as_400 = true;
    assert_eq!(
        office.error(&link),
        (400, "Directory_ResyncRequired".to_owned())
    );
    assert_eq!(office.error("/users/delta?$deltatoken=made-up").0, 400);
    // A token of another collection is no token here.
    let token = link.split("deltatoken=").nth(1).unwrap();
    assert_eq!(
        office
            .error(&format!("/groups/delta?$deltatoken={token}"))
            .0,
        400
    );
}

#[test]
fn the_first_page_may_be_empty() {
    let mut office = Office::new();
    office.settings.quirks.delta_first_page_empty = true;
    let (all, sizes, _) = office.pages(&user_delta(), &[]);
    assert_eq!((all.len(), sizes), (5, vec![0, 5]));
}

#[test]
fn faults_repeat_replay_and_reset() {
    let mut office = Office::new();
    office.settings.faults.directory_delta_repeats = 1.0;
    let (all, link) = office.round(&user_delta());
    assert_eq!((all.len(), all[0] == all[5]), (6, true));
    office.settings.faults.directory_delta_repeats = 0.0;
    office.edit(1, json!({"jobTitle": "A"}));
    let (_, link) = office.round(&link);
    office.settings.faults.directory_delta_replays = 1.0;
    let told: usize = (0..20).map(|_| office.round(&link).0.len()).sum();
    assert!(told > 0, "what was told before is told again");
    office.settings.faults.directory_delta_resets = 1.0;
    assert_eq!(office.error(&link).0, 410);
}

#[test]
fn a_late_change_is_missing_and_then_told_though_others_came_in_between() {
    let mut office = Office::new();
    let (_, link) = office.round(&user_delta());
    office.settings.faults.directory_late = 1.0;
    office.edit(1, json!({"jobTitle": "Late"}));
    office.settings.faults.directory_late = 0.0;
    office.edit(2, json!({"jobTitle": "Prompt"}));
    let (told, link) = office.round(&link);
    assert_eq!(each(&told, "jobTitle"), ["Prompt"]);
    office.now_ms += office.settings.bounds.visibility_ms;
    let (told, link) = office.round(&link);
    assert!(each(&told, "jobTitle").contains(&"Late".to_owned()));
    assert_eq!(office.round(&link).0, Vec::<Value>::new());
}

#[test]
fn org_contacts_have_deltas_too_and_end_for_good() {
    let mut office = Office::new();
    let (all, link) = office.round("/contacts/delta?$select=displayName,phones");
    assert_eq!(all[0]["phones"][0]["number"], "+1 555 1");
    office.act(DirectoryAct::CreateOrgContact {
        id: id(21),
        properties: map(json!({"displayName": "Otto", "phones": []})),
    });
    office.act(DirectoryAct::DeleteOrgContact { id: id(20) });
    let (told, _) = office.round(&link);
    assert_eq!(
        told,
        [
            json!({"id": id(21), "displayName": "Otto", "phones": []}),
            json!({"id": id(20), "@removed": {"reason": "deleted"}})
        ]
    );
}

#[test]
fn twenty_thousand_users_cost_a_delta_what_changed() {
    let people = (1_001..=21_000)
        .map(|n| person(n, &format!("P{n} X")))
        .collect();
    let mut office = Office::of(&fleet::Tenant { people, ..fleet() });
    let (_, link) = office.round("/users/delta?$deltatoken=latest");
    (1_001..=1_003).for_each(|n| office.edit(n, json!({"jobTitle": "New"})));
    let (told, _) = office.round(&link);
    assert_eq!(told.len(), 3);
    let (all, sizes, _) = office.pages(
        "/users/delta?$select=displayName",
        &[("Prefer", "odata.maxpagesize=999")],
    );
    assert_eq!((all.len(), sizes.len()), (20_000, 21));
}
