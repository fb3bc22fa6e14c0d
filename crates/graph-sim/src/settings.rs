//! How a cloud behaves: latencies, bounds, limits, quirks and faults.

use crate::{fault::Faults, quirk::Quirks};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub latency: Latency,
    pub bounds: Bounds,
    pub limits: Limits,
    pub quirks: Quirks,
    pub faults: Faults,
    /// Whether every committed change is recorded for `Cloud::events`; a server without oracle says no.
    pub record_events: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            latency: Latency::default(),
            bounds: Bounds::default(),
            limits: Limits::default(),
            quirks: Quirks::default(),
            faults: Faults::default(),
            record_events: true,
        }
    }
}

/// Time from a request's arrival to its answer, in milliseconds, per kind of call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    pub token_ms: i64,
    pub read_ms: i64,
    pub list_ms: i64,
    pub write_ms: i64,
    pub photo_ms: i64,
    pub directory_ms: i64,
    /// On top of its steps, for every `$batch`.
    pub batch_ms: i64,
    pub throttled_ms: i64,
    /// Every latency varies by up to this share, drawn from the seed; 0 is exact.
    pub jitter: f64,
}

impl Default for Latency {
    fn default() -> Latency {
        Latency {
            token_ms: 50,
            read_ms: 80,
            list_ms: 120,
            write_ms: 270,
            photo_ms: 300,
            directory_ms: 60,
            batch_ms: 20,
            throttled_ms: 10,
            jitter: 0.0,
        }
    }
}

/// How late the service may be, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// A write that was received commits within this time, or never.
    pub commit_ms: i64,
    /// A committed write is in lists, filters and deltas within this time.
    pub visibility_ms: i64,
    /// A granted role is in new tokens after this time (quirk `roles_spread_late`).
    pub consent_ms: i64,
    /// The gateway gives up a call after this time (504).
    pub gateway_ms: i64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            commit_ms: 60_000,
            visibility_ms: 20_000,
            consent_ms: 300_000,
            gateway_ms: 100_000,
        }
    }
}

/// The documented limits (graph.md 5.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Off: nothing is ever throttled.
    pub enforced: bool,
    pub mailbox_requests: u32,
    pub mailbox_window_ms: i64,
    pub mailbox_concurrency: usize,
    pub upload_bytes: u64,
    pub upload_window_ms: i64,
    pub app_requests: u32,
    pub app_window_ms: i64,
    /// Bodies above this are refused with 413 (Graph: 4 MB).
    pub body_bytes: usize,
    /// Items that a mailbox holds before 507.
    pub mailbox_items: usize,
    /// Access tokens live this long.
    pub token_s: i64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            enforced: true,
            mailbox_requests: 10_000,
            mailbox_window_ms: 600_000,
            mailbox_concurrency: 4,
            upload_bytes: 150 * 1024 * 1024,
            upload_window_ms: 300_000,
            app_requests: 130_000,
            app_window_ms: 10_000,
            body_bytes: 4 * 1024 * 1024,
            mailbox_items: 1_000_000,
            token_s: 3599,
        }
    }
}
