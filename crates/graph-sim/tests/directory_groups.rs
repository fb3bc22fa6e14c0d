//! Groups: members, nesting, casts, and their deltas.

#![allow(clippy::unwrap_used)]

mod directory_office;

use directory_office::{Office, each, failed, fleet, id, json_of, map, person};
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet::{self, Group};
use serde_json::{Value, json};

fn ids(office: &mut Office, path: &str) -> Vec<String> {
    each(office.json(path)["value"].as_array().unwrap(), "id")
}

#[test]
fn groups_are_found_by_name_and_show_what_they_are() {
    let mut office = Office::new();
    let list = office.json("/groups?$filter=displayName eq 'staff'&$select=id,displayName,groupTypes,securityEnabled,mailEnabled");
    assert_eq!(
        list["value"],
        json!([{"id": id(30), "displayName": "Staff", "groupTypes": [], "securityEnabled": true, "mailEnabled": false}])
    );
    let inner = office.json(&format!("/groups/{}", id(31)));
    assert_eq!(inner["groupTypes"], json!(["Unified"]));
    assert_eq!(inner["description"], Value::Null);
    assert_eq!(
        office.error(&format!("/groups/{}", id(99))),
        (404, "Request_ResourceNotFound".to_owned())
    );
    assert_eq!(office.error(&format!("/groups/{}", id(1))).0, 404);
}

#[test]
fn direct_members_carry_their_types() {
    let mut office = Office::new();
    let list = office.json(&format!(
        "/groups/{}/members?$select=id,displayName",
        id(30)
    ));
    let value = list["value"].as_array().unwrap();
    assert_eq!(
        each(value, "displayName"),
        ["Anna Ahn", "Boss Berg", "Olga Outside", "Inner"]
    );
    assert_eq!(
        each(value, "@odata.type"),
        [
            "#microsoft.graph.user",
            "#microsoft.graph.user",
            "#microsoft.graph.orgContact",
            "#microsoft.graph.group"
        ]
    );
    assert_eq!(
        list["@odata.context"],
        "https://graph.microsoft.com/v1.0/$metadata#directoryObjects(id,displayName)"
    );
}

#[test]
fn transitive_members_see_through_nesting_and_end_in_cycles() {
    let mut office = Office::new();
    assert_eq!(
        ids(
            &mut office,
            &format!("/groups/{}/transitiveMembers", id(30))
        ),
        [id(1), id(2), id(3), id(4), id(20), id(31)]
    );
    assert_eq!(
        ids(
            &mut office,
            &format!("/groups/{}/transitiveMembers", id(31))
        ),
        [id(1), id(2), id(3), id(4), id(20), id(30)]
    );
}

#[test]
fn casts_pick_a_kind_and_count_by_header() {
    let mut office = Office::new();
    let path = format!("/groups/{}/transitiveMembers", id(30));
    let list = office.json(&format!("{path}/microsoft.graph.user?$select=displayName"));
    assert_eq!(
        list["value"][0],
        json!({"displayName": "Anna Ahn"}),
        "no type"
    );
    assert_eq!(list["value"].as_array().unwrap().len(), 4);
    assert_eq!(
        ids(&mut office, &format!("{path}/graph.orgContact")),
        [id(20)]
    );
    let counted = format!("{path}/microsoft.graph.user?$count=true&$top=1");
    assert_eq!(
        office.error(&counted),
        (400, "Request_UnsupportedQuery".to_owned())
    );
    let done = office.eventual(&counted);
    assert_eq!(json_of(&done)["@odata.count"], 4);
    let next = json_of(&done)["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(json_of(&office.eventual(&next))["value"][0]["id"], id(2));
    assert_eq!(
        office
            .eventual(&format!("{path}/microsoft.graph.user/$count"))
            .body,
        graph_sim::Body::Bytes("text/plain".to_owned(), "4".into())
    );
    assert_eq!(
        failed(&office.get(&format!("{path}/microsoft.graph.nothing"))).0,
        400
    );
}

#[test]
fn without_permission_for_users_members_show_only_type_and_id() {
    let mut office = Office::new();
    office.roles = vec!["GroupMember.Read.All".to_owned()];
    let list = office.json(&format!("/groups/{}/members", id(30)));
    assert_eq!(
        list["value"][0],
        json!({"@odata.type": "#microsoft.graph.user", "id": id(1)})
    );
    assert_eq!(list["value"][3]["displayName"], "Inner");
}

#[test]
fn memberships_are_read_from_below() {
    let mut office = Office::new();
    assert_eq!(
        ids(&mut office, &format!("/users/{}/memberOf", id(3))),
        [id(31)]
    );
    assert_eq!(
        ids(&mut office, &format!("/users/{}/transitiveMemberOf", id(3))),
        [id(30), id(31)]
    );
    assert_eq!(
        ids(
            &mut office,
            &format!("/users/{}/memberOf/microsoft.graph.group", id(3))
        ),
        [id(31)]
    );
}

#[test]
fn deleted_members_leave_and_the_answer_is_never_stale() {
    let mut office = Office::new();
    let path = format!("/groups/{}/transitiveMembers", id(30));
    assert!(ids(&mut office, &path).contains(&id(3)));
    office.act(DirectoryAct::DeleteUser { id: id(3) });
    assert!(!ids(&mut office, &path).contains(&id(3)));
    office.act(DirectoryAct::AddMember {
        group: id(31),
        member: id(5),
    });
    assert!(ids(&mut office, &path).contains(&id(5)));
    office.act(DirectoryAct::RemoveMember {
        group: id(30),
        member: id(31),
    });
    assert_eq!(ids(&mut office, &path), [id(1), id(2), id(20)]);
}

#[test]
fn a_flapping_group_shows_half_of_its_members_for_one_read() {
    let people: Vec<_> = (100..200).map(|n| person(n, &format!("P{n} X"))).collect();
    let group = Group {
        id: id(30),
        name: "Staff".to_owned(),
        members: people.iter().map(|p| p.id.clone()).collect(),
        ..Group::default()
    };
    let mut office = Office::of(&fleet::Tenant {
        people,
        groups: vec![group],
        ..fleet()
    });
    office.settings.faults.group_flaps = 1.0;
    let path = format!("/groups/{}/transitiveMembers?$top=7", id(30));
    let (half, _, _) = office.pages(&path, &[]);
    assert!((30..70).contains(&half.len()), "{}", half.len());
    let next = office.pages(&path, &[]).0.len();
    assert_eq!(next, 100, "not twice within half an hour");
    office.settings.faults.group_flaps = 0.0;
    assert_eq!(office.pages(&path, &[]).0.len(), 100);
}

#[test]
fn the_first_delta_tells_members_and_the_next_who_came_and_went() {
    let mut office = Office::new();
    let (all, link) = office.round("/groups/delta?$select=displayName,members");
    assert_eq!(all[0]["displayName"], "Staff");
    assert_eq!(
        all[0]["members@delta"][0],
        json!({"@odata.type": "#microsoft.graph.user", "id": id(1)})
    );
    assert_eq!(all[0]["members@delta"].as_array().unwrap().len(), 4);
    office.act(DirectoryAct::AddMember {
        group: id(30),
        member: id(5),
    });
    office.act(DirectoryAct::RemoveMember {
        group: id(30),
        member: id(20),
    });
    let (told, link) = office.round(&link);
    assert_eq!(
        told,
        [
            json!({"id": id(30), "displayName": "Staff", "members@delta": [
                {"@odata.type": "#microsoft.graph.user", "id": id(5)},
                {"@odata.type": "#microsoft.graph.orgContact", "id": id(20), "@removed": {"reason": "deleted"}},
            ]})
        ]
    );
    let (none, _) = office.round(&link);
    assert_eq!(none, Vec::<Value>::new());
}

#[test]
fn a_deleted_user_leaves_the_groups_in_their_delta_and_comes_back_when_restored() {
    let mut office = Office::new();
    let (_, link) = office.round("/groups/delta?$select=displayName,members");
    office.act(DirectoryAct::DeleteUser { id: id(1) });
    let (told, link) = office.round(&link);
    assert_eq!(told[0]["members@delta"][0]["@removed"]["reason"], "deleted");
    office.act(DirectoryAct::RestoreUser { id: id(1) });
    assert_eq!(
        office.round(&link).0[0]["members@delta"],
        json!([{"@odata.type": "#microsoft.graph.user", "id": id(1)}])
    );
}

#[test]
fn a_delta_that_did_not_ask_for_members_tells_none() {
    let mut office = Office::new();
    let (all, link) = office.round("/groups/delta?$select=displayName");
    assert!(all[0].get("members@delta").is_none());
    office.act(DirectoryAct::RemoveMember {
        group: id(30),
        member: id(20),
    });
    assert_eq!(office.round(&link).0, Vec::<Value>::new());
    office.act(DirectoryAct::EditGroup {
        id: id(30),
        properties: map(json!({"displayName": "Crew"})),
    });
    assert_eq!(
        office.round(&link).0,
        [json!({"id": id(30), "displayName": "Crew"})]
    );
}

#[test]
fn a_large_group_is_told_in_parts_over_pages() {
    let people: Vec<_> = (100..550).map(|n| person(n, &format!("P{n} X"))).collect();
    let group = Group {
        id: id(30),
        name: "All".to_owned(),
        members: people.iter().map(|p| p.id.clone()).collect(),
        ..Group::default()
    };
    let mut office = Office::of(&fleet::Tenant {
        people,
        groups: vec![group],
        ..fleet()
    });
    let (told, sizes, _) = office.pages("/groups/delta?$select=displayName,members", &[]);
    assert_eq!(sizes, [1, 1, 1], "200, 200 and 50 members");
    let members: Vec<Value> = told
        .iter()
        .flat_map(|group| group["members@delta"].as_array().unwrap().clone())
        .collect();
    assert_eq!(members.len(), 450);
    assert!(each(&members, "id").is_sorted());
}

#[test]
fn security_groups_go_for_good_and_microsoft_365_groups_to_deleted_items() {
    let mut office = Office::new();
    let (_, link) = office.round("/groups/delta?$select=displayName");
    office.act(DirectoryAct::DeleteGroup { id: id(30) });
    office.act(DirectoryAct::DeleteGroup { id: id(31) });
    let (told, _) = office.round(&link);
    let reasons: Vec<_> = told
        .iter()
        .map(|group| group["@removed"]["reason"].clone())
        .collect();
    assert_eq!(reasons, ["deleted", "changed"]);
    assert_eq!(
        ids(&mut office, "/directory/deletedItems/microsoft.graph.group"),
        [id(31)]
    );
}

#[test]
fn a_new_group_tells_only_who_is_in_it() {
    let mut office = Office::new();
    let (_, link) = office.round("/groups/delta?$select=displayName,members");
    office.act(DirectoryAct::CreateGroup {
        id: id(40),
        properties: map(json!({"displayName": "New"})),
    });
    office.act(DirectoryAct::AddMember {
        group: id(40),
        member: id(1),
    });
    office.act(DirectoryAct::AddMember {
        group: id(40),
        member: id(2),
    });
    office.act(DirectoryAct::RemoveMember {
        group: id(40),
        member: id(1),
    });
    let (told, _) = office.round(&link);
    assert_eq!(
        told,
        [
            json!({"id": id(40), "displayName": "New", "members@delta": [{"@odata.type": "#microsoft.graph.user", "id": id(2)}]})
        ]
    );
}

#[test]
fn twenty_thousand_members_page_without_walking_the_group_for_every_page() {
    let people: Vec<_> = (1_000..21_000)
        .map(|n| person(n, &format!("P{n} X")))
        .collect();
    let inner = |n: u32| Group {
        id: id(30_000 + n),
        name: format!("G{n}"),
        members: (0..200)
            .map(|k| id(1_000 + (n * 200 + k) % 20_000))
            .collect(),
        ..Group::default()
    };
    let mut groups: Vec<_> = (0..100).map(inner).collect();
    groups.push(Group {
        id: id(40_000),
        name: "All".to_owned(),
        groups: groups.iter().map(|g| g.id.clone()).collect(),
        ..Group::default()
    });
    let mut office = Office::of(&fleet::Tenant {
        people,
        groups,
        ..fleet()
    });
    office.settings.limits.enforced = false;
    let (all, _, _) = office.pages(
        &format!(
            "/groups/{}/transitiveMembers/microsoft.graph.user?$select=id",
            id(40_000)
        ),
        &[],
    );
    assert_eq!(all.len(), 20_000);
}
