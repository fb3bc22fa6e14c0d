//! Contacts: create, read, PATCH, delete, search, limits, ids (graph.md 2.1, 2.2, 2.6, 2.8).

#![allow(clippy::unwrap_used)]

mod house;

use graph_sim::{mailbox::MailboxAct, *};
use house::*;
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/users/{ADA}/contacts/{id}")
}

#[test]
fn a_contact_is_read_back_as_written_with_every_documented_property() {
    let mut house = House::new();
    let got = house.post(
        &format!("/users/{ADA}/contacts"),
        json!({"givenName": "Pavel", "surname": "Bansky", "businessPhones": ["+1 732 555 0102"],
               "emailAddresses": [{"address": "pavelb@fabrikam.example", "name": "Pavel Bansky"}],
               "homeAddress": {"city": "Prague"}, "birthday": "1974-07-22T00:00:00Z"}),
    );
    assert_eq!(got.status, 201);
    assert!(got.header("Location").unwrap().contains("/contacts('"));
    let read = house.get(&path(&got.id()));
    assert_eq!(read.json["displayName"], "Pavel Bansky");
    assert_eq!(read.json["fileAs"], "Bansky, Pavel");
    assert_eq!(
        read.json["primaryEmailAddress"]["address"],
        "pavelb@fabrikam.example"
    );
    assert_eq!(read.json["secondaryEmailAddress"], Value::Null);
    assert_eq!(read.json["homeAddress"], json!({"city": "Prague"}));
    assert_eq!(read.json["otherAddress"], json!({}));
    assert_eq!(read.json["homePhones"], json!([]));
    assert_eq!(read.json["birthday"], "1974-07-22T11:59:00Z");
    assert_eq!(
        read.json["@odata.etag"],
        format!("W/\"{}\"", read.json["changeKey"].as_str().unwrap())
    );
    assert!(
        read.json["createdDateTime"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
}

#[test]
fn patch_keeps_what_is_omitted_and_replaces_lists_and_addresses_whole() {
    let mut house = House::new();
    let id = house.contact(
        "contacts",
        json!({"displayName": "A", "jobTitle": "Chef", "businessPhones": ["1", "2"],
               "homeAddress": {"city": "Prague", "street": "X 1"}}),
    );
    let got = house.patch(
        &path(&id),
        json!({"displayName": "A", "businessPhones": ["3"], "homeAddress": {"street": "Y 2"}}),
    );
    assert_eq!(got.status, 200);
    assert_eq!(got.json["jobTitle"], "Chef");
    assert_eq!(got.json["businessPhones"], json!(["3"]));
    assert_eq!(got.json["homeAddress"], json!({"street": "Y 2"}));
    let got = house.patch(
        &path(&id),
        json!({"displayName": "A", "jobTitle": null, "homeAddress": null}),
    );
    assert_eq!(
        (&got.json["jobTitle"], &got.json["homeAddress"]),
        (&Value::Null, &json!({}))
    );
}

#[test]
fn display_name_is_regenerated_unless_it_is_sent() {
    let mut house = House::new();
    let id = house.contact(
        "contacts",
        json!({"displayName": "Boss", "givenName": "Ada", "surname": "L"}),
    );
    let kept = house.patch(&path(&id), json!({"displayName": "Boss", "surname": "K"}));
    assert_eq!(kept.json["displayName"], "Boss");
    let regenerated = house.patch(&path(&id), json!({"surname": "M"}));
    assert_eq!(regenerated.json["displayName"], "Ada M");
    assert_eq!(regenerated.json["fileAs"], "M, Ada");
}

#[test]
fn display_name_stays_without_the_quirk() {
    let mut house = House::with(|s| s.quirks.display_name_regenerated = false);
    let id = house.contact(
        "contacts",
        json!({"displayName": "Boss", "givenName": "Ada", "surname": "L"}),
    );
    assert_eq!(
        house.patch(&path(&id), json!({"surname": "M"})).json["displayName"],
        "Boss"
    );
}

#[test]
fn file_as_is_left_alone_without_the_quirk() {
    let mut house = House::with(|s| s.quirks.file_as_derived = false);
    let id = house.contact("contacts", json!({"givenName": "Ada", "surname": "L"}));
    assert_eq!(house.get(&path(&id)).json["fileAs"], Value::Null);
}

#[test]
fn too_many_values_are_refused_in_exchanges_words() {
    let mut house = House::new();
    let mut message = |body: Value| {
        let got = house.post(&format!("/users/{ADA}/contacts"), body);
        assert_eq!(got.status, 400);
        got.json["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        message(json!({"businessPhones": ["1", "2", "3"]})),
        "The multi value property BusinessPhones has 3 entries, that exceeds the max allowed value of 2"
    );
    let mail = json!({"address": "a@b.example"});
    assert_eq!(
        message(json!({"emailAddresses": [mail, mail, mail, mail]})),
        "The multi value property EmailAddresses has 4 entries, that exceeds the max allowed value of 3"
    );
    assert!(message(json!({"homePhones": ["1", "2", "3"]})).contains("HomePhones has 3"));
    assert!(message(json!({"imAddresses": ["1", "2", "3", "4"]})).contains("ImAddresses has 4"));
}

#[test]
fn unknown_and_misshapen_properties_are_refused() {
    let mut house = House::new();
    let path = format!("/users/{ADA}/contacts");
    assert_eq!(
        house.post(&path, json!({"faxNumber": "1"})).code(),
        "RequestBodyRead"
    );
    assert_eq!(
        house.post(&path, json!({"jobTitle": 5})).code(),
        "ErrorInvalidProperty"
    );
    assert_eq!(
        house.post(&path, json!([1])).code(),
        "UnableToDeserializePostBody"
    );
    assert_eq!(house.send("POST", &path, None).code(), "RequestBodyRead");
    assert!(house.cloud.contacts(TENANT, ADA).is_empty());
}

#[test]
fn typed_email_slots_win_over_the_list_unless_the_quirk_is_off() {
    let body = json!({"emailAddresses": [{"address": "list@x.example"}],
                      "primaryEmailAddress": {"address": "slot@x.example"}});
    for (on, wanted) in [(true, "slot@x.example"), (false, "list@x.example")] {
        let mut house = House::with(|s| s.quirks.email_slots_win = on);
        let id = house.contact("contacts", body.clone());
        let got = house.get(&path(&id));
        assert_eq!(got.json["emailAddresses"][0]["address"], wanted);
    }
}

#[test]
fn an_invalid_address_vanishes_on_read() {
    for on in [true, false] {
        let mut house = House::with(|s| s.quirks.invalid_address_vanishes = on);
        let id = house.contact(
            "contacts",
            json!({"emailAddresses": [{"address": "A@msn.com,"}]}),
        );
        let got = house.get(&path(&id));
        assert_eq!(got.json["emailAddresses"][0].get("address").is_none(), on);
    }
}

#[test]
fn a_birthday_is_kept_at_noon_or_midnight_as_the_quirk_says() {
    let mut house = House::with(|s| s.quirks.birthday_at_noon = false);
    let id = house.contact("contacts", json!({"birthday": "1974-07-22T08:00:00Z"}));
    assert_eq!(
        house.get(&path(&id)).json["birthday"],
        "1974-07-22T00:00:00Z"
    );
}

#[test]
fn notes_come_back_with_crlf() {
    for (on, wanted) in [(true, "a\r\nb"), (false, "a\nb")] {
        let mut house = House::with(|s| s.quirks.notes_crlf = on);
        let id = house.contact("contacts", json!({"personalNotes": "a\nb"}));
        assert_eq!(house.get(&path(&id)).json["personalNotes"], wanted);
    }
}

#[test]
fn trailing_blanks_are_cut_with_the_quirk() {
    for (on, wanted) in [(true, "Chef"), (false, "Chef  ")] {
        let mut house = House::with(|s| s.quirks.text_trimmed = on);
        let id = house.contact("contacts", json!({"jobTitle": "Chef  "}));
        assert_eq!(house.get(&path(&id)).json["jobTitle"], wanted);
    }
}

#[test]
fn a_write_without_change_gives_a_new_change_key_with_the_quirk() {
    for on in [true, false] {
        let mut house = House::with(|s| s.quirks.touch_bumps_change_key = on);
        let id = house.contact("contacts", json!({"displayName": "A", "jobTitle": "Chef"}));
        let before = house.get(&path(&id)).json["changeKey"].clone();
        let after = house.patch(&path(&id), json!({"jobTitle": "Chef"})).json["changeKey"].clone();
        assert_eq!(before != after, on);
    }
}

#[test]
fn a_stale_if_match_is_412_and_changes_nothing() {
    let mut house = House::new();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let etag = house.get(&path(&id)).json["@odata.etag"]
        .as_str()
        .unwrap()
        .to_owned();
    house.patch(&path(&id), json!({"jobTitle": "Chef"}));
    house.headers.push(("If-Match".to_owned(), etag));
    assert_eq!(
        house.patch(&path(&id), json!({"jobTitle": "Cook"})).status,
        412
    );
    assert_eq!(house.delete(&path(&id)).status, 412);
    house.headers.clear();
    assert_eq!(house.get(&path(&id)).json["jobTitle"], "Chef");
    house.headers.push(("If-Match".to_owned(), "*".to_owned()));
    assert_eq!(house.delete(&path(&id)).status, 204);
}

#[test]
fn if_match_is_ignored_without_the_quirk() {
    let mut house = House::with(|s| s.quirks.if_match_honoured = false);
    let id = house.contact("contacts", json!({"displayName": "A"}));
    house
        .headers
        .push(("If-Match".to_owned(), "W/\"old\"".to_owned()));
    assert_eq!(
        house.patch(&path(&id), json!({"jobTitle": "Cook"})).status,
        200
    );
}

#[test]
fn a_stamp_is_not_echoed_and_found_by_value_without_case_and_name_with_case() {
    let mut house = House::new();
    let folder = house.folder("Team");
    let created = house.post(
        &format!("/users/{ADA}/contactFolders/{folder}/contacts"),
        json!({"displayName": "A", "singleValueExtendedProperties": stamp("Value-1")}),
    );
    assert!(created.json.get("singleValueExtendedProperties").is_none());
    assert_eq!(
        house.get(&search(&folder, "value-1")).column("id"),
        [created.id()]
    );
    let upper = search(&folder, "Value-1").replace("66f5a359", "66F5A359");
    assert_eq!(house.get(&upper).column("id").len(), 1);
    let other = search(&folder, "Value-1").replace("Stamp", "stamp");
    assert!(house.get(&other).column("id").is_empty());
    assert!(
        house
            .get(&search(&folder, "Value-2"))
            .column("id")
            .is_empty()
    );
}

#[test]
fn expand_shows_the_properties_that_its_filter_names() {
    let mut house = House::new();
    house.contact(
        "contacts",
        json!({"displayName": "A", "singleValueExtendedProperties": stamp("x")}),
    );
    let id = STAMP.replace(' ', "%20");
    let ask = |wanted: &str| {
        format!(
            "/users/{ADA}/contacts?$select=displayName&$expand=singleValueExtendedProperties($filter=id%20eq%20'{wanted}')"
        )
    };
    let got = house.get(&ask(&id));
    assert_eq!(
        got.json["value"][0]["singleValueExtendedProperties"],
        stamp("x")
    );
    assert!(got.json["value"][0].get("jobTitle").is_none());
    let none = house.get(&ask("String%200x3A24"));
    assert!(
        none.json["value"][0]
            .get("singleValueExtendedProperties")
            .is_none()
    );
    let all = house.get(&format!(
        "/users/{ADA}/contacts?$expand=singleValueExtendedProperties"
    ));
    assert_eq!(all.status, 400);
}

#[test]
fn an_email_filter_finds_the_contact() {
    let mut house = House::new();
    house.contact(
        "contacts",
        json!({"displayName": "A", "emailAddresses": [{"address": "a@x.example"}]}),
    );
    house.contact(
        "contacts",
        json!({"displayName": "B", "emailAddresses": [{"address": "b@x.example"}]}),
    );
    let got = house.get(&format!(
        "/users/{ADA}/contacts?$filter=emailAddresses/any(a:a/address%20eq%20'B@x.example')"
    ));
    assert_eq!(got.column("displayName"), ["B"]);
    let search = house.get(&format!("/users/{ADA}/contacts?$search=%22B%22"));
    assert_eq!(search.status, 400);
}

#[test]
fn pages_end_with_all_contacts_once() {
    for skip in [false, true] {
        let mut house = House::with(|s| s.quirks.skip_in_next_links = skip);
        for n in 0..25 {
            house.contact("contacts", json!({"displayName": format!("P{n:02}")}));
        }
        let (mut seen, mut at) = (
            Vec::new(),
            format!("/users/{ADA}/contacts?$top=10&$select=displayName&$count=true"),
        );
        loop {
            let got = house.get(&at);
            assert_eq!(got.json["@odata.count"], 25);
            seen.extend(got.column("displayName"));
            match got.link("@odata.nextLink") {
                Some(next) => at = next,
                None => break,
            }
            assert_eq!(at.contains("skiptoken="), !skip);
        }
        assert_eq!(
            seen,
            (0..25).map(|n| format!("P{n:02}")).collect::<Vec<_>>()
        );
        let down = house.get(&format!(
            "/users/{ADA}/contacts?$orderby=displayName%20desc&$top=2"
        ));
        assert_eq!(down.column("displayName"), ["P24", "P23"]);
        assert_eq!(
            house.get(&format!("/users/{ADA}/contacts/$count")).bytes,
            "25"
        );
    }
}

#[test]
fn a_regular_id_changes_on_a_move_and_an_immutable_one_does_not() {
    let mut house = House::new();
    let folder = house.folder("Team");
    let regular = house.contact("contacts", json!({"displayName": "A"}));
    let mut house = house.immutable();
    let immutable = house.get(&path(&regular)).id();
    assert_ne!(regular, immutable);
    house.ada(MailboxAct::MoveContact {
        item: immutable.clone(),
        folder: Some(folder.clone()),
    });
    assert_eq!(house.get(&path(&regular)).code(), "ErrorItemNotFound");
    let got = house.get(&path(&immutable));
    assert_eq!(got.json["parentFolderId"], folder);
    assert_eq!(got.id(), immutable);
    assert!(
        got.header("Preference-Applied")
            .unwrap()
            .contains("ImmutableId")
    );
}

#[test]
fn ids_are_case_sensitive_and_may_collide_by_case() {
    let mut house = House::with(|s| s.quirks.ids_differ_in_case = true).immutable();
    house.contact("contacts", json!({"displayName": "Zero"}));
    let a = house.contact("contacts", json!({"displayName": "A"}));
    let b = house.contact("contacts", json!({"displayName": "B"}));
    assert!(a != b && a.eq_ignore_ascii_case(&b), "{a} {b}");
    assert_eq!(house.get(&path(&b)).json["displayName"], "B");
    assert_eq!(house.get(&path("short")).code(), "ErrorInvalidIdMalformed");
    let mut plain = House::new();
    let id = plain.contact("contacts", json!({"displayName": "A"}));
    assert_eq!(
        plain.get(&path(&id.to_lowercase())).code(),
        "ErrorItemNotFound"
    );
}

#[test]
fn delete_moves_to_deleted_items_where_the_immutable_id_still_reaches() {
    let mut house = House::new().immutable();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    assert_eq!(house.delete(&path(&id)).status, 204);
    assert!(
        house
            .get(&format!("/users/{ADA}/contacts"))
            .column("id")
            .is_empty()
    );
    let view = house.cloud.contacts(TENANT, ADA);
    assert!(view[0].folder.deleted);
    let got = house.get(&path(&id));
    assert_eq!(got.json["parentFolderId"], view[0].folder.id.as_str());
    assert_eq!(house.delete(&path(&id)).status, 204);
    assert_eq!(house.delete(&path(&id)).code(), "ErrorItemNotFound");
}

#[test]
fn deleted_items_are_out_of_reach_without_the_quirk() {
    let mut house = House::with(|s| s.quirks.deleted_items_reachable = false).immutable();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    house.delete(&path(&id));
    assert_eq!(house.get(&path(&id)).code(), "ErrorItemNotFound");
}

#[test]
fn permanent_delete_leaves_nothing() {
    let mut house = House::new();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    assert_eq!(
        house
            .post(&format!("{}/permanentDelete", path(&id)), json!({}))
            .status,
        204
    );
    assert!(house.cloud.contacts(TENANT, ADA).is_empty());
}

#[test]
fn what_happened_is_recorded_with_its_doer_and_fields() {
    let mut house = House::new().immutable();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    house.patch(&path(&id), json!({"jobTitle": "Chef", "displayName": "A"}));
    house.ada(MailboxAct::EditContact {
        item: id.clone(),
        properties: json!({"mobilePhone": "1"}).as_object().unwrap().clone(),
    });
    let events = house.cloud.events();
    let short: Vec<_> = events
        .iter()
        .map(|e| (e.operation, e.fields.join(",")))
        .collect();
    assert_eq!(
        short,
        [
            (Operation::Create, "displayName,fileAs".to_owned()),
            (Operation::Update, "jobTitle".to_owned()),
            (Operation::Update, "mobilePhone".to_owned()),
        ]
    );
    assert!(events.iter().all(|e| *e.item == *id && *e.mailbox == *ADA));
    assert_eq!(events[0].actor, Actor::App(CLIENT.into()));
    assert_eq!(events[2].actor, Actor::User);
    assert!(house.cloud.events().is_empty());
}

#[test]
fn a_full_mailbox_is_507_and_a_big_body_413() {
    let mut house = House::with(|s| {
        s.limits.mailbox_items = 1;
        s.limits.body_bytes = 1000;
    });
    house.contact("contacts", json!({"displayName": "A"}));
    let path = format!("/users/{ADA}/contacts");
    assert_eq!(
        house.post(&path, json!({"displayName": "B"})).code(),
        "ErrorQuotaExceeded"
    );
    assert_eq!(
        house
            .post(&path, json!({"personalNotes": "x".repeat(2000)}))
            .status,
        413
    );
}

#[test]
fn unknown_users_and_missing_mailboxes_are_told_apart() {
    let mut house = House::new();
    let got = house.get("/users/nobody@contoso.example/contacts");
    assert_eq!((got.status, got.code()), (404, "ErrorInvalidUser"));
    house
        .cloud
        .act(
            &cloud::Act::DisableMailbox {
                tenant: TENANT.to_owned(),
                mailbox: ADA.to_owned(),
            },
            house.now_ms,
        )
        .unwrap();
    let got = house.get(&format!("/users/{ADA}/contacts"));
    assert_eq!(
        (got.status, got.code()),
        (404, "MailboxNotEnabledForRESTAPI")
    );
}

#[test]
fn a_photo_is_stored_changes_the_change_key_and_cannot_be_deleted() {
    let mut house = House::new();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let photo = format!("{}/photo", path(&id));
    assert_eq!(house.get(&photo).status, 404);
    let before = house.get(&path(&id)).json["changeKey"].clone();
    let jpeg = fleet::photo::portrait(7, 96);
    let mut request = house.request("PUT", &format!("{photo}/$value"), None);
    request
        .headers
        .push(("Content-Type".to_owned(), "image/jpeg".to_owned()));
    request.body = jpeg.clone();
    assert_eq!(house.take(request).unwrap().status, 200);
    assert_ne!(house.get(&path(&id)).json["changeKey"], before);
    assert_eq!(house.get(&format!("{photo}/$value")).bytes, jpeg);
    let metadata = house.get(&photo);
    assert_eq!(metadata.json["id"], "96X96");
    assert_eq!(metadata.json["@odata.mediaContentType"], "image/jpeg");
    assert_eq!(house.delete(&format!("{photo}/$value")).status, 405);
    assert_eq!(
        house.cloud.contacts(TENANT, ADA)[0].photo,
        Some(chance::hash(&jpeg))
    );
}

#[test]
fn ids_are_translated_between_formats() {
    let mut house = House::new();
    let regular = house.contact("contacts", json!({"displayName": "A"}));
    let got = house.post(
        &format!("/users/{ADA}/translateExchangeIds"),
        json!({"InputIds": [regular], "SourceIdType": "restId", "TargetIdType": "restImmutableEntryId"}),
    );
    let immutable = house.cloud.contacts(TENANT, ADA)[0].id.clone();
    assert_eq!(
        got.json["value"],
        json!([{"sourceId": regular, "targetId": immutable}])
    );
}

#[test]
fn categories_are_made_once_and_settings_tell_the_purpose() {
    let mut house = House::new();
    let path = format!("/users/{ADA}/outlook/masterCategories");
    let made = house.post(&path, json!({"displayName": "Team", "color": "preset3"}));
    assert_eq!(made.status, 201);
    assert_eq!(
        house.post(&path, json!({"displayName": "team"})).status,
        409
    );
    let names = house.get(&path).column("displayName");
    assert_eq!(
        names.len(),
        7,
        "the six of every mailbox and ours: {names:?}"
    );
    assert_eq!(names.iter().filter(|n| *n == "Team").count(), 1);
    let one = format!("{path}/{}", made.id());
    assert_eq!(house.patch(&one, json!({"displayName": "X"})).status, 400);
    assert_eq!(
        house.patch(&one, json!({"color": "none"})).json["color"],
        "none"
    );
    let got = house.get(&format!("/users/{ADA}/mailboxSettings/userPurpose"));
    assert_eq!(got.json["value"], "user");
}
