//! The balance of all exchanges and events.
//!
//! Invariant, at every moment and for each sink: `seen = stored + filtered + sampled out + dropped + spooled + dead-lettered + in flight`. An exchange is seen
//! once, when it begins, and an event when it is told, or found by the recorder in an exchange. Each is settled once for each sink: left out, stored,
//! or dropped for one reason. What is seen and not settled is in flight: with the service, in the queue or in a batch; or it lies in the sink's spool,
//! where it may come from an earlier life of the process, and counts as seen from then on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Why an entry was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue to the recorder was full: the machine had no time to mask.
    QueueFull,
    /// The budget of captured bytes had no room for even the head, or for the event.
    OverBudget,
    /// An event was told after its exchange had ended, or past the most of one exchange.
    Refused,
    /// The recorder was shut down, or never started.
    Closed,
    /// The masker panicked.
    Masking,
    /// The sink refused the entry for good, panicked at it, or failed for longer than it is retried.
    Sink,
    /// The deadline of the shutdown came first.
    Deadline,
    /// The sink did not keep up, and its queue was full.
    SinkBehind,
    /// The spool was full.
    SpoolFull,
    /// What the spool held was damaged.
    Damaged,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::QueueFull,
        Self::OverBudget,
        Self::Refused,
        Self::Closed,
        Self::Masking,
        Self::Sink,
        Self::Deadline,
        Self::SinkBehind,
        Self::SpoolFull,
        Self::Damaged,
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
            Self::SinkBehind => "sink_behind",
            Self::SpoolFull => "spool_full",
            Self::Damaged => "damaged",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many were lost, for each reason.
type Dropped = [u64; DropReason::ALL.len()];

/// What is the same for every sink.
#[derive(Default)]
pub(crate) struct Ledger {
    seen: AtomicU64,
    filtered: AtomicU64,
    sampled_out: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
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

    pub(crate) fn sampled_out(&self) {
        self.sampled_out.fetch_add(1, Ordering::Release);
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

    /// Reads the balance of a sink.
    ///
    /// The sink's counts were read before, and what is seen is read last: an entry settles after it is seen, so the balance is never negative.
    pub(super) fn read(&self, sink: &Counts) -> Balance {
        let settled = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (filtered, sampled_out) = (settled(&self.filtered), settled(&self.sampled_out));
        let dropped =
            std::array::from_fn(|index| settled(&self.dropped[index]) + sink.dropped[index]);
        Balance {
            seen: self.seen.load(Ordering::Acquire) + sink.seen,
            stored: sink.stored,
            filtered,
            sampled_out,
            dropped,
            spooled: sink.spooled,
            dead_lettered: sink.dead_lettered,
        }
    }
}

/// What one sink adds to the ledger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// What only this sink has seen: of an earlier life of the process, and what tells of gaps.
    pub(super) seen: u64,
    pub(super) stored: u64,
    pub(super) spooled: u64,
    pub(super) dead_lettered: u64,
    dropped: Dropped,
}

impl Counts {
    pub(super) fn drop(&mut self, reason: DropReason, count: usize) {
        self.dropped[reason as usize] += count as u64;
    }
}

/// The counts of a sink, changed together, so that what moves from one to another is in one of them at every moment.
#[derive(Default)]
pub(super) struct Book(Mutex<Counts>);

impl Book {
    pub(super) fn read(&self) -> Counts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn dropped(&self, reason: DropReason, count: usize) {
        if count > 0 {
            self.write(|it| it.drop(reason, count));
        }
    }
}

/// The ledger of a sink at one moment. Counts are of exchanges and events, since the recorder started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    seen: u64,
    stored: u64,
    filtered: u64,
    sampled_out: u64,
    dropped: Dropped,
    spooled: u64,
    dead_lettered: u64,
}

/// Serialises as an object of counts, those of drops by their reasons.
impl Serialize for Balance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let dropped = DropReason::ALL.map(|reason| (reason.as_str(), self.dropped(reason)));
        let dropped: BTreeMap<_, _> = dropped.into_iter().collect();
        let mut object = serializer.serialize_struct("Balance", 8)?;
        object.serialize_field("seen", &self.seen)?;
        object.serialize_field("stored", &self.stored)?;
        object.serialize_field("filtered", &self.filtered)?;
        object.serialize_field("sampled_out", &self.sampled_out)?;
        object.serialize_field("spooled", &self.spooled)?;
        object.serialize_field("dead_lettered", &self.dead_lettered)?;
        object.serialize_field("in_flight", &self.in_flight())?;
        object.serialize_field("dropped", &dropped)?;
        object.end()
    }
}

impl Balance {
    /// Returns how many exchanges began and events were told; with what the sink's spool held when the recorder started.
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

    /// Returns how many stand in the log as a part of the weight of others.
    pub fn sampled_out(&self) -> u64 {
        self.sampled_out
    }

    /// Returns how many were lost for a reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Returns how many were lost for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Returns how many lie in the sink's spool, to be written.
    pub fn spooled(&self) -> u64 {
        self.spooled
    }

    /// Returns how many the sink refused, and lie set aside in its spool.
    pub fn dead_lettered(&self) -> u64 {
        self.dead_lettered
    }

    /// Returns how many are under way: with the service, in the queue or in a batch that is not in a spool.
    pub fn in_flight(&self) -> u64 {
        let left_out = self.filtered + self.sampled_out;
        let kept = self.stored + self.spooled + self.dead_lettered;
        self.seen - left_out - kept - self.dropped_total()
    }
}
