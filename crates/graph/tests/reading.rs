//! Whole conversations with a scripted Microsoft: reads.
#![allow(clippy::unwrap_used)]

mod fake;

use expect_test::{Expect, expect};
use fake::{World, answer, error, lost, mailbox, ok, status, tenant};
use graph::{ContactChange, Directory, Graph, GraphError, GroupFound, Lookup, PersonChange};
use model::person::MailboxKind;
use model::{FolderId, ItemId, MailboxId};
use std::future::Future;

fn run<T: 'static, F: Future<Output = T> + Send + 'static>(
    world: &World,
    call: impl FnOnce(Graph) -> F,
) -> T {
    world.run(call(world.graph()))
}

fn asked(world: &World, expected: Expect) {
    expected.assert_eq(&world.transcript());
    assert_eq!(world.left(), 0, "scripted answers were left over");
}

const DELTA: &str = "\"@odata.deltaLink\":\"https://graph.test/v1.0/d?$deltatoken=2\"";
const NEXT: &str = "\"@odata.nextLink\":\"https://graph.test/v1.0/d?$skiptoken=1\"";

#[test]
fn a_round_follows_its_pages_and_the_last_word_on_a_person_counts() {
    let world = World::new(vec![
        ok(&format!("{{\"value\":[],{NEXT}}}")),
        ok(&format!(
            r##"{{"value":[{{"id":"u2","displayName":"Old"}},{{"id":"u1","displayName":"Ann","mail":"Ann@contoso.example","proxyAddresses":["SMTP:Ann@contoso.example","smtp:a@contoso.example","X500:/o=x"],"assignedPlans":[{{"service":"exchange","capabilityStatus":"Enabled"}}],"onPremisesExtensionAttributes":{{"extensionAttribute7":"blue","extensionAttribute8":null}}}},{{"id":"u2","displayName":"New"}},{{"id":"u3","@removed":{{"reason":"changed"}}}}],{DELTA}}}"##
        )),
    ]);
    let round = run(&world, |g| async move {
        let cursor = Some("https://graph.test/v1.0/d?$deltatoken=1");
        g.people_round(&tenant(), Directory::Users, cursor).await
    })
    .unwrap();
    assert!(!round.whole && !round.restarted);
    let shown: Vec<String> = round.changes.iter().map(|c| format!("{c:?}\n")).collect();
    expect![[r#"
        Here(Person { key: "u1", kind: Member, item: Item({DisplayName: Text("Ann"), Emails: Mails([Mail { address: "Ann@contoso.example", name: "" }])}), upn: "", enabled: None, listed: None, country: "", addresses: {"a@contoso.example", "ann@contoso.example"}, attributes: {"extension_attribute7": "blue"}, has_plan: Some(true) })
        Here(Person { key: "u2", kind: Member, item: Item({DisplayName: Text("New")}), upn: "", enabled: None, listed: None, country: "", addresses: {}, attributes: {}, has_plan: None })
        Removed { key: "u3", permanently: false }
    "#]]
    .assert_eq(&shown.concat());
    asked(
        &world,
        expect![[r#"
            GET /d?$deltatoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /d?$skiptoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
        "#]],
    );
}

#[test]
fn a_lost_cursor_even_in_mid_round_starts_again_from_nothing_once() {
    let world = World::new(vec![
        ok(&format!("{{\"value\":[{{\"id\":\"u9\"}}],{NEXT}}}")),
        error(410, "SyncStateNotFound"),
        ok(&format!("{{\"value\":[{{\"id\":\"u1\"}}],{DELTA}}}")),
    ]);
    let round = run(&world, |g| async move {
        let cursor = Some("https://graph.test/v1.0/d?$deltatoken=1");
        g.people_round(&tenant(), Directory::OrgContacts, cursor)
            .await
    })
    .unwrap();
    assert!(round.whole && round.restarted);
    let keys: Vec<&str> = round.changes.iter().map(PersonChange::key).collect();
    assert_eq!(keys, ["u1"]);
    asked(
        &world,
        expect![[r#"
            GET /d?$deltatoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /d?$skiptoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /contacts/delta?$select=id,displayName,givenName,surname,mail,mailNickname,proxyAddresses,companyName,department,jobTitle,phones,addresses
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
        "#]],
    );
}

#[test]
fn links_to_elsewhere_are_never_followed_and_circles_end() {
    for link in [
        "https://graph.test.evil.example/v1.0/d",
        "https://graph.test/v1.0/d?$skiptoken=1",
    ] {
        let page = format!("{{\"value\":[],\"@odata.nextLink\":\"{link}\"}}");
        let world = World::new(vec![ok(&page), ok(&page)]);
        let round = run(&world, |g| async move {
            g.people_round(&tenant(), Directory::Users, None).await
        });
        assert!(
            matches!(round, Err(GraphError::Malformed { .. })),
            "{round:?}"
        );
    }
}

#[test]
fn a_page_without_value_is_no_empty_page() {
    let world = World::new((0..4).map(|_| ok("{\"error\":{\"code\":\"x\"}}")).collect());
    let round = run(&world, |g| async move {
        g.people_round(&tenant(), Directory::Users, None).await
    });
    assert!(
        matches!(round, Err(GraphError::Malformed { .. })),
        "{round:?}"
    );
}

#[test]
fn members_short_of_the_servers_own_count_are_incomplete() {
    let users = r#"{"@odata.count":3,"value":[{"id":"a"},{"id":"b"},{"id":"b"}]}"#;
    let world = World::new(vec![ok(users)]);
    let members = run(
        &world,
        |g| async move { g.group_members(&tenant(), "g1").await },
    );
    expect![[r#"Microsoft's answer was not complete (tenant contoso, while reading the members of a group): 2 of 3 entries came; nothing was concluded from it and it is asked again later"#]]
    .assert_eq(&members.unwrap_err().to_string());
}

#[test]
fn members_are_users_and_org_contacts() {
    let world = World::new(vec![
        ok(r#"{"@odata.count":2,"value":[{"id":"a"},{"id":"b"}]}"#),
        ok(r#"{"@odata.count":1,"value":[{"id":"c"}]}"#),
    ]);
    let members = run(
        &world,
        |g| async move { g.group_members(&tenant(), "g1").await },
    );
    assert_eq!(members.unwrap().len(), 3);
    asked(
        &world,
        expect![[r#"
            GET /groups/g1/transitiveMembers/microsoft.graph.user?$count=true&$select=id&$top=999
              ConsistencyLevel: eventual
            GET /groups/g1/transitiveMembers/microsoft.graph.orgContact?$count=true&$select=id&$top=999
              ConsistencyLevel: eventual
        "#]],
    );
}

#[test]
fn a_group_is_found_by_name_by_id_or_not_guessed() {
    let world = World::new(vec![
        ok(r#"{"value":[{"id":"g1","displayName":"Bob's & co"}]}"#),
        error(404, "Request_ResourceNotFound"),
        ok(r#"{"value":[{"id":"g1"},{"id":"g2"}]}"#),
    ]);
    let found = run(&world, |g| async move {
        let guid = "6918b873-d17a-4dc1-b314-35f528134491";
        [
            g.group(&tenant(), "Bob's & co").await.unwrap(),
            g.group(&tenant(), guid).await.unwrap(),
            g.group(&tenant(), "All").await.unwrap(),
        ]
    });
    assert!(matches!(&found[0], GroupFound::One { id, .. } if id == "g1"));
    assert_eq!(found[1..], [GroupFound::None, GroupFound::Many(2)]);
    asked(
        &world,
        expect![[r#"
            GET /groups?$filter=displayName%20eq%20'Bob''s%20%26%20co'&$select=id,displayName&$top=100
            GET /groups/6918b873-d17a-4dc1-b314-35f528134491?$select=id,displayName
            GET /groups?$filter=displayName%20eq%20'All'&$select=id,displayName&$top=100
        "#]],
    );
}

#[test]
fn reads_survive_a_throttle_a_spent_token_a_lost_answer_and_a_broken_page() {
    let world = World::new(vec![
        answer(429, &[("retry-after", "2.128")], ""),
        error(401, "InvalidAuthenticationToken"),
        lost(),
        ok(r#"{"id":"u1"}"#),
    ]);
    let start = world.now();
    let here = run(&world, |g| async move {
        g.exists(&tenant(), Directory::Users, "u1").await
    });
    assert_eq!(here, Ok(graph::Existence::Here));
    assert_eq!(world.tokens(), 2);
    assert!(world.now().since(start).0 > 2_128 + 4 * 100);
}

#[test]
fn a_read_gives_up_and_says_so() {
    let world = World::new((0..4).map(|_| status(500, "<html>")).collect());
    let failed = run(&world, |g| async move {
        g.exists(&tenant(), Directory::Users, "u1").await
    });
    expect!["Microsoft did not answer (tenant contoso, while asking whether a person still exists): status 500; it is asked again later"]
        .assert_eq(&failed.unwrap_err().to_string());
}

#[test]
fn only_the_item_itself_can_be_gone() {
    let world = World::new(vec![
        // As many as are believed.
        error(404, "ErrorItemNotFound"),
        error(404, "ErrorItemNotFound"),
        error(404, "ErrorItemNotFound"),
        error(404, "MailboxNotEnabledForRESTAPI"),
        error(404, "ErrorInvalidUser"),
        error(404, ""),
        error(403, "ErrorAccessDenied"),
    ]);
    let lookups = run(&world, |g| async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(g.contact(&tenant(), &mailbox(), &ItemId::from("i1")).await);
        }
        all
    });
    assert_eq!(lookups[0], Ok(Lookup::Gone));
    let errors: Vec<String> = lookups[1..]
        .iter()
        .map(|l| format!("{}\n", l.as_ref().unwrap_err()))
        .collect();
    expect![[r#"
        there is no usable mailbox (tenant contoso, mailbox m1, while looking a contact up, code MailboxNotEnabledForRESTAPI): check licence and state of the account; a new mailbox answers within about 15 minutes
        there is no usable mailbox (tenant contoso, mailbox m1, while looking a contact up, code ErrorInvalidUser): check licence and state of the account; a new mailbox answers within about 15 minutes
        Microsoft refused the request (tenant contoso, mailbox m1, while looking a contact up): status 404, code HTTP 404, "words"; report it with this code if it stays
        Microsoft denied access (tenant contoso, mailbox m1, while looking a contact up, code ErrorAccessDenied): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours
    "#]]
    .assert_eq(&errors.concat());
}

#[test]
fn a_contact_shows_absent_null_and_value_apart() {
    let world = World::new(vec![ok(
        r##"{"@odata.etag":"W/\"1\"","id":"i1","parentFolderId":"f1","displayName":"Ann","jobTitle":null,"department":"","homePhones":[],"businessPhones":["1",null,"2"],"birthday":"1974-07-22T00:00:00Z","emailAddresses":[{"name":"Ann","address":"a@b.c"}],"homeAddress":{},"mobilePhone":7,"singleValueExtendedProperties":[{"id":"String {B7C0A3E4-52D1-4C8F-9E6A-3F1D80C7A215} Name AlmanacStamp","value":"s1"},{"id":"String 0x3a21","value":"555"}]}"##,
    )]);
    let found = run(&world, |g| async move {
        g.contact(&tenant(), &mailbox(), &ItemId::from("i1")).await
    });
    expect![[r#"
        Found {
            here: Here {
                etag: Some(
                    Etag(
                        "W/\"1\"",
                    ),
                ),
                fields: Sighting(
                    {
                        DisplayName: Some(
                            Text(
                                "Ann",
                            ),
                        ),
                        Department: None,
                        JobTitle: None,
                        Emails: Some(
                            Mails(
                                [
                                    Mail {
                                        address: "a@b.c",
                                        name: "Ann",
                                    },
                                ],
                            ),
                        ),
                        BusinessPhones: Some(
                            Texts(
                                [
                                    "1",
                                    "2",
                                ],
                            ),
                        ),
                        HomePhones: None,
                        BusinessFax: None,
                        OtherPhone: None,
                        Pager: Some(
                            Text(
                                "555",
                            ),
                        ),
                        HomeAddress: None,
                        Birthday: Some(
                            Date(
                                "1974-07-22",
                            ),
                        ),
                    },
                ),
                stamp: Text(
                    "s1",
                ),
            },
            folder: FolderId(
                "f1",
            ),
        }
    "#]]
    .assert_debug_eq(&found.unwrap());
    asked(
        &world,
        expect![[r#"
            GET /users/m1/contacts/i1?$select=displayName,title,givenName,middleName,surname,generation,initials,nickName,fileAs,companyName,department,jobTitle,officeLocation,profession,manager,assistantName,emailAddresses,mobilePhone,businessPhones,homePhones,imAddresses,businessAddress,homeAddress,otherAddress,businessHomePage,birthday,spouseName,yomiGivenName,yomiSurname,yomiCompanyName,categories,personalNotes,parentFolderId&$expand=singleValueExtendedProperties($filter=id%20eq%20'String%20%7Bb7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215%7D%20Name%20AlmanacStamp'%20or%20id%20eq%20'String%200x3A24'%20or%20id%20eq%20'String%200x3A1F'%20or%20id%20eq%20'String%200x3A21')
        "#]],
    );
}

#[test]
fn a_delta_takes_the_newest_copy_and_makes_a_removal_a_hint() {
    let world = World::new(vec![ok(&format!(
        r##"{{"value":[
            {{"id":"i1","displayName":"new","lastModifiedDateTime":"2026-11-23T10:00:00Z"}},
            {{"id":"i1","displayName":"old","lastModifiedDateTime":"2026-11-23T09:00:00Z"}},
            {{"id":"i2","@removed":{{"reason":"deleted"}}}},
            {{"id":"i2","displayName":"back","lastModifiedDateTime":"2026-11-23T09:00:00Z"}}],{DELTA}}}"##
    ))]);
    let round = run(&world, |g| async move {
        g.contacts_delta(&tenant(), &mailbox(), &FolderId::from("f1"), None)
            .await
    })
    .unwrap();
    let ContactChange::Changed { here, .. } = &round.changes[0] else {
        panic!("{round:?}");
    };
    assert_eq!(here.fields.item().label(), "new");
    assert_eq!(here.stamp, model::snapshot::Stamp::Unread);
    assert!(!here.fields.covers(model::Field::Pager));
    assert!(matches!(&round.changes[1], ContactChange::RemovedHint { id } if id.0 == "i2"));
}

#[test]
fn a_full_look_ends_only_when_it_is_complete() {
    let page = |count: u64, ids: &[&str], next: &str| {
        let items: Vec<String> = ids
            .iter()
            .map(|id| format!("{{\"id\":\"{id}\"}}"))
            .collect();
        ok(&format!(
            "{{\"@odata.count\":{count},\"value\":[{}]{next}}}",
            items.join(",")
        ))
    };
    let look = |world: &World| {
        run(world, |g| async move {
            let mut look = g.contacts_full(&tenant(), &mailbox(), &FolderId::from("f1"));
            let mut ids = Vec::new();
            while let Some(page) = look.next().await? {
                ids.extend(page.into_iter().map(|(id, _)| id.0));
            }
            Ok::<_, GraphError>(ids)
        })
    };
    let next = format!(",{NEXT}");
    let world = World::new(vec![page(3, &["a", "b"], &next), page(3, &["c"], "")]);
    assert_eq!(look(&world).unwrap(), ["a", "b", "c"]);
    // A repeated item must not stand in for a missing one.
    let world = World::new(vec![page(3, &["a", "b"], &next), page(3, &["b"], "")]);
    assert!(matches!(look(&world), Err(GraphError::Incomplete { .. })));
}

#[test]
fn mailbox_kinds_are_asked_in_one_batch_and_errors_stay_with_their_mailbox() {
    let world = World::new(vec![
        ok(r#"{"responses":[
            {"id":"2","status":403,"body":{"error":{"code":"ErrorAccessDenied","message":"x"}}},
            {"id":"0","status":200,"body":{"userPurpose":"shared"}},
            {"id":"1","status":404,"body":{"error":{"code":"MailboxNotEnabledForRESTAPI","message":"x"}}},
            {"id":"3","status":429,"headers":{"Retry-After":"3"},"body":{}}]}"#),
        ok(r#"{"responses":[{"id":"0","status":200,"body":{"userPurpose":"newKind"}}]}"#),
    ]);
    let ids: Vec<MailboxId> = ["a", "b", "c", "d"].map(MailboxId::from).into();
    let kinds = run(&world, move |g| async move {
        g.mailbox_kinds(&tenant(), &ids).await
    })
    .unwrap();
    assert_eq!(kinds[&MailboxId::from("a")], Ok(MailboxKind::Shared));
    assert_eq!(kinds[&MailboxId::from("b")], Ok(MailboxKind::None));
    assert!(matches!(
        kinds[&MailboxId::from("c")],
        Err(GraphError::Permission { .. })
    ));
    assert_eq!(kinds[&MailboxId::from("d")], Ok(MailboxKind::Others));
    let transcript = world.transcript();
    expect![[r#"
        POST /$batch
          Content-Type: application/json
          {"requests":[{"id":"0","method":"GET","url":"/users/d/mailboxSettings?$select=userPurpose","headers":{"Prefer":"IdType=\"ImmutableId\""}}]}
    "#]]
    .assert_eq(&transcript[transcript.rfind("POST").unwrap()..]);
}

#[test]
fn photos_have_versions_or_are_not_there() {
    let world = World::new(vec![
        ok(r#"{"responses":[
            {"id":"0","status":200,"body":{"@odata.mediaEtag":"\"E1\""}},
            {"id":"1","status":404,"body":{"error":{"code":"ImageNotFound","message":"x"}}}]}"#),
        // A proxy's page of trouble comes with a good status, too.
        status(200, "<html><body>Service Unavailable</body></html>"),
        status(200, "GIF89a"),
        error(404, "ErrorItemNotFound"),
    ]);
    let (tags, photos) = run(&world, |g| async move {
        let users = ["a".to_owned(), "b".to_owned()];
        let tags = g.photo_tags(&tenant(), &users).await.unwrap();
        let photos = [
            g.photo(&tenant(), "a").await.unwrap(),
            g.photo(&tenant(), "b").await.unwrap(),
        ];
        (tags, photos)
    });
    assert_eq!(tags["a"], Ok(Some("\"E1\"".to_owned())));
    assert_eq!(tags["b"], Ok(None));
    assert_eq!(photos, [Some("GIF89a".into()), None]);
}

const TOP: &str = r#"{"value":[
    {"id":"f2","displayName":"Suppliers","parentFolderId":"f1"},
    {"id":"fh","displayName":"Recipient Cache","parentFolderId":"f1","singleValueExtendedProperties":[{"id":"Boolean 0x10f4","value":"true"}]},
    {"id":"f3","displayName":"People","parentFolderId":"f1","singleValueExtendedProperties":[{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"book"}]}]}"#;
const CHILD: &str = r#"{"value":[{"id":"f4","displayName":"Steel","parentFolderId":"f2"}]}"#;
const NONE: &str = r#"{"value":[]}"#;

/// The answers to one listing of all folders.
fn folder_answers() -> Vec<fake::Reply> {
    vec![ok(TOP), ok(CHILD), ok(NONE), ok(NONE)]
}

#[test]
fn folders_are_listed_with_the_default_one_and_without_hidden_ones() {
    let mut answers = folder_answers();
    answers.extend(folder_answers());
    let world = World::new(answers);
    let (folders, stamped) = run(&world, |g| async move {
        let (tenant, mailbox) = (tenant(), mailbox());
        let folders = g.folders(&tenant, &mailbox).await.unwrap();
        let stamped = g.find_folder_by_stamp(&tenant, &mailbox, "book").await;
        (folders, stamped.unwrap())
    });
    let shown: Vec<String> = folders
        .iter()
        .map(|f| {
            format!(
                "{} {} in {:?}\n",
                f.id,
                f.name,
                f.parent.as_ref().map(|p| &p.0)
            )
        })
        .collect();
    expect![[r#"
        f1 Contacts in None
        f2 Suppliers in Some("f1")
        f3 People in Some("f1")
        f4 Steel in Some("f2")
    "#]]
    .assert_eq(&shown.concat());
    assert_eq!(stamped.map(|f| f.id.0), Some("f3".to_owned()));
}

#[test]
fn the_default_folder_is_told_by_a_folder_a_contact_or_its_well_known_name() {
    let world = World::new(vec![
        ok(NONE),
        ok(r#"{"value":[{"id":"i1","parentFolderId":"f1"}]}"#),
        ok(NONE),
        ok(NONE),
        ok(r#"{"id":"f1","displayName":"Kontakte"}"#),
        ok(NONE),
        ok(NONE),
        error(404, "ErrorItemNotFound"),
        error(404, "MailboxNotEnabledForRESTAPI"),
    ]);
    let told = run(&world, |g| async move {
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(g.default_folder(&tenant(), &mailbox()).await);
        }
        all
    });
    assert_eq!(
        told[..2],
        [Ok(FolderId::from("f1")), Ok(FolderId::from("f1"))]
    );
    assert!(matches!(told[2], Err(GraphError::Incomplete { .. })));
    assert!(matches!(told[3], Err(GraphError::NoMailbox { .. })));
}

#[test]
fn a_source_folder_gives_people_with_what_no_delta_carries_and_proves_removals() {
    let mut answers = vec![ok(r#"{"id":"m9"}"#)];
    answers.extend(folder_answers());
    answers.push(ok(&format!(
        r##"{{"value":[{{"id":"i1","displayName":"delta"}},{{"id":"i2","@removed":{{"reason":"deleted"}}}},{{"id":"i3","@removed":{{"reason":"deleted"}}}}],{DELTA}}}"##
    )));
    answers.push(ok(&format!("{{\"value\":[],{DELTA}}}")));
    answers.push(ok(r##"{"responses":[
        {"id":"0","status":200,"body":{"id":"i1","parentFolderId":"f2","displayName":"Ann","emailAddresses":[{"address":"Ann@x.example"}],"singleValueExtendedProperties":[{"id":"String 0x3A21","value":"555"},{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"s9"}]}},
        {"id":"1","status":404,"body":{"error":{"code":"ErrorItemNotFound","message":"x"}}},
        {"id":"2","status":200,"body":{"id":"i3","parentFolderId":"f4","displayName":"Moved below"}}]}"##));
    // The one that is not there is asked for until it is believed.
    let gone = r##"{"responses":[{"id":"0","status":404,"body":{"error":{"code":"ErrorItemNotFound","message":"x"}}}]}"##;
    answers.extend([ok(gone), ok(gone)]);
    let world = World::new(answers);
    let round = run(&world, |g| async move {
        let cursor = Some(r#"{"f2":"https://graph.test/v1.0/d?$deltatoken=1"}"#);
        g.source_contacts_round(
            &tenant(),
            "desk@x.example",
            "Contacts/suppliers",
            true,
            cursor,
        )
        .await
    })
    .unwrap();
    let shown: Vec<String> = round.changes.iter().map(|c| format!("{c:?}\n")).collect();
    expect![[r#"
        Here(Person { key: "i1", kind: FolderContact, item: Item({DisplayName: Text("Ann"), Emails: Mails([Mail { address: "Ann@x.example", name: "" }]), Pager: Text("555")}), upn: "", enabled: None, listed: None, country: "", addresses: {"ann@x.example"}, attributes: {"almanac_stamp": "s9"}, has_plan: None })
        Removed { key: "i2", permanently: false }
        Here(Person { key: "i3", kind: FolderContact, item: Item({DisplayName: Text("Moved below")}), upn: "", enabled: None, listed: None, country: "", addresses: {}, attributes: {}, has_plan: None })
    "#]].assert_eq(&shown.concat());
    assert!(!round.whole && !round.restarted);
    assert_eq!(
        round.cursor,
        r#"{"f2":"https://graph.test/v1.0/d?$deltatoken=2","f4":"https://graph.test/v1.0/d?$deltatoken=2"}"#
    );
    assert_eq!(world.left(), 0);
}

#[test]
fn a_source_that_lost_a_folder_is_read_anew() {
    let mut answers = vec![
        error(404, "Request_ResourceNotFound"),
        ok(r#"{"value":[{"id":"m9"}]}"#),
    ];
    answers.extend(folder_answers());
    answers.push(ok(&format!("{{\"value\":[],{DELTA}}}")));
    let world = World::new(answers);
    let round = run(&world, |g| async move {
        let cursor =
            Some(r#"{"f1":"https://graph.test/v1.0/d","gone":"https://graph.test/v1.0/d"}"#);
        g.source_contacts_round(&tenant(), "desk@x.example", "Contacts", false, cursor)
            .await
    })
    .unwrap();
    assert!(round.whole && round.restarted && round.changes.is_empty());
}

#[test]
fn a_path_that_is_not_there_is_gone_and_no_error_names_an_address() {
    let mut answers = vec![ok(r#"{"id":"m9"}"#)];
    answers.extend(folder_answers());
    let world = World::new(answers);
    let round = run(&world, |g| async move {
        g.source_contacts_round(&tenant(), "desk@x.example", "Contacts/Nobody", false, None)
            .await
    });
    let error = round.unwrap_err();
    assert!(matches!(error, GraphError::Gone { .. }));
    assert!(!error.to_string().contains('@'), "{error}");
}

#[test]
fn a_check_tells_what_is_missing_and_what_is_too_much() {
    let world = World::new(vec![
        ok(r#"{"value":[{"displayName":"Contoso"}]}"#),
        ok(
            r#"{"value":[{"appRoleId":"df021288-bdef-4463-88db-98f22de89214"},{"appRoleId":"7ab1d382-f21e-4acd-a863-ba3e13f7da61"}]}"#,
        ),
    ]);
    let check = run(&world, |g| async move { g.check(&tenant()).await });
    assert_eq!(check.organization.as_deref(), Ok("Contoso"));
    let missing: Vec<&str> = check.rights.missing.iter().map(|p| p.name).collect();
    expect!["Contacts.ReadWrite, MailboxSettings.Read"].assert_eq(&missing.join(", "));
    // Wider than needed: the work goes on, and less would do.
    let excess: Vec<_> = check.rights.excess.into_iter().collect();
    let enough = [
        "User.Read.All",
        "GroupMember.Read.All",
        "OrgContact.Read.All",
    ];
    assert_eq!(excess, [("Directory.Read.All".to_owned(), &enough[..])]);
}

#[test]
fn a_crowd_of_callers_fetches_one_token() {
    let world = World::new((0..6).map(|_| ok(r#"{"id":"u1"}"#)).collect());
    let graph = world.graph();
    world.run(async move {
        let calls = (0..6).map(|_| async {
            graph
                .exists(&tenant(), Directory::Users, "u1")
                .await
                .unwrap()
        });
        futures::future::join_all(calls).await
    });
    assert_eq!(world.tokens(), 1);
}

#[test]
fn a_stamp_that_differs_in_case_is_somebody_elses() {
    let world = World::new(vec![ok(
        r#"{"value":[{"id":"i1","singleValueExtendedProperties":[{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"AbC"}]},{"id":"i2","singleValueExtendedProperties":[{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"abc"}]}]}"#,
    )]);
    let found = run(&world, |g| async move {
        g.find_stamp(&tenant(), &mailbox(), &FolderId::from("f1"), "AbC")
            .await
    })
    .unwrap();
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["i1"]);
}
