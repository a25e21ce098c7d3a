//! One change, as one transaction.

use rusqlite::{Connection, TransactionBehavior, params};

use super::batch::Batch;
use super::fault::Fault;
use super::state::State;
use super::{Spool, SpoolFile, file};
use crate::error::Error;

/// What the next transaction takes out: entries that a sink has stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

/// A transaction that is under way.
pub(super) struct Write<'a> {
    pub(super) db: &'a Connection,
    pub(super) state: &'a mut State,
    pub(super) settings: &'a Spool,
    pub(super) batches: &'a [Batch],
}

/// Returns after how many pages of it the log is moved into the file: a sixteenth of the spool, from 128 KiB to 16 MiB.
pub(super) fn log_pages(max_bytes: u64) -> u32 {
    let bytes = (max_bytes / 16).clamp(128 << 10, 16 << 20);
    u32::try_from(bytes / u64::from(file::PAGE_BYTES)).unwrap_or(u32::MAX)
}

/// Returns how many bytes lie in reserve for a full disk: as many as it takes to move the log into the file.
pub(super) fn reserve_bytes(max_bytes: u64) -> u64 {
    u64::from(log_pages(max_bytes)) * u64::from(file::PAGE_BYTES)
}

/// What room is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Grow,
    Drain,
}

impl SpoolFile {
    /// Does a job in a transaction, which either all happens or not at all.
    pub(super) fn write<T>(
        &mut self,
        mut job: impl FnMut(&mut Write<'_>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        Ok(self.mend(|spool| spool.try_write(&mut job))?)
    }

    /// Does a job that makes the spool larger, for which the reserve is not touched.
    pub(super) fn grow<T>(
        &mut self,
        mut job: impl FnMut(&mut Write<'_>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        Ok(self.mend_for(Purpose::Grow, |spool| spool.try_write(&mut job))?)
    }

    /// Does a step, and once more after what stood in its way was set right.
    pub(super) fn mend<T>(
        &mut self,
        step: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.mend_for(Purpose::Drain, step)
    }

    fn mend_for<T>(
        &mut self,
        purpose: Purpose,
        mut step: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.db.is_none() {
            self.connect()?;
        }
        match step(self) {
            Err(Fault::Damaged) => self.rescue()?,
            Err(fault @ (Fault::DiskFull | Fault::Refused(_))) => self.free_room(purpose, fault)?,
            done => return done,
        }
        step(self)
    }

    /// Does a job in a transaction that has nothing left to do once damage was mended; `None` then.
    pub(super) fn write_or_rescue<T>(
        &mut self,
        mut job: impl FnMut(&mut Write<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Error> {
        self.mend(|spool| match spool.try_write(&mut job) {
            Err(Fault::Damaged) => spool.rescue().map(|()| None),
            done => done.map(Some),
        })
        .map_err(Error::from)
    }

    /// Makes room for what makes room: of the log, of the reserve, and where neither helps, of all that was confirmed.
    fn free_room(&mut self, purpose: Purpose, fault: Fault) -> Result<(), Fault> {
        if purpose == Purpose::Drain {
            self.folder.free_reserve()?;
        }
        // The log is then written from its beginning again, in room that it has.
        let emptied = match &self.db {
            Some(db) => file::pragma(db, "wal_checkpoint", "RESTART"),
            None => Ok(()),
        };
        let is_small = self.counts().bytes <= reserve_bytes(self.settings.max_bytes) / 2;
        let has_waste = purpose == Purpose::Drain || !self.confirmed.is_empty();
        match emptied {
            Err(_) if is_small && has_waste => self.rebuild(),
            Err(_) => Err(fault),
            Ok(()) => Ok(()),
        }
    }

    pub(super) fn try_write<T>(
        &mut self,
        job: &mut impl FnMut(&mut Write<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let db = self.db.as_mut().ok_or(Fault::Damaged)?;
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut state = self.state;
        let mut write = Write {
            db: &transaction,
            state: &mut state,
            settings: &self.settings,
            batches: &self.batches,
        };
        for confirmed in &self.confirmed {
            write.take_out(confirmed)?;
        }
        if !self.confirmed.is_empty() {
            write.find_first()?;
        }
        let done = job(&mut write)?;
        state.generation += 1;
        state.write(&transaction)?;
        transaction.commit()?;
        self.state = state;
        self.confirmed.clear();
        Ok(done)
    }
}

impl Write<'_> {
    /// Takes a confirmed range out of the queue.
    fn take_out(&mut self, confirmed: &Confirmed) -> Result<(), Fault> {
        let (low, high) = (confirmed.low, confirmed.high);
        let taken = self
            .db
            .prepare_cached("DELETE FROM entry WHERE seq BETWEEN ?1 AND ?2")?
            .execute(params![low, high])?;
        self.db
            .prepare_cached("DELETE FROM batch WHERE seq = ?1")?
            .execute([low])?;
        self.state.take(confirmed.entries, confirmed.bytes)?;
        if taken as u64 != confirmed.entries {
            return Err(Fault::Damaged);
        }
        Ok(())
    }

    /// Looks below which number there is no entry any more.
    pub(super) fn find_first(&mut self) -> Result<(), Fault> {
        let first: Option<i64> = self
            .db
            .prepare_cached("SELECT min(seq) FROM entry")?
            .query_row([], |row| row.get(0))?;
        self.state.first = first.unwrap_or(self.state.next_seq);
        Ok(())
    }

    /// Returns the number of the next row.
    pub(super) fn next_seq(&mut self) -> i64 {
        let seq = self.state.next_seq;
        self.state.next_seq += 1;
        seq
    }
}

impl State {
    /// Counts entries that leave the queue; a count that does not fit is damage.
    pub(super) fn take(&mut self, entries: u64, bytes: u64) -> Result<(), Fault> {
        self.entries = self.entries.checked_sub(entries).ok_or(Fault::Damaged)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Fault::Damaged)?;
        Ok(())
    }

    /// Counts one that was set aside and leaves.
    pub(super) fn take_dead(&mut self, bytes: u64) -> Result<(), Fault> {
        self.dead = self.dead.checked_sub(1).ok_or(Fault::Damaged)?;
        self.dead_bytes = self.dead_bytes.checked_sub(bytes).ok_or(Fault::Damaged)?;
        Ok(())
    }
}
