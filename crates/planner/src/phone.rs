//! Telephone numbers: to E.164 by the region of the person or tenant, extensions kept.
//!
//! An extension is written as a comma and its digits (`+4930123456,12`): iPhones and Android phones dial the
//! number, pause, and send the digits. `;ext=` and `x12` are text to most phones and are dialled wrongly or
//! not at all. A number that cannot be understood stays as it was written, and is noted.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// A number after reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// E.164 with its extension, or the text as it was written (trimmed).
    pub text: String,
    pub readable: bool,
}

/// Longer texts are no telephone numbers.
const LENGTH_MAX: usize = 100;

/// Reads a number as someone in `region` (ISO 3166 alpha-2) would dial it.
pub fn normalise(raw: &str, region: Option<&str>) -> Phone {
    let raw = raw.trim();
    match e164(raw, region) {
        Some(text) => Phone {
            text,
            readable: true,
        },
        None => Phone {
            text: raw.to_owned(),
            readable: raw.is_empty(),
        },
    }
}

/// A key under which equal numbers are equal: E.164 where readable, else the digits.
pub fn key(raw: &str, region: Option<&str>) -> String {
    let phone = normalise(raw, region);
    if phone.readable {
        return phone.text;
    }
    phone.text.chars().filter(char::is_ascii_digit).collect()
}

fn e164(raw: &str, region: Option<&str>) -> Option<String> {
    if raw.is_empty() || raw.len() > LENGTH_MAX {
        return None;
    }
    let (number, paused) = split_pause(raw);
    let region = region.and_then(|r| Region::from_code(r).ok());
    let parsed = PHONE_NUMBER_UTIL.parse(number, region).ok()?;
    let international = number.trim_start().starts_with(['+', '＋']);
    let trusted = PHONE_NUMBER_UTIL.is_valid_number(&parsed)
        || (international && PHONE_NUMBER_UTIL.is_possible_number(&parsed));
    if !trusted {
        return None;
    }
    let mut text = PHONE_NUMBER_UTIL
        .format(&parsed, PhoneNumberFormat::E164)
        .into_owned();
    let extension = paused.or(parsed.extension.as_deref().filter(|e| !e.is_empty()));
    if let Some(extension) = extension {
        // E.164 never has a separator, so the first comma ends the number.
        text = format!("{},{extension}", text.split(';').next().unwrap_or(&text));
    }
    Some(text)
}

/// Splits `number,12` (a pause and digits): the form that we write ourselves.
fn split_pause(raw: &str) -> (&str, Option<&str>) {
    match raw.split_once(',') {
        Some((number, digits)) if is_digits(digits.trim()) => (number, Some(digits.trim())),
        _ => (raw, None),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The region of a country as directories write it: an ISO code, or a common name in English or in the
/// country's own language.
pub fn region(country: &str) -> Option<String> {
    let name = country.trim().to_lowercase();
    if let Some((_, code)) = COUNTRIES.iter().find(|(n, _)| *n == name) {
        return Some((*code).to_owned());
    }
    let code = name.to_uppercase();
    (code.len() == 2 && Region::from_code(&code).is_ok()).then_some(code)
}

/// Names and three-letter codes that client directories hold in practice; two-letter codes need no row.
const COUNTRIES: &[(&str, &str)] = &[
    ("argentina", "AR"),
    ("australia", "AU"),
    ("aus", "AU"),
    ("austria", "AT"),
    ("österreich", "AT"),
    ("aut", "AT"),
    ("belgium", "BE"),
    ("belgië", "BE"),
    ("belgique", "BE"),
    ("bel", "BE"),
    ("brazil", "BR"),
    ("brasil", "BR"),
    ("bra", "BR"),
    ("bulgaria", "BG"),
    ("canada", "CA"),
    ("can", "CA"),
    ("chile", "CL"),
    ("china", "CN"),
    ("chn", "CN"),
    ("colombia", "CO"),
    ("croatia", "HR"),
    ("hrvatska", "HR"),
    ("cyprus", "CY"),
    ("czech republic", "CZ"),
    ("czechia", "CZ"),
    ("cze", "CZ"),
    ("denmark", "DK"),
    ("danmark", "DK"),
    ("dnk", "DK"),
    ("egypt", "EG"),
    ("england", "GB"),
    ("estonia", "EE"),
    ("finland", "FI"),
    ("suomi", "FI"),
    ("fin", "FI"),
    ("france", "FR"),
    ("fra", "FR"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("deu", "DE"),
    ("ger", "DE"),
    ("greece", "GR"),
    ("hong kong", "HK"),
    ("hungary", "HU"),
    ("magyarország", "HU"),
    ("iceland", "IS"),
    ("india", "IN"),
    ("ind", "IN"),
    ("indonesia", "ID"),
    ("ireland", "IE"),
    ("irl", "IE"),
    ("israel", "IL"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("ita", "IT"),
    ("japan", "JP"),
    ("日本", "JP"),
    ("jpn", "JP"),
    ("korea", "KR"),
    ("south korea", "KR"),
    ("latvia", "LV"),
    ("liechtenstein", "LI"),
    ("lithuania", "LT"),
    ("luxembourg", "LU"),
    ("lux", "LU"),
    ("malaysia", "MY"),
    ("malta", "MT"),
    ("mexico", "MX"),
    ("méxico", "MX"),
    ("mex", "MX"),
    ("morocco", "MA"),
    ("netherlands", "NL"),
    ("the netherlands", "NL"),
    ("nederland", "NL"),
    ("nld", "NL"),
    ("new zealand", "NZ"),
    ("nzl", "NZ"),
    ("norway", "NO"),
    ("norge", "NO"),
    ("nor", "NO"),
    ("philippines", "PH"),
    ("poland", "PL"),
    ("polska", "PL"),
    ("pol", "PL"),
    ("portugal", "PT"),
    ("prt", "PT"),
    ("romania", "RO"),
    ("românia", "RO"),
    ("saudi arabia", "SA"),
    ("serbia", "RS"),
    ("singapore", "SG"),
    ("sgp", "SG"),
    ("slovakia", "SK"),
    ("slovenia", "SI"),
    ("south africa", "ZA"),
    ("zaf", "ZA"),
    ("spain", "ES"),
    ("españa", "ES"),
    ("esp", "ES"),
    ("sweden", "SE"),
    ("sverige", "SE"),
    ("swe", "SE"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("che", "CH"),
    ("taiwan", "TW"),
    ("thailand", "TH"),
    ("turkey", "TR"),
    ("türkiye", "TR"),
    ("uk", "GB"),
    ("ukraine", "UA"),
    ("united arab emirates", "AE"),
    ("uae", "AE"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("gbr", "GB"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("usa", "US"),
    ("vietnam", "VN"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(raw: &str, region: &str) -> String {
        normalise(raw, Some(region)).text
    }

    #[test]
    fn numbers_become_e164_by_their_region() {
        assert_eq!(read("030 / 12 34 56", "DE"), "+4930123456");
        assert_eq!(read("(0)20 7946 0958", "GB"), "+442079460958");
        assert_eq!(read("00 41 44 668 18 00", "DE"), "+41446681800");
        assert_eq!(read("+1 (918) 555-0101", "DE"), "+19185550101");
    }

    #[test]
    fn extensions_are_kept_as_phones_dial_them() {
        for raw in [
            "+49 30 123456 ext. 12",
            "+49 30 123456 x12",
            "+4930123456,12",
            "tel:+49-30-123456;ext=12",
        ] {
            assert_eq!(read(raw, "US"), "+4930123456,12", "{raw}");
        }
    }

    #[test]
    fn what_cannot_be_read_stays_as_written() {
        for raw in ["4711", "ask reception", "12-34"] {
            assert_eq!(
                normalise(raw, Some("DE")),
                Phone {
                    text: raw.into(),
                    readable: false
                }
            );
        }
        assert!(!normalise("030 123456", None).readable);
    }

    #[test]
    fn countries_are_known_by_code_and_by_name() {
        assert_eq!(region(" Deutschland ").as_deref(), Some("DE"));
        assert_eq!(region("gb").as_deref(), Some("GB"));
        assert_eq!(region("Atlantis"), None);
        assert_eq!(region(""), None);
        assert!(
            COUNTRIES
                .iter()
                .all(|(n, c)| *n == n.to_lowercase() && Region::from_code(c).is_ok())
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(raw in "\\PC{0,40}", region in "[A-Z]{0,3}") {
            let _ = normalise(&raw, Some(&region));
        }

        #[test]
        fn reading_twice_changes_nothing(raw in "[+0-9x,; ()/.ext-]{0,24}") {
            let once = normalise(&raw, Some("DE"));
            prop_assert_eq!(normalise(&once.text, Some("DE")), once.clone());
        }
    }
}
