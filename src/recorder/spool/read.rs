//! Reads of the queue.

use std::sync::Arc;

use rusqlite::params;

use super::SpoolFile;
use super::fault::Fault;
use super::row::Row;
use super::stored::{Marks, Stored, parse};
use super::write::Write;
use crate::error::Error;

/// Which part of the queue is read.
pub(super) struct Limits {
    pub(super) from: i64,
    /// The last number that is read.
    pub(super) to: i64,
    pub(super) entries: usize,
    pub(super) bytes: u64,
}

/// What was read.
pub(super) struct Found {
    pub(super) entries: Vec<Stored>,
    /// Up to where the queue was read.
    pub(super) read_to: i64,
}

/// A row that is not an entry.
enum Bad {
    /// Its bytes are not those that were written.
    Damaged { seq: i64, bytes: u64 },
    /// They are, and this version does not understand them.
    Unread { seq: i64, bytes: u64 },
}

impl SpoolFile {
    /// Reads entries, and sets out what is none.
    pub(super) fn read(&mut self, limits: &Limits) -> Result<Found, Error> {
        let (found, bad) = self.mend(|spool| spool.try_read(limits))?;
        if !bad.is_empty() {
            self.set_out(&bad)?;
        }
        Ok(found)
    }

    fn try_read(&mut self, limits: &Limits) -> Result<(Found, Vec<Bad>), Fault> {
        let db = self.db.as_ref().ok_or(Fault::Damaged)?;
        let sql = "SELECT seq, id, head, text FROM entry WHERE seq >= ?1 ORDER BY seq";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([limits.from])?;
        let (mut entries, mut bad) = (Vec::new(), Vec::new());
        let (mut bytes, mut last, mut read_to) = (0, limits.from - 1, limits.to);
        while let Some(read) = rows.next()? {
            let row = row(read)?;
            let seq = row.seq;
            let is_sound = Marks::open(&row).is_some();
            // The tree is not in order: a range of it would miss rows.
            if is_sound && seq <= last {
                return Err(Fault::Damaged);
            }
            if seq > limits.to {
                // A number that is none: others may stand behind it.
                if !is_sound {
                    return Err(Fault::Damaged);
                }
                break;
            }
            let length = row.text.len() as u64;
            let is_full = entries.len() + bad.len() >= limits.entries
                || (!entries.is_empty() && bytes + length > limits.bytes);
            if is_full {
                read_to = last;
                break;
            }
            last = last.max(seq);
            if !is_sound {
                bad.push(Bad::Damaged { seq, bytes: length });
            } else if let Some(entry) = parse(row.id, row.text) {
                bytes += length;
                entries.push(Stored {
                    seq,
                    bytes: length,
                    entry: Arc::new(entry),
                });
            } else {
                bad.push(Bad::Unread { seq, bytes: length });
            }
        }
        Ok((Found { entries, read_to }, bad))
    }

    /// Takes rows that are no entries out of the queue.
    fn set_out(&mut self, bad: &[Bad]) -> Result<(), Error> {
        // A rescue leaves them out, and counts them.
        let done = self.write_or_rescue(|write| {
            for it in bad {
                match *it {
                    Bad::Damaged { seq, bytes } => write.discard(seq, bytes)?,
                    Bad::Unread { seq, bytes } => {
                        write.set_unread_aside(seq)?;
                        write.discard(seq, bytes)?;
                    }
                }
            }
            Ok(())
        })?;
        self.damaged += done.map_or(0, |()| bad.len() as u64);
        Ok(())
    }
}

impl Write<'_> {
    fn set_unread_aside(&mut self, seq: i64) -> Result<(), Fault> {
        let sql = "SELECT seq, id, head, text FROM entry WHERE seq = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([seq])?;
        let row = row(rows.next()?.ok_or(Fault::Damaged)?)?;
        self.keep_unread(row.id, row.text)
    }

    /// Deletes a row; one that is not found where it was read is damage.
    pub(super) fn discard(&mut self, seq: i64, bytes: u64) -> Result<(), Fault> {
        let deleted = self
            .db
            .prepare_cached("DELETE FROM entry WHERE seq = ?1")?
            .execute(params![seq])?;
        if deleted != 1 {
            return Err(Fault::Damaged);
        }
        self.state.take(1, bytes)
    }
}

/// Takes a row of any table.
pub(super) fn row<'a>(row: &'a rusqlite::Row<'_>) -> Result<Row<'a>, Fault> {
    let blob = |column: usize| row.get_ref(column)?.as_blob().map_err(|_| Fault::Damaged);
    Ok(Row {
        seq: row.get(0)?,
        id: blob(1)?,
        head: blob(2)?,
        text: blob(3)?,
    })
}
