//! Answers, read without I/O: what a status and a code mean for a read and for a write.

pub mod batch;
pub mod fault;
pub mod page;
pub mod read;
pub mod throttle;
pub mod token;
pub mod write;
