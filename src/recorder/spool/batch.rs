//! Batches: frozen ranges of the queue.

use std::sync::Arc;

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::row::{Fields, Kind, Row, seal};
use super::stored::Stored;
use super::write::{Confirmed, Write};
use super::{SpoolFile, read};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;

/// Entries to be written to the sink together.
#[derive(Clone, Debug)]
pub(crate) struct SpoolBatch {
    /// A hash of the ids in their order: the same number is the same batch.
    pub(crate) number: u64,
    /// At least one.
    pub(crate) entries: Vec<Arc<LogEntry>>,
}

/// A range that is frozen or out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) low: i64,
    pub(super) high: i64,
    /// How many of the range are in the queue, and the bytes of their texts.
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Whether it is out.
    pub(super) is_out: bool,
    /// Whether it is as it was when it got its number, and in the file. What is left of one that is not gets another.
    pub(super) is_frozen: bool,
}

impl Batch {
    /// Freezes entries of the queue that stand together, of which there is at least one.
    pub(super) fn of(entries: &[Stored]) -> Option<Self> {
        Some(Self {
            number: number(entries.iter().map(|it| it.entry.id)),
            low: entries.first()?.seq,
            high: entries.last()?.seq,
            entries: entries.len() as u64,
            bytes: entries.iter().map(|it| it.bytes).sum(),
            is_out: true,
            is_frozen: true,
        })
    }

    pub(super) fn has(&self, seq: i64) -> bool {
        (self.low..=self.high).contains(&seq)
    }

    /// Reads those that an earlier life has left.
    pub(super) fn read_all(db: &Connection) -> Result<Vec<Self>, Fault> {
        let mut statement =
            db.prepare_cached("SELECT seq, id, head, text FROM batch ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let mut batches: Vec<Self> = Vec::new();
        while let Some(row) = rows.next()? {
            let batch = Self::open(&read::row(row)?).ok_or(Fault::Damaged)?;
            if batches.last().is_some_and(|it| it.high >= batch.low) {
                return Err(Fault::Damaged);
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    pub(super) fn open(row: &Row<'_>) -> Option<Self> {
        let mut fields = Fields(row.open(Kind::Batch)?);
        Some(Self {
            number: u64::from_le_bytes(row.id.try_into().ok()?),
            low: row.seq,
            high: fields.i64()?,
            entries: fields.u64()?,
            bytes: fields.u64()?,
            is_out: false,
            is_frozen: true,
        })
    }

    pub(super) fn write(&self, db: &Connection) -> Result<(), Fault> {
        let mut more = [0; 24];
        let fields = [self.high.cast_unsigned(), self.entries, self.bytes];
        for (room, value) in more.chunks_exact_mut(8).zip(fields) {
            room.copy_from_slice(&value.to_le_bytes());
        }
        let id = self.number.to_le_bytes();
        let head = seal(Kind::Batch, self.low, &id, &more, &[]);
        let sql = "INSERT INTO batch (seq, id, head, text) VALUES (?1, ?2, ?3, x'')";
        db.prepare_cached(sql)?
            .execute(params![self.low, id, head])?;
        Ok(())
    }
}

/// Makes the number of a batch.
pub(super) fn number(ids: impl Iterator<Item = EntryId>) -> u64 {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().map_or(0, |it| u64::from_le_bytes(*it))
}

impl SpoolFile {
    /// Looks from an earlier place of the queue on again.
    pub(super) fn look_again(&mut self, from: i64) {
        self.read_from = self.read_from.min(from);
        self.state.low_from = self.state.low_from.min(from);
    }

    /// Takes a batch out of the queue, all of which the sink has stored; with the next transaction, or with [`SpoolFile::flush`].
    ///
    /// A number that is not out is left alone.
    pub(crate) fn confirm(&mut self, number: u64) {
        let Some(at) = self.find_out(number) else {
            return;
        };
        let batch = self.batches.remove(at);
        self.confirmed.push(Confirmed {
            low: batch.low,
            high: batch.high,
            entries: batch.entries,
            bytes: batch.bytes,
        });
    }

    /// Takes those of a batch out of the queue that the sink has stored. The rest stays out, until it is confirmed or released; released, it comes
    /// again under another number.
    ///
    /// # Errors
    ///
    /// Nothing is taken out then, and the same call may be made again.
    pub(crate) fn confirm_some(&mut self, number: u64, ids: &[EntryId]) -> Result<(), Error> {
        let Some(at) = self.find_out(number) else {
            return Ok(());
        };
        let mut batch = self.batches[at];
        let (entries, bytes) = self.write(|write| {
            write.thaw(batch.low)?;
            let (mut entries, mut bytes) = (0, 0);
            for id in ids {
                if let Some(length) = write.remove(&batch, *id)? {
                    entries += 1;
                    bytes += length;
                }
            }
            Ok((entries, bytes))
        })?;
        batch.shrink(entries, bytes);
        self.put_back(batch);
        Ok(())
    }

    /// Takes a batch back, to be given out again: as the same one, if all of it is still there.
    pub(crate) fn release(&mut self, number: u64) {
        let Some(at) = self.find_out(number) else {
            return;
        };
        if self.batches[at].is_frozen {
            self.batches[at].is_out = false;
        } else {
            let batch = self.batches.remove(at);
            self.look_again(batch.low);
        }
    }

    fn find_out(&self, number: u64) -> Option<usize> {
        self.batches
            .iter()
            .position(|it| it.number == number && it.is_out)
    }

    /// Lets go of ranges that are neither out nor frozen any more: what is left of them waits like the rest.
    pub(super) fn release_thawed(&mut self) {
        let is_loose = |it: &Batch| !it.is_out && !it.is_frozen;
        if let Some(first) = self.batches.iter().find(|it| is_loose(it)).map(|it| it.low) {
            self.look_again(first);
        }
        self.batches.retain(|it| !is_loose(it));
    }

    /// Keeps what is left of a batch.
    pub(super) fn put_back(&mut self, batch: Batch) {
        self.batches
            .retain(|it| it.low != batch.low || batch.entries > 0);
        for it in &mut self.batches {
            if it.low == batch.low {
                *it = batch;
            }
        }
    }
}

impl Batch {
    /// Counts entries that have left it, which ends its number.
    pub(super) fn shrink(&mut self, entries: u64, bytes: u64) {
        self.is_frozen = false;
        self.entries = self.entries.saturating_sub(entries);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Write<'_> {
    /// Forgets that a range was frozen.
    pub(super) fn thaw(&mut self, low: i64) -> Result<(), Fault> {
        self.db
            .prepare_cached("DELETE FROM batch WHERE seq = ?1")?
            .execute([low])?;
        Ok(())
    }

    /// Takes an entry of a batch out of the queue, and returns the bytes of its text.
    pub(super) fn remove(&mut self, batch: &Batch, id: EntryId) -> Result<Option<u64>, Fault> {
        let sql = "DELETE FROM entry WHERE id = ?1 AND seq BETWEEN ?2 AND ?3
            RETURNING length(text)";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![id.as_bytes(), batch.low, batch.high])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let bytes = row.get::<_, i64>(0)?.cast_unsigned();
        while rows.next()?.is_some() {}
        self.state.take(1, bytes)?;
        Ok(Some(bytes))
    }
}
