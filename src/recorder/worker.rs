use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use super::guarded::guarded;
use super::ledger::DropReason;
use super::queue::Shared;
use super::{Command, Delivery, ShutdownReply};
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};
use crate::sink::LogSink;

const POLL_BUSY: Duration = Duration::from_millis(5);
const POLL_IDLE: Duration = Duration::from_millis(80);
const SLEEP_AFTER: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// The recorder's thread: takes, masks, batches, writes.
pub(super) struct Worker<T, G, M> {
    queue: Receiver<T>,
    commands: mpsc::UnboundedReceiver<Command>,
    shared: Arc<Shared>,
    sink: Arc<dyn LogSink>,
    delivery: Delivery,
    mask: M,
    batch: Batch<G>,
    flushes: VecDeque<(u64, oneshot::Sender<Result<(), Error>>)>,
    end: Option<End>,
    pause: Duration,
    last_found: Instant,
}

struct Batch<G> {
    entries: Vec<LogEntry>,
    /// What is given back when the entries are settled.
    guards: Vec<G>,
    bytes: usize,
    since: Instant,
}

/// A shutdown that was asked for, or that came because every handle is gone.
struct End {
    at: Instant,
    deadline: Pin<Box<Sleep>>,
    replies: Vec<ShutdownReply>,
}

/// The deadline of the shutdown has come.
struct TooLate;

impl<T, G, M> Worker<T, G, M>
where
    M: FnMut(T) -> (LogEntry, G),
{
    pub(super) fn new(
        queue: Receiver<T>,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
        sink: Arc<dyn LogSink>,
        delivery: Delivery,
        mask: M,
    ) -> Self {
        let now = Instant::now();
        let batch = Batch {
            entries: Vec::new(),
            guards: Vec::new(),
            bytes: 0,
            since: now,
        };
        let flushes = VecDeque::new();
        let (end, pause) = (None, POLL_BUSY);
        Self {
            queue,
            commands,
            shared,
            sink,
            delivery,
            mask,
            batch,
            flushes,
            end,
            pause,
            last_found: now,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let found = self.fill();
            let must_write = self.end.is_some() || !self.flushes.is_empty();
            if self.is_due() || (must_write && !self.batch.entries.is_empty()) {
                if self.write().await.is_err() {
                    break;
                }
            } else if !self.flushes.is_empty() {
                if self.answer_flushes().await.is_err() {
                    break;
                }
            } else if self.end.is_some() && self.shared.queued() == 0 {
                break;
            } else if !(found && self.shared.queued() > 0) {
                self.rest(found).await;
            }
        }
        self.close().await;
    }

    /// Takes from the queue until the batch is full or the queue is empty.
    fn fill(&mut self) -> bool {
        let mut found = false;
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
            match catch_unwind(AssertUnwindSafe(|| mask(item))) {
                Ok((entry, guard)) => self.batch.push(entry, guard),
                Err(_) => self.shared.ledger.dropped(DropReason::Masking, 1),
            }
        }
        self.shared
            .batched
            .store(self.batch.entries.len(), Ordering::Relaxed);
        found
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

    /// Writes the batch until the sink takes it, refuses it for good, or has failed for too long.
    async fn write(&mut self) -> Result<(), TooLate> {
        let entries = std::mem::take(&mut self.batch.entries);
        let settled = self.write_entries(&entries).await;
        let count = entries.len();
        match &settled {
            Ok(Ok(())) => self.shared.ledger.stored(count),
            Ok(Err(reason)) => self.shared.ledger.dropped(*reason, count),
            Err(TooLate) => self.shared.ledger.dropped(DropReason::Deadline, count),
        }
        self.batch.reset(entries);
        self.shared.batched.store(0, Ordering::Relaxed);
        settled.map(|_| ())
    }

    async fn write_entries(
        &mut self,
        entries: &[LogEntry],
    ) -> Result<Result<(), DropReason>, TooLate> {
        let sink = self.sink.clone();
        let begun = Instant::now();
        let mut pause = FIRST_RETRY;
        loop {
            let Err(error) = self.unless_too_late(guarded(sink.write(entries))).await? else {
                return Ok(Ok(()));
            };
            let ledger = &self.shared.ledger;
            ledger.sink_errors.fetch_add(1, Ordering::Relaxed);
            if error.kind() == ErrorKind::Panicked {
                ledger.sink_panics.fetch_add(1, Ordering::Relaxed);
            }
            if !error.is_retryable() || begun.elapsed() + pause > self.delivery.retry_for {
                return Ok(Err(DropReason::Sink));
            }
            self.unless_too_late(tokio::time::sleep(pause)).await?;
            self.shared.ledger.retries.fetch_add(1, Ordering::Relaxed);
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    /// Answers the flushes whose entries have all been taken; the batch is empty here.
    async fn answer_flushes(&mut self) -> Result<(), TooLate> {
        let taken = self.shared.taken.load(Ordering::SeqCst);
        let is_empty = self.shared.queued() == 0;
        let done = self
            .flushes
            .iter()
            .take_while(|(up_to, _)| is_empty || taken >= *up_to)
            .count();
        if done == 0 {
            return Ok(());
        }
        let sink = self.sink.clone();
        let mut result = self.unless_too_late(guarded(sink.flush())).await?;
        for (_, reply) in self.flushes.drain(..done) {
            // The first to ask gets the error with its cause, the others its kind.
            let again = result
                .as_ref()
                .map_err(|error| Error::new(error.kind(), "the sink's flush failed"))
                .copied();
            let _ = reply.send(std::mem::replace(&mut result, again));
        }
        Ok(())
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
        let pause = match self.batch.entries.is_empty() {
            true => self.pause,
            false => self.pause.min(
                self.delivery
                    .batch_age
                    .saturating_sub(self.batch.since.elapsed()),
            ),
        };
        let sleeps =
            self.batch.entries.is_empty() && now.duration_since(self.last_found) > SLEEP_AFTER;
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
    fn take_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut told = false;
        while let Poll::Ready(command) = self.commands.poll_recv(cx) {
            match command {
                Some(Command::Flush { up_to, reply }) => self.flushes.push_back((up_to, reply)),
                Some(Command::Shutdown { deadline, reply }) => {
                    self.end_by(deadline).replies.push(reply)
                }
                None if self.end.is_some() => break,
                None => drop(
                    self.end_by(Instant::now() + self.delivery.retry_for)
                        .replies
                        .len(),
                ),
            }
            told = true;
        }
        told
    }

    fn end_by(&mut self, at: Instant) -> &mut End {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.end.get_or_insert_with(|| End {
            at,
            deadline: Box::pin(tokio::time::sleep_until(at.into())),
            replies: Vec::new(),
        })
    }

    fn is_too_late(&self) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| Instant::now() >= end.at)
    }

    /// Awaits, taking commands meanwhile, until the deadline of a shutdown.
    async fn unless_too_late<F: Future>(&mut self, future: F) -> Result<F::Output, TooLate> {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.take_commands(cx);
            match &mut self.end {
                Some(end) => end.deadline.as_mut().poll(cx).map(|()| Err(TooLate)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Settles what is left, flushes the sink if there is time, and answers.
    async fn close(mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let sink = self.sink.clone();
        let flushed = self.unless_too_late(guarded(sink.flush())).await;
        let mut left = self.batch.entries.len();
        while self.shared.queued() > 0 {
            match self.queue.try_recv() {
                Ok(_) => {
                    self.shared.taken.fetch_add(1, Ordering::SeqCst);
                    left += 1;
                }
                // A push that counted itself as accepted sends next, or takes its count back.
                Err(_) => std::thread::yield_now(),
            }
        }
        self.shared.ledger.dropped(DropReason::Deadline, left);
        self.shared.batched.store(0, Ordering::Relaxed);
        let is_flushed = flushed.is_ok_and(|result| result.is_ok());
        for reply in self.end.iter().flat_map(|end| &end.replies) {
            super::answer(reply, is_flushed);
        }
    }
}

impl<G> Batch<G> {
    fn push(&mut self, entry: LogEntry, guard: G) {
        if self.entries.is_empty() {
            self.since = Instant::now();
        }
        self.bytes += entry.size_bytes();
        self.entries.push(entry);
        self.guards.push(guard);
    }

    /// Empties the batch and keeps its room.
    fn reset(&mut self, mut entries: Vec<LogEntry>) {
        entries.clear();
        self.entries = entries;
        self.guards.clear();
        self.bytes = 0;
    }
}
