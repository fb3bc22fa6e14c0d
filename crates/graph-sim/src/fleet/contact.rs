//! A personal contact of a fleet, and the folder it lies in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Contacts in one folder of one mailbox. A folder is made when it is named, even without contacts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderContent {
    /// Whose mailbox: id, user principal name, address or name; an id once the fleet is complete.
    pub mailbox: String,
    /// Path below the default folder, segments by `/`; empty or `Contacts` is the default folder itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// A contact as a fleet file writes it; [`Contact::to_graph`] gives Graph's form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// Graph's `displayName`.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yomi_given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yomi_surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_as: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<EmailAddress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub business_phones: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub home_phones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub im_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profession: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assistant_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spouse_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    #[serde(skip_serializing_if = "PostalAddress::is_blank")]
    pub business_address: PostalAddress,
    #[serde(skip_serializing_if = "PostalAddress::is_blank")]
    pub home_address: PostalAddress,
    #[serde(skip_serializing_if = "PostalAddress::is_blank")]
    pub other_address: PostalAddress,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_page: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Which portrait the contact has (see [`crate::fleet::photo`]); none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<u64>,
}

/// An address with the name shown beside it; a fleet file may write the address alone as a string.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "AddressForm", into = "AddressForm")]
pub struct EmailAddress {
    pub address: String,
    pub name: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AddressForm {
    Bare(String),
    Named { address: String, name: String },
}

/// Graph's physicalAddress; blank parts are empty strings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostalAddress {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub street: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
}

impl FolderContent {
    /// The folder's path below the default Contacts folder; empty for the default folder itself.
    pub fn segments(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = self.folder.split('/').filter(|s| !s.is_empty()).collect();
        if parts
            .first()
            .is_some_and(|s| s.eq_ignore_ascii_case("contacts"))
        {
            parts.remove(0);
        }
        parts
    }
}

impl Contact {
    /// The body a client would POST to create this contact: only what is set.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("displayName".into(), json!(self.name));
        self.put_texts(&mut body);
        self.put_lists(&mut body);
        self.put_addresses(&mut body);
        body
    }

    fn put_texts(&self, body: &mut Map<String, Value>) {
        let texts = [
            ("givenName", &self.given_name),
            ("middleName", &self.middle_name),
            ("surname", &self.surname),
            ("title", &self.title),
            ("generation", &self.generation),
            ("nickName", &self.nick_name),
            ("yomiGivenName", &self.yomi_given_name),
            ("yomiSurname", &self.yomi_surname),
            ("fileAs", &self.file_as),
            ("mobilePhone", &self.mobile_phone),
            ("companyName", &self.company),
            ("department", &self.department),
            ("jobTitle", &self.job_title),
            ("profession", &self.profession),
            ("officeLocation", &self.office),
            ("manager", &self.manager),
            ("assistantName", &self.assistant_name),
            ("spouseName", &self.spouse_name),
            ("businessHomePage", &self.home_page),
            ("personalNotes", &self.notes),
        ];
        for (name, value) in texts {
            if let Some(text) = value {
                body.insert(name.into(), json!(text));
            }
        }
        if let Some(day) = &self.birthday {
            body.insert("birthday".into(), json!(format!("{day}T00:00:00Z")));
        }
    }

    fn put_lists(&self, body: &mut Map<String, Value>) {
        let lists = [
            ("businessPhones", &self.business_phones),
            ("homePhones", &self.home_phones),
            ("imAddresses", &self.im_addresses),
            ("children", &self.children),
            ("categories", &self.categories),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                body.insert(name.into(), json!(list));
            }
        }
        if !self.emails.is_empty() {
            let shown = |e: &EmailAddress| e.name.clone().unwrap_or_else(|| e.address.clone());
            let list = self
                .emails
                .iter()
                .map(|e| json!({"address": e.address, "name": shown(e)}));
            body.insert("emailAddresses".into(), list.collect());
        }
    }

    fn put_addresses(&self, body: &mut Map<String, Value>) {
        let places = [
            ("businessAddress", &self.business_address),
            ("homeAddress", &self.home_address),
            ("otherAddress", &self.other_address),
        ];
        for (name, place) in places {
            if !place.is_blank() {
                body.insert(name.into(), place.to_graph());
            }
        }
    }
}

impl PostalAddress {
    pub fn is_blank(&self) -> bool {
        *self == PostalAddress::default()
    }

    /// Graph's physicalAddress with the parts that are set.
    pub fn to_graph(&self) -> Value {
        let parts = [
            ("street", &self.street),
            ("city", &self.city),
            ("state", &self.state),
            ("postalCode", &self.postal_code),
            ("countryOrRegion", &self.country),
        ];
        let set = parts.into_iter().filter(|(_, text)| !text.is_empty());
        Value::Object(
            set.map(|(name, text)| (name.to_string(), json!(text)))
                .collect(),
        )
    }
}

impl From<AddressForm> for EmailAddress {
    fn from(form: AddressForm) -> Self {
        match form {
            AddressForm::Bare(address) => EmailAddress {
                address,
                name: None,
            },
            AddressForm::Named { address, name } => EmailAddress {
                address,
                name: Some(name),
            },
        }
    }
}

impl From<EmailAddress> for AddressForm {
    fn from(email: EmailAddress) -> Self {
        match email.name {
            None => AddressForm::Bare(email.address),
            Some(name) => AddressForm::Named {
                address: email.address,
                name,
            },
        }
    }
}
