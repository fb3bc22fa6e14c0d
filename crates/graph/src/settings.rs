//! Where Microsoft answers and how hard we may press it.

use model::Millis;

/// The two hosts of one cloud (graph.md 1.5), without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// `https://login.microsoftonline.com`
    pub login: String,
    /// `https://graph.microsoft.com`; the version `/v1.0` is ours to add.
    pub graph: String,
}

impl Endpoints {
    /// The global cloud, which includes GCC.
    pub fn global() -> Self {
        Self::at(
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com",
        )
    }

    /// Any cloud or a simulator; trailing slashes and a trailing `/v1.0` are dropped.
    pub fn at(login: &str, graph: &str) -> Self {
        let graph = graph.trim_end_matches('/');
        Self {
            login: login.trim_end_matches('/').to_owned(),
            graph: graph.strip_suffix("/v1.0").unwrap_or(graph).to_owned(),
        }
    }
}

/// How the writes of one mailbox are packed into `$batch` (graph.md 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// Graph works on up to four steps of a batch at once: one batch uses every slot of its mailbox, and
    /// a failing step hurts no other. The default.
    Unordered,
    /// `dependsOn` chains: one step at a time, one slot each, up to four batches side by side; a failing
    /// step makes all after it 424.
    Chained,
}

/// Bounds and budgets; the defaults are Microsoft's published ones (graph.md 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A read that is not answered within this span is given up.
    pub request_bound: Millis,
    /// How often a read is tried before its error is told.
    pub read_attempts: u32,
    /// A read waits this long for a throttle or a slot; beyond it the answer is `Throttled`.
    pub read_patience: Millis,
    /// Concurrent requests per mailbox.
    pub slots: usize,
    /// Requests per mailbox within `budget_span`; what a batch holds counts one by one.
    pub budget: u64,
    pub budget_span: Millis,
    /// Bytes written to one mailbox within `upload_span`.
    pub upload: u64,
    pub upload_span: Millis,
    /// Requests of the whole app, all tenants, within `ceiling_span`.
    pub ceiling: u64,
    pub ceiling_span: Millis,
    /// Where a throttled answer says nothing of use, wait at least this long.
    pub throttle_floor: Millis,
    /// No throttle is believed beyond this.
    pub throttle_cap: Millis,
    /// How long a write waits when the mailbox itself says no (403, no mailbox).
    pub mailbox_retry: Millis,
    pub batching: Batching,
    /// Steps of one `$batch`; Graph takes no more than 20.
    pub batch_steps: usize,
    /// Bytes of one `$batch`; Graph takes no more than 4 MB.
    pub batch_bytes: usize,
    /// Items per page of mailbox listings and deltas.
    pub page: u32,
    /// Objects per page of directory listings.
    pub directory_page: u32,
    /// Tenants tell apps apart by it, and can block it: keep it stable (graph.md 1.6).
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            request_bound: Millis::seconds(100),
            read_attempts: 4,
            read_patience: Millis::minutes(2),
            slots: 4,
            budget: 10_000,
            budget_span: Millis::minutes(10),
            upload: 150_000_000,
            upload_span: Millis::minutes(5),
            ceiling: 130_000,
            ceiling_span: Millis::seconds(10),
            throttle_floor: Millis::seconds(1),
            throttle_cap: Millis::minutes(15),
            mailbox_retry: Millis::minutes(15),
            batching: Batching::Unordered,
            batch_steps: 20,
            batch_bytes: 3_900_000,
            page: 200,
            directory_page: 999,
            user_agent: concat!("Almanac/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
