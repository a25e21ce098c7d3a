use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use super::alerts;
use super::gap::Gaps;
use super::held::Held;
use super::pace::Pace;
use super::{Command, Origin, Shared, Spooled};
use crate::clock::Clock;
use crate::contain::contain;
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};
use crate::recorder::after;
use crate::recorder::guarded::Guarded;
use crate::recorder::ledger::DropReason;
#[cfg(feature = "metrics")]
use crate::recorder::metrics;
use crate::sink::LogSink;

/// So often is looked for what a flush or an end waits for.
const LOOK: Duration = Duration::from_millis(10);

/// A lane's thread: takes batches and writes them.
pub(super) struct Writer {
    pub(super) lane: Arc<Shared>,
    pub(super) sink: Arc<dyn LogSink>,
    pub(super) pace: Pace,
    pub(super) clock: Arc<dyn Clock>,
    gaps: Gaps,
    commands: mpsc::UnboundedReceiver<Command>,
    flushes: VecDeque<(u64, oneshot::Sender<Result<(), Error>>)>,
    end: Option<End>,
    is_spools_turn: bool,
    /// How many entries in a row were refused one by one, and none was stored since.
    pub(super) refused: u32,
}

struct End {
    deadline: Pin<Box<Sleep>>,
    replies: Vec<oneshot::Sender<bool>>,
    is_flushed: bool,
}

/// The deadline of the end has come.
pub(super) struct TooLate;

impl Writer {
    pub(super) fn new(
        lane: Arc<Shared>,
        sink: Arc<dyn LogSink>,
        clock: Arc<dyn Clock>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        Self {
            lane,
            sink,
            pace: Pace::default(),
            gaps: Gaps::new(clock.clone()),
            clock,
            commands,
            flushes: VecDeque::new(),
            end: None,
            is_spools_turn: true,
            refused: 0,
        }
    }

    pub(super) async fn run(mut self) {
        while let Ok(true) = self.step().await {}
        self.close().await;
    }

    /// Does what is next; `false` when all is done.
    async fn step(&mut self) -> Result<bool, TooLate> {
        self.hear().await?;
        let is_pressed = self.end.is_some() || !self.flushes.is_empty();
        let now = Instant::now();
        // Asked before the spool and memory are looked at: what is put there afterwards would be left.
        let may_end = self.end.is_some() && !self.lane.is_settling();
        // What gathered in the spool comes in turns with what comes now.
        let is_spools_turn = self.is_spools_turn;
        let spooled = match is_spools_turn {
            true => self.lane.next_spooled(is_pressed, now),
            false => None,
        };
        self.is_spools_turn = spooled.is_none();
        if let Some(batch) = spooled {
            self.deliver_spooled(batch).await?;
            return Ok(true);
        }
        let batch = self.lane.take_due(is_pressed, now);
        if !batch.is_empty() {
            self.deliver(batch).await?;
        } else if self.answer_flushes().await? || !is_spools_turn {
            return Ok(true);
        } else if may_end && !self.lane.is_held_back(now) {
            return Ok(false);
        } else {
            self.rest(is_pressed).await;
        }
        Ok(true)
    }

    /// Writes a batch that waited in memory, and settles each of its entries.
    async fn deliver(&mut self, batch: Vec<Held>) -> Result<(), TooLate> {
        let batch = self.lane.refine(batch);
        let parts = batch.into_iter().map(Held::into_parts);
        let (entries, guards): (Vec<_>, Vec<_>) = parts.unzip();
        let entries = entries.into_iter().map(Arc::unwrap_or_clone).collect();
        let settled = self.deliver_entries(entries, Origin::Memory).await;
        drop(guards);
        settled
    }

    /// Writes a batch of the spool.
    async fn deliver_spooled(&mut self, batch: Spooled) -> Result<(), TooLate> {
        let Spooled { number, entries } = batch;
        let entries = entries.into_iter().map(Arc::unwrap_or_clone).collect();
        let settled = self.deliver_entries(entries, Origin::Spool(number)).await;
        self.lane.release(number);
        settled
    }

    async fn deliver_entries(
        &mut self,
        entries: Vec<LogEntry>,
        origin: Origin,
    ) -> Result<(), TooLate> {
        self.lane.set_writing(origin, entries.len());
        let settled = self.write(&entries, origin).await;
        self.lane.set_writing(origin, 0);
        if settled.is_ok() {
            self.tell_gaps();
        }
        #[cfg(feature = "metrics")]
        contain(|| metrics::publish(&self.lane.stats()));
        settled
    }

    /// Puts an entry into the log that tells of what was dropped since the last, once the sink takes entries again.
    fn tell_gaps(&mut self) {
        let balance = self.lane.ledger.read(&self.lane.book.read());
        if let Some(marker) = self.gaps.look(&balance) {
            self.lane.book.write(|it| it.seen += 1);
            let held = Held::new(Arc::new(marker), Arc::new(()), None, Instant::now());
            self.lane.queue().push_marker(held);
        }
    }

    /// Answers the flushes before which everything is settled, and tells whether there were any; nothing is being written here.
    async fn answer_flushes(&mut self) -> Result<bool, TooLate> {
        let Some(first) = self.lane.first_unsettled() else {
            return Ok(false);
        };
        let is_done = |(up_to, _): &&(u64, _)| first >= *up_to;
        let done = self.flushes.iter().take_while(is_done).count();
        if done == 0 {
            return Ok(false);
        }
        let mut result = self.flush_sink().await?;
        for (_, reply) in self.flushes.drain(..done) {
            // The first to ask gets the error with its cause, the others its kind.
            let again = result
                .as_ref()
                .map_err(|error| Error::new(error.kind(), "the sink's flush failed"))
                .copied();
            let _ = reply.send(std::mem::replace(&mut result, again));
        }
        Ok(true)
    }

    async fn flush_sink(&mut self) -> Result<Result<(), Error>, TooLate> {
        let sink = Arc::clone(&self.sink);
        let call = Guarded::new(|| (*sink).flush());
        self.in_time(call).await
    }

    /// Gives a sink's call the time that it may take.
    pub(super) async fn in_time(
        &mut self,
        call: Guarded<'_>,
    ) -> Result<Result<(), Error>, TooLate> {
        let limit = self.lane.delivery.write_timeout;
        let result = self
            .unless_too_late(tokio::time::timeout(limit, call))
            .await?;
        let timed_out =
            |_| Error::new(ErrorKind::Unavailable, "the sink did not answer in time").retryable();
        Ok(result.map_err(timed_out).flatten())
    }

    /// Says how the sink fares.
    pub(super) fn tell_health(&self, error: Option<&Error>) {
        let state = self.pace.state();
        if self.lane.health.tell(state, error.map(Error::kind)) {
            // Who hears it is the application's, and no reason to end.
            contain(|| alerts::sink(&self.lane.name, state, error));
        }
    }

    /// Waits until something is due, a command comes or the bell rings.
    async fn rest(&mut self, is_pressed: bool) {
        let lane = self.lane.clone();
        let look = is_pressed.then_some(LOOK);
        let pause = lane.rest(Instant::now()).into_iter().chain(look).min();
        let mut bell = pin!(lane.bell.notified());
        let mut pause = pin!(pause.map(tokio::time::sleep));
        std::future::poll_fn(|cx| {
            let told = self.take_commands(cx);
            let rung = bell.as_mut().poll(cx).is_ready();
            let is_over = pause
                .as_mut()
                .as_pin_mut()
                .is_some_and(|pause| pause.poll(cx).is_ready());
            match told || rung || is_over {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Awaits, taking commands meanwhile, until the deadline of the end.
    pub(super) async fn unless_too_late<F: Future>(
        &mut self,
        future: F,
    ) -> Result<F::Output, TooLate> {
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

    /// Takes what has been asked by now, of which a sink that answers at once would let nothing be heard.
    async fn hear(&mut self) -> Result<(), TooLate> {
        std::future::poll_fn(|cx| {
            self.take_commands(cx);
            Poll::Ready(())
        })
        .await;
        // Not the timer itself, which stands still where nothing is awaited.
        let now = tokio::time::Instant::now();
        match &self.end {
            Some(end) if end.deadline.deadline() <= now => Err(TooLate),
            _ => Ok(()),
        }
    }

    /// Takes what has been asked, and tells whether anything was. Keeps the waker for the next.
    fn take_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut told = false;
        while let Poll::Ready(command) = self.commands.poll_recv(cx) {
            match command {
                Some(Command::Flush { up_to, reply }) => self.flushes.push_back((up_to, reply)),
                Some(Command::End { deadline, reply }) => self.end_by(deadline).replies.push(reply),
                None if self.end.is_some() => break,
                // The recorder's thread is gone: nobody can ask, and nothing more comes.
                None => {
                    self.end_by(after(self.lane.delivery.retry_for));
                }
            }
            told = true;
        }
        told
    }

    /// Ends by the first deadline that was told.
    fn end_by(&mut self, at: Instant) -> &mut End {
        self.lane.end_spool();
        self.end.get_or_insert_with(|| End {
            deadline: Box::pin(tokio::time::sleep_until(at.into())),
            replies: Vec::new(),
            is_flushed: false,
        })
    }

    /// Flushes the sink if there is time; what is left then is settled by the drop.
    async fn close(mut self) {
        let is_late = self
            .end
            .as_ref()
            .is_some_and(|end| end.deadline.deadline() <= tokio::time::Instant::now());
        let is_flushed = !is_late && matches!(self.flush_sink().await, Ok(Ok(())));
        if let Some(end) = &mut self.end {
            end.is_flushed = is_flushed;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let reason = match self.end {
            Some(_) => DropReason::Deadline,
            None => DropReason::Closed,
        };
        self.lane.lose_all(reason);
        self.lane.close_spool();
        let Some(end) = self.end.take() else { return };
        for reply in end.replies {
            let _ = reply.send(end.is_flushed);
        }
    }
}
