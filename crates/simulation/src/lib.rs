//! The whole product in one thread under virtual time, with faults, people and checks.

mod actors;
mod armed;
pub mod bench;
mod calm;
mod charter;
mod checks;
mod deeds;
mod describe;
pub mod executor;
mod faults;
mod ground;
mod history;
mod hostile;
mod moved;
mod rare;
pub mod reference;
mod requests;
mod seams;
mod seeds;
pub mod story;
mod town;
mod trace;
mod uncommon;
mod wanted;
mod wire;
mod world;

pub use checks::Violation;
pub use history::{Options, Report, run};
pub use seeds::{Failure, Summary, run_many};
