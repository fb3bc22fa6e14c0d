//! Every decision of a sync. (under construction)
#![allow(unused_variables, clippy::todo)]

pub mod adopt;
pub mod change;
pub mod compare;
pub mod compile;
pub mod identity;
pub mod judge;
pub mod notes;
pub mod phone;
pub mod photo;
pub mod plan;
pub mod receive;
pub mod rules;
pub mod select;
pub mod settle;
pub mod stamp;
pub mod tally;
