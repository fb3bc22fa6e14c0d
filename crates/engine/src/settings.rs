//! What an operator may tune in the engine, with the defaults.

use model::Millis;

/// How long Microsoft may take, as we assume it. Every bound is watched: an item that shows up later than
/// its bound allows is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A write is never put on the wire later than this after its intent was stored.
    pub request: Millis,
    /// A write that was sent is carried out within this, or never.
    pub commit: Millis,
    /// What was carried out is visible to every read after this.
    pub visible: Millis,
}

impl Default for Bounds {
    /// Graph's gateway gives up after about 100 s (graph.md 5.4); the others are generous guesses that the
    /// live probes of reliability.md section 6 (P2, P3) will replace.
    fn default() -> Self {
        Self {
            request: Millis::seconds(30),
            commit: Millis::seconds(120),
            visible: Millis::seconds(180),
        }
    }
}

impl Bounds {
    /// After a write with this deadline got no answer, what it did is knowable from this instant on.
    pub fn knowable_after(&self, deadline: model::Timestamp) -> model::Timestamp {
        deadline + self.commit + self.visible
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub bounds: Bounds,
    /// Lanes (mailboxes) worked on at once by one worker.
    pub lanes: usize,
    /// Lanes of one tenant worked on at once.
    pub lanes_per_tenant: usize,
    /// A lane that was not heard of for this long may be taken by another worker.
    pub lease: Millis,
    /// What no delta can tell (groups, photos, kinds of mailbox) is asked for this often.
    pub group_census: Millis,
    pub photo_census: Millis,
    pub mailbox_census: Millis,
    /// Every member is listed completely, with stamps, this often.
    pub full_look: Millis,
    /// Items written by one `$batch`.
    pub batch: usize,
    /// A worker without work looks again after this, in case another process offered some.
    pub poll: Millis,
    /// A member that cannot be read or written is tried again after this.
    pub retry: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            lanes: 256,
            lanes_per_tenant: 256,
            lease: Millis::minutes(5),
            group_census: Millis::hours(1),
            photo_census: Millis::days(1),
            mailbox_census: Millis::days(7),
            full_look: Millis::days(7),
            batch: 20,
            poll: Millis::seconds(5),
            retry: Millis::minutes(15),
        }
    }
}
