//! Which properties the directory's types have, which are shown without `$select`, and what blank looks like
//! (v1.0 CSDL, August 2026).

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    OrgContact,
    Group,
}

impl Kind {
    /// The entity's full name.
    pub(super) fn entity(self) -> &'static str {
        match self {
            Kind::User => "microsoft.graph.user",
            Kind::OrgContact => "microsoft.graph.orgContact",
            Kind::Group => "microsoft.graph.group",
        }
    }

    /// `@odata.type` of one among others.
    pub(super) fn odata_type(self) -> Value {
        Value::String(format!("#{}", self.entity()))
    }

    /// The entity set, as paths and contexts name it.
    pub(super) fn set(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::OrgContact => "contacts",
            Kind::Group => "groups",
        }
    }

    /// What is shown without `$select`.
    pub(super) fn defaults(self) -> &'static [&'static str] {
        match self {
            Kind::User => USER_DEFAULTS,
            Kind::OrgContact => ORG_CONTACT_DEFAULTS,
            Kind::Group => GROUP_DEFAULTS,
        }
    }

    /// The property as the schema spells it; names are read without case.
    pub(super) fn canonical(self, name: &str) -> Option<&'static str> {
        let known = match self {
            Kind::User => USER,
            Kind::OrgContact => ORG_CONTACT,
            Kind::Group => GROUP,
        };
        let mut all = known.iter().chain(LISTS).chain(DIRECTORY_OBJECT);
        all.find(|one| one.eq_ignore_ascii_case(name)).copied()
    }
}

/// What a property that is not set looks like in an answer: an empty list or null.
pub(super) fn blank(name: &str) -> Value {
    if LISTS.contains(&name) {
        Value::Array(Vec::new())
    } else {
        Value::Null
    }
}

/// Names that lead to other objects: they may be selected in a delta, and are no properties.
pub(super) fn is_link(name: &str) -> bool {
    matches!(name, "manager" | "members" | "owners")
}

const DIRECTORY_OBJECT: &[&str] = &["id", "deletedDateTime"];

/// Collections that are never null.
const LISTS: &[&str] = &[
    "assignedLicenses",
    "assignedPlans",
    "businessPhones",
    "creationOptions",
    "groupTypes",
    "imAddresses",
    "infoCatalogs",
    "interests",
    "onPremisesProvisioningErrors",
    "otherMails",
    "pastProjects",
    "phones",
    "addresses",
    "provisionedPlans",
    "proxyAddresses",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
    "responsibilities",
    "schools",
    "serviceProvisioningErrors",
    "skills",
    "identities",
    "licenseAssignmentStates",
];

const USER_DEFAULTS: &[&str] = &[
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
    "userPrincipalName",
];

const USER: &[&str] = &[
    "displayName",
    "givenName",
    "surname",
    "mail",
    "userPrincipalName",
    "mobilePhone",
    "faxNumber",
    "jobTitle",
    "department",
    "companyName",
    "officeLocation",
    "streetAddress",
    "city",
    "state",
    "postalCode",
    "country",
    "employeeId",
    "employeeType",
    "mailNickname",
    "accountEnabled",
    "userType",
    "showInAddressList",
    "onPremisesExtensionAttributes",
    "createdDateTime",
    "preferredLanguage",
    "usageLocation",
    "manager",
    "aboutMe",
    "ageGroup",
    "authorizationInfo",
    "birthday",
    "consentProvidedForMinor",
    "creationType",
    "customSecurityAttributes",
    "deviceEnrollmentLimit",
    "employeeHireDate",
    "employeeLeaveDateTime",
    "employeeOrgData",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "hireDate",
    "identityParentId",
    "isManagementRestricted",
    "isResourceAccount",
    "lastPasswordChangeDateTime",
    "legalAgeGroupClassification",
    "mySite",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesImmutableId",
    "onPremisesLastSyncDateTime",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "passwordPolicies",
    "passwordProfile",
    "preferredDataLocation",
    "preferredName",
    "print",
    "securityIdentifier",
    "signInActivity",
    "signInSessionsValidFromDateTime",
];

const ORG_CONTACT_DEFAULTS: &[&str] = &[
    "id",
    "deletedDateTime",
    "addresses",
    "companyName",
    "department",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mailNickname",
    "onPremisesLastSyncDateTime",
    "onPremisesProvisioningErrors",
    "onPremisesSyncEnabled",
    "phones",
    "proxyAddresses",
    "serviceProvisioningErrors",
    "surname",
];

const ORG_CONTACT: &[&str] = &[
    "companyName",
    "department",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mailNickname",
    "onPremisesLastSyncDateTime",
    "onPremisesSyncEnabled",
    "surname",
    "manager",
];

const GROUP_DEFAULTS: &[&str] = &[
    "id",
    "deletedDateTime",
    "classification",
    "createdDateTime",
    "creationOptions",
    "description",
    "displayName",
    "expirationDateTime",
    "groupTypes",
    "isAssignableToRole",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesProvisioningErrors",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "proxyAddresses",
    "renewedDateTime",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
    "securityEnabled",
    "securityIdentifier",
    "serviceProvisioningErrors",
    "theme",
    "uniqueName",
    "visibility",
];

const GROUP: &[&str] = &[
    "classification",
    "createdDateTime",
    "description",
    "displayName",
    "expirationDateTime",
    "isAssignableToRole",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "renewedDateTime",
    "securityEnabled",
    "securityIdentifier",
    "theme",
    "uniqueName",
    "visibility",
    "allowExternalSenders",
    "autoSubscribeNewMembers",
    "hideFromAddressLists",
    "hideFromOutlookClients",
    "isArchived",
    "isSubscribedByMail",
    "isManagementRestricted",
    "unseenCount",
    "members",
    "owners",
];
