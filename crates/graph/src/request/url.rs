//! Addresses of requests, percent-encoded.

use model::mutant::{self, Mutant};

/// One path segment: an id, an address.
pub fn segment(text: &str) -> String {
    encode(text, b"-_.~=@")
}

/// A query value. What OData writes plainly stays readable.
pub fn query(text: &str) -> String {
    encode(text, b"-_.~$,()'=;:@/!*")
}

/// A value of an `application/x-www-form-urlencoded` body.
pub fn form(text: &str) -> String {
    encode(text, b"-_.~")
}

/// A string literal of an OData expression: quotes are doubled.
pub fn literal(text: &str) -> String {
    let quote = if mutant::on(Mutant::E13) { "'" } else { "''" };
    format!("'{}'", text.replace('\'', quote))
}

fn encode(text: &str, keep: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Is this a link into the Graph we speak to? A token must never follow a link to anywhere else.
pub fn is_ours(link: &str, graph: &str) -> bool {
    let Some((host, rest)) = link.split_at_checked(graph.len()) else {
        return false;
    };
    host.eq_ignore_ascii_case(graph) && rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_ampersands_cannot_leave_their_value() {
        assert_eq!(
            query(&literal("O'Brien & Söhne")),
            "'O''Brien%20%26%20S%C3%B6hne'"
        );
        assert_eq!(segment("AAMk/x+y=="), "AAMk%2Fx%2By==");
        assert_eq!(segment("a#EXT#@b"), "a%23EXT%23@b");
    }

    #[test]
    fn only_links_to_our_graph_are_followed() {
        let graph = "https://graph.microsoft.com";
        assert!(is_ours("https://graph.microsoft.com/v1.0/users", graph));
        assert!(is_ours("https://Graph.Microsoft.com/v1.0/users", graph));
        assert!(!is_ours("https://graph.microsoft.com.evil.example/", graph));
        assert!(!is_ours("http://graph.microsoft.com/v1.0", graph));
        assert!(!is_ours("https://g", graph));
    }
}
