//! Users, org contacts, photos and the company itself, as they are read.

#![allow(clippy::unwrap_used)]

mod directory_office;

use directory_office::{NOW, Office, each, failed, header, id, json_of, map, person};
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet::MailboxState;
use graph_sim::{Body, fleet};
use serde_json::{Value, json};

#[test]
fn without_select_the_default_properties_are_shown() {
    let mut office = Office::new();
    let user = office.json(&format!("/users/{}", id(1)));
    let names: Vec<_> = user
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "@odata.context",
            "businessPhones",
            "displayName",
            "givenName",
            "id",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName"
        ]
    );
    assert_eq!(user["businessPhones"], json!(["+49 30 1"]), "at most one");
    assert_eq!(user["jobTitle"], Value::Null);
    assert_eq!(
        user["@odata.context"],
        "https://graph.microsoft.com/v1.0/$metadata#users/$entity"
    );
}

#[test]
fn the_whole_address_list_selection_is_served() {
    let select = "id,displayName,givenName,surname,mail,proxyAddresses,otherMails,businessPhones,mobilePhone,faxNumber,jobTitle,department,companyName,officeLocation,streetAddress,city,state,postalCode,country,employeeId,employeeType,imAddresses,mailNickname,userPrincipalName,accountEnabled,userType,showInAddressList,assignedPlans,onPremisesExtensionAttributes,createdDateTime,deletedDateTime";
    let mut office = Office::new();
    let list = office.json(&format!("/users?$select={select}"));
    let anna = &list["value"][0];
    assert_eq!(anna.as_object().unwrap().len(), select.split(',').count());
    assert_eq!(anna["proxyAddresses"], json!(["SMTP:anna@contoso.example"]));
    assert_eq!(anna["assignedPlans"][0]["service"], "exchange");
    assert_eq!(anna["assignedPlans"][0]["capabilityStatus"], "Enabled");
    assert_eq!(anna["imAddresses"], json!([]));
    assert_eq!(anna["accountEnabled"], true);
    assert_eq!(list["value"][2]["accountEnabled"], false);
    assert_eq!(list["value"][3]["userType"], "Guest");
    assert_eq!(list["value"][3]["assignedPlans"], json!([]));
    assert_eq!(list["value"][4]["accountEnabled"], false, "a room");
}

#[test]
fn select_shows_nothing_else_and_names_go_without_case() {
    let mut office = Office::new();
    let list = office.json("/users?%24select=DisplayName");
    assert_eq!(list["value"][0], json!({"displayName": "Anna Ahn"}));
    assert_eq!(
        list["@odata.context"],
        "https://graph.microsoft.com/v1.0/$metadata#users(displayName)"
    );
    assert_eq!(
        office.error("/users?$select=nickname"),
        (400, "BadRequest".to_owned())
    );
}

#[test]
fn users_are_found_by_id_and_principal_name_in_any_case() {
    let mut office = Office::new();
    for key in [id(1).to_uppercase(), "ANNA@contoso.example".to_owned()] {
        assert_eq!(
            office.json(&format!("/users/{key}"))["displayName"],
            "Anna Ahn"
        );
    }
    assert_eq!(office.json("/users('anna@contoso.example')")["id"], id(1));
    let guest = office.json("/users/gast_other.example%23EXT%23@contoso.example");
    assert_eq!(guest["displayName"], "Gast Gerber");
    let error = office.get("/users/nobody@contoso.example");
    assert_eq!(failed(&error), (404, "Request_ResourceNotFound".to_owned()));
    assert!(
        json_of(&error)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("'nobody@contoso.example' does not exist")
    );
}

#[test]
fn lists_page_by_skiptoken_and_keep_the_query() {
    let mut office = Office::new();
    let (all, sizes, _) = office.pages("/users?$top=2&$select=displayName", &[]);
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(
        each(&all, "displayName"),
        [
            "Anna Ahn",
            "Boss Berg",
            "Carl Cohn",
            "Gast Gerber",
            "Room One"
        ]
    );
    let first = office.json("/users?$top=2&$select=displayName");
    let next = first["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(
            "https://graph.microsoft.com/v1.0/users?$top=2&$select=displayName&$skiptoken="
        ),
        "{next}"
    );
    // A token is for its own path, and not to be made up.
    let token = next.split("skiptoken=").nth(1).unwrap();
    assert_eq!(
        office.error(&format!("/contacts?$skiptoken={token}")).0,
        400
    );
    assert_eq!(office.error("/users?$skiptoken=abc").0, 400);
}

#[test]
fn a_page_of_one_hundred_is_the_default_and_999_the_most() {
    let people = (1..=1100).map(|n| person(n, &format!("P{n} X"))).collect();
    let mut office = Office::of(&fleet::Tenant {
        people,
        ..directory_office::fleet()
    });
    let size = |json: Value| json["value"].as_array().unwrap().len();
    assert_eq!(size(office.json("/users")), 100);
    assert_eq!(size(office.json("/users?$top=999")), 999);
    assert_eq!(
        office.error("/users?$top=1000"),
        (400, "Request_UnsupportedQuery".to_owned())
    );
    assert_eq!(
        office.error("/users?$top=0"),
        (400, "Request_UnsupportedQuery".to_owned())
    );
    assert_eq!(office.error("/users?$skip=5").0, 400);
}

#[test]
fn filters_read_plain_properties() {
    let mut office = Office::new();
    let mut names = |filter: &str| {
        each(
            office.json(&format!("/users?$filter={filter}"))["value"]
                .as_array()
                .unwrap(),
            "displayName",
        )
    };
    assert_eq!(names("department eq 'sales'"), ["Anna Ahn"]);
    assert_eq!(names("userType eq 'Guest'"), ["Gast Gerber"]);
    assert_eq!(names("accountEnabled eq false"), ["Carl Cohn", "Room One"]);
    assert_eq!(
        names("startswith(displayName,'b') or mail eq 'anna@contoso.example'"),
        ["Anna Ahn", "Boss Berg"]
    );
    assert_eq!(
        names("assignedPlans/any(p:p/service eq 'exchange' and p/capabilityStatus eq 'Enabled')")
            .len(),
        3
    );
    assert_eq!(
        names(&format!("id in ('{}','{}')", id(2), id(3))),
        ["Boss Berg", "Carl Cohn"]
    );
}

#[test]
fn advanced_queries_want_the_header_and_the_count() {
    let mut office = Office::new();
    let advanced = [
        "$filter=department ne 'x'",
        "$filter=not(department eq 'x')",
        "$filter=endswith(mail,'example')",
        "$filter=userType eq 'Member'&$orderby=displayName",
        "$orderby=mail",
    ];
    for query in advanced {
        let code = "Request_UnsupportedQuery".to_owned();
        assert_eq!(
            office.error(&format!("/users?$count=true&{query}")),
            (400, code.clone()),
            "{query}"
        );
        assert_eq!(
            failed(&office.eventual(&format!("/users?{query}"))),
            (400, code),
            "{query}"
        );
        assert_eq!(
            office
                .eventual(&format!("/users?$count=true&{query}"))
                .status,
            200,
            "{query}"
        );
    }
    assert_eq!(office.error("/users?$search=\"displayName:an\"").0, 400);
    let found = office.eventual("/users?$search=\"displayName:an\"");
    assert_eq!(
        each(json_of(&found)["value"].as_array().unwrap(), "displayName"),
        ["Anna Ahn"]
    );
    assert_eq!(
        office.json("/users?$orderby=displayName desc")["value"][0]["displayName"],
        "Room One"
    );
}

#[test]
fn the_count_stands_on_the_first_page_and_counts_all() {
    let mut office = Office::new();
    let first = office.eventual("/users?$count=true&$top=2");
    assert_eq!(json_of(&first)["@odata.count"], 5);
    let next = json_of(&first)["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        json_of(&office.eventual(&next))
            .get("@odata.count")
            .is_none()
    );
    let count = office.eventual("/users/$count?$filter=userType eq 'Member'");
    assert_eq!(count.body, Body::Bytes("text/plain".to_owned(), "4".into()));
    assert_eq!(office.error("/users/$count").0, 400);
}

#[test]
fn an_ordered_list_pages_too() {
    let mut office = Office::new();
    let headers = [("ConsistencyLevel", "eventual")];
    let (all, sizes, _) = office.pages(
        "/users?$count=true&$top=2&$orderby=surname desc&$select=surname",
        &headers,
    );
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(
        each(&all, "surname"),
        ["One", "Gerber", "Cohn", "Berg", "Ahn"]
    );
}

#[test]
fn managers_come_along_by_expand_and_stand_alone() {
    let mut office = Office::new();
    let list = office.json("/users?$select=displayName&$expand=manager($select=id,displayName)");
    assert_eq!(
        list["value"][0]["manager"],
        json!({"@odata.type": "#microsoft.graph.user", "id": id(2), "displayName": "Boss Berg"})
    );
    assert!(list["value"][1].get("manager").is_none());
    assert_eq!(
        office.json("/users/anna@contoso.example/manager?$select=displayName")["displayName"],
        "Boss Berg"
    );
    assert_eq!(
        office.error("/users/boss@contoso.example/manager"),
        (404, "Request_ResourceNotFound".to_owned())
    );
    let reports = office.json("/users/boss@contoso.example/directReports");
    assert_eq!(
        each(reports["value"].as_array().unwrap(), "displayName"),
        ["Anna Ahn"]
    );
    assert_eq!(office.error("/users?$expand=drive").0, 400);
}

#[test]
fn the_hidden_flag_of_exchange_does_not_show_unless_the_quirk_is_off() {
    let mut office = Office::new();
    let flag = |office: &mut Office, n: u32| {
        office.json(&format!("/users/{}?$select=showInAddressList", id(n)))["showInAddressList"]
            .clone()
    };
    assert_eq!(flag(&mut office, 3), Value::Null);
    assert_eq!(flag(&mut office, 4), json!(false), "guests are never shown");
    assert_eq!(flag(&mut office, 1), Value::Null);
    office.settings.quirks.hidden_flag_unmirrored = false;
    assert_eq!(flag(&mut office, 3), json!(false));
}

#[test]
fn org_contacts_are_listed_counted_and_read() {
    let mut office = Office::new();
    let list = office.json("/contacts");
    let olga = &list["value"][0];
    assert_eq!(olga["displayName"], "Olga Outside");
    assert_eq!(
        olga["phones"],
        json!([{"type": "mobile", "number": "+1 555 1"}])
    );
    assert_eq!(olga["addresses"], json!([]));
    assert_eq!(
        office.json(&format!("/contacts/{}", id(20)))["mail"],
        "olga@outside.example"
    );
    assert_eq!(
        office.error(&format!("/contacts/{}", id(1))).0,
        404,
        "a user is no org contact"
    );
    let counted = office.eventual(
        "/contacts?$filter=startswith(displayName,'O')&$count=true&$top=1&$orderby=displayName",
    );
    assert_eq!(json_of(&counted)["@odata.count"], 1);
}

#[test]
fn permissions_open_their_paths_and_no_others() {
    let mut office = Office::new();
    let paths = [
        ("User.Read.All", "/users"),
        ("User.Read.All", "/users/delta"),
        ("OrgContact.Read.All", "/contacts"),
        ("GroupMember.Read.All", "/groups"),
        ("ProfilePhoto.Read.All", "/users/anna@contoso.example/photo"),
        ("Organization.Read.All", "/organization"),
        ("Directory.Read.All", "/domains"),
    ];
    for (role, path) in paths {
        office.roles = vec!["Contacts.ReadWrite".to_owned()];
        assert_eq!(
            office.error(path),
            (403, "Authorization_RequestDenied".to_owned()),
            "{path}"
        );
        office.roles = vec![role.to_owned()];
        assert_eq!(office.get(path).status, 200, "{path}");
    }
    assert_eq!(
        failed(
            &office
                .call("PATCH", "/users/anna@contoso.example", &[])
                .unwrap()
        )
        .0,
        403
    );
}

#[test]
fn what_is_the_mailboxes_is_left_to_it() {
    let mut office = Office::new();
    for path in [
        "/users/a/contacts",
        "/users/a/contactFolders/b",
        "/users/a/mailboxSettings",
        "/users/a/outlook/masterCategories",
        "/nothing",
    ] {
        assert!(office.call("GET", path, &[]).is_none(), "{path}");
    }
    assert_eq!(office.error("/me").0, 400);
}

#[test]
fn photos_have_metadata_bytes_and_sizes() {
    let mut office = Office::new();
    let photo = office.json("/users/anna@contoso.example/photo");
    assert_eq!(
        (&photo["id"], &photo["width"]),
        (&json!("240x240"), &json!(240))
    );
    let Body::Bytes(kind, bytes) = office.get("/users/anna@contoso.example/photo/$value").body
    else {
        panic!()
    };
    assert_eq!(
        (kind.as_str(), &bytes[..2]),
        ("image/jpeg", &[0xff, 0xd8][..])
    );
    let Body::Bytes(_, small) = office
        .get("/users/anna@contoso.example/photos/48x48/$value")
        .body
    else {
        panic!()
    };
    assert!(small.len() < bytes.len());
    assert_eq!(
        office.json("/users/anna@contoso.example/photos")["value"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(
        office.error("/users/anna@contoso.example/photos/50x50"),
        (404, "ImageNotFound".to_owned())
    );
    assert_eq!(
        office.error("/users/boss@contoso.example/photo"),
        (404, "ImageNotFound".to_owned())
    );
    assert_eq!(
        office.error(&format!("/users/{}/photo", id(4))),
        (404, "ErrorNonExistentMailbox".to_owned())
    );
}

#[test]
fn a_new_photo_has_a_new_etag() {
    let mut office = Office::new();
    let etag = |office: &mut Office| {
        office.json(&format!("/users/{}/photo", id(1)))["@odata.mediaEtag"].clone()
    };
    let before = etag(&mut office);
    assert_eq!(etag(&mut office), before);
    office.act(DirectoryAct::SetPhoto {
        id: id(1),
        photo: Some(vec![0xff, 0xd8, 1]),
    });
    assert_ne!(etag(&mut office), before);
    office.act(DirectoryAct::SetPhoto {
        id: id(1),
        photo: None,
    });
    assert_eq!(office.error(&format!("/users/{}/photo", id(1))).0, 404);
    assert_eq!(office.events.last().unwrap().fields, ["photo"]);
}

#[test]
fn deleted_users_are_gone_and_lie_in_deleted_items_for_thirty_days() {
    let mut office = Office::new();
    office.act(DirectoryAct::DeleteUser { id: id(1) });
    assert_eq!(
        office.error(&format!("/users/{}", id(1))),
        (404, "Request_ResourceNotFound".to_owned())
    );
    assert_eq!(office.directory.user_id("anna@contoso.example"), None);
    let bin = office.json(
        "/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime",
    );
    assert_eq!(
        bin["value"][0]["userPrincipalName"],
        "00000001000040008000000000000000anna@contoso.example"
    );
    assert_eq!(bin["value"][0]["deletedDateTime"], "2026-11-23T07:00:00Z");
    office.now_ms = NOW + 30 * 86_400_000;
    assert_eq!(
        office.json("/directory/deletedItems/microsoft.graph.user")["value"],
        json!([])
    );
    office.act(DirectoryAct::RestoreUser { id: id(1) });
    assert_eq!(office.directory.user_id(&id(1)), None, "too late");
}

#[test]
fn restored_users_are_who_they_were() {
    let mut office = Office::new();
    office.act(DirectoryAct::DeleteUser { id: id(1) });
    office.act(DirectoryAct::RestoreUser { id: id(1) });
    assert_eq!(
        office.json("/users/anna@contoso.example")["displayName"],
        "Anna Ahn"
    );
    let staff = office.json(&format!("/groups/{}/members", id(30)));
    assert!(each(staff["value"].as_array().unwrap(), "id").contains(&id(1)));
}

#[test]
fn a_principal_name_can_be_given_to_somebody_else() {
    let mut office = Office::new();
    office.edit(1, json!({"userPrincipalName": "anna.old@contoso.example"}));
    assert_eq!(office.error("/users/anna@contoso.example").0, 404);
    office.create(
        9,
        json!({"displayName": "New", "userPrincipalName": "Anna@contoso.example"}),
    );
    assert_eq!(office.json("/users/anna@contoso.example")["id"], id(9));
    office.act(DirectoryAct::PurgeUser { id: id(1) });
    assert_eq!(office.json("/users/anna@contoso.example")["id"], id(9));
}

#[test]
fn clearing_a_property_leaves_null() {
    let mut office = Office::new();
    office.edit(
        1,
        json!({"mobilePhone": null, "businessPhones": [], "jobTitle": "Boss"}),
    );
    let user = office.json(&format!("/users/{}", id(1)));
    assert_eq!(
        (
            &user["mobilePhone"],
            &user["businessPhones"],
            &user["jobTitle"]
        ),
        (&Value::Null, &json!([]), &json!("Boss"))
    );
    assert_eq!(
        office.events.last().unwrap().fields,
        ["businessPhones", "jobTitle", "mobilePhone"]
    );
    office.edit(1, json!({"jobTitle": "Boss"}));
    assert_eq!(
        office.events.last().unwrap().operation,
        graph_sim::Operation::Touch
    );
}

#[test]
fn a_new_user_without_mailbox_shows_no_plan() {
    let mut office = Office::new();
    office.create(
        9,
        json!({"displayName": "New", "userPrincipalName": "new@contoso.example"}),
    );
    office
        .directory
        .set_mailbox(&id(9), MailboxState::None, false);
    assert_eq!(
        office.json("/users/new@contoso.example?$select=assignedPlans")["assignedPlans"],
        json!([])
    );
}

#[test]
fn late_changes_are_seen_late() {
    let mut office = Office::new();
    office.settings.faults.directory_late = 1.0;
    office.edit(1, json!({"jobTitle": "Chief"}));
    office.create(
        9,
        json!({"displayName": "New", "userPrincipalName": "new@contoso.example"}),
    );
    office.act(DirectoryAct::DeleteUser { id: id(2) });
    assert_eq!(
        office.json(&format!("/users/{}", id(1)))["jobTitle"],
        Value::Null
    );
    assert_eq!(office.error("/users/new@contoso.example").0, 404);
    let names = |office: &mut Office| {
        each(
            office.json("/users?$select=displayName")["value"]
                .as_array()
                .unwrap(),
            "displayName",
        )
    };
    assert!(!names(&mut office).contains(&"New".to_owned()));
    office.now_ms += office.settings.bounds.visibility_ms;
    assert_eq!(
        office.json(&format!("/users/{}", id(1)))["jobTitle"],
        "Chief"
    );
    assert!(names(&mut office).contains(&"New".to_owned()));
}

#[test]
fn a_flapping_list_shows_the_same_half_on_all_of_its_pages() {
    let people = (1..=100).map(|n| person(n, &format!("P{n} X"))).collect();
    let mut office = Office::of(&fleet::Tenant {
        people,
        ..directory_office::fleet()
    });
    office.settings.faults.group_flaps = 1.0;
    let (half, _, _) = office.pages("/users?$top=10&$select=id", &[]);
    assert!((30..70).contains(&half.len()), "{}", half.len());
    office.settings.faults.group_flaps = 0.0;
    assert_eq!(office.pages("/users?$top=10", &[]).0.len(), 100);
}

#[test]
fn listings_fail_in_every_way_that_faults_ask_for() {
    let mut office = Office::new();
    let page = office.json("/users?$top=1")["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    office.settings.faults.directory_page_expires = 1.0;
    assert_eq!(
        office.error(&page),
        (400, "Directory_ExpiredPageToken".to_owned())
    );
    office.settings.faults.directory_missing = 1.0;
    assert_eq!(office.error("/users").0, 404);
    office.settings.faults.directory_denied = 1.0;
    assert_eq!(
        office.error("/groups"),
        (403, "Authorization_RequestDenied".to_owned())
    );
    office.settings.faults.directory_throttled = 1.0;
    let done = office.get("/contacts");
    assert_eq!(failed(&done), (429, "TooManyRequests".to_owned()));
    let wait = header(&done, "retry-after").unwrap();
    assert!(wait.contains('.') && wait.parse::<f64>().is_ok(), "{wait}");
    assert_eq!(
        office.get(&format!("/users/{}", id(1))).status,
        200,
        "only listings"
    );
}

#[test]
fn the_company_is_described() {
    let mut office = Office::new();
    office.roles.push("Application.Read.All".to_owned());
    office.roles.push("Domain.Read.All".to_owned());
    let company = office.json("/organization");
    assert_eq!(company["value"][0]["displayName"], "Contoso");
    assert_eq!(company["value"][0]["id"], directory_office::TENANT);
    assert_eq!(office.json("/domains")["value"][0]["id"], "contoso.example");
    assert_eq!(
        office.json("/subscribedSkus")["value"][0]["consumedUnits"],
        3
    );
    let granted = office.json("/servicePrincipals(appId='app')/appRoleAssignments");
    let ids = each(granted["value"].as_array().unwrap(), "appRoleId");
    assert!(
        ids.contains(&"df021288-bdef-4463-88db-98f22de89214".to_owned()),
        "User.Read.All"
    );
    let graph = office
        .json("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=appRoles");
    assert!(
        graph["appRoles"]
            .as_array()
            .unwrap()
            .iter()
            .any(|role| role["value"] == "Contacts.ReadWrite")
    );
    assert_eq!(office.error("/servicePrincipals(appId='other')").0, 404);
}

#[test]
fn calls_cost_their_units_and_too_many_are_refused_with_a_fractional_wait() {
    let mut office = Office::new();
    let unit = |done: &graph_sim::Done| header(done, "x-ms-resource-unit").unwrap().to_owned();
    assert_eq!(unit(&office.get("/users")), "2");
    assert_eq!(unit(&office.get("/users?$select=id")), "1");
    assert_eq!(unit(&office.get("/users?$expand=manager")), "3");
    let members = format!("/groups/{}/transitiveMembers", id(30));
    assert_eq!(unit(&office.get(&members)), "5");
    assert_eq!(
        unit(&office.get(&format!("{members}?$select=id&$top=5"))),
        "3"
    );
    let mut last = None;
    for _ in 0..700 {
        let done = office.get(&members);
        if done.status == 429 {
            last = Some(done);
            break;
        }
        assert!(
            header(&done, "x-ms-throttle-limit-percentage")
                .is_none_or(|p| p.parse::<f64>().unwrap() >= 0.8)
        );
    }
    let done = last.unwrap();
    assert_eq!(
        header(&done, "x-ms-throttle-scope"),
        Some(&*format!(
            "Tenant_Application/ReadWrite/app/{}",
            directory_office::TENANT
        ))
    );
    assert_eq!(
        header(&done, "x-ms-throttle-information"),
        Some("ResourceUnitLimitExceeded")
    );
    assert_eq!(header(&done, "retry-after"), Some("10.000"));
    office.now_ms += 10_000;
    assert_eq!(office.get(&members).status, 200);
    office.settings.limits.enforced = false;
    assert!((0..2000).all(|_| office.get(&members).status == 200));
}

#[test]
fn acts_on_what_is_not_there_change_nothing() {
    let mut office = Office::new();
    for act in [
        DirectoryAct::DeleteUser { id: id(99) },
        DirectoryAct::RestoreUser { id: id(1) },
        DirectoryAct::EditUser {
            id: id(99),
            properties: map(json!({"a": 1})),
        },
        DirectoryAct::CreateUser {
            id: id(1),
            properties: map(json!({"displayName": "x"})),
        },
        DirectoryAct::AddMember {
            group: id(1),
            member: id(2),
        },
        DirectoryAct::AddMember {
            group: id(30),
            member: id(99),
        },
        DirectoryAct::RemoveMember {
            group: id(30),
            member: id(3),
        },
    ] {
        office.act(act);
    }
    assert_eq!(office.events, []);
    assert_eq!(
        office.json(&format!("/users/{}", id(1)))["displayName"],
        "Anna Ahn"
    );
}
