//! Exported files as text, whatever tool last saved them.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Decodes by the byte order mark; without one as UTF-8, and what is not UTF-8 as Windows-1252 (Excel's
/// "CSV" in western locales). Never fails: a file that is neither shows wrong letters.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    encoding.decode(bytes).0
}
