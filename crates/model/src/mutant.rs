//! Mutants: old bugs of other products, put back where we do it right, to prove that the simulation sees them.
//!
//! Each is a row of the failure catalogue in the reliability notes, and one branch in the product that asks
//! [`on`]. Nothing of this is shipped: without the feature `mutants`, which only the tests of `simulation` ask
//! for, [`on`] is a constant and every such branch is compiled away.

macro_rules! mutants {
    ($($(#[doc = $what:literal])+ $row:ident;)*) => {
        /// One bug, named by its row of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($(#[doc = $what])+ $row,)* }

        #[cfg(feature = "mutants")]
        impl Mutant {
            /// Every mutant in the order of the catalogue.
            pub const ALL: &'static [Mutant] = &[$(Mutant::$row,)*];

            /// The row of the catalogue: `A1`.
            pub fn row(self) -> &'static str {
                match self { $(Mutant::$row => stringify!($row),)* }
            }

            /// What the product does wrong with it, in one sentence.
            pub fn what(self) -> &'static str {
                match self { $(Mutant::$row => concat!($($what),+).trim_ascii(),)* }
            }
        }
    };
}

mutants! {
    /// A create that got no answer is forgotten and sent again.
    A1;
    /// A card that a user copied is taken for the pair, and the original is deleted.
    A4;
    /// What was written is not remembered with the create, so that every card counts as stale.
    A6;
    /// A folder is known by the id that the store remembers only: another is made when it forgot.
    A7;
    /// A stamp is not bound to its mailbox: what was carried over from another one counts as ours.
    A8;
    /// With a lost cursor the pairs are forgotten too, and what is there is not looked at.
    A10;
    /// The first look at a folder pairs nothing that is already there.
    A11;
    /// Only the first look at a folder pairs what is already there.
    A12;
    /// Creates are remembered after their answer and not before they are sent.
    A15;
    /// After a create without an answer the search does not wait until the write must be visible.
    A16;
    /// A mailbox is worked on twice at once.
    A17;
    /// Item ids that differ in case only are taken for one.
    A18;
    /// Ids are not asked to be immutable: they change when an item is moved.
    A19;
    /// A second card with the same stamp ends the sync of its whole mailbox.
    A20;
    /// Cards of the user's that equal an entry are not adopted.
    A24;
    /// Of several cards that equal an entry, the first is adopted.
    A25;
    /// A folder that cannot be listed counts as empty.
    A26;
    /// A source that answers 403 is empty, and whoever is not listed leaves at once.
    B1;
    /// A group that cannot be read has no members, and whoever is not listed leaves at once.
    B2;
    /// Whoever is not in a round of changes is gone, as if it had been a complete listing.
    B3;
    /// What a delta calls removed is gone, without asking for it.
    B4;
    /// Folders are never listed in full again: what the delta missed stays missed.
    B5;
    /// An item that does not answer counts as gone.
    B6;
    /// People whom a changed rule leaves out are removed like those whom a fact does.
    B8;
    /// A folder that somebody emptied is filled again without anybody being asked.
    B10;
    /// Any 404 to a delete counts as done.
    B12;
    /// Cards whose people are not known are taken for leavers' before every source was read once.
    B13;
    /// Further cards with a stamp are cleaned up.
    B15;
    /// A card whose name differs is not the card any more, and is deleted.
    B16;
    /// A pair that is over leaves no generation behind.
    B18;
    /// A refused create is recorded as if it had been made.
    B20;
    /// A plan that a person rejected is performed when it is made again.
    B23;
    /// Limits on deletes, blankings and creates are not looked at.
    B24;
    /// What both sides agree on is what we sent, not what the server stored.
    E1;
    /// One person without an address makes the whole listing unreadable.
    E6;
    /// Texts are encoded twice.
    E11;
    /// Quotes in a filter's text are not doubled.
    E13;
    /// Every photo differs, always.
    E14;
    /// 429 is a refusal of the item.
    F1;
    /// Retry-After is read as one second.
    F3;
    /// The steps of a batch that was answered are taken for done.
    F4;
    /// Only 429 is a throttle: 503 with Retry-After is not.
    F5;
    /// A create that was answered with an error is sent again at once.
    F6;
    /// A refused item is tried again after the same quarter of an hour, for ever.
    F8;
    /// A listing that is shorter than it said is taken for the whole.
    F9;
    /// Access that was refused once is never asked for again.
    G3;
    /// The prior image of an update is what we had written, not what the user made of it.
    H1;
    /// The version that an update expects is fetched just before it is sent.
    H2;
    /// Updates and deletes expect no version.
    H3;
    /// A field that is equal on both sides is written all the same.
    H6;
    /// A new version of a card counts as an edit, whatever it says.
    H8;
    /// An update writes the whole card.
    H12;
    /// Our copies in a source folder are people of the source.
    I1;
    /// An update deletes the card, to make it again.
    I6;
    /// Every member always has something to do.
    I8;
    /// A question of a batch that got no answer is answered: not there.
    K1;
    /// One item that was refused stops its mailbox.
    K2;
    /// A refused item is tried again in every round.
    K3;
    /// The cursor of a round is kept before what the round said.
    K13;
    /// A lost cursor is replaced by one from now, without reading anything.
    K17;
    /// A run counts as done what was planned.
    K18;
    /// The lease of a lane never ends.
    K19;
    /// Every offer of a book is a job of its own.
    M4;
}

/// Is this bug planted?
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn on(_mutant: Mutant) -> bool {
    false
}

#[cfg(feature = "mutants")]
pub use planted::{on, with};

#[cfg(feature = "mutants")]
mod planted {
    use super::Mutant;
    use std::cell::Cell;

    thread_local!(static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) });

    /// Is this bug planted?
    pub fn on(mutant: Mutant) -> bool {
        PLANTED.get() == Some(mutant)
    }

    /// Does `work`, all of it on this thread, with this bug in the product; `None`: with none.
    pub fn with<T>(mutant: impl Into<Option<Mutant>>, work: impl FnOnce() -> T) -> T {
        let _before = Before(PLANTED.replace(mutant.into()));
        work()
    }

    /// Puts back what was planted before, also when the work panics.
    struct Before(Option<Mutant>);

    impl Drop for Before {
        fn drop(&mut self) {
            PLANTED.set(self.0);
        }
    }
}
