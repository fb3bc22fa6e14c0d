//! The tokens of a `$filter` or `$orderby` expression.

use super::{BadQuery, Clause};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, keyword, number, guid or instant: what is neither quoted nor a mark.
    Word(String),
    /// A quoted string, its doubled quotes made single.
    Text(String),
    Open,
    Close,
    Comma,
    Slash,
    Colon,
}

/// Cuts `input` into tokens, each with the position it starts at.
pub(super) fn tokens(input: &str, clause: Clause) -> Result<Vec<(usize, Token)>, BadQuery> {
    let mut found = Vec::new();
    let mut rest = input.char_indices().peekable();
    while let Some(&(at, c)) = rest.peek() {
        if c == '\'' {
            rest.next();
            found.push((at, Token::Text(quoted(&mut rest, at, input, clause)?)));
        } else if let Some(mark) = mark(c) {
            rest.next();
            found.push((at, mark));
        } else if c.is_whitespace() {
            rest.next();
        } else if is_word(c) {
            found.push((at, Token::Word(word(&mut rest))));
        } else {
            let reason = format!(
                "Syntax error: character '{c}' is not valid at position {at} in '{input}'."
            );
            return Err(BadQuery::new(clause, reason));
        }
    }
    Ok(found)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

fn mark(c: char) -> Option<Token> {
    Some(match c {
        '(' => Token::Open,
        ')' => Token::Close,
        ',' => Token::Comma,
        '/' => Token::Slash,
        ':' => Token::Colon,
        _ => return None,
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+' | '$' | '@')
}

/// A word. Only one that starts like a number may hold a colon: `2026-11-23T07:00:00Z`, but `a:a/address`.
fn word(rest: &mut Chars<'_>) -> String {
    let mut word = String::new();
    while let Some(&(_, c)) = rest.peek() {
        let in_instant = c == ':' && word.starts_with(|first: char| first.is_ascii_digit());
        if !is_word(c) && !in_instant {
            break;
        }
        word.push(c);
        rest.next();
    }
    word
}

fn quoted(
    rest: &mut Chars<'_>,
    at: usize,
    input: &str,
    clause: Clause,
) -> Result<String, BadQuery> {
    let mut text = String::new();
    while let Some((_, c)) = rest.next() {
        if c != '\'' {
            text.push(c);
        } else if rest.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Ok(text);
        }
    }
    let reason = format!("There is an unterminated string literal at position {at} in '{input}'.");
    Err(BadQuery::new(clause, reason))
}
