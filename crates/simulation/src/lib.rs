//! The whole product in one thread under virtual time, with faults, people and checks.

pub mod executor;
pub mod reference;
