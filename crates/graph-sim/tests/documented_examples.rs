//! Every request sample of Microsoft's API reference that touches a served path: accepted, and the answer
//! has the documented shape. Foreign ids become seeded ones; what differs on purpose is a row of a table.
#![allow(clippy::unwrap_used)]

mod driver;
mod shared;

use driver::Client;
use serde_json::Value;

/// Paths beyond contacts and directory: the simulator does not serve them.
const UNSERVED: [&str; 8] = [
    "calendar",
    "calendars",
    "calendarView",
    "calendarGroups",
    "events",
    "messages",
    "places",
    "subscriptions",
];

enum Difference {
    /// The request is not sent.
    Unsent,
    /// The answer has this status instead of the documented one.
    Status(u16),
    /// The documented property is not in our answer.
    Without(&'static str),
}
use Difference::{Status, Unsent, Without};

/// Sample, what differs, why.
#[rustfmt::skip]
const EXCEPTIONS: &[(&str, Difference, &str)] = &[
    ("user_supportedlanguages", Unsent, "no client of contacts asks for languages"),
    ("user_get_approleassignments", Unsent, "a user's own app roles: no client of contacts asks for them"),
    ("user_get_approleassignments_filterby_resourceId", Unsent, "as above"),
    ("get_group_non_default", Unsent, "mailbox properties of a group; group mailboxes refuse application permissions"),
    ("orgcontact_getmembergroups", Unsent, "membership is asked of the group (transitiveMembers), never of the contact"),
    ("get_signinname_users", Unsent, "identities of consumer sign-in (B2C): no tenant of ours has them"),
    ("create_contact_from_contactfolder", Status(201), "a create answers 201, as the page's text and its sister sample say"),
    ("contact_delta", Without("birthday"), "the sample shows more than its own $select asks for"),
    ("contact_delta", Without("fileAs"), "as above"),
    ("contact_delta", Without("givenName"), "as above"),
    ("contact_delta", Without("initials"), "as above"),
    ("contact_delta", Without("parentFolderId"), "as above"),
    ("group_delta", Without("classification"), "a property that was never set is left out of a delta (Graph: group-delta)"),
    ("group_delta", Without("description"), "as above"),
    ("group_delta", Without("groupTypes"), "as above"),
    ("group_delta", Without("mail"), "as above"),
    ("group_delta_with_select", Without("description"), "as above"),
    ("group_delta_minimal", Without("description"), "as above"),
    ("orgContact_delta", Without("department"), "as above (Graph: orgcontact-delta)"),
    ("orgContact_delta", Without("jobTitle"), "as above"),
    ("orgcontact_delta_select", Without("jobTitle"), "as above"),
    ("orgcontact_delta_minimal", Without("jobTitle"), "as above"),
    ("get_mailboxsettings_3", Without("@odata.type"), "the sample's owner made a time zone of their own"),
    ("get_mailboxsettings_3", Without("bias"), "as above"),
    ("get_mailboxsettings_3", Without("daylightOffset"), "as above"),
    ("get_mailboxsettings_3", Without("standardOffset"), "as above"),
    ("get_users_2", Without("mailNickname"), "not in the default set of properties (Graph: user-list)"),
    ("get_users_2", Without("otherMails"), "as above"),
    ("get_users_2", Without("proxyAddresses"), "as above"),
];

struct Example {
    name: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Value,
    status: u16,
    answer: Value,
}

#[test]
fn documented_requests_are_accepted_and_answered_in_the_documented_shape() {
    let Some(file) = shared::shared("data/graph/documented-examples.json") else {
        return;
    };
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut seeded = Seeded::new();
    let (mut replayed, mut faults) = (0, Vec::new());
    for raw in &all {
        let example = Example::read(raw);
        if example.is_served() && !example.differs(|d| matches!(d, Unsent)) {
            replayed += 1;
            faults.extend(seeded.replay(&example));
        }
    }
    println!("{replayed} of {} samples replayed", all.len());
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        replayed >= 24,
        "only {replayed} samples touch a served path"
    );
}

impl Example {
    fn read(raw: &Value) -> Example {
        let (line, headers, body) = message(raw["request"].as_str().unwrap());
        let (method, url) = line.split_once(' ').unwrap();
        let (status_line, _, answer) = message(raw["response"].as_str().unwrap_or_default());
        let status = status_line.split(' ').nth(1).and_then(|s| s.parse().ok());
        Example {
            name: raw["name"].as_str().unwrap().to_owned(),
            method: method.to_owned(),
            path: url
                .trim_start_matches("https://graph.microsoft.com/v1.0")
                .to_owned(),
            headers,
            body: serde_json::from_str(&body).unwrap_or_default(),
            status: status.unwrap_or(200),
            answer: serde_json::from_str(&answer).unwrap_or_default(),
        }
    }

    fn is_served(&self) -> bool {
        let path = self.path.split('?').next().unwrap();
        !path.split('/').any(|segment| UNSERVED.contains(&segment))
    }

    fn differs(&self, how: impl Fn(&Difference) -> bool) -> bool {
        EXCEPTIONS
            .iter()
            .any(|(name, difference, _)| *name == self.name && how(difference))
    }
}

/// First line, headers, body.
fn message(text: &str) -> (String, Vec<(String, String)>, String) {
    let text = text.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|l| {
        l.split_once(": ")
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
    });
    (first, headers.collect(), body.to_owned())
}

/// A cloud, and what stands for the ids of the samples.
struct Seeded {
    client: Client,
    user: String,
    default_folder: String,
    folder: String,
    org_contact: String,
    group: String,
}

impl Seeded {
    fn new() -> Seeded {
        let mut client = Client::new();
        let tenant = client.fleet.tenants[0].clone();
        let user = tenant.mailboxes().next().unwrap().upn.clone();
        let first = client.get(&format!("/users/{user}/contacts?$top=1"));
        let made = client.post(
            &format!("/users/{user}/contactFolders"),
            &serde_json::json!({"displayName": "A folder"}),
        );
        let folder = made["id"].as_str().unwrap().to_owned();
        for name in ["One", "Two", "Three"] {
            let card = serde_json::json!({"displayName": name});
            client.post(
                &format!("/users/{user}/contactFolders/{folder}/contacts"),
                &card,
            );
        }
        let mailed = tenant.groups.iter().find(|g| g.mail.is_some()).unwrap();
        Seeded {
            default_folder: first["value"][0]["parentFolderId"]
                .as_str()
                .unwrap()
                .to_owned(),
            folder,
            org_contact: tenant.org_contacts[0].id.clone(),
            group: mailed.id.clone(),
            user,
            client,
        }
    }

    fn replay(&mut self, example: &Example) -> Vec<String> {
        let path = self.path(&example.path);
        let body = self.body(&example.body);
        let headers: Vec<(&str, &str)> = example
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let headers: Vec<_> = headers
            .into_iter()
            .filter(|(n, _)| !n.to_lowercase().starts_with("content-"))
            .collect();
        let answer = self.client.send(&example.method, &path, &headers, &body);
        let what = format!("{}: {} {path}", example.name, example.method);
        let documented = example.status;
        let expected = EXCEPTIONS
            .iter()
            .find_map(|(name, difference, _)| match difference {
                Status(status) if *name == example.name => Some(*status),
                _ => None,
            });
        if answer.status != expected.unwrap_or(documented) {
            return vec![format!(
                "{what}: {} instead of {documented}: {}",
                answer.status, answer.json
            )];
        }
        let mut faults = Vec::new();
        compare(&example.answer, &answer.json, "", &mut faults);
        faults.sort();
        faults.dedup();
        faults.sort();
        faults.dedup();
        faults
            .retain(|(property, _)| !example.differs(|d| matches!(d, Without(p) if p == property)));
        faults
            .into_iter()
            .map(|(at, fault)| format!("{what}: {at}: {fault}"))
            .collect()
    }

    fn path(&self, path: &str) -> String {
        let user = format!("/users/{}", self.user);
        let path = match path.strip_prefix("/me") {
            Some(rest) => format!("{user}{rest}"),
            None => path.to_owned(),
        };
        path.replace("/users/{id | userPrincipalName}", &user)
            .replace(
                "contactFolders/{id}",
                &format!("contactFolders/{}", self.folder),
            )
            .replace("/contacts/{id}", &format!("/contacts/{}", self.org_contact))
            .replace("b320ee12-b1cd-4cca-b648-a437be61c5cd", &self.group)
    }

    fn body(&self, body: &Value) -> Value {
        let mut body = body.clone();
        if let Some(object) = body.as_object_mut() {
            for (name, value) in object {
                match name.as_str() {
                    "parentFolderId" => *value = Value::from(self.default_folder.clone()),
                    "birthday" => *value = Value::from("1974-07-22T00:00:00Z"),
                    _ => {}
                }
            }
        }
        body
    }
}

/// Notes where `ours` lacks what is documented, or has it as another kind of JSON. Null may stand for anything.
fn compare(documented: &Value, ours: &Value, at: &str, faults: &mut Vec<(String, String)>) {
    match (documented, ours) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                match found.get(name) {
                    Some(our) => compare(value, our, name, faults),
                    // Whether there is more than a page depends on how many there are.
                    None if name == "@odata.nextLink" && found.contains_key("@odata.deltaLink") => {
                    }
                    None => faults.push((name.clone(), "is not there".to_owned())),
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if let Some(first) = wanted.first() {
                found.iter().for_each(|our| compare(first, our, at, faults));
            }
        }
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {}
        (a, b) => faults.push((at.to_owned(), format!("{b} where {a} is documented"))),
    }
}

#[test]
fn every_exception_names_a_sample() {
    let Some(file) = shared::shared("data/graph/documented-examples.json") else {
        return;
    };
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for (name, _, why) in EXCEPTIONS {
        assert!(
            all.iter().any(|raw| raw["name"] == *name) && !why.is_empty(),
            "{name}"
        );
    }
}
