//! The way of entries to one sink: a queue of its own, a thread of its own, its own batches and retries.
//!
//! Comes in: masked entries from the recorder's thread, which never waits for a lane. Goes out: batches to the sink. Promises: no lane slows another; what waits
//! is bounded by count and bytes; a batch that is tried again is the same batch; an entry that the sink refuses is found and costs its neighbours nothing.

mod alerts;
mod attempt;
mod gap;
mod held;
#[cfg(feature = "spool")]
mod keeper;
mod origin;
mod pace;
#[cfg(feature = "spool")]
mod starts;
#[cfg(feature = "spool")]
mod vault;
mod writer;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};

use super::ledger::{Book, DropReason, Ledger};
use super::{Delivery, SinkStats, WhenFull, thread};
use crate::clock::Clock;
use crate::contain::contain;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::sink::LogSink;
use held::{Limits, Queue};
use origin::{Origin, Spooled};
use writer::Writer;

#[cfg(feature = "tracing")]
pub(super) use alerts::drops as warn_of_drops;
pub(super) use held::{Guard, Held};
pub use pace::SinkState;

/// Masks an entry once more, for one sink.
pub(crate) type Refine = Box<dyn FnMut(LogEntry) -> LogEntry + Send>;

/// What a lane is made of.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) sink: Arc<dyn LogSink>,
    pub(crate) delivery: Delivery,
    pub(crate) refine: Option<Refine>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The recorder's end of a lane.
pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    inbox: mpsc::UnboundedSender<Command>,
}

/// What the recorder, its handles and the lane's threads share.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) delivery: Delivery,
    pub(super) ledger: Arc<Ledger>,
    pub(super) book: Book,
    pub(super) health: Health,
    queue: Mutex<Queue>,
    refine: Mutex<Option<Refine>>,
    #[cfg(feature = "spool")]
    keeper: Option<keeper::Keeper>,
    /// How many entries that are in no spool are being written.
    writing: AtomicUsize,
    bell: Notify,
}

/// How the sink has fared.
#[derive(Default)]
pub(super) struct Health {
    pub(super) errors: AtomicU64,
    pub(super) panics: AtomicU64,
    pub(super) retries: AtomicU64,
    now: Mutex<(SinkState, Option<ErrorKind>)>,
}

/// What is asked of a lane.
enum Command {
    Flush {
        up_to: u64,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Nothing more comes: write what there is until the deadline. Answers whether the sink was flushed.
    End {
        deadline: Instant,
        reply: oneshot::Sender<bool>,
    },
}

impl Lane {
    /// Starts the lane's thread.
    pub(super) fn start(plan: Plan, ledger: Arc<Ledger>) -> Result<Self, Error> {
        plan.delivery.check()?;
        let Plan {
            name,
            sink,
            delivery,
            refine,
            clock,
        } = plan;
        let limits = Limits {
            entries: delivery.queue_entries,
            bytes: delivery.queue_bytes,
            when_full: delivery.when_full,
            holds_until_safe: delivery.is_before_response(),
            journals: delivery.journals(),
        };
        let book = Book::default();
        let shared = Arc::new(Shared {
            name,
            #[cfg(feature = "spool")]
            keeper: keeper::Keeper::open(&delivery, &book)?,
            delivery,
            ledger,
            book,
            health: Health::default(),
            queue: Mutex::new(Queue::new(limits)),
            refine: Mutex::new(refine),
            writing: AtomicUsize::new(0),
            bell: Notify::new(),
        });
        let (inbox, commands) = mpsc::unbounded_channel();
        let task = {
            let shared = shared.clone();
            move || Writer::new(shared, sink, clock, commands).run()
        };
        thread::spawn(format!("api-log-{}", shared.name), task)?;
        #[cfg(feature = "spool")]
        if shared.keeper.is_some() {
            keeper::Keeper::start(shared.clone())?;
        }
        Ok(Self { shared, inbox })
    }

    /// Takes masked starts of exchanges, and the ids of those that are to be forgotten.
    pub(super) fn journal(&self, starts: impl Iterator<Item = Held>, ended: &[EntryId]) {
        let mut queue = self.shared.queue();
        queue.begin(starts);
        queue.end(ended.iter().copied());
        drop(queue);
        self.shared.ring(false);
    }

    /// Takes masked entries, or drops and counts them.
    pub(super) fn take(&self, entries: impl Iterator<Item = Held>) {
        let shared = &*self.shared;
        let mut dropped = 0;
        let (rings, is_closed) = {
            let mut queue = shared.queue();
            let before = queue.total();
            entries.for_each(|held| dropped += queue.push(held));
            let batch = shared.delivery.batch_entries;
            let is_full = before < batch && queue.total() >= batch;
            let is_large = queue.bytes() >= shared.delivery.batch_bytes || queue.is_half_full();
            let rings = before == 0 || is_full || is_large;
            (rings, queue.is_closed)
        };
        let reason = match is_closed {
            true => DropReason::Closed,
            false => DropReason::SinkBehind,
        };
        shared.book.dropped(reason, dropped);
        shared.ring(rings);
    }

    /// Drops what has waited for room for too long, and returns when the next will have. Done by the recorder's thread, which no sink keeps busy.
    pub(super) fn expire(&self, now: Instant) -> Option<Instant> {
        if !matches!(self.shared.delivery.when_full, WhenFull::WaitAtMost(_)) {
            return None;
        }
        let (expired, next) = {
            let mut queue = self.shared.queue();
            (queue.expire(now), queue.next_expiry())
        };
        let count = expired.len();
        let ids = expired.iter().map(|it| it.entry().id);
        self.shared.queue().end(ids);
        self.shared.book.dropped(DropReason::SinkBehind, count);
        // Who waits for them finds them counted.
        expired.into_iter().for_each(Held::lose);
        next
    }

    /// Asks for a flush once everything that was taken before is settled.
    pub(super) fn flush(&self) -> oneshot::Receiver<Result<(), Error>> {
        let (reply, answer) = oneshot::channel();
        let up_to = self.shared.queue().next();
        let _ = self.inbox.send(Command::Flush { up_to, reply });
        answer
    }

    /// Ends the lane; the answer tells whether the sink was flushed, and does not come where it blocks its thread.
    pub(super) fn end(&self, deadline: Instant) -> oneshot::Receiver<bool> {
        let (reply, answer) = oneshot::channel();
        let _ = self.inbox.send(Command::End { deadline, reply });
        answer
    }
}

impl Shared {
    pub(super) fn stats(&self) -> SinkStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (state, last_error) = self.health.now();
        SinkStats {
            name: self.name.clone(),
            balance: self.ledger.read(&self.book.read()),
            state,
            last_error,
            held: self.under_way() as u64,
            held_bytes: self.queue().bytes(),
            errors: read(&self.health.errors),
            panics: read(&self.health.panics),
            retries: read(&self.health.retries),
            #[cfg(feature = "spool")]
            spool: self.keeper.as_ref().map(|it| it.stats()),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a batch out of memory, if one is due and the writer's to take.
    fn take_due(&self, is_pressed: bool, now: Instant) -> Vec<Held> {
        if self.spools_everything() {
            return Vec::new();
        }
        let Delivery {
            batch_entries,
            batch_bytes,
            batch_age,
            ..
        } = self.delivery;
        let mut queue = self.queue();
        let is_old = |since: Instant| now.saturating_duration_since(since) >= batch_age;
        let is_due = is_pressed
            || queue.len() >= batch_entries
            || queue.bytes() >= batch_bytes
            || queue.is_half_full()
            || queue.since().is_some_and(is_old);
        let taken = match is_due {
            true => queue.take(batch_entries, batch_bytes),
            false => Vec::new(),
        };
        self.writing.store(taken.len(), Ordering::Relaxed);
        taken
    }

    /// Masks entries as this sink asks. One at which that panics is dropped.
    fn refine(&self, mut taken: Vec<Held>) -> Vec<Held> {
        let mut refine = self.refine.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(refine) = &mut *refine else {
            return taken;
        };
        let before = taken.len();
        taken.retain_mut(|held| {
            let refined = match held.is_refined {
                true => return true,
                false => contain(|| refine(LogEntry::clone(held.entry()))),
            };
            let is_refined = refined.is_some();
            if !is_refined {
                held.tell_lost();
                self.queue().end([held.entry().id]);
            }
            refined.into_iter().for_each(|entry| held.set_entry(entry));
            is_refined
        });
        self.book.dropped(DropReason::Masking, before - taken.len());
        taken
    }

    /// Tells whether the spool's thread, which is to end, has yet to put away what it took.
    fn is_settling(&self) -> bool {
        #[cfg(feature = "spool")]
        return self.keeper.as_ref().is_some_and(|it| !it.has_ended());
        #[cfg(not(feature = "spool"))]
        false
    }

    /// Returns how long nothing is due; `None` where nothing waits.
    fn rest(&self, now: Instant) -> Option<Duration> {
        let queue = self.queue();
        let age = self.delivery.batch_age;
        let next = queue.since().and_then(|since| since.checked_add(age));
        // An age that no clock reaches is waited for without an end, and commands end the wait.
        let held = (queue.len() > 0).then_some(Duration::from_secs(3600));
        let of_memory = next.map(|at| at.saturating_duration_since(now)).or(held);
        let of_memory = of_memory.filter(|_| !self.spools_everything());
        of_memory.into_iter().chain(self.rest_of_spool(now)).min()
    }

    /// Drops everything that waits and cannot be spooled, and what comes.
    pub(super) fn lose_all(&self, reason: DropReason) {
        self.spool_all();
        let lost = {
            let mut queue = self.queue();
            queue.is_closed = true;
            queue.lose_all()
        };
        self.book.dropped(reason, lost);
    }

    /// Returns how many entries wait in memory or are being written, and are in no spool.
    pub(super) fn under_way(&self) -> usize {
        let held = self.queue().total();
        held + self.keeping() + self.writing.load(Ordering::Relaxed)
    }
}

impl Health {
    /// Returns how the sink fares, and the kind of its last error.
    pub(super) fn now(&self) -> (SinkState, Option<ErrorKind>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how the sink fares; `true` where that is new.
    fn tell(&self, state: SinkState, error: Option<ErrorKind>) -> bool {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = now.0 != state;
        *now = (state, error.or(now.1));
        is_new
    }

    /// Counts an error of the sink.
    fn failed(&self, error: &Error) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        if error.kind() == ErrorKind::Panicked {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}
