//! Users and org contacts of the directory as people (graph.md 4.1, 4.3).

use model::person::{Person, PersonKind};
use model::{Address, Field, Item, Mail, Value};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a delta of users asks for. A manager is left out: a delta tells it only when it changed.
pub const USER_SELECT: &str = "id,displayName,givenName,surname,mail,proxyAddresses,businessPhones,\
mobilePhone,faxNumber,jobTitle,department,companyName,officeLocation,streetAddress,city,state,\
postalCode,country,usageLocation,employeeId,employeeType,imAddresses,mailNickname,userPrincipalName,\
accountEnabled,userType,showInAddressList,assignedPlans,onPremisesExtensionAttributes";

pub const ORG_CONTACT_SELECT: &str = "id,displayName,givenName,surname,mail,mailNickname,\
proxyAddresses,companyName,department,jobTitle,phones,addresses";

/// Why the directory says that an object is gone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Removed {
    #[serde(default)]
    pub reason: String,
}

impl Removed {
    /// `changed` is a soft delete that can be restored for 30 days (graph.md 4.2).
    pub fn permanently(&self) -> bool {
        self.reason == "deleted"
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    pub id: String,
    #[serde(rename = "@removed")]
    pub removed: Option<Removed>,
    display_name: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    pub mail: Option<String>,
    proxy_addresses: Option<Vec<String>>,
    business_phones: Option<Vec<String>>,
    mobile_phone: Option<String>,
    fax_number: Option<String>,
    job_title: Option<String>,
    department: Option<String>,
    company_name: Option<String>,
    office_location: Option<String>,
    street_address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    usage_location: Option<String>,
    employee_id: Option<String>,
    employee_type: Option<String>,
    im_addresses: Option<Vec<String>>,
    mail_nickname: Option<String>,
    user_principal_name: Option<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    show_in_address_list: Option<bool>,
    assigned_plans: Option<Vec<AssignedPlan>>,
    on_premises_extension_attributes: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AssignedPlan {
    service: Option<String>,
    capability_status: Option<String>,
}

impl AssignedPlan {
    /// `Warning` is a licence in its grace period: the mailbox still works.
    fn is_mailbox(&self) -> bool {
        let service = self.service.as_deref().unwrap_or("");
        let status = self.capability_status.as_deref().unwrap_or("");
        service.eq_ignore_ascii_case("exchange") && matches!(status, "Enabled" | "Warning")
    }
}

impl User {
    pub fn person(self) -> Person {
        let kind = match self.user_type.as_deref() {
            Some("Guest") => PersonKind::Guest,
            _ => PersonKind::Member,
        };
        Person {
            kind,
            item: self.item(),
            enabled: self.account_enabled,
            listed: self.show_in_address_list,
            country: self.country_or_usage(),
            addresses: addresses(self.mail.as_deref(), self.proxy_addresses.as_deref()),
            attributes: self.attributes(),
            has_plan: self
                .assigned_plans
                .as_ref()
                .map(|plans| plans.iter().any(AssignedPlan::is_mailbox)),
            upn: self.user_principal_name.unwrap_or_default(),
            key: self.id,
        }
    }

    fn item(&self) -> Item {
        let mut item = Item::default();
        let texts = [
            (Field::DisplayName, &self.display_name),
            (Field::GivenName, &self.given_name),
            (Field::Surname, &self.surname),
            (Field::JobTitle, &self.job_title),
            (Field::Department, &self.department),
            (Field::CompanyName, &self.company_name),
            (Field::OfficeLocation, &self.office_location),
            (Field::MobilePhone, &self.mobile_phone),
            (Field::BusinessFax, &self.fax_number),
        ];
        set_texts(&mut item, &texts);
        set_list(&mut item, Field::BusinessPhones, &self.business_phones);
        set_list(&mut item, Field::ImAddresses, &self.im_addresses);
        set_mail(&mut item, &self.mail);
        let address = Address {
            street: self.street_address.clone().unwrap_or_default(),
            city: self.city.clone().unwrap_or_default(),
            state: self.state.clone().unwrap_or_default(),
            postal_code: self.postal_code.clone().unwrap_or_default(),
            country: self.country.clone().unwrap_or_default(),
        };
        item.set(Field::BusinessAddress, Value::Address(Box::new(address)));
        item
    }

    fn country_or_usage(&self) -> String {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        given(&self.country)
            .or_else(|| given(&self.usage_location))
            .unwrap_or_default()
    }

    fn attributes(&self) -> BTreeMap<String, String> {
        let named = [
            ("employee_id", &self.employee_id),
            ("employee_type", &self.employee_type),
            ("mail_nickname", &self.mail_nickname),
            ("usage_location", &self.usage_location),
        ];
        let mut all: BTreeMap<String, String> = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect();
        // extensionAttribute1 … extensionAttribute15
        let extensions = self.on_premises_extension_attributes.iter().flatten();
        for (name, value) in extensions {
            if let (Some(number), Some(value)) = (name.strip_prefix("extensionAttribute"), value) {
                all.insert(format!("extension_attribute{number}"), value.clone());
            }
        }
        all.retain(|_, value| !value.is_empty());
        all
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrgContact {
    pub id: String,
    #[serde(rename = "@removed")]
    pub removed: Option<Removed>,
    display_name: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    mail: Option<String>,
    mail_nickname: Option<String>,
    proxy_addresses: Option<Vec<String>>,
    company_name: Option<String>,
    department: Option<String>,
    job_title: Option<String>,
    phones: Option<Vec<Phone>>,
    addresses: Option<Vec<OfficeAddress>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Phone {
    #[serde(rename = "type")]
    kind: Option<String>,
    number: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OfficeAddress {
    street: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country_or_region: Option<String>,
    office_location: Option<String>,
}

impl OrgContact {
    pub fn person(self) -> Person {
        let office = self.addresses.iter().flatten().next().cloned();
        let office = office.unwrap_or_default();
        let attributes = self.mail_nickname.iter().filter(|n| !n.is_empty());
        Person {
            kind: PersonKind::OrgContact,
            item: self.item(&office),
            upn: String::new(),
            enabled: None,
            listed: None,
            country: office.country_or_region.clone().unwrap_or_default(),
            addresses: addresses(self.mail.as_deref(), self.proxy_addresses.as_deref()),
            attributes: attributes
                .map(|n| ("mail_nickname".to_owned(), n.clone()))
                .collect(),
            has_plan: None,
            key: self.id,
        }
    }

    fn item(&self, office: &OfficeAddress) -> Item {
        let mut item = Item::default();
        let texts = [
            (Field::DisplayName, &self.display_name),
            (Field::GivenName, &self.given_name),
            (Field::Surname, &self.surname),
            (Field::JobTitle, &self.job_title),
            (Field::Department, &self.department),
            (Field::CompanyName, &self.company_name),
            (Field::OfficeLocation, &office.office_location),
        ];
        set_texts(&mut item, &texts);
        set_mail(&mut item, &self.mail);
        self.set_phones(&mut item);
        let address = Address {
            street: office.street.clone().unwrap_or_default(),
            city: office.city.clone().unwrap_or_default(),
            state: office.state.clone().unwrap_or_default(),
            postal_code: office.postal_code.clone().unwrap_or_default(),
            country: office.country_or_region.clone().unwrap_or_default(),
        };
        item.set(Field::BusinessAddress, Value::Address(Box::new(address)));
        item
    }

    fn set_phones(&self, item: &mut Item) {
        let of = |kind: &str| -> Vec<String> {
            let phones = self.phones.iter().flatten();
            let fits = phones.filter(|p| p.kind.as_deref() == Some(kind));
            let numbers = fits.filter_map(|p| p.number.clone());
            numbers.filter(|n| !n.trim().is_empty()).collect()
        };
        item.set(Field::BusinessPhones, Value::Texts(of("business").into()));
        item.set(Field::HomePhones, Value::Texts(of("home").into()));
        let single = [
            (Field::MobilePhone, "mobile"),
            (Field::OtherPhone, "other"),
            (Field::BusinessFax, "businessFax"),
            (Field::Pager, "pager"),
        ];
        for (field, kind) in single {
            let first = of(kind).into_iter().next().unwrap_or_default();
            item.set(field, Value::text(first));
        }
    }
}

fn set_texts(item: &mut Item, texts: &[(Field, &Option<String>)]) {
    for (field, text) in texts {
        item.set(*field, Value::text(text.as_deref().unwrap_or_default()));
    }
}

fn set_list(item: &mut Item, field: Field, list: &Option<Vec<String>>) {
    let given = list.iter().flatten().filter(|t| !t.trim().is_empty());
    item.set(field, Value::Texts(given.cloned().collect()));
}

fn set_mail(item: &mut Item, mail: &Option<String>) {
    let mails = mail.iter().map(|address| Mail {
        address: address.clone(),
        name: String::new(),
    });
    item.set(Field::Emails, Value::Mails(mails.collect()));
}

/// Every SMTP address, lower case: `SMTP:` is the primary one, `smtp:` the others; X500, SIP and the like
/// are not addresses.
fn addresses(mail: Option<&str>, proxies: Option<&[String]>) -> BTreeSet<String> {
    let smtp = proxies.into_iter().flatten().filter_map(|proxy| {
        let (scheme, address) = proxy.split_once(':')?;
        scheme.eq_ignore_ascii_case("smtp").then_some(address)
    });
    smtp.chain(mail)
        .map(|address| address.trim().to_lowercase())
        .filter(|address| !address.is_empty())
        .collect()
}

/// A contact of a mailbox folder as a person.
pub fn folder_contact(key: String, item: Item, stamp: Option<String>) -> Person {
    let mails = match item.get(Field::Emails) {
        Some(Value::Mails(mails)) => &**mails,
        _ => &[],
    };
    let addresses = mails
        .iter()
        .map(|m| m.address.trim().to_lowercase())
        .collect();
    let country = match item.get(Field::BusinessAddress) {
        Some(Value::Address(address)) => address.country.clone(),
        _ => String::new(),
    };
    Person {
        key,
        kind: PersonKind::FolderContact,
        item,
        upn: String::new(),
        enabled: None,
        listed: None,
        country,
        addresses,
        attributes: stamp
            .map(|stamp| (STAMP_ATTRIBUTE.to_owned(), stamp))
            .into_iter()
            .collect(),
        has_plan: None,
    }
}

/// The attribute under which a folder contact shows a stamp of ours: a copy must never become a source.
pub const STAMP_ATTRIBUTE: &str = "almanac_stamp";
