//! The end of a recorder, on whatever road it comes: asked for, because nobody is left who could push, or by a panic of its thread.
//!
//! Invariant: once the thread has ended, the ledger has nothing in flight that was handed over, the report stands, and whoever asked has
//! been answered.

use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use tokio::time::Sleep;

use super::ledger::{Balance, DropReason};
use super::queue::Shared;
use super::worker::{Made, Worker};
use super::{Command, Report, ShutdownReply, answer};

/// A shutdown that was asked for, or that came because every handle is gone.
pub(super) struct End {
    at: Instant,
    before: Balance,
    deadline: Pin<Box<Sleep>>,
    pub(super) replies: Vec<ShutdownReply>,
    is_flushed: bool,
}

/// The deadline of the shutdown has come.
pub(super) struct TooLate;

impl<T, G, M> Worker<T, G, M> {
    /// Ends by the first deadline that was told.
    pub(super) fn end_by(&mut self, at: Instant) -> &mut End {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.end.get_or_insert_with(|| End {
            at,
            before: self.shared.ledger.read(),
            deadline: Box::pin(tokio::time::sleep_until(at.into())),
            replies: Vec::new(),
            is_flushed: false,
        })
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| Instant::now() >= end.at)
    }

    /// Settles what was taken and what waits in the queue.
    fn settle(&mut self, reason: DropReason) {
        let mut left = self.shared.batched.swap(0, Ordering::Relaxed);
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
        self.shared.ledger.dropped(reason, left);
    }
}

impl<T, G, M> Worker<T, G, M>
where
    M: FnMut(T) -> Made<G>,
{
    /// Awaits, taking commands meanwhile, until the deadline of a shutdown.
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

    /// Flushes the sink if there is time; what is left then is settled by the drop.
    pub(super) async fn close(mut self) {
        let is_flushed = !self.is_too_late() && matches!(self.flush_sink().await, Ok(Ok(())));
        if let Some(end) = &mut self.end {
            end.is_flushed = is_flushed;
        }
    }
}

impl<T, G, M> Drop for Worker<T, G, M> {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let reason = match self.end {
            Some(_) => DropReason::Deadline,
            None => DropReason::Closed,
        };
        self.settle(reason);
        let is_flushed = self.end.as_ref().is_some_and(|end| end.is_flushed);
        let before = self.end.as_ref().map(|end| end.before).unwrap_or_default();
        let report = report(&self.shared, &before, is_flushed);
        let report = *self.shared.ended.get_or_init(|| report);
        self.commands.close();
        let late = std::iter::from_fn(|| self.commands.try_recv().ok());
        let late = late.filter_map(|command| match command {
            Command::Shutdown { reply, .. } => Some(reply),
            Command::Flush { .. } => None,
        });
        let asked = self.end.take().into_iter().flat_map(|end| end.replies);
        for reply in asked.chain(late) {
            answer(&reply, report);
        }
    }
}

/// Tells what has been lost since a shutdown began.
pub(super) fn report(shared: &Shared, before: &Balance, is_flushed: bool) -> Report {
    let balance = shared.ledger.read();
    let given_up = [DropReason::Deadline, DropReason::Sink, DropReason::Masking];
    let dropped = given_up
        .iter()
        .map(|&reason| balance.dropped(reason) - before.dropped(reason));
    let under_way = shared.queued() + shared.batched.load(Ordering::Relaxed) as u64;
    Report {
        balance,
        is_flushed,
        lost: dropped.sum::<u64>() + under_way,
    }
}
