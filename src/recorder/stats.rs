use serde::Serialize;

use super::Balance;
use super::lane::SinkState;
use crate::error::ErrorKind;

/// What a recorder has done, at one moment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The ledger of the first sink.
    pub balance: Balance,
    /// Every sink, in the order in which they were given.
    pub sinks: Vec<SinkStats>,
    /// Ended exchanges and events that wait to be masked.
    pub queued: u64,
    /// Entries that wait in memory to be written or are being written, of all sinks.
    pub batched: u64,
    /// Bytes that captures, the queue and batches hold of the budget.
    pub captured_bytes: usize,
    /// Writes that failed, of all sinks.
    pub sink_errors: u64,
    /// Writes that panicked, of all sinks.
    pub sink_panics: u64,
    /// Writes that were repeated, of all sinks.
    pub retries: u64,
    /// Calls of handlers on [`ApiLog`](crate::ApiLog) after their exchange had ended.
    pub late_notes: u64,
    /// Notes past [`ApiLog::MAX_NOTES`](crate::ApiLog::MAX_NOTES).
    pub refused_notes: u64,
    /// Panics of the application's callbacks, such as the one given to `route_from`, and of errors of its service that were asked for their text.
    pub callback_panics: u64,
    /// Bodies that decode to far more than they are ([`WithheldReason::Expands`](crate::entry::WithheldReason)): decompression bombs. Counted in exchanges that
    /// are left out as well, where an audit route reads them.
    pub expanding_bodies: u64,
    /// Values that were withheld because a masking callback panicked or took too long.
    pub withheld_by_callbacks: u64,
    /// Whether the recorder takes entries.
    pub is_running: bool,
}

/// How one sink fares, at one moment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SinkStats {
    /// The name of its destination.
    pub name: String,
    /// Its ledger.
    pub balance: Balance,
    /// Whether its writes succeed.
    pub state: SinkState,
    /// The kind of its last error; also of one that has passed.
    pub last_error: Option<ErrorKind>,
    /// Entries that wait in memory or are being written.
    pub held: u64,
    /// Bytes of the entries that wait in memory.
    pub held_bytes: usize,
    /// Writes that failed.
    pub errors: u64,
    /// Writes that panicked.
    pub panics: u64,
    /// Writes that were repeated.
    pub retries: u64,
    /// Its spool, if it has one.
    #[cfg(feature = "spool")]
    pub spool: Option<SpoolStats>,
}

/// What a spool holds, at one moment.
#[cfg(feature = "spool")]
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SpoolStats {
    /// Entries that the sink has not confirmed.
    pub entries: u64,
    /// Bytes of their texts.
    pub bytes: u64,
    /// Bytes of its files.
    pub file_bytes: u64,
    /// Entries that the sink refused, and that are set aside.
    pub dead_letters: u64,
    /// Whether its last use failed: entries wait in memory then.
    pub is_failing: bool,
}

/// How a shutdown went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The ledger of the first sink at the end.
    pub balance: Balance,
    /// How it went for every sink.
    pub sinks: Vec<SinkReport>,
}

/// How a shutdown went for one sink.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SinkReport {
    /// The name of its destination.
    pub name: String,
    /// Its ledger at the end.
    pub balance: Balance,
    /// Whether it was flushed, without an error, before the deadline.
    pub is_flushed: bool,
    /// How many entries it has stored since the shutdown began.
    pub stored: u64,
    /// How many entries its spool keeps for the next start.
    pub spooled: u64,
    /// How many entries were lost since the shutdown began.
    pub lost: u64,
}

impl Report {
    /// Tells whether every sink has stored, and flushed, everything that was handed over before the shutdown.
    pub fn is_complete(&self) -> bool {
        let mut sinks = self.sinks.iter();
        self.is_flushed() && sinks.all(|it| it.lost + it.spooled == 0)
    }

    /// Tells whether every sink was flushed, without an error, before the deadline.
    pub fn is_flushed(&self) -> bool {
        self.sinks.iter().all(|it| it.is_flushed)
    }

    /// Returns how many entries the shutdown lost: of several sinks, the sum.
    pub fn lost(&self) -> u64 {
        self.sinks.iter().map(|it| it.lost).sum()
    }

    /// Returns how many entries wait in spools for the next start: of several sinks, the sum.
    pub fn spooled(&self) -> u64 {
        self.sinks.iter().map(|it| it.spooled).sum()
    }
}
