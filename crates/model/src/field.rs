//! The fields of an item: one table that every crate reads.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The shape of a field's value, with how two of them compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Ordered slots, at most `max`; a longer list is cut and noted.
    Slots {
        max: usize,
    },
    /// A set of short texts; the order carries no meaning.
    Set,
    /// E-mail addresses, at most `max`; addresses compare without case.
    Mails {
        max: usize,
    },
    Address,
    Date,
    /// Free text of which only a delimited part is ours when the rule says `append`.
    Notes,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $yaml:literal $kind:expr;)*) => {
        /// A field of a contact. The name in YAML, tables and plans is `as_str`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field { $($(#[$doc])* #[serde(rename = $yaml)] $name,)* }

        impl Field {
            /// Every field, in the order in which people read a contact.
            pub const ALL: &'static [Field] = &[$(Field::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Field::$name => $yaml,)* }
            }

            pub fn kind(self) -> Kind {
                match self { $(Field::$name => $kind,)* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($yaml => Some(Field::$name),)* _ => None }
            }
        }
    };
}

// Slot limits: Graph refuses more (graph.md 2.2).
fields! {
    DisplayName "display_name" Kind::Text;
    Title "title" Kind::Text;
    GivenName "given_name" Kind::Text;
    MiddleName "middle_name" Kind::Text;
    Surname "surname" Kind::Text;
    /// Name suffix: Jr., III.
    Suffix "suffix" Kind::Text;
    Initials "initials" Kind::Text;
    NickName "nick_name" Kind::Text;
    FileAs "file_as" Kind::Text;
    CompanyName "company_name" Kind::Text;
    Department "department" Kind::Text;
    JobTitle "job_title" Kind::Text;
    OfficeLocation "office_location" Kind::Text;
    Profession "profession" Kind::Text;
    Manager "manager" Kind::Text;
    AssistantName "assistant_name" Kind::Text;
    Emails "emails" Kind::Mails { max: 3 };
    MobilePhone "mobile_phone" Kind::Text;
    BusinessPhones "business_phones" Kind::Slots { max: 2 };
    HomePhones "home_phones" Kind::Slots { max: 2 };
    /// An extended property on the wire (`String 0x3A24`).
    BusinessFax "business_fax" Kind::Text;
    /// An extended property on the wire (`String 0x3A1F`).
    OtherPhone "other_phone" Kind::Text;
    /// An extended property on the wire (`String 0x3A21`).
    Pager "pager" Kind::Text;
    ImAddresses "im_addresses" Kind::Slots { max: 3 };
    BusinessAddress "business_address" Kind::Address;
    HomeAddress "home_address" Kind::Address;
    OtherAddress "other_address" Kind::Address;
    BusinessHomePage "business_home_page" Kind::Text;
    Birthday "birthday" Kind::Date;
    SpouseName "spouse_name" Kind::Text;
    YomiGivenName "yomi_given_name" Kind::Text;
    YomiSurname "yomi_surname" Kind::Text;
    YomiCompanyName "yomi_company_name" Kind::Text;
    Categories "categories" Kind::Set;
    Notes "notes" Kind::Notes;
}

impl Field {
    /// Fields that Graph delivers only as single-value extended properties: no delta carries them.
    pub fn is_extended(self) -> bool {
        matches!(self, Self::BusinessFax | Self::OtherPhone | Self::Pager)
    }

    /// Names that Exchange makes up from the others when they are left blank (graph.md 2.2, Q15).
    pub fn is_made_up(self) -> bool {
        matches!(self, Self::DisplayName | Self::FileAs)
    }

    /// Fields that hold telephone numbers.
    pub fn is_phone(self) -> bool {
        matches!(
            self,
            Self::MobilePhone
                | Self::BusinessPhones
                | Self::HomePhones
                | Self::BusinessFax
                | Self::OtherPhone
                | Self::Pager
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_one_name() {
        for field in Field::ALL {
            assert_eq!(Field::parse(field.as_str()), Some(*field));
        }
    }
}
