//! From a fleet's people, org contacts and groups to directory objects.

use super::schema::Kind;
use super::store::{Membership, Object, Portrait, Row, Store};
use crate::fleet::{self, Group, GroupKind, OrgContact, Person};
use serde_json::{Value, json};

pub(super) fn store(tenant: &fleet::Tenant, now_ms: i64) -> Store {
    let created = timestamp(now_ms);
    let mut store = Store::default();
    for person in &tenant.people {
        store.insert(user(person, &created));
    }
    for contact in &tenant.org_contacts {
        store.insert(org_contact(contact));
    }
    for group in &tenant.groups {
        store.insert(self::group(group, &created));
    }
    store
}

/// `2026-11-23T07:00:00Z`.
pub(super) fn timestamp(now_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(now_ms) {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => String::new(),
    }
}

fn user(person: &Person, created: &str) -> Object {
    let mut row = Row::new();
    row.put("id", Some(&person.id));
    row.put("displayName", Some(&person.name));
    row.put("givenName", person.given_name.as_deref());
    row.put("surname", person.surname.as_deref());
    row.put("userPrincipalName", Some(&person.upn));
    row.put("mail", person.mail.as_deref());
    row.put("mailNickname", person.upn.split('@').next());
    row.put("mobilePhone", person.mobile_phone.as_deref());
    row.put("faxNumber", person.fax_number.as_deref());
    row.put("jobTitle", person.job_title.as_deref());
    row.put("department", person.department.as_deref());
    row.put("companyName", person.company.as_deref());
    row.put("officeLocation", person.office.as_deref());
    row.put("streetAddress", Some(&person.address.street));
    row.put("city", Some(&person.address.city));
    row.put("state", Some(&person.address.state));
    row.put("postalCode", Some(&person.address.postal_code));
    row.put("country", Some(&person.address.country));
    row.put("usageLocation", person.usage_location.as_deref());
    row.put("preferredLanguage", person.language.as_deref());
    row.put("employeeId", person.employee_id.as_deref());
    row.put("employeeType", person.employee_type.as_deref());
    row.put(
        "createdDateTime",
        person.created.as_deref().or(Some(created)),
    );
    row.put(
        "userType",
        Some(if person.guest { "Guest" } else { "Member" }),
    );
    row.put("externalUserState", person.guest.then_some("Accepted"));
    user_lists(person, &mut row);
    row.insert("accountEnabled", Value::Bool(person.is_enabled()));
    // Guests are never in address lists; of others null means shown (graph.md 4.1).
    if person.guest || person.hidden {
        row.insert("showInAddressList", Value::Bool(false));
    }
    let mut object = Object::new(&person.id, Kind::User, row);
    object.manager = person.manager.as_deref().map(Into::into);
    object.licensed = person.is_licensed();
    object.mailbox = person.mailbox_state();
    object.photo = person.photo.map(|seed| Portrait::Seed(seed, None));
    object
}

fn user_lists(person: &Person, row: &mut Row) {
    let phone = person.business_phones.first();
    row.put_list(
        "businessPhones",
        phone
            .map(|phone| Value::from(phone.as_str()))
            .into_iter()
            .collect(),
    );
    let others = person.other_mails.iter();
    row.put_list(
        "otherMails",
        others.map(|mail| Value::from(mail.as_str())).collect(),
    );
    row.put_list(
        "proxyAddresses",
        proxy_addresses(person.mail.as_deref(), &person.aliases),
    );
    if !person.extension_attributes.is_empty() {
        let set = person.extension_attributes.iter();
        let attributes = set.map(|(n, text)| (format!("extensionAttribute{n}"), json!(text)));
        row.insert(
            "onPremisesExtensionAttributes",
            Value::Object(attributes.collect()),
        );
    }
}

fn proxy_addresses(mail: Option<&str>, aliases: &[String]) -> Vec<Value> {
    let primary = mail.map(|mail| format!("SMTP:{mail}"));
    let others = aliases.iter().map(|alias| format!("smtp:{alias}"));
    primary.into_iter().chain(others).map(Value::from).collect()
}

fn org_contact(contact: &OrgContact) -> Object {
    let mut row = Row::new();
    row.put("id", Some(&contact.id));
    row.put("displayName", Some(&contact.name));
    row.put("givenName", contact.given_name.as_deref());
    row.put("surname", contact.surname.as_deref());
    row.put("mail", contact.mail.as_deref());
    row.put(
        "mailNickname",
        contact
            .mail
            .as_deref()
            .and_then(|mail| mail.split('@').next()),
    );
    row.put("jobTitle", contact.job_title.as_deref());
    row.put("department", contact.department.as_deref());
    row.put("companyName", contact.company.as_deref());
    let phones = phones(contact);
    if !phones.is_empty() {
        row.insert("phones", Value::Array(phones));
    }
    if let Some(address) = address(contact) {
        row.insert("addresses", json!([address]));
    }
    let proxies = proxy_addresses(contact.mail.as_deref(), &[]);
    if !proxies.is_empty() {
        row.insert("proxyAddresses", Value::Array(proxies));
    }
    Object::new(&contact.id, Kind::OrgContact, row)
}

fn phones(contact: &OrgContact) -> Vec<Value> {
    let numbers = [
        ("business", &contact.business_phone),
        ("mobile", &contact.mobile_phone),
        ("businessFax", &contact.business_fax),
    ];
    let set = numbers
        .into_iter()
        .filter_map(|(kind, number)| Some((kind, number.as_ref()?)));
    set.map(|(kind, number)| json!({"type": kind, "number": number}))
        .collect()
}

fn address(contact: &OrgContact) -> Option<Value> {
    if contact.address.is_blank() && contact.office.is_none() {
        return None;
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(json!({
        "city": text(&contact.address.city),
        "countryOrRegion": text(&contact.address.country),
        "officeLocation": contact.office,
        "postalCode": text(&contact.address.postal_code),
        "state": text(&contact.address.state),
        "street": text(&contact.address.street),
    }))
}

fn group(group: &Group, created: &str) -> Object {
    let is_mail = group.kind != GroupKind::Security;
    let is_security = matches!(
        group.kind,
        GroupKind::Security | GroupKind::MailEnabledSecurity
    );
    let mut types = Vec::new();
    if group.kind == GroupKind::Microsoft365 {
        types.push(json!("Unified"));
    }
    if group.membership_rule.is_some() {
        types.push(json!("DynamicMembership"));
    }
    let nickname: String = group
        .name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let values = [
        ("id", json!(group.id)),
        ("displayName", json!(group.name)),
        ("description", json!(group.description)),
        ("mail", json!(group.mail)),
        ("mailEnabled", json!(is_mail)),
        ("mailNickname", json!(nickname)),
        ("securityEnabled", json!(is_security)),
        ("groupTypes", Value::Array(types)),
        ("membershipRule", json!(group.membership_rule)),
        (
            "membershipRuleProcessingState",
            json!(group.membership_rule.as_ref().map(|_| "On")),
        ),
        ("createdDateTime", json!(created)),
        ("renewedDateTime", json!(created)),
        (
            "proxyAddresses",
            Value::Array(proxy_addresses(group.mail.as_deref(), &[])),
        ),
    ];
    let mut row = Row::new();
    for (name, value) in values.into_iter().filter(|(_, value)| !is_blank(value)) {
        row.insert(name, value);
    }
    let mut object = Object::new(&group.id, Kind::Group, row);
    let member = Membership {
        seq: 0,
        is_member: true,
    };
    let members = group.members.iter().chain(&group.groups);
    object.members = members.map(|id| (id.as_str().into(), member)).collect();
    object
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
