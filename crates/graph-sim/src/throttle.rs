//! Budgets: what an application may do in how much time, per mailbox, per tenant and overall.

use crate::done::Done;

/// Every budget of the cloud.
#[derive(Clone, Debug, Default)]
pub struct Throttle {}

impl Throttle {
    /// Takes `units` resource units of the directory for (app, tenant); a write also counts against the
    /// write quota. `people` decides the tenant's size class (S < 50, M to 500, L above).
    /// Gives the share of the limit in use (for `x-ms-throttle-limit-percentage`, told only above 0.8),
    /// or the 429 with its headers.
    pub fn directory(
        &mut self,
        _app: &str,
        _tenant: &str,
        _people: usize,
        _units: u32,
        _write: bool,
        _now_ms: i64,
    ) -> Result<f64, Done> {
        Ok(0.0)
    }
}
