//! Every kind of answer against Microsoft's published schema: names, types, enums, nullability.
#![allow(clippy::unwrap_used)]

mod driver;
mod schema_reader;
mod shared;

use driver::{Answered, Client};
use schema_reader::Schema;
use serde_json::{Value, json};

const USER: &str = "microsoft.graph.user";
const GROUP: &str = "microsoft.graph.group";
const ORG_CONTACT: &str = "microsoft.graph.orgContact";
const OBJECT: &str = "microsoft.graph.directoryObject";
const CONTACT: &str = "microsoft.graph.contact";
const FOLDER: &str = "microsoft.graph.contactFolder";
const CATEGORY: &str = "microsoft.graph.outlookCategory";
const PHOTO: &str = "microsoft.graph.profilePhoto";

/// Properties that answers have although the public schema does not list them, and where they are documented.
const BEYOND_SCHEMA: [(&str, &str); 1] = [("creationOptions", "the sample of group-get")];

/// Whether an answer is one entity or a page of them.
#[derive(Clone, Copy)]
enum Form {
    One,
    Page,
}
use Form::{One, Page};

struct Inspector {
    client: Client,
    schema: Schema,
    faults: Vec<String>,
    seen: usize,
}

impl Inspector {
    fn new() -> Option<Inspector> {
        let file = shared::shared("data/graph/v1.0.csdl")?;
        let schema = Schema::read(&std::fs::read_to_string(file).unwrap());
        Some(Inspector {
            client: Client::new(),
            schema,
            faults: vec![],
            seen: 0,
        })
    }

    fn get(&mut self, path: &str, kind: &str, form: Form) -> Value {
        let answer = self.client.send(
            "GET",
            path,
            &[("ConsistencyLevel", "eventual")],
            &Value::Null,
        );
        self.judge("GET", path, 200, &answer, kind, form)
    }

    fn write(&mut self, method: &str, path: &str, body: &Value, status: u16, kind: &str) -> Value {
        let answer = self.client.send(method, path, &[], body);
        self.judge(method, path, status, &answer, kind, One)
    }

    fn judge(
        &mut self,
        method: &str,
        path: &str,
        status: u16,
        answer: &Answered,
        kind: &str,
        form: Form,
    ) -> Value {
        let what = format!("{method} {path}");
        self.seen += 1;
        if answer.status != status {
            self.faults.push(format!(
                "{what}: {} instead of {status}: {}",
                answer.status, answer.json
            ));
            return Value::Null;
        }
        let json = answer.json.clone();
        let found = match form {
            One => self.schema.faults(kind, &json),
            Page => self.page_faults(kind, &json),
        };
        let known = |fault: &String| {
            BEYOND_SCHEMA
                .iter()
                .any(|(p, _)| fault.contains(&format!("/{p}: ")))
        };
        let found = found.into_iter().filter(|fault| !known(fault));
        self.faults.extend(found.map(|f| format!("{what}: {f}")));
        if !json["@odata.context"].is_string() {
            self.faults.push(format!("{what}: no @odata.context"));
        }
        json
    }

    fn page_faults(&self, kind: &str, page: &Value) -> Vec<String> {
        let Some(object) = page.as_object() else {
            return vec![format!("{page} is no page")];
        };
        let known = [
            "@odata.context",
            "@odata.nextLink",
            "@odata.deltaLink",
            "@odata.count",
            "value",
        ];
        let strange = object.keys().filter(|k| !known.contains(&k.as_str()));
        let mut faults: Vec<String> = strange.map(|k| format!("{k} on a page")).collect();
        faults.extend(
            self.schema
                .faults(&format!("Collection({kind})"), &page["value"]),
        );
        faults
    }

    /// Follows a delta to its end.
    fn delta(&mut self, path: &str, kind: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..100 {
            let page = self.get(&path, kind, Page);
            match (
                page["@odata.nextLink"].as_str(),
                page["@odata.deltaLink"].as_str(),
            ) {
                (Some(next), None) => path = next.to_owned(),
                (None, Some(end)) => return end.to_owned(),
                other => {
                    self.faults
                        .push(format!("{path}: a delta page with {other:?}"));
                    return path;
                }
            }
        }
        panic!("{path}: a delta without an end");
    }

    fn finish(self) {
        assert!(
            self.faults.is_empty(),
            "{} answers, {} faults:\n{}",
            self.seen,
            self.faults.len(),
            self.faults.join("\n")
        );
        println!("{} answers fit the schema", self.seen);
    }
}

const EVERY_USER_PROPERTY: &str = "id,displayName,givenName,surname,mail,proxyAddresses,otherMails,businessPhones,\
mobilePhone,faxNumber,jobTitle,department,companyName,officeLocation,streetAddress,city,state,postalCode,country,\
employeeId,employeeType,imAddresses,mailNickname,userPrincipalName,accountEnabled,userType,showInAddressList,\
assignedPlans,onPremisesExtensionAttributes,createdDateTime,deletedDateTime,usageLocation,preferredLanguage";

#[test]
fn directory_answers_fit_the_published_schema() {
    let Some(mut at) = Inspector::new() else {
        return;
    };
    let tenant = at.client.fleet.tenants[0].clone();
    at.get("/organization", "microsoft.graph.organization", Page);
    at.get("/users", USER, Page);
    at.get("/users?$top=3&$count=true", USER, Page);
    at.get(&format!("/users?$select={EVERY_USER_PROPERTY}"), USER, Page);
    at.get(
        &format!("/users?$select={EVERY_USER_PROPERTY}&$expand=manager($select=id,displayName)"),
        USER,
        Page,
    );
    at.get(
        "/users?$filter=accountEnabled eq false&$select=id,accountEnabled",
        USER,
        Page,
    );
    for person in &tenant.people {
        at.get(
            &format!("/users/{}?$select={EVERY_USER_PROPERTY}", person.id),
            USER,
            One,
        );
    }
    let led = tenant.people.iter().find(|p| p.manager.is_some()).unwrap();
    at.get(&format!("/users/{}/manager", led.id), OBJECT, One);
    at.get("/contacts", ORG_CONTACT, Page);
    at.get(
        &format!("/contacts/{}", tenant.org_contacts[0].id),
        ORG_CONTACT,
        One,
    );
    at.get("/groups", GROUP, Page);
    for group in &tenant.groups {
        at.get(&format!("/groups/{}", group.id), GROUP, One);
        at.get(&format!("/groups/{}/members", group.id), OBJECT, Page);
        at.get(
            &format!("/groups/{}/transitiveMembers", group.id),
            OBJECT,
            Page,
        );
        at.get(
            &format!(
                "/groups/{}/transitiveMembers/microsoft.graph.user?$count=true",
                group.id
            ),
            USER,
            Page,
        );
    }
    at.finish();
}

#[test]
fn directory_deltas_fit_the_published_schema() {
    let Some(mut at) = Inspector::new() else {
        return;
    };
    let select = EVERY_USER_PROPERTY.replace(",assignedPlans", "");
    for (path, kind) in [
        ("/users/delta".to_owned(), USER),
        (format!("/users/delta?$select={select},manager"), USER),
        ("/groups/delta".to_owned(), GROUP),
        (
            "/groups/delta?$select=displayName,members".to_owned(),
            GROUP,
        ),
        ("/contacts/delta".to_owned(), ORG_CONTACT),
    ] {
        let end = at.delta(&path, kind);
        at.delta(&end, kind);
    }
    at.finish();
}

/// A contact with every property that the schema gives one.
fn full_contact() -> Value {
    let place = json!({"street": "1 Main St", "city": "Köln", "state": "NRW", "postalCode": "50667", "countryOrRegion": "Germany"});
    json!({
        "assistantName": "A", "birthday": "1970-08-15T00:00:00Z", "businessAddress": place,
        "businessHomePage": "https://e.example", "businessPhones": ["1", "2"], "children": ["C"],
        "companyName": "Co", "department": "D", "displayName": "Ada Lovelace",
        "emailAddresses": [{"address": "a@b.example", "name": "A"}], "fileAs": "Lovelace, Ada", "generation": "II",
        "givenName": "Ada", "homeAddress": place, "homePhones": ["3"], "imAddresses": ["im"], "initials": "AL",
        "jobTitle": "J", "manager": "M", "middleName": "B", "mobilePhone": "4", "nickName": "N",
        "officeLocation": "O", "otherAddress": place, "personalNotes": "P", "profession": "Pr",
        "spouseName": "S", "surname": "Lovelace", "title": "T", "yomiCompanyName": "YC", "yomiGivenName": "YG",
        "yomiSurname": "YS", "categories": ["Red category"],
        "singleValueExtendedProperties": [{"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark", "value": "v"}]
    })
}

const EXPAND: &str = "$expand=singleValueExtendedProperties($filter=id eq 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark')";

#[test]
fn mailbox_answers_fit_the_published_schema() {
    let Some(mut at) = Inspector::new() else {
        return;
    };
    let user = "/users/reception@contoso.example";
    let contacts = format!("{user}/contacts");
    let made = at.write("POST", &contacts, &full_contact(), 201, CONTACT);
    let bare = at.write("POST", &contacts, &json!({}), 201, CONTACT);
    let one = format!("{contacts}/{}", made["id"].as_str().unwrap());
    at.get(&one, CONTACT, One);
    at.get(&format!("{one}?{EXPAND}"), CONTACT, One);
    at.get(
        &format!("{contacts}?{EXPAND}&$top=2&$count=true"),
        CONTACT,
        Page,
    );
    at.get(
        &format!("{contacts}?$select=displayName,emailAddresses&$orderby=displayName"),
        CONTACT,
        Page,
    );
    at.write(
        "PATCH",
        &one,
        &json!({"jobTitle": null, "businessPhones": [], "displayName": "Ada"}),
        200,
        CONTACT,
    );
    let gone = format!("{contacts}/{}", bare["id"].as_str().unwrap());
    assert_eq!(
        at.client.send("DELETE", &gone, &[], &Value::Null).status,
        204
    );
    let folder = at.write(
        "POST",
        &format!("{user}/contactFolders"),
        &json!({"displayName": "F"}),
        201,
        FOLDER,
    );
    let folder = format!("{user}/contactFolders/{}", folder["id"].as_str().unwrap());
    at.get(&format!("{user}/contactFolders"), FOLDER, Page);
    at.get(&folder, FOLDER, One);
    at.write(
        "POST",
        &format!("{folder}/childFolders"),
        &json!({"displayName": "G"}),
        201,
        FOLDER,
    );
    at.get(&format!("{folder}/childFolders"), FOLDER, Page);
    at.write(
        "POST",
        &format!("{folder}/contacts"),
        &full_contact(),
        201,
        CONTACT,
    );
    at.write("PATCH", &folder, &json!({"displayName": "H"}), 200, FOLDER);
    at.finish();
}

#[test]
fn mailbox_deltas_photos_categories_and_settings_fit_the_published_schema() {
    let Some(mut at) = Inspector::new() else {
        return;
    };
    let user = "/users/reception@contoso.example";
    let end = at.delta(&format!("{user}/contacts/delta"), CONTACT);
    let page = at.get(&format!("{user}/contacts?$top=1"), CONTACT, Page);
    let id = page["value"][0]["id"].as_str().unwrap().to_owned();
    let folder = page["value"][0]["parentFolderId"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = format!("{user}/contacts/{id}");
    let jpeg = graph_sim::fleet::photo::portrait(1, 96).to_vec();
    let put = at.client.send_bytes(
        "PUT",
        &format!("{one}/photo/$value"),
        &[("Content-Type", "image/jpeg")],
        jpeg,
    );
    assert!(
        (200..300).contains(&put.status),
        "{} {}",
        put.status,
        put.json
    );
    at.get(&format!("{one}/photo"), PHOTO, One);
    at.client.send("DELETE", &one, &[], &Value::Null);
    at.delta(&end, CONTACT);
    at.delta(
        &format!("{user}/contactFolders/{folder}/contacts/delta?$select=displayName"),
        CONTACT,
    );
    at.delta(&format!("{user}/contactFolders/delta"), FOLDER);
    at.get(&format!("{user}/outlook/masterCategories"), CATEGORY, Page);
    at.write(
        "POST",
        &format!("{user}/outlook/masterCategories"),
        &json!({"displayName": "Synced", "color": "preset9"}),
        201,
        CATEGORY,
    );
    at.get(
        &format!("{user}/mailboxSettings"),
        "microsoft.graph.mailboxSettings",
        One,
    );
    at.get(
        &format!("{user}/mailboxSettings?$select=userPurpose"),
        "microsoft.graph.mailboxSettings",
        One,
    );
    let pictured = at.client.fleet.tenants[0]
        .mailboxes()
        .find(|p| p.photo.is_some())
        .unwrap()
        .id
        .clone();
    at.get(&format!("/users/{pictured}/photo"), PHOTO, One);
    at.get(&format!("/users/{pictured}/photos"), PHOTO, Page);
    at.finish();
}

#[test]
fn errors_have_the_documented_envelope() {
    let mut client = Client::new();
    let user = "/users/reception@contoso.example";
    for (method, path, body, status, code) in [
        (
            "GET",
            "/users/nobody@contoso.example".to_owned(),
            Value::Null,
            404,
            "Request_ResourceNotFound",
        ),
        (
            "GET",
            "/users/nobody@contoso.example/contacts".to_owned(),
            Value::Null,
            404,
            "ErrorInvalidUser",
        ),
        (
            "GET",
            format!("{user}/contacts/AAMk"),
            Value::Null,
            400,
            "ErrorInvalidIdMalformed",
        ),
        (
            "POST",
            format!("{user}/contacts"),
            json!({"businessPhones": ["1", "2", "3"]}),
            400,
            "ErrorInvalidRequest",
        ),
        ("GET", "/nothing".to_owned(), Value::Null, 400, "BadRequest"),
    ] {
        let answer = client.send(method, &path, &[("client-request-id", "c-1")], &body);
        let error = &answer.json["error"];
        assert_eq!(answer.status, status, "{path}: {}", answer.json);
        assert!(error["message"].is_string(), "{path}: {error}");
        assert_eq!(error["code"], code, "{path}: {error}");
        let inner = &error["innerError"];
        assert_eq!(inner["client-request-id"], "c-1", "{path}: {error}");
        assert_eq!(
            answer.header("request-id"),
            inner["request-id"].as_str(),
            "{path}"
        );
        assert!(
            inner["date"].as_str().is_some_and(|d| d.len() == 19),
            "{path}: {error}"
        );
    }
}

#[test]
fn the_reader_finds_what_does_not_fit() {
    let Some(file) = shared::shared("data/graph/v1.0.csdl") else {
        return;
    };
    let schema = Schema::read(&std::fs::read_to_string(file).unwrap());
    let faults = |kind: &str, value: Value| schema.faults(kind, &value);
    assert_eq!(
        faults(
            USER,
            json!({"id": "1", "displayName": null, "businessPhones": ["1"]})
        ),
        [] as [&str; 0]
    );
    for wrong in [
        json!({"displayname": "x"}),
        json!({"displayName": 1}),
        json!({"businessPhones": null}),
        json!({"businessPhones": "1"}),
        json!({"createdDateTime": "yesterday"}),
        json!({"accountEnabled": "true"}),
        json!({"@odata.typ": "x"}),
        json!({"@odata.type": "#microsoft.graph.group"}),
        json!({"x@odata.context": "y"}),
        json!({"@removed": {"reason": "gone"}}),
        json!({"assignedPlans": [{"servicePlanId": "no guid"}]}),
    ] {
        assert_eq!(
            faults(USER, wrong.clone()).len(),
            1,
            "{wrong}: {:?}",
            faults(USER, wrong.clone())
        );
    }
    assert_eq!(faults(CATEGORY, json!({"color": "preset99"})).len(), 1);
    assert_eq!(
        faults(
            "microsoft.graph.mailboxSettings",
            json!({"userPurpose": "lamp"})
        )
        .len(),
        1
    );
}
