//! Measurements of the real parts: what planning costs, what a fill, a quiet run and a change cost, and memory.
//!
//! Each measurement is a function from a [`Size`] to plain figures. Those that need a cloud run the engine
//! against the simulator under virtual time, so that their counts and instants are exact and repeat; only
//! what is said in processor time or bytes depends on the machine.

mod cloud;
mod fair;
mod fill;
mod gauge;
mod house;
mod merges;
mod recover;
mod wire;

pub use cloud::{Held, cloud};
pub use fair::{Fair, fair};
pub use fill::{Filled, Upkeep, changes, fill, quiet};
pub use gauge::{Usage, usage};
pub use house::{BenchError, House, Keys, Seams, client, done, engine, run_once};
pub use merges::{Merged, merges};
pub use recover::{Recovered, recover};
pub use wire::Asked;

/// How large the measured client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Size {
    /// People and org contacts of the directory.
    pub contacts: usize,
    pub mailboxes: usize,
    pub photos: bool,
}
