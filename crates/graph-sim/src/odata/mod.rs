//! OData as Graph speaks it: query options in, typed requests and their evaluation over JSON out.
//!
//! Everything that arrives here is hostile input: lengths, depths and node counts are capped, and every
//! refusal is a [`BadQuery`] whose text is what Graph answers with status 400.

mod compare;
mod error;
mod eval;
mod expand;
mod filter;
mod lex;
mod literal;
mod options;
mod order;
mod parse;
mod search;
mod select;

pub use compare::same_text;
pub use error::{BadQuery, Clause};
pub use eval::Row;
pub use expand::Expand;
pub use filter::{Expr, Filter, Op, Operand, Quantifier, TextCall};
pub use literal::{EdmType, Literal};
pub use options::Options;
pub use order::OrderBy;
pub use search::Search;
pub use select::Select;

/// The longest query string that is looked at, in bytes after decoding.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// How deep expressions and nested `$expand` options may go.
pub const DEPTH_MAX: usize = 24;
/// How many parts (comparisons, list members, names) one clause may have.
pub const PARTS_MAX: usize = 256;
