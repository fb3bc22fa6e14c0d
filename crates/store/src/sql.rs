//! Statements: one text for both engines, with PostgreSQL's numbered parameters.

/// One statement. Both texts are the same but for the mark of a parameter: `$1` in SQLite would be a name,
/// counted by first appearance, so its text says `?1`.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    pub name: &'static str,
    pub text: &'static str,
    pub(crate) sqlite: &'static str,
}

/// Replaces `$` by `?`: no statement has a dollar sign but before a parameter's number.
pub(crate) const fn question_marks<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < N {
        out[at] = if bytes[at] == b'$' { b'?' } else { bytes[at] };
        at += 1;
    }
    out
}

/// Declares the statements of one table, with the list that the preparing test walks through.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])*
        pub(crate) const $name: crate::sql::Statement = {
            const TEXT: &str = $text;
            const BYTES: [u8; TEXT.len()] = crate::sql::question_marks(TEXT);
            crate::sql::Statement {
                name: stringify!($name),
                text: TEXT,
                sqlite: match std::str::from_utf8(&BYTES) {
                    Ok(text) => text,
                    Err(_) => panic!("a statement is ASCII"),
                },
            }
        };)*
        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[crate::sql::Statement] = &[$($name),*];
    };
}

/// Every statement there is, for the test that prepares each on a real PostgreSQL.
pub fn all_statements() -> impl Iterator<Item = Statement> {
    [
        crate::catalog::STATEMENTS,
        crate::collection::STATEMENTS,
        crate::content::STATEMENTS,
        crate::due::STATEMENTS,
        crate::hold::STATEMENTS,
        crate::lane::STATEMENTS,
        crate::ledger::STATEMENTS,
        crate::link::STATEMENTS,
        crate::member::STATEMENTS,
        crate::meta::STATEMENTS,
        crate::notice::STATEMENTS,
        crate::prior::STATEMENTS,
        crate::prune::STATEMENTS,
        crate::run::STATEMENTS,
        crate::tunnel::STATEMENTS,
        crate::write::STATEMENTS,
        crate::written::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
