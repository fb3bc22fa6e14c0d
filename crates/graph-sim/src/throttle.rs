//! Budgets: what an application may do in how much time, per mailbox, per tenant and overall.

use crate::{directory::Units, done::Done};

/// Every budget of the cloud.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    directory: Units,
}

impl Throttle {
    /// Takes `units` resource units of the directory for (app, tenant); a write also counts against the
    /// write quota. `people` decides the tenant's size class (S < 50, M to 500, L above).
    /// Gives the share of the limit in use (for `x-ms-throttle-limit-percentage`, told only above 0.8),
    /// or the 429 with its headers.
    pub fn directory(
        &mut self,
        app: &str,
        tenant: &str,
        people: usize,
        units: u32,
        write: bool,
        now_ms: i64,
    ) -> Result<f64, Done> {
        self.directory
            .take(app, tenant, people, units, write, now_ms)
    }
}
