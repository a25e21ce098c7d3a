//! Delivery: from the end of an exchange to the sink's word that it is stored.
//!
//! Comes in: whatever the layer pushes, exchanges and events, with a function that masks it. Goes out: batches of entries to one [`LogSink`].
//! Promises: a push never waits; what is held is bounded by count here and by bytes in the budget that comes with each item; every
//! exchange is settled once in the ledger; a panic of the sink or of the masker is contained and counted. Costs: one thread, a poll every
//! 5 ms while there is traffic, none after a second without.
//!
//! The thread owns a current-thread tokio runtime, so that masking and writing never sit on the service's workers, a layer can be
//! built outside a runtime, and the last flush outlives the service's own.

mod delivery;
mod ending;
mod guarded;
mod ledger;
mod queue;
mod worker;
mod writing;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};

use crate::annotate::AuditEvent;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};
use crate::sink::LogSink;

pub use delivery::Delivery;
pub(crate) use ledger::Ledger;
pub use ledger::{Balance, DropReason};
pub(crate) use queue::{Intake, Shared};
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
    withheld: Option<Arc<AtomicU64>>,
}

type Teller = dyn Fn(AuditEvent) -> Option<EntryId> + Send + Sync;

/// What is asked of the recorder's thread.
pub(crate) enum Command {
    Flush {
        up_to: u64,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    Shutdown {
        deadline: Instant,
        reply: ShutdownReply,
    },
}

/// Answered by the thread, or by the watchdog where a sink blocks the thread past the deadline.
type ShutdownReply = Arc<Mutex<Option<oneshot::Sender<Report>>>>;

/// What a recorder has done, at one moment.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// The ledger.
    pub balance: Balance,
    /// Ended exchanges and events that wait to be masked.
    pub queued: u64,
    /// Entries that wait to be written or are being written.
    pub batched: u64,
    /// Bytes that captures, the queue and batches hold of the budget.
    pub captured_bytes: usize,
    /// Writes that failed.
    pub sink_errors: u64,
    /// Writes that panicked.
    pub sink_panics: u64,
    /// Writes that were repeated.
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

/// How a shutdown went.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The ledger at the end.
    pub balance: Balance,
    /// Whether the sink was flushed, without an error, before the deadline.
    pub is_flushed: bool,
    lost: u64,
}

impl Report {
    /// Tells whether everything that was handed over before the shutdown has been stored and flushed.
    pub fn is_complete(&self) -> bool {
        self.is_flushed && self.lost == 0
    }

    /// Returns how many entries the shutdown lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

/// Starts a recorder of items that `mask` turns into entries.
pub(crate) fn start<T, G>(
    sink: Arc<dyn LogSink>,
    delivery: Delivery,
    captured_bytes: impl Fn() -> usize + Send + Sync + 'static,
    mask: impl FnMut(T) -> Made<G> + Send + 'static,
) -> Result<(Intake<T>, Recorder), Error>
where
    T: Send + 'static,
    G: Send + 'static,
{
    delivery.check()?;
    let (intake, recorder, receiver, commands) =
        connect(delivery.queue_entries, false, Box::new(captured_bytes));
    let worker = Worker::new(
        receiver,
        commands,
        recorder.shared.clone(),
        sink,
        delivery,
        mask,
    );
    let (told, is_built) = std::sync::mpsc::sync_channel(1);
    // The runtime is built, and dropped, on the thread: it must not be dropped where the caller awaits.
    let run = move || match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let _ = told.send(Ok(()));
            runtime.block_on(worker.run());
            runtime.shutdown_background();
        }
        Err(error) => drop(told.send(Err(error))),
    };
    let thread = std::thread::Builder::new()
        .name("api-log".to_owned())
        .spawn(run);
    let started = thread.and_then(|_| is_built.recv().map_err(std::io::Error::other).flatten());
    started.map_err(|source| {
        Error::configuration("the recorder's thread could not be started").with_source(source)
    })?;
    Ok((intake, recorder))
}

/// Makes a recorder that drops everything as closed, for a machine that gave no thread.
pub(crate) fn dead<T>() -> (Intake<T>, Recorder) {
    let (intake, recorder, ..) = connect(1, true, Box::new(|| 0));
    (intake, recorder)
}

type Ends<T> = (
    Intake<T>,
    Recorder,
    std::sync::mpsc::Receiver<T>,
    mpsc::UnboundedReceiver<Command>,
);

fn connect<T>(
    queue_entries: usize,
    is_closed: bool,
    captured_bytes: Box<dyn Fn() -> usize + Send + Sync>,
) -> Ends<T> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(queue_entries);
    let (commands, inbox) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        ledger: Ledger::default(),
        accepted: AtomicU64::new(0),
        taken: AtomicU64::new(0),
        is_closed: AtomicBool::new(is_closed),
        is_asleep: AtomicBool::new(false),
        bell: Notify::new(),
        is_rung: AtomicBool::new(false),
        ended: OnceLock::new(),
        half_full: queue_entries.div_ceil(2) as u64,
        batched: AtomicUsize::new(0),
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
        withheld: None,
    };
    (intake, recorder, receiver, inbox)
}

impl Recorder {
    /// Returns the counts of this moment, without waiting for anything.
    pub fn stats(&self) -> Stats {
        let shared = &*self.shared;
        let ledger = &shared.ledger;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            balance: ledger.read(),
            queued: shared.queued(),
            batched: shared.batched.load(Ordering::Relaxed) as u64,
            captured_bytes: (shared.captured_bytes)(),
            sink_errors: read(&ledger.sink_errors),
            sink_panics: read(&ledger.sink_panics),
            retries: read(&ledger.retries),
            late_notes: read(&ledger.late_notes),
            refused_notes: read(&ledger.refused_notes),
            callback_panics: read(&ledger.callback_panics),
            expanding_bodies: read(&ledger.expanding_bodies),
            withheld_by_callbacks: self.withheld.as_deref().map_or(0, read),
            is_running: !shared.is_closed(),
        }
    }

    /// Waits until every exchange that ended before the call is settled, and then for the sink's own flush.
    ///
    /// # Errors
    ///
    /// The sink's, or [`ErrorKind::Closed`] after a shutdown. Entries that the sink refused for good are not an error here; the ledger counts them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the flush under way.
    pub async fn flush(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let up_to = self.shared.accepted.load(Ordering::SeqCst);
        let closed = || Error::new(ErrorKind::Closed, "the recorder has been shut down");
        self.commands
            .send(Command::Flush { up_to, reply })
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Takes nothing more, writes what there is until the deadline, flushes the sink and ends the thread.
    ///
    /// Exchanges that end later are dropped as [`DropReason::Closed`]. Returns by the deadline even where the sink hangs or blocks; what is
    /// not stored by then is dropped as [`DropReason::Deadline`]. A second call reports the end of the first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the shutdown under way.
    pub async fn shutdown(&self, deadline: Duration) -> Report {
        let shared = &*self.shared;
        let before = shared.ledger.read();
        shared.is_closed.store(true, Ordering::SeqCst);
        let (reply, answer) = oneshot::channel();
        let reply = Arc::new(Mutex::new(Some(reply)));
        let command = Command::Shutdown {
            deadline: after(deadline),
            reply: reply.clone(),
        };
        if shared.ended.get().is_none() && self.commands.send(command).is_ok() {
            watch(deadline, reply, self.shared.clone(), before);
            if let Ok(report) = answer.await {
                return report;
            }
        }
        let unknown = || ending::report(shared, &before, false);
        shared.ended.get().copied().unwrap_or_else(unknown)
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

    /// Lets the count of values that masking callbacks lost be read with the others.
    pub(crate) fn counting_withheld(mut self, withheld: Option<Arc<AtomicU64>>) -> Self {
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

/// Answers for the thread shortly after the deadline: a sink that blocks it cannot be interrupted, and the caller must not hang with it.
fn watch(deadline: Duration, reply: ShutdownReply, shared: Arc<Shared>, before: Balance) {
    const GRACE: Duration = Duration::from_millis(100);
    const LOOK: Duration = Duration::from_millis(10);
    let end = after(deadline.saturating_add(GRACE));
    let watchdog = move || {
        while Instant::now() < end && is_open(&reply) {
            std::thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        }
        answer(&reply, ending::report(&shared, &before, false));
    };
    // Without a watchdog the caller waits for the thread, which keeps the deadline unless the sink blocks.
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
