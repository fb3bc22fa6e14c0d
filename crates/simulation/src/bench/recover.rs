//! The store is lost after a full fill: what recovery writes.

use super::fill::filled;
use super::house::BenchError;
use super::wire::Asked;
use super::{Size, Usage, usage};
use model::Millis;
use serde::Serialize;

/// What the runs after the loss did.
#[derive(Clone, Debug, Serialize)]
pub struct Recovered {
    pub size: Size,
    /// Copies that were out there.
    pub copies: u64,
    pub creates: u64,
    pub deletes: u64,
    pub updates: u64,
    /// A link remembers which photo was set, nothing in the card does: photos are set once more.
    pub photos: u64,
    pub asked: Asked,
    pub finish_s: f64,
    /// Writes and requests of the run after it.
    pub then_writes: u64,
    pub then_requests: u64,
    pub usage: Usage,
}

/// Fills, forgets everything, and runs twice.
///
/// # Errors
/// A run did not end as done.
pub fn recover(size: Size) -> Result<Recovered, BenchError> {
    let (mut house, filled) = filled(size)?;
    house.wait(Millis::minutes(30));
    let mut house = house.without_memory()?;
    let start = house.now();
    house.run()?;
    let asked = house.asked();
    let finish_s = house.now().since(start).0 as f64 / 1_000.0;
    house.wait(Millis::minutes(30));
    house.run()?;
    let then = house.asked();
    Ok(Recovered {
        size,
        copies: filled.items,
        creates: asked.cards_made() + asked.folders_made(),
        deletes: asked.of("DELETE") + asked.of("permanentDelete"),
        updates: asked.of("PATCH"),
        photos: asked.of("PUT"),
        asked,
        finish_s,
        then_writes: then.writes,
        then_requests: then.requests,
        usage: usage(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// reliability.md section 3.4: the copies already say what the sources say, so there is nothing to write.
    #[test]
    #[allow(clippy::unwrap_used)]
    fn a_lost_store_is_recovered_without_a_write() {
        let size = Size {
            contacts: 40,
            mailboxes: 5,
            photos: false,
        };
        let found = recover(size).unwrap();
        assert!(found.copies > 150, "{found:?}");
        assert_eq!((found.creates, found.deletes, found.updates), (0, 0, 0));
        assert_eq!(found.then_writes, 0);
    }
}
