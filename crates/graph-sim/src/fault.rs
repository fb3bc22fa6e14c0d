//! Faults: how often the service and the network misbehave, as rates drawn from the seed.

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident: $light:literal $hostile:literal;)*) => {
        /// The share of opportunities at which each fault strikes, 0.0 to 1.0. All 0 by default.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Faults { $($(#[$doc])* pub $name: f64,)* }

        impl Faults {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            pub fn none() -> Faults { Faults::default() }
            pub fn light() -> Faults { Faults { $($name: $light,)* } }
            pub fn hostile() -> Faults { Faults { $($name: $hostile,)* } }

            /// Sets one rate by name; false when there is none of that name.
            pub fn set(&mut self, name: &str, rate: f64) -> bool {
                match name { $(stringify!($name) => self.$name = rate,)* _ => return false }
                true
            }

            pub fn get(&self, name: &str) -> Option<f64> {
                match name { $(stringify!($name) => Some(self.$name),)* _ => None }
            }
        }
    };
}

faults! {
    /// F1: the write is committed, its answer is lost.
    reply_lost: 0.01 0.1;
    /// F2: the write is committed, the answer is an error (500, 502, 503, 504, 409).
    error_after_commit: 0.005 0.05;
    /// F2, partial: of the writes above, so many lost their extended properties.
    marker_missing: 0.0 0.1;
    /// F3: the answer never comes, and the write commits later, within `bounds.commit_ms`.
    late_commit: 0.002 0.05;
    /// F4: the request never arrives.
    request_lost: 0.005 0.05;
    /// F5: the write is delivered twice (a proxy retries).
    delivered_twice: 0.001 0.02;
    /// F6 and F7: share of changes that lists, filters and deltas see late, within `bounds.visibility_ms`.
    visibility_lag: 0.02 0.2;
    /// Q9: an item that lists do not show yet is 404 by id as well.
    fresh_item_missing: 0.1 0.3;
    /// F7: a delta page starts again a few changes back.
    delta_replayed: 0.01 0.1;
    /// F7: an item is twice in a delta page.
    delta_doubled: 0.01 0.1;
    /// F7: the items of a delta page are in another order.
    delta_disordered: 0.01 0.1;
    /// F8: a delta page calls an item removed that is still there.
    ghost_removed: 0.0 0.02;
    /// F9: a delete has no event in delta.
    delete_missing: 0.0 0.02;
    /// F10: 410 `SyncStateNotFound` on any page with a token.
    cursor_lost: 0.002 0.03;
    /// F11: 429 or 503 without a limit being reached; `Retry-After` in all its forms.
    throttled: 0.01 0.08;
    /// F12: one step of a `$batch` fails with 5xx or 429, not carried out.
    step_fails: 0.005 0.03;
    /// F12: the answers of a `$batch` are in another order.
    steps_disordered: 0.1 0.5;
    /// F12: the answer of one step is missing though it was carried out.
    step_missing: 0.001 0.02;
    /// F13: a page of a list ends early, without a nextLink.
    page_truncated: 0.0 0.01;
    /// F13: the link to the next page of a list has expired (400).
    page_expired: 0.0 0.01;
    /// F13: a page shows one item twice.
    page_doubled: 0.005 0.05;
    /// F13: `@odata.count` is wrong.
    wrong_count: 0.01 0.1;
    /// F14: 200 with an empty, HTML or cut body.
    body_broken: 0.002 0.02;
    /// F14: a read answers 403 or 404 though all is well.
    read_refused: 0.001 0.01;
    /// F15: an access token is over before its time.
    token_expired: 0.002 0.02;
    /// F16: consent is gone for a while (up to 10 minutes).
    consent_flaps: 0.0 0.002;
    /// F16: a mailbox has no licence for a while (up to 10 minutes).
    mailbox_flaps: 0.0 0.005;
    /// Q10: 409 because somebody else writes the item at this moment; nothing is applied.
    write_conflict: 0.002 0.02;
    /// F35: share of contact names that the service always refuses.
    poison_item: 0.0 0.02;
    /// F36: share of texts that the service rewrites (trims, joins blanks, cuts at 64, plain quotes).
    text_mangled: 0.0 0.05;
    /// F37: after a write, somebody strips the extended properties of some contact in the mailbox.
    marker_stripped: 0.0 0.005;
    /// F38: after a write, another product edits or adds a contact in the mailbox.
    rival_writes: 0.0 0.01;
    /// F42: the request is taken and no answer ever comes; a write may be carried out.
    hangs: 0.001 0.02;
    /// F43: a 200 of a read has unknown members, a null or a huge number where none was.
    shape_surprises: 0.0 0.02;
    /// F44: a group or user list shows half of its members for one read.
    group_flaps: 0.0 0.01;
    /// F6, F7: an admin's change is seen late in directory reads and deltas (within `bounds.visibility_ms`).
    directory_late: 0.02 0.2;
    /// F7, Q4: a directory delta tells an object twice on a page.
    directory_delta_repeats: 0.0 0.05;
    /// F7: a directory delta tells changes of the round before again.
    directory_delta_replays: 0.0 0.05;
    /// F10: a directory delta token is lost (410 with a Location).
    directory_delta_resets: 0.001 0.02;
    /// F13: the token of a directory list's next page has expired.
    directory_page_expires: 0.0 0.01;
    /// F14: a directory listing is refused with 403.
    directory_denied: 0.0 0.01;
    /// F14: a directory listing is answered with 404.
    directory_missing: 0.0 0.005;
    /// F11: the directory throttles without cause, with a fractional Retry-After (Q31).
    directory_throttled: 0.005 0.03;
    /// F15: the token endpoint answers 503 with Retry-After.
    token_unavailable: 0.002 0.02;
}

impl Faults {
    /// A profile by name: `none`, `light`, `hostile`.
    pub fn profile(name: &str) -> Option<Faults> {
        match name {
            "none" => Some(Faults::none()),
            "light" => Some(Faults::light()),
            "hostile" => Some(Faults::hostile()),
            _ => None,
        }
    }
}
