//! What a tunnel means where its document says nothing.

use crate::document::FieldRuleDocument;
use model::tunnel::{FieldRule, WhenBlank, WhenPresent};
use model::{Field, Fields, Millis};
use std::collections::BTreeMap;

/// The rule of a field that a document does not name.
///
/// | fields | when present | when blank | why |
/// |---|---|---|---|
/// | names, company, job, phones, e-mails, business address, categories | always | clear | the source is the authority; what is withdrawn there must go everywhere |
/// | nick name, profession, assistant, instant messaging, home and other address, home page, birthday, spouse | always | keep | users note these themselves; a source that knows nothing must not erase them |
/// | notes | append | keep | our text between delimiters, the user's stays |
///
/// Categories are a set: `always` joins those of the source with the user's own, and `clear` takes back only
/// what came from the source.
pub fn default_rule(field: Field) -> FieldRule {
    use Field::*;
    let (when_present, when_blank) = match field {
        DisplayName | Title | GivenName | MiddleName | Surname | Suffix | Initials | FileAs
        | CompanyName | Department | JobTitle | OfficeLocation | Manager | Emails | MobilePhone
        | BusinessPhones | HomePhones | BusinessFax | OtherPhone | Pager | BusinessAddress
        | YomiGivenName | YomiSurname | YomiCompanyName | Categories => {
            (WhenPresent::Always, WhenBlank::Clear)
        }
        NickName | Profession | AssistantName | ImAddresses | HomeAddress | OtherAddress
        | BusinessHomePage | Birthday | SpouseName => (WhenPresent::Always, WhenBlank::Keep),
        Notes => (WhenPresent::Append, WhenBlank::Keep),
    };
    FieldRule {
        when_present,
        when_blank,
    }
}

/// Every field's rule: what is written, and the defaults for the rest.
pub(crate) fn field_rules(written: &BTreeMap<Field, FieldRuleDocument>) -> Fields<FieldRule> {
    let rule = |field: &Field| match written.get(field) {
        Some(rule) => completed(*rule, default_rule(*field)),
        None => default_rule(*field),
    };
    Field::ALL
        .iter()
        .map(|field| (*field, rule(field)))
        .collect()
}

/// Whoever writes `never`, `if_blank` or `append` wants the user's value to stay: then blank means keep.
fn completed(written: FieldRuleDocument, default: FieldRule) -> FieldRule {
    let when_present = written.when_present.unwrap_or(default.when_present);
    let blank = match when_present {
        WhenPresent::Always => default.when_blank,
        WhenPresent::Never | WhenPresent::IfBlank | WhenPresent::Append => WhenBlank::Keep,
    };
    FieldRule {
        when_present,
        when_blank: written.when_blank.unwrap_or(blank),
    }
}

/// A day of silence, but never less than three turns of the schedule.
pub(crate) fn stale_after(every: Millis) -> Millis {
    Millis(Millis::days(1).0.max(every.0 * 3))
}
