//! The oracle: what contact tunnels must have led to, from the true world, the policy and what users did.
//!
//! Written from the documents alone, by somebody who has not read the planner; naive on purpose (quadratic,
//! 20 to 50 people, a few mailboxes), without I/O. It shares no code with the product, also not for phones.
//!
//! 1. Describe the end of a history as a [`World`] and a [`Policy`] (see [`world`] for each part).
//! 2. [`expected`] says what every folder of every mailbox should hold.
//! 3. Read the true folders (not Deleted Items) into [`ActualCard`]s, every mailbox and folder of them.
//! 4. [`differences`] returns one line for each thing that is wrong; none: the end state is right.
//!
//! What the documents leave open is free: any of the acceptable outcomes passes. Ambiguity (two candidates for
//! adoption, a pairing that is not one to one) never asks for a card and never excuses a changed one of a user.
//! The world must be calm: no fault, no edit in flight, approvals given (or the tunnel marked `pending`).

mod adopt;
mod compare;
mod draft;
mod field;
mod merge;
mod pair;
mod select;
#[cfg(test)]
mod tests;
mod value;
pub mod world;

pub use adopt::{Expected, ExpectedFolder, ExpectedUserCard, Touch, expected};
pub use compare::{ActualCard, differences};
pub use merge::{Card, Presence, Want};
pub use world::{Policy, World};
