//! What is wrong with a query, in Graph's words.

/// The query option that was refused. It chooses the sentence Graph opens with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    Filter,
    OrderBy,
    SelectExpand,
    Search,
    /// `$top`, `$skip`, `$count`, a repeated option, or a query string that is too long.
    Option,
}

/// A query that Graph answers with status 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", self.opening())]
pub struct BadQuery {
    pub clause: Clause,
    pub reason: String,
}

impl BadQuery {
    pub fn new(clause: Clause, reason: impl Into<String>) -> BadQuery {
        BadQuery {
            clause,
            reason: reason.into(),
        }
    }

    /// The error code of the directory. Exchange answers `RequestBroker--ParseUri` in its place.
    pub fn code(&self) -> &'static str {
        "BadRequest"
    }

    /// The whole sentence for the `message` of the error body.
    pub fn message(&self) -> String {
        self.to_string()
    }

    fn opening(&self) -> &'static str {
        match self.clause {
            Clause::Filter => "Invalid filter clause: ",
            Clause::OrderBy => "Invalid orderby clause: ",
            Clause::SelectExpand => "Parsing OData Select and Expand failed: ",
            Clause::Search | Clause::Option => "",
        }
    }
}
