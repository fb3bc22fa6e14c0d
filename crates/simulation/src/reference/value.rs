//! Values as people read them: what counts as equal, whatever the spelling.

/// The shape of a field's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    Phone,
    Date,
    /// One element a line, at most so many; the order does not matter.
    Words(usize),
    Phones(usize),
}

pub const IDENTITY: [&str; 3] = ["given_name", "surname", "display_name"];
pub const PHONES: [&str; 6] = [
    "mobile_phone",
    "business_phones",
    "home_phones",
    "business_fax",
    "other_phone",
    "pager",
];

pub fn shape(field: &str) -> Shape {
    match field {
        "business_phones" | "home_phones" => Shape::Phones(2),
        "mobile_phone" | "business_fax" | "other_phone" | "pager" => Shape::Phone,
        "emails" | "im_addresses" => Shape::Words(3),
        "categories" => Shape::Words(usize::MAX),
        "birthday" => Shape::Date,
        _ => Shape::Text,
    }
}

/// Trimmed, control characters dropped, white space as one blank.
pub fn squash(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text is equal, or a long one was cut by the server.
pub fn text_same(want: &str, got: &str) -> bool {
    let (want, got) = (squash(want), squash(got));
    want == got || (got.chars().count() >= 60 && want.starts_with(&got))
}

/// One value or one element of a list.
pub fn same(field: &str, want: &str, got: &str, code: &str) -> bool {
    match shape(field) {
        Shape::Text => text_same(want, got),
        Shape::Date => squash(want).get(..10) == squash(got).get(..10),
        Shape::Words(_) => squash(want).to_lowercase() == squash(got).to_lowercase(),
        Shape::Phone | Shape::Phones(_) => phone_same(want, got, code),
    }
}

/// The elements of a value; a single value is its only element.
pub fn elements(field: &str, text: &str) -> Vec<String> {
    let parts: Vec<&str> = match shape(field) {
        Shape::Words(_) | Shape::Phones(_) => text.lines().collect(),
        _ => vec![text],
    };
    parts
        .into_iter()
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Does `got` hold all of `want` (as far as the slots reach), and beyond it only what `extra` allows?
pub fn covers(field: &str, want: &str, got: &str, extra: &[String], code: &str) -> bool {
    let (want, got) = (elements(field, want), elements(field, got));
    let has = |list: &[String], one: &String| list.iter().any(|w| same(field, w, one, code));
    let slots = match shape(field) {
        Shape::Words(max) | Shape::Phones(max) => max,
        _ => 1,
    };
    let held = want
        .iter()
        .filter(|w| got.iter().any(|g| same(field, w, g, code)))
        .count();
    held >= want.len().min(slots) && got.iter().all(|g| has(&want, g) || has(extra, g))
}

struct Phone {
    plus: bool,
    digits: String,
    extension: String,
    /// Letters, digits of other scripts, or several numbers in one: what becomes of it is not ours to say.
    odd: bool,
}

const EXTENSION: [&str; 5] = [";ext=", "extension", "ext", "x", "#"];

fn digits(text: &str) -> String {
    text.chars()
        .filter_map(|c| c.to_digit(10))
        .filter_map(|d| char::from_digit(d, 10))
        .collect()
}

fn phone(text: &str) -> Phone {
    let lower = text.trim().to_lowercase();
    let cut = EXTENSION
        .iter()
        .filter_map(|m| lower.find(m))
        .min()
        .unwrap_or(lower.len());
    let (number, extension) = lower.split_at(cut);
    let number = number.trim().trim_start_matches("tel:");
    let mut all = digits(number);
    let plus = number.starts_with(['+', '+']) || all.starts_with("00");
    if plus {
        // `+44 (0)20 …`: the trunk zero is not dialled from abroad.
        all = digits(&number.replace("(0)", ""))
            .trim_start_matches("00")
            .to_owned();
    }
    let odd = number
        .chars()
        .any(|c| c.is_alphabetic() || (c.is_numeric() && !c.is_ascii()))
        || all.len() > 15;
    Phone {
        plus,
        digits: all,
        extension: digits(extension),
        odd,
    }
}

/// Equal for people: the last seven digits, the extension, and the country where both sides tell.
pub fn phone_same(want: &str, got: &str, code: &str) -> bool {
    let (w, g) = (phone(want), phone(got));
    let short = w.digits.len().min(g.digits.len());
    if w.odd && !squash(got).is_empty() {
        return true;
    }
    if w.extension != g.extension {
        return false;
    }
    if short < 7 {
        return w.digits == g.digits && (short > 0 || squash(want) == squash(got));
    }
    let tail = |d: &str| d[d.len() - 7..].to_owned();
    let country = match (w.plus, g.plus) {
        (true, true) => w.digits[..1] == g.digits[..1],
        (false, true) => {
            code.is_empty() || w.digits.starts_with("011") || g.digits.starts_with(code)
        }
        (_, false) => true,
    };
    tail(&w.digits) == tail(&g.digits) && country
}

/// What two equal numbers have in common at least.
pub fn phone_end(text: &str) -> String {
    let all = phone(text).digits;
    all[all.len().saturating_sub(7)..].to_owned()
}

/// Surely one and the same number: both in full, with their country.
pub fn phone_surely_same(a: (&str, &str), b: (&str, &str)) -> bool {
    let full = |(text, code): (&str, &str)| {
        let p = phone(text);
        let national = p.digits.trim_start_matches('0').to_owned();
        let number = if p.plus {
            p.digits
        } else {
            format!("{code}{national}")
        };
        (p.plus || !code.is_empty()).then_some((number, p.extension))
    };
    full(a).is_some() && full(a) == full(b)
}

const CODES: [(&str, &str); 26] = [
    ("US", "1"),
    ("CA", "1"),
    ("GB", "44"),
    ("DE", "49"),
    ("FR", "33"),
    ("NO", "47"),
    ("SE", "46"),
    ("DK", "45"),
    ("FI", "358"),
    ("NL", "31"),
    ("BE", "32"),
    ("AT", "43"),
    ("CH", "41"),
    ("IT", "39"),
    ("ES", "34"),
    ("PL", "48"),
    ("PT", "351"),
    ("IE", "353"),
    ("AU", "61"),
    ("NZ", "64"),
    ("JP", "81"),
    ("IN", "91"),
    ("BR", "55"),
    ("ZA", "27"),
    ("CZ", "420"),
    ("GR", "30"),
];

/// The calling code of a person's country, else of the tunnel's region; blank where we do not know it.
pub fn calling_code(country: &str, region: &str) -> &'static str {
    let key = if country.trim().is_empty() {
        region
    } else {
        country
    };
    let found = CODES
        .iter()
        .find(|(c, _)| c.eq_ignore_ascii_case(key.trim()));
    found.map_or("", |(_, code)| code)
}
