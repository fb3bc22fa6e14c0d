//! The binary's inside: settings, wiring and the command line.
//!
//! It knows every other crate and joins them; it must never decide anything about an item. Each command is
//! one file under [`command`]; the world enters through [`seams`]; how an ending becomes an exit code is
//! the table in [`exit`].

pub mod cli;
pub mod command;
pub mod exit;
pub mod files;
pub mod output;
pub mod plan;
pub mod seams;
pub mod settings;
pub mod wiring;
pub mod words;
