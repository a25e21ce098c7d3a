//! How the next batch is found.

use super::batch::{Batch, SpoolBatch, number};
use super::fault::Fault;
use super::stored::Stored;
use super::{SpoolFile, read};
use crate::error::Error;

impl SpoolFile {
    /// Gives out the next batch, of at most so many entries and, but for one entry that alone is longer, bytes of their texts; `None` where nothing waits.
    ///
    /// Those that an earlier life has left, and those that were released, come first, as they were.
    ///
    /// # Errors
    ///
    /// Nothing is out then that was not out before, and the same call may be made again.
    pub(crate) fn next_batch(
        &mut self,
        max_entries: usize,
        max_bytes: u64,
    ) -> Result<Option<SpoolBatch>, Error> {
        let mut is_rescued = false;
        loop {
            if let Some(at) = self.batches.iter().position(|it| !it.is_out) {
                match self.give_again(at)? {
                    Some(batch) => return Ok(Some(batch)),
                    None => continue,
                }
            }
            let Some(entries) = self.gather(max_entries.max(1), max_bytes)? else {
                // Rows that the tree does not lead to.
                if self.count_waiting() > 0 && !is_rescued {
                    is_rescued = true;
                    self.rescue()?;
                    continue;
                }
                return Ok(None);
            };
            let Some(mut batch) = Batch::of(&entries) else {
                continue;
            };
            match self.mend(|spool| spool.try_write(&mut |write| batch.write(write.db))) {
                // What is given out makes room; what is not written down may come in other batches in another life.
                Err(Fault::DiskFull | Fault::Refused(_)) => batch.is_frozen = false,
                written => written?,
            }
            // They leave the cache only once they are frozen.
            self.cache.take(batch.high);
            self.read_from = batch.high + 1;
            let at = self.batches.partition_point(|it| it.low < batch.low);
            self.batches.insert(at, batch);
            return Ok(Some(out(batch.number, entries)));
        }
    }

    /// Counts entries that are in no batch.
    fn count_waiting(&self) -> u64 {
        let confirmed = self.confirmed.iter().map(|it| it.entries);
        let out = self.batches.iter().map(|it| it.entries);
        self.state
            .entries
            .saturating_sub(confirmed.chain(out).sum())
    }

    /// Reads a batch that was frozen before.
    fn give_again(&mut self, at: usize) -> Result<Option<SpoolBatch>, Error> {
        let batch = self.batches[at];
        let limits = read::Limits {
            from: batch.low,
            to: batch.high,
            entries: usize::MAX,
            bytes: u64::MAX,
        };
        let found = self.read(&limits)?;
        let is_same = found.entries.len() as u64 == batch.entries
            && number(found.entries.iter().map(|it| it.entry.id)) == batch.number;
        if !is_same {
            // What is left of it gets a number of its own.
            self.write(|write| write.thaw(batch.low))?;
            self.batches.retain(|it| it.low != batch.low);
            self.look_again(batch.low);
            return Ok(None);
        }
        for it in &mut self.batches {
            it.is_out |= it.low == batch.low;
        }
        Ok(Some(out(batch.number, found.entries)))
    }

    /// Finds the next entries that stand together; `None` where there is none.
    fn gather(&mut self, max_entries: usize, max_bytes: u64) -> Result<Option<Vec<Stored>>, Error> {
        loop {
            if self.read_from >= self.cache.start() {
                return Ok(self.gather_cached(max_entries, max_bytes));
            }
            // As far as to the next range that is taken, or to the end, past where the cache begins.
            let from = self.read_from;
            let inside = self.taken().find(|it| (it.0..=it.1).contains(&from));
            if let Some((_, high)) = inside {
                self.read_from = high + 1;
                continue;
            }
            let ahead = self.taken().map(|it| it.0).filter(|it| *it > from).min();
            let to = ahead.unwrap_or(self.state.next_seq) - 1;
            let limits = read::Limits {
                from: self.read_from,
                to,
                entries: max_entries,
                bytes: max_bytes,
            };
            let found = self.read(&limits)?;
            if !found.entries.is_empty() {
                return Ok(Some(found.entries));
            }
            self.read_from = found.read_to + 1;
        }
    }

    /// Returns the ranges that are in batches, or confirmed and still in the file.
    fn taken(&self) -> impl Iterator<Item = (i64, i64)> {
        let confirmed = self.confirmed.iter().map(|it| (it.low, it.high));
        let batches = self.batches.iter().map(|it| (it.low, it.high));
        confirmed.chain(batches)
    }

    fn gather_cached(&self, max_entries: usize, max_bytes: u64) -> Option<Vec<Stored>> {
        let mut bytes = 0;
        let entries: Vec<_> = self
            .cache
            .iter()
            .take(max_entries)
            .take_while(|it| {
                let is_first = bytes == 0;
                bytes += it.bytes;
                is_first || bytes <= max_bytes
            })
            .cloned()
            .collect();
        (!entries.is_empty()).then_some(entries)
    }
}

fn out(number: u64, entries: Vec<Stored>) -> SpoolBatch {
    SpoolBatch {
        number,
        entries: entries.into_iter().map(|it| it.entry).collect(),
    }
}
