use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

#[cfg(feature = "tracing")]
use super::drops::Warnings;
use super::ending::End;
use super::lane::{Guard, Held};
#[cfg(feature = "tracing")]
use super::ledger::Balance;
use super::ledger::DropReason;
use super::queue::{Journal, Parcel, Shared};
use super::ticket::{Ticket, Waiting};
use super::{Command, after};
use crate::contain::contain;
use crate::entry::{EntryId, LogEntry};

const POLL_BUSY: Duration = Duration::from_millis(5);
const POLL_IDLE: Duration = Duration::from_millis(80);
const SLEEP_AFTER: Duration = Duration::from_secs(1);
/// So many items are masked before what was made of them goes on.
const ROUND: usize = 128;
/// How long the lanes may go on writing when every handle is gone.
const LAST_WRITES: Duration = Duration::from_secs(60);

/// The recorder's thread: takes, masks, hands to every lane.
pub(super) struct Worker<T, M> {
    pub(super) queue: Receiver<Parcel<T>>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) shared: Arc<Shared>,
    mask: M,
    made: Vec<Ready>,
    starts: Vec<Ready>,
    /// Starts to be forgotten, once so many items have been taken.
    cancelled: VecDeque<(u64, Vec<EntryId>)>,
    flushes: VecDeque<(u64, oneshot::Sender<()>)>,
    waiting: Waiting,
    pub(super) end: Option<End>,
    pause: Duration,
    last_found: Instant,
    #[cfg(feature = "metrics")]
    published: Option<Instant>,
    #[cfg(feature = "tracing")]
    warnings: Warnings,
}

/// What was made of one item that is in flight.
pub(crate) struct Made<G> {
    /// The item's own entry; `None` where it was let through for the others alone, or does not stand in the log itself.
    pub(crate) own: Option<LogEntry>,
    /// Whether it stands in the log as a part of the weight of others.
    pub(crate) is_sampled_out: bool,
    /// The event that was found in it.
    pub(crate) found: Option<LogEntry>,
    /// How many bodies in it decode to far more than they are.
    pub(crate) expanding_bodies: u64,
    /// Dropped once all of them are settled.
    pub(crate) guard: G,
}

/// An entry that goes to every lane.
struct Ready {
    entry: Arc<LogEntry>,
    guard: Guard,
    ticket: Option<Ticket>,
}

impl<T, G, M> Worker<T, M>
where
    G: Send + Sync + 'static,
    M: FnMut(T) -> Made<G>,
{
    pub(super) fn new(
        queue: Receiver<Parcel<T>>,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
        mask: M,
    ) -> Self {
        Self {
            queue,
            commands,
            shared,
            mask,
            made: Vec::with_capacity(ROUND),
            starts: Vec::new(),
            cancelled: VecDeque::new(),
            flushes: VecDeque::new(),
            waiting: Waiting::default(),
            end: None,
            pause: POLL_BUSY,
            last_found: Instant::now(),
            #[cfg(feature = "metrics")]
            published: None,
            #[cfg(feature = "tracing")]
            warnings: Warnings::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.hear().await;
            self.hear_cancelled();
            let found = self.fill();
            self.hand_over();
            self.answer_flushes();
            let given_up = self.waiting.give_up(Instant::now(), self.shared.hold_limit);
            let is_empty = self.shared.door.waiting() == 0;
            if self.end.is_some() && is_empty {
                break;
            }
            #[cfg(feature = "metrics")]
            self.publish();
            #[cfg(feature = "tracing")]
            self.warn_of_drops();
            if !found || is_empty {
                self.rest(found, given_up).await;
            }
        }
        self.close().await;
    }

    /// Says to who subscribes to `tracing` what was dropped.
    #[cfg(feature = "tracing")]
    fn warn_of_drops(&mut self) {
        let shared = &self.shared;
        let totals = || {
            shared
                .balances()
                .iter()
                .map(Balance::dropped_total)
                .collect()
        };
        for drops in self.warnings.look(Instant::now(), totals) {
            if let Some(lane) = shared.lanes.get(drops.lane) {
                let name = &*lane.shared.name;
                contain(|| super::lane::warn_of_drops(name, drops.new, drops.total));
            }
        }
    }

    /// Publishes the ledger, at most once a second.
    #[cfg(feature = "metrics")]
    fn publish(&mut self) {
        let now = Instant::now();
        let is_due = |last| now.saturating_duration_since(last) >= SLEEP_AFTER;
        if !self.published.is_none_or(is_due) {
            return;
        }
        self.published = Some(now);
        contain(|| {
            super::metrics::publish_captured((self.shared.captured_bytes)());
            let lanes = self.shared.lanes.iter();
            lanes.for_each(|lane| super::metrics::publish(&lane.shared.stats()));
        });
    }

    /// Takes from the queue for a round, or until it is empty.
    fn fill(&mut self) -> bool {
        let mut found = false;
        self.shared.is_rung.store(false, Ordering::Relaxed);
        for _ in 0..ROUND {
            let Ok(parcel) = self.queue.try_recv() else {
                break;
            };
            found = true;
            self.shared.door.took();
            let Parcel {
                item,
                ticket,
                journal,
                ..
            } = parcel;
            let is_late = self.is_too_late();
            let mask = &mut self.mask;
            if let Some(ticket) = &ticket {
                self.waiting.add(ticket, Instant::now());
            }
            let made = match is_late {
                true => Err(DropReason::Deadline),
                false => contain(|| mask(item)).ok_or(DropReason::Masking),
            };
            match made {
                Ok(made) => self.take(made, ticket, journal),
                Err(reason) => {
                    if journal != Journal::Starts {
                        self.shared.ledger.dropped(reason, 1);
                    }
                    if let Journal::Ends(id) = journal {
                        self.shared.cancel_start(id);
                    }
                    ticket.iter().for_each(Ticket::lost);
                }
            }
        }
        found
    }

    fn take(&mut self, made: Made<G>, ticket: Option<Ticket>, journal: Journal) {
        let Made {
            own,
            is_sampled_out,
            found,
            expanding_bodies,
            guard,
        } = made;
        let guard: Guard = Arc::new(guard);
        if journal == Journal::Starts {
            let start = own.map(|entry| Ready {
                entry: Arc::new(entry),
                guard,
                ticket,
            });
            self.starts.extend(start);
            return;
        }
        if let (None, Journal::Ends(id)) = (&own, journal) {
            self.shared.cancel_start(id);
        }
        let ledger = &self.shared.ledger;
        ledger.bodies_expand(expanding_bodies);
        ledger.seen(usize::from(found.is_some()));
        match own {
            Some(_) => {}
            None if is_sampled_out => ledger.sampled_out(),
            None => ledger.filtered(),
        }
        let ready = own.into_iter().chain(found).map(|entry| Ready {
            entry: Arc::new(entry),
            guard: guard.clone(),
            ticket: ticket.clone(),
        });
        self.made.extend(ready);
    }

    /// Hands what was made to every lane.
    fn hand_over(&mut self) {
        let ended = self.cancelled_by_now();
        if self.made.is_empty() && self.starts.is_empty() && ended.is_empty() {
            return;
        }
        let now = Instant::now();
        for lane in &self.shared.lanes {
            let may_hold = lane.shared.delivery.may_hold();
            let is_safe = lane.shared.is_safe();
            let held = |it: &Ready| {
                let ticket = it.ticket.clone().filter(|ticket| {
                    if may_hold && !is_safe {
                        ticket.lost();
                    }
                    may_hold && is_safe
                });
                Held::new(it.entry.clone(), it.guard.clone(), ticket, now)
            };
            if lane.shared.delivery.journals() {
                // Made before they are left out, so that who waits is told.
                let starts = self.starts.iter().map(held).filter(|_| is_safe);
                lane.journal(starts, &ended);
            }
            lane.take(self.made.iter().map(held));
        }
        self.made.clear();
        self.starts.clear();
    }

    /// Notes which starts are to be forgotten, once what was accepted by now has been taken: the start itself may be among it.
    fn hear_cancelled(&mut self) {
        let mut cancelled = self
            .shared
            .cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !cancelled.is_empty() {
            let up_to = self.shared.door.accepted();
            self.cancelled
                .push_back((up_to, std::mem::take(&mut cancelled)));
        }
    }

    fn cancelled_by_now(&mut self) -> Vec<EntryId> {
        let taken = self.shared.door.taken();
        let is_empty = self.shared.door.waiting() == 0;
        let mut ended = Vec::new();
        while let Some((up_to, _)) = self.cancelled.front()
            && (is_empty || taken >= *up_to)
        {
            ended.extend(self.cancelled.pop_front().into_iter().flat_map(|it| it.1));
        }
        ended
    }

    /// Answers those who wait until everything before them was handed over.
    fn answer_flushes(&mut self) {
        let taken = self.shared.door.taken();
        let is_empty = self.shared.door.waiting() == 0;
        while let Some((up_to, _)) = self.flushes.front()
            && (is_empty || taken >= *up_to)
        {
            if let Some((_, reply)) = self.flushes.pop_front() {
                let _ = reply.send(());
            }
        }
    }

    /// Waits for the next poll, a command or the bell.
    async fn rest(&mut self, found: bool, next_given_up: Option<Instant>) {
        let now = Instant::now();
        self.pause = if found {
            POLL_BUSY
        } else {
            (self.pause * 2).min(POLL_IDLE)
        };
        if found {
            self.last_found = now;
        }
        let lanes = self.shared.lanes.iter();
        let expiry = lanes.filter_map(|lane| lane.expire(now));
        let expiry = expiry.chain(next_given_up).min();
        let sleeps = expiry.is_none() && now.duration_since(self.last_found) > SLEEP_AFTER;
        let shared = self.shared.clone();
        if sleeps && !shared.door.sleep() {
            return;
        }
        let to_expiry = expiry.map(|at| at.saturating_duration_since(now));
        let pause = to_expiry.map_or(self.pause, |it| it.min(self.pause));
        let mut bell = pin!(shared.bell.notified());
        let mut poll = pin!((!sleeps).then(|| tokio::time::sleep(pause)));
        std::future::poll_fn(|cx| {
            let told = self.take_commands(cx);
            let rung = bell.as_mut().poll(cx).is_ready();
            let polled = poll
                .as_mut()
                .as_pin_mut()
                .is_some_and(|poll| poll.poll(cx).is_ready());
            match told || rung || polled {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        shared.door.wake();
    }
}

impl<T, M> Worker<T, M> {
    /// Takes what has been asked by now.
    async fn hear(&mut self) {
        std::future::poll_fn(|cx| {
            self.take_commands(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Takes what has been asked, and tells whether anything was. Keeps the waker for the next.
    pub(super) fn take_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut told = false;
        while let Poll::Ready(command) = self.commands.poll_recv(cx) {
            match command {
                Some(Command::HandOver { up_to, reply }) => self.flushes.push_back((up_to, reply)),
                Some(Command::Shutdown { deadline, reply }) => {
                    self.end_by(deadline).replies.push(reply)
                }
                None if self.end.is_some() => break,
                // Every handle is gone: nobody can ask, and nobody can push.
                None => {
                    self.end_by(after(LAST_WRITES));
                }
            }
            told = true;
        }
        told
    }
}
