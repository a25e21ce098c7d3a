use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::ending::{End, TooLate};
use super::ledger::DropReason;
use super::queue::Shared;
use super::{Command, Delivery, after};
use crate::contain::contain;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::sink::LogSink;

const POLL_BUSY: Duration = Duration::from_millis(5);
const POLL_IDLE: Duration = Duration::from_millis(80);
const SLEEP_AFTER: Duration = Duration::from_secs(1);

/// The recorder's thread: takes, masks, batches, writes.
pub(super) struct Worker<T, G, M> {
    pub(super) queue: Receiver<T>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) shared: Arc<Shared>,
    pub(super) sink: Arc<dyn LogSink>,
    pub(super) delivery: Delivery,
    mask: M,
    pub(super) batch: Batch<G>,
    pub(super) flushes: VecDeque<(u64, oneshot::Sender<Result<(), Error>>)>,
    pub(super) end: Option<End>,
    pause: Duration,
    last_found: Instant,
}

/// What was made of one item that is in flight.
pub(crate) struct Made<G> {
    /// The item's own entry; `None` where it was let through for the others alone, and is left out itself.
    pub(crate) own: Option<LogEntry>,
    /// The event that was found in it.
    pub(crate) found: Option<LogEntry>,
    /// How many bodies in it decode to far more than they are.
    pub(crate) expanding_bodies: u64,
    /// Dropped once all of them are settled.
    pub(crate) guard: G,
}

pub(super) struct Batch<G> {
    pub(super) entries: Vec<LogEntry>,
    /// What is given back when the entries are settled.
    guards: Vec<G>,
    bytes: usize,
    since: Instant,
}

impl<T, G, M> Worker<T, G, M>
where
    M: FnMut(T) -> Made<G>,
{
    pub(super) fn new(
        queue: Receiver<T>,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
        sink: Arc<dyn LogSink>,
        delivery: Delivery,
        mask: M,
    ) -> Self {
        Self {
            queue,
            commands,
            shared,
            sink,
            delivery,
            mask,
            batch: Batch::new(),
            flushes: VecDeque::new(),
            end: None,
            pause: POLL_BUSY,
            last_found: Instant::now(),
        }
    }

    pub(super) async fn run(mut self) {
        while let Ok(true) = self.step().await {}
        self.close().await;
    }

    /// Does what is next; `false` when all is done.
    async fn step(&mut self) -> Result<bool, TooLate> {
        let found = self.fill();
        let must_write = self.end.is_some() || !self.flushes.is_empty();
        if self.is_due() || (must_write && !self.batch.entries.is_empty()) {
            self.write().await?;
        } else if !self.flushes.is_empty() {
            self.answer_flushes().await?;
        } else if self.end.is_some() && self.shared.queued() == 0 {
            return Ok(false);
        } else if !(found && self.shared.queued() > 0) {
            self.rest(found).await;
        }
        Ok(true)
    }

    /// Takes from the queue until the batch is full or the queue is empty.
    fn fill(&mut self) -> bool {
        let mut found = false;
        self.shared.is_rung.store(false, Ordering::Relaxed);
        while self.batch.entries.len() < self.delivery.batch_entries
            && self.batch.bytes < self.delivery.batch_bytes
        {
            let Ok(item) = self.queue.try_recv() else {
                break;
            };
            found = true;
            self.shared.taken.fetch_add(1, Ordering::SeqCst);
            if self.is_too_late() {
                self.shared.ledger.dropped(DropReason::Deadline, 1);
                continue;
            }
            let mask = &mut self.mask;
            match contain(|| mask(item)) {
                Some(made) => self.take(made),
                None => self.shared.ledger.dropped(DropReason::Masking, 1),
            }
        }
        self.shared
            .batched
            .store(self.batch.entries.len(), Ordering::Relaxed);
        found
    }

    fn take(&mut self, made: Made<G>) {
        let Made {
            own,
            found,
            expanding_bodies,
            guard,
        } = made;
        let ledger = &self.shared.ledger;
        ledger.bodies_expand(expanding_bodies);
        ledger.seen(usize::from(found.is_some()));
        if own.is_none() {
            ledger.filtered();
        }
        self.batch.push(own.into_iter().chain(found), guard);
    }

    fn is_due(&self) -> bool {
        let Batch {
            entries,
            bytes,
            since,
            ..
        } = &self.batch;
        !entries.is_empty()
            && (entries.len() >= self.delivery.batch_entries
                || *bytes >= self.delivery.batch_bytes
                || since.elapsed() >= self.delivery.batch_age)
    }

    /// Waits for the next poll, a command or the bell.
    async fn rest(&mut self, found: bool) {
        let now = Instant::now();
        self.pause = if found {
            POLL_BUSY
        } else {
            (self.pause * 2).min(POLL_IDLE)
        };
        if found {
            self.last_found = now;
        }
        let is_empty = self.batch.entries.is_empty();
        let pause = match is_empty {
            true => self.pause,
            false => self.pause.min(
                self.delivery
                    .batch_age
                    .saturating_sub(self.batch.since.elapsed()),
            ),
        };
        let sleeps = is_empty && now.duration_since(self.last_found) > SLEEP_AFTER;
        let shared = self.shared.clone();
        if sleeps {
            shared.is_asleep.store(true, Ordering::SeqCst);
            if shared.queued() > 0 {
                shared.is_asleep.store(false, Ordering::SeqCst);
                return;
            }
        }
        let mut bell = pin!(shared.bell.notified());
        let mut poll = pin!((!sleeps).then(|| tokio::time::sleep(pause)));
        std::future::poll_fn(|cx| {
            let told = self.take_commands(cx);
            let rung = bell.as_mut().poll(cx).is_ready();
            let polled = poll
                .as_mut()
                .as_pin_mut()
                .is_some_and(|poll| poll.poll(cx).is_ready());
            if told || rung || polled {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        shared.is_asleep.store(false, Ordering::SeqCst);
    }

    /// Takes what has been asked, and tells whether anything was. Keeps the waker for the next.
    pub(super) fn take_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut told = false;
        while let Poll::Ready(command) = self.commands.poll_recv(cx) {
            match command {
                Some(Command::Flush { up_to, reply }) => self.flushes.push_back((up_to, reply)),
                Some(Command::Shutdown { deadline, reply }) => {
                    self.end_by(deadline).replies.push(reply)
                }
                None if self.end.is_some() => break,
                // Every handle is gone: nobody can ask, and nobody can push.
                None => {
                    self.end_by(after(self.delivery.retry_for));
                }
            }
            told = true;
        }
        told
    }
}

impl<G> Batch<G> {
    fn new() -> Self {
        Self {
            entries: Vec::new(),
            guards: Vec::new(),
            bytes: 0,
            since: Instant::now(),
        }
    }

    fn push(&mut self, entries: impl Iterator<Item = LogEntry>, guard: G) {
        let (was_empty, before) = (self.entries.is_empty(), self.entries.len());
        for entry in entries {
            self.bytes += entry.size_bytes();
            self.entries.push(entry);
        }
        if self.entries.len() > before {
            self.guards.push(guard);
            if was_empty {
                self.since = Instant::now();
            }
        }
    }

    /// Empties the batch and keeps its room.
    pub(super) fn reset(&mut self, mut entries: Vec<LogEntry>) {
        entries.clear();
        self.entries = entries;
        self.guards.clear();
        self.bytes = 0;
    }
}
