//! Policy documents (YAML) and the tenants that exist, turned into the policy in force.
//!
//! This crate knows how a tunnel is written, what it means when a key is left out, which documents
//! contradict each other, and whether an edit lets a tunnel do more than before. It must never know a clock,
//! a file or a tenant's content: texts come in, a [`model::tunnel::Policy`] or a full list of [`Problem`]s goes out.
//!
//! The way of a document: `yaml` makes a tree with positions, `shape` holds it against the published
//! schema (`document`, [`schema`]), `settle` fills in defaults and checks each tunnel, `lists` and
//! `books` check what only all documents together can show.

mod books;
mod changes;
mod choices;
mod defaults;
mod document;
mod effective;
mod fingerprint;
mod lists;
mod nearest;
mod problem;
mod read;
mod schema;
mod settle;
mod shape;
mod shift;
mod sources;
mod spans;
mod yaml;

pub use changes::{Change, Difference, Effect, changes};
pub use defaults::default_rule;
pub use effective::effective_yaml;
pub use fingerprint::rule_hash;
pub use problem::Problem;
pub use read::read;
pub use schema::schema;
