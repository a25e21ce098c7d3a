//! Entries that the sink refuses for good, and texts that this version does not understand: set aside, not lost.

use std::sync::Arc;

use rusqlite::params;

use super::fault::Fault;
use super::row::{Fields, Kind, Row, seal};
use super::stored::{Marks, id_of, parse};
use super::write::Write;
use super::{SpoolFile, read};
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;

/// An entry that was set aside.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetter {
    /// Its place among the others, for the next page.
    pub(crate) number: i64,
    pub(crate) id: EntryId,
    /// `None` where this version does not understand the text.
    pub(crate) entry: Option<Arc<LogEntry>>,
    /// The text, where there is no entry.
    pub(crate) text: Option<String>,
    /// Why, as it was told: at most 512 bytes.
    pub(crate) error: String,
    /// When, as it was told.
    pub(crate) at: Timestamp,
    /// How many times it has been set aside.
    pub(crate) attempts: u32,
}

/// What became of an entry that was to be set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetAside {
    /// Whether it was in the queue.
    pub(crate) was_found: bool,
    /// How many of those that were set aside before have given way, or how many found no room at all.
    pub(crate) dropped_oldest: u64,
}

/// The number of a row, and the bytes of its text.
type Left = (i64, u64);

const UNREAD: &str = "the entry was written by a newer version";
const MOST_ERROR_BYTES: usize = 512;

/// What a row says beside the entry.
struct Note {
    attempts: u32,
    at: Timestamp,
    error: String,
}

impl Note {
    fn new(error: &str, at: Timestamp, attempts: u32) -> Self {
        let mut end = error.len().min(MOST_ERROR_BYTES);
        while !error.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            attempts,
            at,
            error: error[..end].to_owned(),
        }
    }

    fn seal(&self, seq: i64, id: &[u8], text: &[u8]) -> Vec<u8> {
        let mut more = Vec::with_capacity(16 + self.error.len());
        more.extend_from_slice(&u64::from(self.attempts).to_le_bytes());
        more.extend_from_slice(&self.at.as_micros().to_le_bytes());
        more.extend_from_slice(self.error.as_bytes());
        seal(Kind::Dead, seq, id, &more, text)
    }

    fn open(row: &Row<'_>) -> Option<Self> {
        let mut fields = Fields(row.open(Kind::Dead)?);
        Some(Self {
            attempts: u32::try_from(fields.u64()?).ok()?,
            at: Timestamp::from_micros(fields.i64()?),
            error: String::from_utf8(fields.0.to_vec()).ok()?,
        })
    }
}

impl SpoolFile {
    /// How many are looked at in one transaction.
    const STEP: usize = 256;

    /// Takes an entry out of the queue that the sink refuses for good, and keeps it with the error, which must hold no user data.
    ///
    /// The rest of its batch stays out, as after [`SpoolFile::confirm_some`].
    ///
    /// # Errors
    ///
    /// The entry is in the queue then, and the same call may be made again.
    pub(crate) fn set_aside(
        &mut self,
        id: EntryId,
        error: &str,
        at: Timestamp,
    ) -> Result<SetAside, Error> {
        let (done, left) = self.write(|write| write.set_aside(id, error, at))?;
        if let Some((seq, bytes)) = left {
            self.cache.forget(&[seq]);
            if let Some(mut batch) = self.batches.iter().find(|it| it.has(seq)).copied() {
                batch.shrink(1, bytes);
                self.put_back(batch);
                self.release_thawed();
            }
        }
        Ok(done)
    }

    /// Returns those that were set aside, the oldest first, from behind a number on.
    ///
    /// # Errors
    ///
    /// Nothing has changed then.
    pub(crate) fn dead_letters(
        &mut self,
        limit: usize,
        after: Option<i64>,
    ) -> Result<Vec<DeadLetter>, Error> {
        let from = after.map_or(0, |it| it.saturating_add(1));
        let (letters, damaged) = self.mend(|spool| spool.read_dead(from, limit))?;
        if !damaged.is_empty() {
            let done = self.write_or_rescue(|write| {
                for (seq, bytes) in &damaged {
                    write.discard_dead(*seq, *bytes)?;
                }
                Ok(())
            })?;
            self.damaged += done.map_or(0, |()| damaged.len() as u64);
        }
        Ok(letters)
    }

    fn read_dead(
        &mut self,
        from: i64,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, Vec<Left>), Fault> {
        let db = self.db.as_ref().ok_or(Fault::Damaged)?;
        let sql = "SELECT seq, id, head, text FROM dead WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let (mut letters, mut damaged) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let row = read::row(row)?;
            let (Some(note), Some(id)) = (Note::open(&row), id_of(row.id)) else {
                damaged.push((row.seq, row.text.len() as u64));
                continue;
            };
            let entry = parse(row.id, row.text).map(Arc::new);
            letters.push(DeadLetter {
                number: row.seq,
                id,
                text: match entry {
                    Some(_) => None,
                    None => Some(String::from_utf8_lossy(row.text).into_owned()),
                },
                entry,
                error: note.error,
                at: note.at,
                attempts: note.attempts,
            });
        }
        Ok((letters, damaged))
    }

    /// Puts those that were set aside at the end of the queue: the ones with these ids, or all, but for those that this version does not understand. Returns
    /// how many.
    ///
    /// # Errors
    ///
    /// Some may be back in the queue then; the same call may be made again.
    pub(crate) fn replay(&mut self, ids: Option<&[EntryId]>) -> Result<u64, Error> {
        let (mut count, mut after) = (0, None);
        loop {
            let letters = self.dead_letters(Self::STEP, after)?;
            let Some(last) = letters.last() else {
                return Ok(count);
            };
            after = Some(last.number);
            let wanted: Vec<_> = letters
                .iter()
                .filter(|it| it.entry.is_some() && ids.is_none_or(|ids| ids.contains(&it.id)))
                .map(|it| it.number)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            count += self.write(|write| write.replay(&wanted))?;
            // They are not in the cache.
            self.cache.restart(self.state.next_seq);
        }
    }
}

impl Write<'_> {
    /// Returns what was done, with the number and the bytes of the entry that has left the queue.
    fn set_aside(
        &mut self,
        id: EntryId,
        error: &str,
        at: Timestamp,
    ) -> Result<(SetAside, Option<Left>), Fault> {
        let sql = "SELECT seq, id, head, text FROM entry WHERE id = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([id.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok((SetAside::default(), None));
        };
        let row = read::row(row)?;
        let marks = Marks::open(&row).ok_or(Fault::Damaged)?;
        let note = Note::new(error, at, marks.attempts.saturating_add(1));
        let dropped_oldest = self.keep(row.id, row.text, &note)?;
        let (seq, bytes) = (row.seq, row.text.len() as u64);
        drop(rows);
        if let Some(batch) = self.batches.iter().find(|it| it.has(seq)) {
            self.thaw(batch.low)?;
        }
        self.discard(seq, bytes)?;
        let done = SetAside {
            was_found: true,
            dropped_oldest,
        };
        Ok((done, Some((seq, bytes))))
    }

    /// Sets aside a sound row of a table that holds a text which is no entry for this version.
    pub(super) fn keep_unread(&mut self, id: &[u8], text: &[u8]) -> Result<(), Fault> {
        let note = Note::new(UNREAD, Timestamp::default(), 0);
        self.keep(id, text, &note).map(|_| ())
    }

    /// Keeps a text, and returns how many gave way.
    fn keep(&mut self, id: &[u8], text: &[u8], note: &Note) -> Result<u64, Fault> {
        let bytes = text.len() as u64;
        let most_bytes = self.settings.max_bytes / 4;
        if bytes > most_bytes || self.settings.max_dead_letters == 0 {
            return Ok(1);
        }
        let sql = "DELETE FROM dead WHERE id = ?1 RETURNING length(text)";
        if let Some(bytes) = self.delete_returning(sql, Some(id))? {
            self.state.take_dead(bytes)?;
        }
        let seq = self.next_seq();
        let head = note.seal(seq, id, text);
        self.db
            .prepare_cached("INSERT INTO dead (seq, id, head, text) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![seq, id, head, text])?;
        self.state.dead += 1;
        self.state.dead_bytes += bytes;
        let mut dropped = 0;
        while self.state.dead > self.settings.max_dead_letters || self.state.dead_bytes > most_bytes
        {
            let sql = "DELETE FROM dead WHERE seq = (SELECT min(seq) FROM dead)
                RETURNING length(text)";
            let bytes = self.delete_returning(sql, None)?.ok_or(Fault::Damaged)?;
            self.state.take_dead(bytes)?;
            dropped += 1;
        }
        Ok(dropped)
    }

    fn discard_dead(&mut self, seq: i64, bytes: u64) -> Result<(), Fault> {
        let sql = "DELETE FROM dead WHERE seq = ?1";
        if self.db.prepare_cached(sql)?.execute([seq])? != 1 {
            return Err(Fault::Damaged);
        }
        self.state.take_dead(bytes)
    }

    fn replay(&mut self, numbers: &[i64]) -> Result<u64, Fault> {
        let mut count = 0;
        let sql = "SELECT seq, id, head, text FROM dead WHERE seq = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        for number in numbers {
            let mut rows = statement.query([number])?;
            // A rescue may have come between.
            let Some(row) = rows.next()? else {
                continue;
            };
            let row = read::row(row)?;
            let note = Note::open(&row).ok_or(Fault::Damaged)?;
            let entry = parse(row.id, row.text).ok_or(Fault::Damaged)?;
            let marks = Marks {
                attempts: note.attempts,
                ..Marks::of(&entry)
            };
            count += u64::from(self.add(row.id, row.text, marks)?.is_some());
            let bytes = row.text.len() as u64;
            drop(rows);
            self.discard_dead(*number, bytes)?;
        }
        Ok(count)
    }

    /// Deletes a row and reads one number of it.
    fn delete_returning(&self, sql: &str, id: Option<&[u8]>) -> Result<Option<u64>, Fault> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(id))?;
        let mut bytes = None;
        while let Some(row) = rows.next()? {
            bytes = Some(row.get::<_, i64>(0)?.cast_unsigned());
        }
        Ok(bytes)
    }
}
