//! Delivery: from the end of an exchange to the sinks' word that it is stored.
//!
//! Comes in: whatever the layer pushes, exchanges and events, with a function that masks it. Goes out: batches of entries to one or more [`LogSink`](crate::LogSink)s.
//! Promises: a push never waits; what is held is bounded by count here and by bytes in the budget that comes with each item; every
//! exchange is settled once in the ledger of each sink; a panic of a sink or of the masker is contained and counted. Costs: one thread that masks, one for each
//! sink, a poll every 5 ms while there is traffic, none after a second without.
//!
//! Each thread owns a current-thread tokio runtime, so that masking and writing never sit on the service's workers, a layer can be
//! built outside a runtime, and the last flush outlives the service's own.

#[cfg(feature = "spool")]
mod dead;
mod delivery;
mod door;
#[cfg(feature = "tracing")]
mod drops;
mod ending;
mod guarded;
mod lane;
mod ledger;
#[cfg(feature = "metrics")]
mod metrics;
mod queue;
#[cfg(feature = "spool")]
mod spool;
mod stats;
mod thread;
mod ticket;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{self, AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};

use crate::annotate::AuditEvent;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};

#[cfg(feature = "spool")]
pub use dead::DeadLetter;
pub use delivery::{Delivery, WhenFull};
#[cfg(feature = "spool")]
pub use delivery::{Guarantee, OnFailure};
use door::Door;
use lane::Lane;
pub use lane::SinkState;
pub(crate) use lane::{Plan, Refine};
pub(crate) use ledger::Ledger;
pub use ledger::{Balance, DropReason};
pub(crate) use queue::{Intake, Journal, Parcel, Shared};
#[cfg(all(feature = "spool", feature = "testing"))]
#[doc(hidden)]
pub use spool::Measured;
#[cfg(feature = "spool")]
pub use spool::{Spool, SpoolFull};
#[cfg(feature = "spool")]
pub use stats::SpoolStats;
pub use stats::{Report, SinkReport, SinkStats, Stats};
pub(crate) use thread::is_own as is_own_thread;
pub(crate) use ticket::Ticket;
pub(crate) use worker::Made;
use worker::Worker;

/// The handle of a recorder: its counts, its flush and its end. Cheap to clone.
///
/// # Example: the end of a service
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn end(recorder: tower_api_log::Recorder) {
/// let report = recorder.shutdown(Duration::from_secs(5)).await;
/// if !report.is_complete() {
///     eprintln!("lost {} entries of the API log", report.lost());
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    /// Takes events that happened outside of any exchange.
    teller: Option<Arc<Teller>>,
    /// Counts values that masking callbacks lost.
    withheld: Vec<Arc<AtomicU64>>,
}

type Teller = dyn Fn(AuditEvent) -> Option<EntryId> + Send + Sync;

/// What is asked of the recorder's thread.
pub(crate) enum Command {
    /// Answers once everything that was accepted before has been handed to the lanes.
    HandOver {
        up_to: u64,
        reply: oneshot::Sender<()>,
    },
    Shutdown {
        deadline: Instant,
        reply: ShutdownReply,
    },
}

/// Answered by the thread, or by the watchdog where a callback blocks the thread past the deadline.
type ShutdownReply = Arc<Mutex<Option<oneshot::Sender<Report>>>>;

/// Starts a recorder of items that `mask` turns into entries, for one lane or more.
pub(crate) fn start<T, G>(
    plans: Vec<Plan>,
    captured_bytes: impl Fn() -> usize + Send + Sync + 'static,
    mask: impl FnMut(T) -> Made<G> + Send + 'static,
) -> Result<(Intake<T>, Recorder), Error>
where
    T: Send + 'static,
    G: Send + Sync + 'static,
{
    let ledger = Arc::<Ledger>::default();
    let queue_entries = plans.first().map_or(1, |it| it.delivery.queue_entries);
    let lanes = plans
        .into_iter()
        .map(|plan| Lane::start(plan, ledger.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    let (intake, recorder, receiver, commands) =
        connect(ledger, lanes, queue_entries, Box::new(captured_bytes));
    let shared = recorder.shared.clone();
    let task = move || Worker::new(receiver, commands, shared, mask).run();
    thread::spawn("api-log".to_owned(), task)?;
    Ok((intake, recorder))
}

/// Makes a recorder that drops everything as closed, for a machine that gave no thread.
pub(crate) fn dead<T>() -> (Intake<T>, Recorder) {
    let (intake, recorder, ..) = connect(Arc::default(), Vec::new(), 1, Box::new(|| 0));
    recorder.shared.door.close();
    (intake, recorder)
}

type Ends<T> = (
    Intake<T>,
    Recorder,
    std::sync::mpsc::Receiver<Parcel<T>>,
    mpsc::UnboundedReceiver<Command>,
);

fn connect<T>(
    ledger: Arc<Ledger>,
    lanes: Vec<Lane>,
    queue_entries: usize,
    captured_bytes: Box<dyn Fn() -> usize + Send + Sync>,
) -> Ends<T> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(queue_entries);
    let (commands, inbox) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        ledger,
        hold_limit: lanes
            .iter()
            .map(|it| &it.shared.delivery)
            .filter(|it| it.may_hold())
            .map(|it| it.hold_at_most)
            .max()
            .unwrap_or_default(),
        holds: lanes.iter().any(|it| it.shared.delivery.may_hold()),
        refuses: lanes.iter().any(|it| it.shared.delivery.refuses()),
        journals: lanes.iter().any(|it| it.shared.delivery.journals()),
        cancelled: Mutex::default(),
        lanes,
        door: Door::default(),
        bell: Notify::new(),
        is_rung: AtomicBool::new(false),
        ended: OnceLock::new(),
        queue_entries: queue_entries as u64,
        captured_bytes,
    });
    let intake = Intake {
        sender,
        shared: shared.clone(),
        _alive: commands.clone(),
    };
    let recorder = Recorder {
        shared,
        commands,
        teller: None,
        withheld: Vec::new(),
    };
    (intake, recorder, receiver, inbox)
}

impl Recorder {
    /// Returns the counts of this moment, without waiting for anything.
    pub fn stats(&self) -> Stats {
        let shared = &*self.shared;
        let ledger = &shared.ledger;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sinks: Vec<_> = shared.lanes.iter().map(|it| it.shared.stats()).collect();
        let of_nothing = || ledger.read(&Default::default());
        let sum = |count: fn(&SinkStats) -> u64| sinks.iter().map(count).sum();
        Stats {
            balance: sinks.first().map_or_else(of_nothing, |it| it.balance),
            queued: shared.door.waiting(),
            batched: sum(|it| it.held),
            captured_bytes: (shared.captured_bytes)(),
            sink_errors: sum(|it| it.errors),
            sink_panics: sum(|it| it.panics),
            retries: sum(|it| it.retries),
            late_notes: read(&ledger.late_notes),
            refused_notes: read(&ledger.refused_notes),
            callback_panics: read(&ledger.callback_panics),
            expanding_bodies: read(&ledger.expanding_bodies),
            withheld_by_callbacks: self.withheld.iter().map(|it| read(it)).sum(),
            is_running: !shared.is_closed(),
            sinks,
        }
    }

    /// Waits until every exchange that ended before the call is settled with every sink, and then for the sinks' own flush.
    ///
    /// # Errors
    ///
    /// That of the first sink that has one, or [`ErrorKind::Closed`] after a shutdown. Entries that a sink refused for good are not an error here; the
    /// ledger counts them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the flush under way.
    pub async fn flush(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let up_to = self.shared.door.accepted();
        let closed = || Error::new(ErrorKind::Closed, "the recorder has been shut down");
        self.commands
            .send(Command::HandOver { up_to, reply })
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?;
        let answers: Vec<_> = self.shared.lanes.iter().map(Lane::flush).collect();
        let mut flushed = Ok(());
        for answer in answers {
            let of_sink = answer.await.map_err(|_| closed()).flatten();
            flushed = flushed.and(of_sink);
        }
        flushed
    }

    /// Takes nothing more, writes what there is until the deadline, flushes the sinks and ends the threads.
    ///
    /// Exchanges that end later are dropped as [`DropReason::Closed`]. Returns by the deadline even where a sink hangs or blocks; what is
    /// not stored by then is in the sink's spool, if it has one, and otherwise dropped as [`DropReason::Deadline`]. A second call reports the end of the first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the shutdown under way.
    pub async fn shutdown(&self, deadline: Duration) -> Report {
        let shared = &*self.shared;
        let before = shared.balances();
        shared.door.close();
        let (reply, answer) = oneshot::channel();
        let reply = Arc::new(Mutex::new(Some(reply)));
        let command = Command::Shutdown {
            deadline: after(deadline),
            reply: reply.clone(),
        };
        if shared.ended.get().is_none() && self.commands.send(command).is_ok() {
            watch(deadline, reply, self.shared.clone(), before.clone());
            if let Ok(report) = answer.await {
                return report;
            }
        }
        let unknown = || ending::report(shared, &before, &[]);
        shared.ended.get().cloned().unwrap_or_else(unknown)
    }

    /// Records an event that happened outside of any exchange, as in a job, and returns its id.
    ///
    /// It is masked, delivered and counted as those of [`ApiLog::event`](crate::ApiLog::event) are. Never waits. Returns `None` where it is refused: the
    /// budget of captured bytes has no room, the queue is full or the recorder has been shut down. The ledger counts it as dropped then.
    ///
    /// # Example: a job at night
    ///
    /// ```
    /// # use tower_api_log::{Actor, AuditEvent, Recorder};
    /// fn expire(recorder: &Recorder, user: &str) {
    ///     let event = AuditEvent::new(AuditEvent::USER, "expired").ref_id(user);
    ///     recorder.event(event.actor(Actor::service("nightly")).organisation("org_1"));
    /// }
    /// ```
    pub fn event(&self, event: AuditEvent) -> Option<EntryId> {
        self.teller.as_ref().and_then(|tell| tell(event))
    }

    /// Lets the counts of values that masking callbacks lost be read with the others.
    pub(crate) fn counting_withheld(mut self, withheld: Vec<Arc<AtomicU64>>) -> Self {
        self.withheld = withheld;
        self
    }

    /// Gives events told to this handle, and to its clones from now on, a way.
    pub(crate) fn with_teller(
        mut self,
        tell: impl Fn(AuditEvent) -> Option<EntryId> + Send + Sync + 'static,
    ) -> Self {
        self.teller = Some(Arc::new(tell));
        self
    }
}

/// Answers for the thread shortly after the deadline: a callback of masking that blocks it cannot be interrupted, and the caller must not hang with it.
fn watch(deadline: Duration, reply: ShutdownReply, shared: Arc<Shared>, before: Vec<Balance>) {
    const GRACE: Duration = Duration::from_millis(100);
    const LOOK: Duration = Duration::from_millis(10);
    let end = after(deadline.saturating_add(GRACE + shared.grace()));
    let watchdog = move || {
        while Instant::now() < end && is_open(&reply) {
            std::thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        }
        answer(&reply, ending::report(&shared, &before, &[]));
    };
    // Without a watchdog the caller waits for the thread, which keeps the deadline unless that one blocks.
    let _ = std::thread::Builder::new()
        .name("api-log-deadline".to_owned())
        .spawn(watchdog);
}

fn is_open(reply: &ShutdownReply) -> bool {
    reply
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_some()
}

fn answer(reply: &ShutdownReply, report: Report) {
    if let Some(reply) = reply.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = reply.send(report);
    }
}

/// Returns the instant after a duration; for one that no clock can reach, a hundred years from now.
fn after(duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    Instant::now() + duration.min(FAR)
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
