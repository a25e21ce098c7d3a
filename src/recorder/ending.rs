//! The end of a recorder, on whatever road it comes: asked for, because nobody is left who could push, or by a panic of its thread.
//!
//! Invariant: once the thread has ended, the ledger has nothing in flight that was handed over, but for what a sink that blocks its thread is writing; the
//! report stands, and whoever asked has been answered.

use std::time::{Duration, Instant};

use super::ledger::{Balance, DropReason};
use super::queue::Shared;
use super::stats::{Report, SinkReport};
use super::ticket::Ticket;
use super::worker::Worker;
use super::{Command, ShutdownReply, answer};

/// How long after the deadline a lane's answer is waited for: one that does not come then, does not come.
const GRACE: Duration = Duration::from_millis(50);
/// The same of a lane that has what is left to put into its spool.
const SPOOL_GRACE: Duration = Duration::from_secs(1);

/// A shutdown that was asked for, or that came because every handle is gone.
pub(super) struct End {
    at: Instant,
    before: Vec<Balance>,
    pub(super) replies: Vec<ShutdownReply>,
    /// For each lane, whether its sink was flushed.
    flushed: Vec<bool>,
}

impl Shared {
    /// Returns how long after the deadline the lanes' answers are waited for.
    pub(super) fn grace(&self) -> Duration {
        let mut lanes = self.lanes.iter();
        match lanes.any(|lane| lane.shared.has_spool()) {
            true => SPOOL_GRACE,
            false => GRACE,
        }
    }

    /// Reads the ledger of every sink.
    pub(super) fn balances(&self) -> Vec<Balance> {
        let books = self.lanes.iter().map(|lane| lane.shared.book.read());
        books.map(|counts| self.ledger.read(&counts)).collect()
    }
}

impl<T, M> Worker<T, M> {
    /// Ends by the first deadline that was told.
    pub(super) fn end_by(&mut self, at: Instant) -> &mut End {
        self.shared.door.close();
        self.end.get_or_insert_with(|| End {
            at,
            before: self.shared.balances(),
            replies: Vec::new(),
            flushed: Vec::new(),
        })
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| Instant::now() >= end.at)
    }

    /// Ends every lane at the same time, and waits for them.
    pub(super) async fn close(mut self) {
        let Some(end) = &mut self.end else { return };
        let lanes = &self.shared.lanes;
        let answers: Vec<_> = lanes.iter().map(|lane| lane.end(end.at)).collect();
        let latest = (end.at + self.shared.grace()).into();
        for (lane, answer) in lanes.iter().zip(answers) {
            let ended = tokio::time::timeout_at(latest, answer).await;
            if ended.is_err() {
                // Its sink blocks the thread.
                lane.shared.lose_all(DropReason::Deadline);
            }
            end.flushed.push(matches!(ended, Ok(Ok(true))));
        }
    }

    /// Settles what waits in the queue.
    fn settle(&mut self, reason: DropReason) {
        let mut left = 0;
        while self.shared.door.waiting() > 0 {
            match self.queue.try_recv() {
                Ok(parcel) => {
                    parcel.ticket.iter().for_each(Ticket::lost);
                    self.shared.door.took();
                    left += 1;
                }
                // A push that counted itself as accepted sends next, or takes its count back.
                Err(_) => std::thread::yield_now(),
            }
        }
        self.shared.ledger.dropped(reason, left);
    }
}

impl<T, M> Drop for Worker<T, M> {
    fn drop(&mut self) {
        self.shared.door.close();
        let reason = match self.end {
            Some(_) => DropReason::Deadline,
            None => DropReason::Closed,
        };
        self.settle(reason);
        let end = self.end.take();
        let (before, flushed) = match &end {
            Some(end) => (&*end.before, &*end.flushed),
            None => Default::default(),
        };
        let report = report(&self.shared, before, flushed);
        let report = self.shared.ended.get_or_init(|| report).clone();
        self.commands.close();
        let late = std::iter::from_fn(|| self.commands.try_recv().ok());
        let late = late.filter_map(|command| match command {
            Command::Shutdown { reply, .. } => Some(reply),
            Command::HandOver { .. } => None,
        });
        let asked = end.into_iter().flat_map(|end| end.replies);
        for reply in asked.chain(late) {
            answer(&reply, report.clone());
        }
    }
}

/// Tells what has become of everything since a shutdown began.
pub(super) fn report(shared: &Shared, before: &[Balance], flushed: &[bool]) -> Report {
    let given_up = [
        DropReason::Deadline,
        DropReason::Sink,
        DropReason::Masking,
        DropReason::SinkBehind,
        DropReason::SpoolFull,
    ];
    let sinks = shared.lanes.iter().enumerate().map(|(index, lane)| {
        let balance = shared.ledger.read(&lane.shared.book.read());
        let before = before.get(index).copied().unwrap_or_default();
        let dropped = given_up
            .iter()
            .map(|&reason| balance.dropped(reason) - before.dropped(reason));
        let under_way = shared.door.waiting() + lane.shared.under_way() as u64;
        SinkReport {
            name: lane.shared.name.clone(),
            balance,
            is_flushed: flushed.get(index).is_some_and(|it| *it),
            stored: balance.stored() - before.stored(),
            spooled: balance.spooled(),
            lost: dropped.sum::<u64>() + under_way,
        }
    });
    let sinks: Vec<_> = sinks.collect();
    let of_nothing = || shared.ledger.read(&Default::default());
    Report {
        balance: sinks.first().map_or_else(of_nothing, |it| it.balance),
        sinks,
    }
}
