//! The balance of all exchanges and events.
//!
//! Invariant, at every moment: `seen = stored + filtered + dropped + in flight`. An exchange is seen once, when it begins, and an event when it is
//! told, or found by the recorder in an exchange. Each is settled once: stored, filtered, or dropped for one reason. What is seen and not settled is in
//! flight: with the service, in the queue or in a batch.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why an entry was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue to the recorder was full.
    QueueFull,
    /// The budget of captured bytes had no room for even the head, or for the event.
    OverBudget,
    /// An event was told after its exchange had ended, or past the most of one exchange.
    Refused,
    /// The recorder was shut down, or never started.
    Closed,
    /// The masker panicked.
    Masking,
    /// The sink refused the batch for good, panicked, or failed for longer than it is retried.
    Sink,
    /// The deadline of the shutdown came first.
    Deadline,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::OverBudget,
        Self::Refused,
        Self::Closed,
        Self::Masking,
        Self::Sink,
        Self::Deadline,
    ];

    /// Returns the snake-case name, for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::OverBudget => "over_budget",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Masking => "masking",
            Self::Sink => "sink",
            Self::Deadline => "deadline",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Default)]
pub(crate) struct Ledger {
    seen: AtomicU64,
    stored: AtomicU64,
    filtered: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
    pub(super) sink_errors: AtomicU64,
    pub(super) sink_panics: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) late_notes: AtomicU64,
    pub(super) refused_notes: AtomicU64,
    pub(super) callback_panics: AtomicU64,
    pub(super) expanding_bodies: AtomicU64,
}

impl Ledger {
    pub(crate) fn seen(&self, count: usize) {
        self.seen.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn filtered(&self) {
        self.filtered.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn dropped(&self, reason: DropReason, count: usize) {
        self.dropped[reason as usize].fetch_add(count as u64, Ordering::Release);
    }

    /// Counts a call of a handler after its exchange had ended.
    pub(crate) fn late_note(&self) {
        self.late_notes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a note past the most of an exchange.
    pub(crate) fn note_refused(&self) {
        self.refused_notes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a panic of a callback that the application gave, contained on the request path.
    pub(crate) fn callback_panicked(&self) {
        self.callback_panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts bodies that decode to far more than they are.
    pub(super) fn bodies_expand(&self, count: u64) {
        self.expanding_bodies.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn stored(&self, count: usize) {
        self.stored.fetch_add(count as u64, Ordering::Release);
    }

    /// Reads the settled counts first: an entry settles after it is seen, so the balance is never negative.
    pub(super) fn read(&self) -> Balance {
        let settled = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (stored, filtered) = (settled(&self.stored), settled(&self.filtered));
        let dropped = std::array::from_fn(|index| settled(&self.dropped[index]));
        Balance {
            seen: self.seen.load(Ordering::Acquire),
            stored,
            filtered,
            dropped,
        }
    }
}

/// The ledger at one moment. Counts are of exchanges and events, since the recorder started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    seen: u64,
    stored: u64,
    filtered: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Balance {
    /// Returns how many exchanges began and events were told.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns how many the sink has confirmed.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Returns how many the policy or the application left out.
    pub fn filtered(&self) -> u64 {
        self.filtered
    }

    /// Returns how many were lost for a reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Returns how many were lost for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Returns how many are under way: with the service, in the queue or in a batch.
    pub fn in_flight(&self) -> u64 {
        self.seen - self.stored - self.filtered - self.dropped_total()
    }
}
