//! Where the entries of a batch are settled: in memory alone, or in the spool that keeps them until then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use crate::clock::Timestamp;
#[cfg(feature = "spool")]
use crate::entry::EntryId;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::recorder::ledger::DropReason;
#[cfg(feature = "spool")]
use crate::recorder::{DeadLetter, spool};

/// Where a batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Memory,
    /// The spool, under a number.
    #[cfg_attr(not(feature = "spool"), allow(dead_code))]
    Spool(u64),
}

/// A batch of the spool.
pub(super) struct Spooled {
    pub(super) number: u64,
    pub(super) entries: Vec<Arc<LogEntry>>,
}

impl Shared {
    /// Counts, and takes out of the spool, what the sink has stored.
    pub(super) fn stored(&self, part: &[LogEntry], origin: Origin) {
        match origin {
            #[cfg(feature = "spool")]
            Origin::Spool(number) => {
                if let Some(keeper) = &self.keeper {
                    let ids: Vec<_> = part.iter().map(|it| it.id).collect();
                    keeper.confirm(&self.book, number, &ids);
                }
            }
            _ => {
                self.queue().end(part.iter().map(|it| it.id));
                self.book.write(|it| it.stored += part.len() as u64);
            }
        }
    }

    /// Sets an entry aside that the sink refuses; without a spool it is dropped.
    #[cfg_attr(not(feature = "spool"), expect(unused_variables))]
    pub(super) fn refused(&self, entry: &LogEntry, origin: Origin, error: &Error, at: Timestamp) {
        #[cfg(feature = "spool")]
        if let Some(keeper) = &self.keeper {
            let is_there = match origin {
                Origin::Spool(_) => true,
                Origin::Memory => keeper
                    .append(&self.book, &[Arc::new(entry.clone())])
                    .is_ok(),
            };
            if is_there {
                return keeper.set_aside(&self.book, entry.id, error, at);
            }
        }
        self.queue().end([entry.id]);
        self.book.dropped(DropReason::Sink, 1);
    }

    /// Leaves what could not be written to the spool; what is in none is dropped for a reason.
    pub(super) fn keep_or_drop(&self, part: &[LogEntry], origin: Origin, reason: DropReason) {
        if origin != Origin::Memory {
            return;
        }
        #[cfg(feature = "spool")]
        if let Some(keeper) = &self.keeper {
            let entries: Vec<_> = part.iter().cloned().map(Arc::new).collect();
            if keeper.append(&self.book, &entries).is_ok() {
                return;
            }
        }
        self.queue().end(part.iter().map(|it| it.id));
        self.book.dropped(reason, part.len());
    }

    pub(super) fn set_writing(&self, origin: Origin, entries: usize) {
        if origin == Origin::Memory {
            self.writing.store(entries, Ordering::Relaxed);
        }
    }

    /// Wakes those who take from memory.
    pub(super) fn ring(&self, is_due: bool) {
        #[cfg(feature = "spool")]
        if let Some(keeper) = &self.keeper {
            keeper.ring();
        }
        if is_due {
            self.bell.notify_one();
        }
    }
}

#[cfg(feature = "spool")]
impl Shared {
    pub(in crate::recorder) fn has_spool(&self) -> bool {
        self.keeper.is_some()
    }

    /// Tells whether the writer takes from the spool alone.
    pub(super) fn spools_everything(&self) -> bool {
        let keeper = self.keeper.as_ref();
        keeper.is_some_and(super::keeper::Keeper::takes_everything)
    }

    /// Gives out a batch of the spool, if one is due.
    pub(super) fn next_spooled(&self, is_pressed: bool, now: Instant) -> Option<Spooled> {
        let batch = self.keeper.as_ref()?.next_batch(self, is_pressed, now);
        let batch = batch.ok().flatten()?;
        Some(Spooled {
            number: batch.number,
            entries: batch.entries,
        })
    }

    /// Gives what is left of a batch back to the spool.
    pub(super) fn release(&self, number: u64) {
        if let Some(keeper) = &self.keeper {
            keeper.release(&self.book, number);
        }
    }

    pub(super) fn rest_of_spool(&self, now: Instant) -> Option<Duration> {
        let keeper = self.keeper.as_ref()?;
        keeper.rest(self.delivery.batch_age, now)
    }

    /// Tells whether what waits in the spool is held back for a while, so that the sink is not run over.
    pub(super) fn is_held_back(&self, now: Instant) -> bool {
        let keeper = self.keeper.as_ref();
        keeper.is_some_and(|it| it.is_held_back(now))
    }

    pub(in crate::recorder) fn dead_letters(
        &self,
        limit: usize,
        after: Option<i64>,
    ) -> Result<Vec<DeadLetter>, Error> {
        let Some(keeper) = &self.keeper else {
            return Ok(Vec::new());
        };
        let letters = keeper.dead_letters(&self.book, limit, after)?;
        let letter = |it: spool::DeadLetter| DeadLetter {
            number: it.number,
            id: it.id,
            entry: it.entry,
            text: it.text,
            error: it.error,
            at: it.at,
            attempts: it.attempts,
        };
        Ok(letters.into_iter().map(letter).collect())
    }

    pub(in crate::recorder) fn replay_dead_letters(
        &self,
        ids: Option<&[EntryId]>,
    ) -> Result<u64, Error> {
        let Some(keeper) = &self.keeper else {
            return Ok(0);
        };
        let replayed = keeper.replay(&self.book, ids);
        self.bell.notify_one();
        replayed
    }

    /// Puts everything that waits in memory into the spool, as far as it takes it.
    pub(super) fn spool_all(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.take_all(self);
        }
    }

    /// Returns the number of the first entry in memory that is neither stored nor dropped; `None` while the spool has some that its sink, which does not fail, is
    /// to be given, be they of an earlier life.
    pub(super) fn first_unsettled(&self) -> Option<u64> {
        let queue = self.queue();
        let Some(keeper) = &self.keeper else {
            return Some(queue.first());
        };
        let (state, _) = self.health.now();
        let is_left = keeper.is_empty() || keeper.is_failing() || state != super::SinkState::Up;
        (keeper.keeping() == 0 && is_left).then(|| queue.first())
    }

    /// Returns how many entries are on their way to the spool.
    pub(super) fn keeping(&self) -> usize {
        self.keeper.as_ref().map_or(0, |it| it.keeping())
    }

    /// Lets the spool's thread take everything, and end.
    pub(super) fn end_spool(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.end();
        }
    }

    pub(super) fn close_spool(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.close(&self.book);
        }
    }

    /// Tells whether entries can be made safe that responses wait for.
    pub(in crate::recorder) fn is_safe(&self) -> bool {
        self.keeper
            .as_ref()
            .is_none_or(super::keeper::Keeper::is_working)
    }
}

#[cfg(not(feature = "spool"))]
impl Shared {
    pub(in crate::recorder) fn has_spool(&self) -> bool {
        false
    }

    pub(super) fn spools_everything(&self) -> bool {
        false
    }

    pub(super) fn next_spooled(&self, _: bool, _: Instant) -> Option<Spooled> {
        None
    }

    pub(super) fn release(&self, _: u64) {}

    pub(super) fn rest_of_spool(&self, _: Instant) -> Option<Duration> {
        None
    }

    pub(super) fn is_held_back(&self, _: Instant) -> bool {
        false
    }

    pub(super) fn spool_all(&self) {}

    pub(super) fn first_unsettled(&self) -> Option<u64> {
        Some(self.queue().first())
    }

    pub(super) fn keeping(&self) -> usize {
        0
    }

    pub(super) fn end_spool(&self) {}

    pub(super) fn close_spool(&self) {}

    pub(in crate::recorder) fn is_safe(&self) -> bool {
        true
    }
}
