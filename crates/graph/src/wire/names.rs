//! What Graph calls our fields (graph.md 2.1, 2.6), as one table.

use model::Field;
use std::sync::LazyLock;

/// Where Graph keeps a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A property of the contact.
    Plain(&'static str),
    /// A single-value extended property, by its id.
    Extended(&'static str),
}

/// The extended property that carries our mark. The GUID is ours alone and never changes: marks that are
/// already in mailboxes would be lost.
pub const STAMP: &str = "String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp";

/// Hidden folders (PR_ATTR_HIDDEN) are the server's own (graph.md 2.3).
pub const HIDDEN: &str = "Boolean 0x10F4";

pub fn slot(field: Field) -> Slot {
    use Slot::{Extended, Plain};
    match field {
        Field::DisplayName => Plain("displayName"),
        Field::Title => Plain("title"),
        Field::GivenName => Plain("givenName"),
        Field::MiddleName => Plain("middleName"),
        Field::Surname => Plain("surname"),
        Field::Suffix => Plain("generation"),
        Field::Initials => Plain("initials"),
        Field::NickName => Plain("nickName"),
        Field::FileAs => Plain("fileAs"),
        Field::CompanyName => Plain("companyName"),
        Field::Department => Plain("department"),
        Field::JobTitle => Plain("jobTitle"),
        Field::OfficeLocation => Plain("officeLocation"),
        Field::Profession => Plain("profession"),
        Field::Manager => Plain("manager"),
        Field::AssistantName => Plain("assistantName"),
        // The list form only: which form wins when both are written is undocumented (graph.md 2.2).
        Field::Emails => Plain("emailAddresses"),
        Field::MobilePhone => Plain("mobilePhone"),
        Field::BusinessPhones => Plain("businessPhones"),
        Field::HomePhones => Plain("homePhones"),
        Field::BusinessFax => Extended("String 0x3A24"),
        Field::OtherPhone => Extended("String 0x3A1F"),
        Field::Pager => Extended("String 0x3A21"),
        Field::ImAddresses => Plain("imAddresses"),
        Field::BusinessAddress => Plain("businessAddress"),
        Field::HomeAddress => Plain("homeAddress"),
        Field::OtherAddress => Plain("otherAddress"),
        Field::BusinessHomePage => Plain("businessHomePage"),
        Field::Birthday => Plain("birthday"),
        Field::SpouseName => Plain("spouseName"),
        Field::YomiGivenName => Plain("yomiGivenName"),
        Field::YomiSurname => Plain("yomiSurname"),
        Field::YomiCompanyName => Plain("yomiCompanyName"),
        Field::Categories => Plain("categories"),
        Field::Notes => Plain("personalNotes"),
    }
}

/// The field behind a property name of a contact.
pub fn plain(name: &str) -> Option<Field> {
    // By length: few names share one, so that hardly any texts are compared.
    static NAMES: LazyLock<Vec<Vec<(&'static str, Field)>>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for field in Field::ALL {
            if let Slot::Plain(name) = slot(*field) {
                all.resize(all.len().max(name.len() + 1), Vec::new());
                all[name.len()].push((name, *field));
            }
        }
        all
    });
    let alike = NAMES.get(name.len())?;
    let found = alike.iter().find(|(known, _)| *known == name);
    found.map(|(_, field)| *field)
}

/// What an extended property's id means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    Stamp,
    Hidden,
    Field(Field),
}

/// Graph echoes ids in its own case; only what follows ` Name ` is case-sensitive (graph.md 2.6).
pub fn extra(id: &str) -> Option<Extra> {
    if same_id(id, STAMP) {
        return Some(Extra::Stamp);
    }
    if same_id(id, HIDDEN) {
        return Some(Extra::Hidden);
    }
    let fields = Field::ALL.iter().filter(|f| f.is_extended());
    fields
        .copied()
        .find(|f| matches!(slot(*f), Slot::Extended(known) if same_id(id, known)))
        .map(Extra::Field)
}

fn same_id(a: &str, b: &str) -> bool {
    match (a.split_once(" Name "), b.split_once(" Name ")) {
        (Some((a, a_name)), Some((b, b_name))) => a.eq_ignore_ascii_case(b) && a_name == b_name,
        (None, None) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

/// Every plain field, for `$select`: naming them all is what makes an absent one visible.
pub fn select() -> &'static str {
    static SELECT: LazyLock<String> = LazyLock::new(|| {
        let names = Field::ALL.iter().filter_map(|field| match slot(*field) {
            Slot::Plain(name) => Some(name),
            Slot::Extended(_) => None,
        });
        names.collect::<Vec<_>>().join(",")
    });
    &SELECT
}

/// `$expand` for the stamp and the extended fields.
pub fn expand() -> &'static str {
    static EXPAND: LazyLock<String> = LazyLock::new(|| {
        let extended = Field::ALL.iter().filter_map(|field| match slot(*field) {
            Slot::Extended(id) => Some(id),
            Slot::Plain(_) => None,
        });
        expand_of(std::iter::once(STAMP).chain(extended))
    });
    &EXPAND
}

/// `$expand` for the stamp and the hidden flag of a folder.
pub fn expand_folder() -> &'static str {
    static EXPAND: LazyLock<String> = LazyLock::new(|| expand_of([STAMP, HIDDEN].into_iter()));
    &EXPAND
}

fn expand_of<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let asked: Vec<String> = ids.map(|id| format!("id eq '{id}'")).collect();
    format!(
        "singleValueExtendedProperties($filter={})",
        asked.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_recognised_in_the_case_graph_echoes_them_in() {
        let echoed = STAMP.replace("b7c0a3e4", "B7C0A3E4");
        assert_eq!(extra(&echoed), Some(Extra::Stamp));
        assert_eq!(
            extra("string 0x3a24"),
            Some(Extra::Field(Field::BusinessFax))
        );
        assert_eq!(extra(&STAMP.replace("AlmanacStamp", "almanacstamp")), None);
        assert_eq!(extra("String 0x3A1E"), None);
    }

    #[test]
    fn every_plain_name_leads_back_to_its_field() {
        for field in Field::ALL {
            if let Slot::Plain(name) = slot(*field) {
                assert_eq!(plain(name), Some(*field));
            }
        }
        assert_eq!(plain("changeKey"), None);
    }
}
