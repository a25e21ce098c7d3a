use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::entry::{EntryId, LogEntry};
use crate::recorder::WhenFull;
use crate::recorder::ticket::Ticket;

/// The most starts that wait to be forgotten: a megabyte.
const MOST_ENDED: usize = 1 << 16;

/// What is given back when the last who holds an entry lets go of it.
pub(in crate::recorder) type Guard = Arc<dyn Any + Send + Sync>;

/// A masked entry that waits for one sink.
pub(in crate::recorder) struct Held {
    entry: Arc<LogEntry>,
    bytes: usize,
    is_urgent: bool,
    order: u64,
    since: Instant,
    /// Whether it has been masked as its sink asks.
    pub(super) is_refined: bool,
    guard: Guard,
    ticket: Option<Ticket>,
}

/// The entries that wait in memory, in the order in which they came.
///
/// Invariant: past the limits there is at most one entry, and that one alone; what tells of a gap, of which one comes in ten seconds; and what the spool gave
/// back, at most a transaction's worth. What waits for room is within the same limits again, or one.
pub(super) struct Queue {
    /// Events and failures.
    urgent: VecDeque<Held>,
    others: VecDeque<Held>,
    /// What came when there was no room, and until when it waits for some.
    waiting: VecDeque<(Instant, Held)>,
    bytes: usize,
    urgent_bytes: usize,
    waiting_bytes: usize,
    next: u64,
    limits: Limits,
    /// What the journal of starts is to write down, and what it is to forget.
    starts: Vec<Held>,
    ended: Vec<EntryId>,
    /// Whether nobody is left who takes from it.
    pub(super) is_closed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) entries: usize,
    pub(super) bytes: usize,
    pub(super) when_full: WhenFull,
    /// Whether tickets are held until their entries are safe, and not only until they have room.
    pub(super) holds_until_safe: bool,
    /// Whether starts are written down.
    pub(super) journals: bool,
}

impl Held {
    pub(in crate::recorder) fn new(
        entry: Arc<LogEntry>,
        guard: Guard,
        ticket: Option<Ticket>,
        now: Instant,
    ) -> Self {
        Self {
            bytes: entry.size_bytes(),
            is_urgent: entry.exchange().is_none_or(|it| it.has_failed()),
            order: 0,
            since: now,
            is_refined: false,
            entry,
            guard,
            ticket,
        }
    }

    pub(super) fn entry(&self) -> &Arc<LogEntry> {
        &self.entry
    }

    /// Puts another in the place of the entry, masked once more.
    pub(super) fn set_entry(&mut self, entry: LogEntry) {
        self.entry = Arc::new(entry);
        self.is_refined = true;
    }

    /// Takes it apart: the entry, and what is to be dropped once that is settled.
    pub(super) fn into_parts(self) -> (Arc<LogEntry>, Guard) {
        (self.entry, self.guard)
    }

    /// Lets go of an entry that is lost.
    pub(super) fn lose(self) {
        self.tell_lost();
    }

    /// Says to who waits for it that it is lost, or may be.
    pub(super) fn tell_lost(&self) {
        self.ticket.iter().for_each(Ticket::lost);
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            urgent: VecDeque::new(),
            others: VecDeque::new(),
            waiting: VecDeque::new(),
            bytes: 0,
            urgent_bytes: 0,
            waiting_bytes: 0,
            next: 0,
            limits,
            starts: Vec::new(),
            ended: Vec::new(),
            is_closed: false,
        }
    }

    /// Takes an entry, and returns how many were dropped for it, itself included.
    pub(super) fn push(&mut self, mut held: Held) -> usize {
        held.order = self.next;
        self.next += 1;
        if self.is_closed {
            held.lose();
            return 1;
        }
        if let WhenFull::WaitAtMost(longest) = self.limits.when_full {
            let must_wait = !self.waiting.is_empty() || !self.has_room(held.bytes);
            if must_wait && self.may_wait(held.bytes) {
                let until = held.since + longest.min(Duration::from_secs(3600));
                self.waiting_bytes += held.bytes;
                self.waiting.push_back((until, held));
                return 0;
            }
        }
        if !self.can_have_room(&held) {
            self.lose(held);
            return 1;
        }
        let mut dropped = 0;
        while !self.has_room(held.bytes)
            && let Some(loser) = self.loser(held.is_urgent)
        {
            self.let_go(&loser);
            self.lose(loser);
            dropped += 1;
        }
        self.admit(held);
        dropped
    }

    fn lose(&mut self, held: Held) {
        self.end([held.entry.id]);
        held.lose();
    }

    /// Takes starts to be written down. Those for which there is no room are lost.
    pub(super) fn begin(&mut self, starts: impl Iterator<Item = Held>) {
        for held in starts {
            match !self.is_closed && self.starts.len() < self.limits.entries {
                true => self.starts.push(held),
                false => held.lose(),
            }
        }
    }

    /// Takes starts to be forgotten, as many as there is room for: one that is not forgotten is told at the next start, though it ended.
    pub(super) fn end(&mut self, ids: impl IntoIterator<Item = EntryId>) {
        if self.limits.journals {
            let room = MOST_ENDED.saturating_sub(self.ended.len());
            self.ended.extend(ids.into_iter().take(room));
        }
    }

    /// Gives out what is to be written down, and what to be forgotten.
    #[cfg(feature = "spool")]
    pub(super) fn take_journal(&mut self) -> (Vec<Held>, Vec<EntryId>) {
        let starts = std::mem::take(&mut self.starts);
        (starts, std::mem::take(&mut self.ended))
    }

    /// Tells whether one that finds no room may wait for some.
    fn may_wait(&self, bytes: usize) -> bool {
        let is_first = self.waiting.is_empty();
        is_first
            || self.waiting.len() < self.limits.entries
                && self.waiting_bytes + bytes <= self.limits.bytes
    }

    /// Tells whether an entry has room once all have given way that may: none gives way in vain.
    fn can_have_room(&self, comes: &Held) -> bool {
        let is_oldest = self.limits.when_full == WhenFull::DropOldest;
        let (entries, bytes) = match (is_oldest, comes.is_urgent) {
            (true, true) => (0, 0),
            (true, false) | (false, true) => (self.urgent.len(), self.urgent_bytes),
            (false, false) => (self.len(), self.bytes),
        };
        self.is_room(entries, bytes, comes.bytes)
    }

    /// Takes an entry that tells of others, for which nothing is dropped.
    pub(super) fn push_marker(&mut self, mut held: Held) {
        held.order = self.next;
        self.next += 1;
        self.admit(held);
    }

    /// Returns the entry that gives way to one that comes; `None` where that one does itself.
    fn loser(&mut self, comes_urgent: bool) -> Option<Held> {
        let is_oldest = self.limits.when_full == WhenFull::DropOldest;
        match (is_oldest, comes_urgent) {
            (true, true) => self.others.pop_front().or_else(|| self.urgent.pop_front()),
            (true, false) => self.others.pop_front(),
            (false, true) => self.others.pop_back(),
            (false, false) => None,
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.is_room(self.len(), self.bytes, bytes)
    }

    /// Tells whether there is room beside so many.
    fn is_room(&self, entries: usize, bytes: usize, more: usize) -> bool {
        let fits = entries < self.limits.entries && bytes + more <= self.limits.bytes;
        entries == 0 || fits
    }

    /// Counts one that has left.
    fn let_go(&mut self, held: &Held) {
        self.bytes -= held.bytes;
        if held.is_urgent {
            self.urgent_bytes -= held.bytes;
        }
    }

    fn admit(&mut self, mut held: Held) {
        if !self.limits.holds_until_safe {
            held.ticket = None;
        }
        self.place(held);
    }

    /// Puts an entry in its place, which is the last but for those that waited for room, or come back.
    fn place(&mut self, held: Held) {
        self.bytes += held.bytes;
        let queue = match held.is_urgent {
            true => {
                self.urgent_bytes += held.bytes;
                &mut self.urgent
            }
            false => &mut self.others,
        };
        let at = queue.partition_point(|it| it.order < held.order);
        queue.insert(at, held);
    }

    /// Takes the first entries out, at least one if there is any, and lets those in that waited for their room.
    pub(super) fn take(&mut self, entries: usize, bytes: usize) -> Vec<Held> {
        let mut taken = Vec::new();
        let mut taken_bytes = 0;
        while taken.len() < entries && taken_bytes < bytes {
            let Some(held) = self.pop() else { break };
            taken_bytes += held.bytes;
            self.let_go(&held);
            taken.push(held);
        }
        while let Some((until, held)) = self.waiting.pop_front() {
            if !self.has_room(held.bytes) {
                self.waiting.push_front((until, held));
                break;
            }
            self.waiting_bytes -= held.bytes;
            self.admit(held);
        }
        taken
    }

    /// Puts entries back that were taken. Nobody waits for them any more, and they are not dropped for want of room. Returns how many are lost, because
    /// nobody is left who takes from the queue.
    #[cfg(feature = "spool")]
    pub(super) fn put_back(&mut self, taken: Vec<Held>) -> usize {
        if self.is_closed {
            let lost = taken.len();
            taken.into_iter().for_each(Held::lose);
            return lost;
        }
        for mut held in taken.into_iter().rev() {
            if let Some(ticket) = held.ticket.take() {
                ticket.lost();
            }
            self.place(held);
        }
        0
    }

    /// Tells whether more than half of the room is taken.
    pub(super) fn is_half_full(&self) -> bool {
        self.len() > self.limits.entries / 2 || self.bytes > self.limits.bytes / 2
    }

    fn pop(&mut self) -> Option<Held> {
        let order = |queue: &VecDeque<Held>| queue.front().map_or(u64::MAX, |it| it.order);
        match order(&self.urgent) < order(&self.others) {
            true => self.urgent.pop_front(),
            false => self.others.pop_front(),
        }
    }

    /// Takes out those that have waited for room for too long.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Held> {
        let mut expired = Vec::new();
        while self.next_expiry().is_some_and(|until| until <= now) {
            if let Some((_, held)) = self.waiting.pop_front() {
                self.waiting_bytes -= held.bytes;
                expired.push(held);
            }
        }
        expired
    }

    /// Returns when the first of those that wait for room has waited for too long.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.waiting.front().map(|(until, _)| *until)
    }

    /// Returns since when the first entry waits.
    pub(super) fn since(&self) -> Option<Instant> {
        let fronts = [self.urgent.front(), self.others.front()];
        fronts.into_iter().flatten().map(|it| it.since).min()
    }

    /// Returns the number of the first that is here; that of the next to come where none is.
    pub(super) fn first(&self) -> u64 {
        let fronts = [self.urgent.front(), self.others.front()];
        let waiting = self.waiting.front().map(|(_, held)| held.order);
        let orders = fronts.into_iter().flatten().map(|it| it.order);
        orders.chain(waiting).min().unwrap_or(self.next)
    }

    /// Returns the number of the next to come.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Returns how many have room.
    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.others.len()
    }

    /// Returns how many are here in all.
    pub(super) fn total(&self) -> usize {
        self.len() + self.waiting.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes everything out as lost, and returns how many there were.
    pub(super) fn lose_all(&mut self) -> usize {
        let total = self.total();
        let held = self.urgent.drain(..).chain(self.others.drain(..));
        let waiting = self.waiting.drain(..).map(|(_, held)| held);
        let starts = self.starts.drain(..);
        held.chain(waiting).chain(starts).for_each(Held::lose);
        (self.bytes, self.urgent_bytes, self.waiting_bytes) = (0, 0, 0);
        total
    }
}

#[cfg(test)]
mod tests;
