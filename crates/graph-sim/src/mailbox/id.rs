//! Ids of items and folders: computed from numbers, never stored, and read back without a table.
//!
//! Shapes follow Exchange's: `AAMk…` regular, `AAkALg…` immutable, both url-safe base64 and case-sensitive.
//! A regular id names the folder and so changes on a move; an immutable one does not (graph.md 2.8).

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const REGULAR: &str = "AAMkAG";
const IMMUTABLE: &str = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A";
const ITEM: &str = "BGAAAAAA";
const FOLDER: &str = "AuAAAAAA";
const END: &str = "AAA=";

/// What the ids of one mailbox are made of.
#[derive(Clone, Debug)]
pub struct Ids {
    tag: String,
    /// Grows when the mailbox is moved and all ids change (F28).
    pub epoch: u32,
    /// Pairs of items have ids that differ in case only (ids are case-sensitive, graph.md 2.8).
    pub colliding: bool,
}

/// An item as an id names it; `folder` is there for regular ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRef {
    pub item: u32,
    pub folder: Option<u32>,
}

impl Ids {
    pub fn new(salt: u64, colliding: bool) -> Ids {
        let mut tag = String::with_capacity(16);
        put(&mut tag, salt >> 20, 8);
        put(&mut tag, salt, 8);
        Ids {
            tag,
            epoch: 0,
            colliding,
        }
    }

    pub fn regular(&self, item: u32, folder: u32) -> String {
        let mut id = String::with_capacity(56);
        self.start(&mut id, REGULAR, ITEM);
        put(&mut id, u64::from(folder), 6);
        self.number(&mut id, item);
        id
    }

    pub fn immutable(&self, item: u32) -> String {
        let mut id = String::with_capacity(72);
        self.start(&mut id, IMMUTABLE, "");
        self.number(&mut id, item);
        id
    }

    pub fn folder(&self, folder: u32) -> String {
        let mut id = String::with_capacity(48);
        self.start(&mut id, REGULAR, FOLDER);
        put(&mut id, u64::from(folder), 6);
        id.push_str(END);
        id
    }

    pub fn read_item(&self, id: &str) -> Option<ItemRef> {
        let regular = self.body(id, REGULAR, ITEM);
        match regular {
            Some(rest) => {
                let (folder, rest) = rest.split_at_checked(6)?;
                let folder = u32::try_from(get(folder)?).ok()?;
                Some(ItemRef {
                    item: self.read_number(rest)?,
                    folder: Some(folder),
                })
            }
            None => {
                let rest = self.body(id, IMMUTABLE, "")?;
                Some(ItemRef {
                    item: self.read_number(rest)?,
                    folder: None,
                })
            }
        }
    }

    pub fn read_folder(&self, id: &str) -> Option<u32> {
        let rest = self.body(id, REGULAR, FOLDER)?.strip_suffix(END)?;
        u32::try_from(get(rest).filter(|_| rest.len() == 6)?).ok()
    }

    fn start(&self, id: &mut String, prefix: &str, kind: &str) {
        id.push_str(prefix);
        id.push_str(&self.tag);
        id.push_str(kind);
        put(id, u64::from(self.epoch), 2);
    }

    fn number(&self, id: &mut String, item: u32) {
        let (number, mark) = match (self.colliding, item % 2) {
            (false, _) => (item, "AA"),
            (true, 0) => (item / 2, "qQ"),
            (true, _) => (item / 2, "Qq"),
        };
        put(id, u64::from(number), 6);
        id.push_str(mark);
        id.push_str(END);
    }

    fn read_number(&self, text: &str) -> Option<u32> {
        let text = text.strip_suffix(END)?;
        let (digits, mark) = text.split_at_checked(6)?;
        let number = u32::try_from(get(digits)?).ok()?;
        match (self.colliding, mark) {
            (false, "AA") => Some(number),
            (true, "qQ") => number.checked_mul(2),
            (true, "Qq") => number.checked_mul(2)?.checked_add(1),
            _ => None,
        }
    }

    fn body<'a>(&self, id: &'a str, prefix: &str, kind: &str) -> Option<&'a str> {
        let rest = id
            .strip_prefix(prefix)?
            .strip_prefix(self.tag.as_str())?
            .strip_prefix(kind)?;
        let (epoch, rest) = rest.split_at_checked(2)?;
        (get(epoch)? == u64::from(self.epoch)).then_some(rest)
    }
}

/// Whether a text could be an id at all; what could not is `ErrorInvalidIdMalformed`.
pub fn is_well_formed(id: &str) -> bool {
    id.len() >= 20 && id.bytes().all(|b| DIGITS.contains(&b) || b == b'=')
}

fn put(out: &mut String, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(DIGITS[(number >> (6 * place) & 63) as usize]));
    }
}

fn get(text: &str) -> Option<u64> {
    let mut number = 0u64;
    for b in text.bytes() {
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        number = number << 6 | u64::from(digit);
    }
    Some(number)
}
