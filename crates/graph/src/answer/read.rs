//! What an answer to a read means.

use super::fault::Fault;
use model::mutant::{self, Mutant};

/// What to do with an answer to a read: reads may be sent again without harm (graph.md 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    Done,
    /// The token is no longer good: get a new one, once.
    Unauthorized,
    /// Wait as told, then ask again.
    Throttled,
    /// The server's trouble: ask again after a while.
    Again,
    /// An answer: asking again changes nothing.
    Definite,
}

/// `advised`: the answer carries a `Retry-After`.
pub fn sense(fault: Option<&Fault>, status: u16, advised: bool) -> Sense {
    let Some(fault) = fault else {
        return Sense::Done;
    };
    match status {
        401 => Sense::Unauthorized,
        // Throttles have been seen under these numbers too (reliability.md F5).
        429 | 445 | 451 | 509 => Sense::Throttled,
        503 if mutant::on(Mutant::F5) => Sense::Again,
        503 if advised || fault.is("ApplicationThrottled") => Sense::Throttled,
        507 => Sense::Definite,
        500..=599 | 408 | 409 | 423 | 425 => Sense::Again,
        // A gateway's redirect or an empty page is nobody's word.
        100..=199 | 300..=399 => Sense::Again,
        _ => Sense::Definite,
    }
}
