//! Every decision of a sync. (under construction)
#![allow(unused_variables, clippy::todo)]

pub mod compile;
pub mod identity;
pub mod judge;
pub mod plan;
pub mod receive;
pub mod rules;
pub mod select;
pub mod settle;
pub mod stamp;
pub mod tally;
