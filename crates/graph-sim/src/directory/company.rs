//! What a tenant is: organization, domains, licences, and the applications' service principals.

use super::Directory;
use super::schema::Kind;
use super::show::{EXCHANGE_PLAN, SKU, part_id};
use crate::app::{derived_guid, service_principal_id};
use crate::odata::Options;
use crate::{call::Call, done::Done, error};
use serde_json::{Value, json};

/// Microsoft Graph's own application, which every app role belongs to.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// Application permissions and their app roles (graph.md 1.7; permissions-descriptions.json).
const APP_ROLES: &[(&str, &str)] = &[
    (
        "Calendars.ReadWrite",
        "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    ),
    ("Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"),
    (
        "Calendars.ReadBasic.All",
        "8ba4a692-bc31-4128-9094-475872af8a53",
    ),
    ("Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491"),
    ("Contacts.Read", "089fe4d0-434a-44c5-8827-41ba8a0b17f5"),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    (
        "GroupMember.Read.All",
        "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    ),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Member.Read.Hidden", "658aa5d8-239f-45c4-aa12-864f4fc7e490"),
    (
        "OrgContact.Read.All",
        "e1a88a34-94c4-4418-be12-c87b00e26bea",
    ),
    ("Place.Read.All", "913b9306-0ce1-42b8-9137-6a7df690a760"),
    (
        "MailboxSettings.Read",
        "40f97065-369a-49f4-947c-6a255697ae91",
    ),
    (
        "MailboxSettings.ReadWrite",
        "6931bccd-447a-43d1-b442-00a195474933",
    ),
    (
        "ProfilePhoto.Read.All",
        "e24d31aa-e1ab-4c80-85fe-23018690335d",
    ),
    (
        "Organization.Read.All",
        "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    ),
    (
        "DeviceManagementConfiguration.ReadWrite.All",
        "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
    ),
    (
        "DeviceManagementApps.ReadWrite.All",
        "78145de6-330d-4800-a6ce-494ff2d33d07",
    ),
    (
        "Application.ReadWrite.OwnedBy",
        "18a4783c-866b-4cc7-a460-3d5e5662c884",
    ),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
];

impl Directory {
    /// The paths that are neither users, contacts nor groups.
    pub(super) fn company(
        &self,
        call: &Call,
        path: &[&str],
        options: &Options,
    ) -> Result<Done, Done> {
        let list = |set: &str, rows: Vec<Value>| {
            let rows = rows.into_iter().map(|row| selected(row, options));
            let context = format!("{}/$metadata#{set}", call.base);
            Ok(Done::ok(
                json!({"@odata.context": context, "value": rows.collect::<Vec<_>>()}),
            ))
        };
        let one = |set: &str, row: Option<Value>, key: &str| {
            let row = row.ok_or_else(|| error::resource_not_found(key))?;
            let mut row = selected(row, options);
            row["@odata.context"] = format!("{}/$metadata#{set}/$entity", call.base).into();
            Ok(Done::ok(row))
        };
        match path {
            ["organization"] => list("organization", vec![self.organization()]),
            ["organization", id] => {
                let is_own = id.eq_ignore_ascii_case(&self.tenant);
                one("organization", is_own.then(|| self.organization()), id)
            }
            ["domains"] => list("domains", vec![self.tenant_domain()]),
            ["domains", name] => {
                let is_own = name.eq_ignore_ascii_case(&self.domain);
                one("domains", is_own.then(|| self.tenant_domain()), name)
            }
            ["subscribedSkus"] => list("subscribedSkus", vec![self.sku()]),
            ["servicePrincipals"] => {
                let all = [Some(self.graph_itself()), self.caller(call)];
                let filter = options.filter.as_ref();
                let passing = all
                    .into_iter()
                    .flatten()
                    .filter(|row| filter.is_none_or(|filter| filter.matches(row)));
                list("servicePrincipals", passing.collect())
            }
            ["servicePrincipals", key] => one("servicePrincipals", self.principal(call, key), key),
            ["servicePrincipals", key, "appRoleAssignments"] => {
                let of = self.principal(call, key);
                let of = of.ok_or_else(|| error::resource_not_found(key))?;
                let is_caller = of["appId"] != GRAPH_APP;
                let rows = if is_caller {
                    self.assignments(call)
                } else {
                    Vec::new()
                };
                list("appRoleAssignments", rows)
            }
            ["me", ..] => Err(error::bad_request(
                "/me request is only valid with delegated authentication flow.",
            )),
            _ => Err(error::unknown_segment(path.last().unwrap_or(&""))),
        }
    }

    fn organization(&self) -> Value {
        json!({
            "id": &*self.tenant,
            "deletedDateTime": null,
            "assignedPlans": [{
                "assignedDateTime": self.created,
                "capabilityStatus": "Enabled",
                "service": "exchange",
                "servicePlanId": EXCHANGE_PLAN,
            }],
            "businessPhones": [],
            "city": null,
            "country": null,
            "countryLetterCode": text(&self.country),
            "createdDateTime": self.created,
            "defaultUsageLocation": text(&self.country),
            "displayName": self.name,
            "marketingNotificationEmails": [],
            "onPremisesLastSyncDateTime": null,
            "onPremisesSyncEnabled": null,
            "postalCode": null,
            "preferredLanguage": "en",
            "securityComplianceNotificationMails": [],
            "securityComplianceNotificationPhones": [],
            "state": null,
            "street": null,
            "technicalNotificationMails": [],
            "tenantType": "AAD",
            "verifiedDomains": [{
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": true,
                "isInitial": true,
                "name": self.domain,
                "type": "Managed",
            }],
        })
    }

    fn tenant_domain(&self) -> Value {
        json!({
            "id": self.domain,
            "authenticationType": "Managed",
            "availabilityStatus": null,
            "isAdminManaged": true,
            "isDefault": true,
            "isInitial": true,
            "isRoot": true,
            "isVerified": true,
            "passwordNotificationWindowInDays": null,
            "passwordValidityPeriodInDays": null,
            "supportedServices": ["Email"],
        })
    }

    fn sku(&self) -> Value {
        let used = self.store.living.get(&Kind::User).into_iter().flatten();
        let used = used.filter(|id| self.store.get(id).is_some_and(|user| user.licensed));
        let consumed = used.count();
        json!({
            "id": format!("{}_{SKU}", self.tenant),
            "accountId": &*self.tenant,
            "accountName": self.name,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": consumed,
            "prepaidUnits": {"enabled": consumed + 5, "suspended": 0, "warning": 0, "lockedOut": 0},
            "servicePlans": [{
                "appliesTo": "User",
                "provisioningStatus": "Success",
                "servicePlanId": EXCHANGE_PLAN,
                "servicePlanName": "EXCHANGE_S_ENTERPRISE",
            }],
            "skuId": SKU,
            "skuPartNumber": "ENTERPRISEPACK",
            "subscriptionIds": [part_id(&self.tenant, "subscription")],
        })
    }

    fn graph_itself(&self) -> Value {
        let roles = APP_ROLES.iter().map(|(value, id)| {
            json!({
                "allowedMemberTypes": ["Application"],
                "displayName": value,
                "description": value,
                "id": id,
                "isEnabled": true,
                "origin": "Application",
                "value": value,
            })
        });
        json!({
            "id": service_principal_id(&self.tenant, GRAPH_APP),
            "accountEnabled": true,
            "appDisplayName": "Microsoft Graph",
            "appId": GRAPH_APP,
            "appRoles": roles.collect::<Vec<_>>(),
            "displayName": "Microsoft Graph",
            "servicePrincipalType": "Application",
        })
    }

    /// The calling application's own service principal.
    fn caller(&self, call: &Call) -> Option<Value> {
        let app = &*call.bearer.app;
        Some(json!({
            "id": service_principal_id(&self.tenant, app),
            "accountEnabled": true,
            "appDisplayName": "Almanac",
            "appId": app,
            "appRoles": [],
            "displayName": "Almanac",
            "servicePrincipalType": "Application",
        }))
    }

    /// By object id, or by `appId='…'` as an alternate key.
    fn principal(&self, call: &Call, key: &str) -> Option<Value> {
        let all = [Some(self.graph_itself()), self.caller(call)];
        let (name, value) = key.split_once('=').unwrap_or(("id", key));
        let value = value.trim_matches('\'');
        let is_named = |row: &Value| {
            let own = row[if name.eq_ignore_ascii_case("appId") {
                "appId"
            } else {
                "id"
            }]
            .as_str();
            own.is_some_and(|own| own.eq_ignore_ascii_case(value))
        };
        all.into_iter().flatten().find(is_named)
    }

    /// What the caller was granted, as its token carries it.
    fn assignments(&self, call: &Call) -> Vec<Value> {
        let app = &*call.bearer.app;
        let known = call.bearer.roles.iter().filter_map(|role| {
            let (_, id) = APP_ROLES.iter().find(|(value, _)| value == role)?;
            Some((role, *id))
        });
        let shown = known.map(|(role, id)| {
            json!({
                "id": derived_guid(&["assignment", &self.tenant, app, role]),
                "deletedDateTime": null,
                "appRoleId": id,
                "createdDateTime": self.created,
                "principalDisplayName": "Almanac",
                "principalId": service_principal_id(&self.tenant, app),
                "principalType": "ServicePrincipal",
                "resourceDisplayName": "Microsoft Graph",
                "resourceId": service_principal_id(&self.tenant, GRAPH_APP),
            })
        });
        shown.collect()
    }
}

fn selected(row: Value, options: &Options) -> Value {
    match (&options.select, row.as_object()) {
        (Some(select), Some(row)) => Value::Object(select.project(row, &[])),
        _ => row,
    }
}

fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
