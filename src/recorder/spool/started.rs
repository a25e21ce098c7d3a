//! The journal of exchanges that have started: what is left of it by a process that died becomes entries that say so.

use rusqlite::params;

use super::fault::Fault;
use super::row::{Kind, Row, seal};
use super::stored::{Marks, parse};
use super::write::Write;
use super::{SpoolFile, read};
use crate::entry::{EntryId, EntryKind, LogEntry, Outcome};
use crate::error::{Error, ErrorKind};

impl SpoolFile {
    /// How many become entries in one transaction.
    const STARTED_STEP: i64 = 256;

    /// Writes down exchanges that have started, as far as there is room. [`SpoolFile::append`] of the same id takes one out, in its transaction; one that is
    /// in the queue already is left out.
    ///
    /// A start must not come after its entry was taken from the queue: it would be taken for one that never ended. Returns how many were written down.
    ///
    /// # Errors
    ///
    /// None of them is written down then, and the same call may be made again.
    pub(crate) fn begin(&mut self, exchanges: &[LogEntry]) -> Result<u64, Error> {
        let mut texts = Vec::with_capacity(exchanges.len());
        for exchange in exchanges.iter().filter(|it| it.exchange().is_some()) {
            let text = serde_json::to_vec(exchange)
                .map_err(|_| Error::new(ErrorKind::Corrupt, "a start cannot be written as JSON"))?;
            texts.push((exchange.id, text));
        }
        if texts.is_empty() {
            return Ok(0);
        }
        self.grow(|write| {
            let before = write.state.started;
            for (id, text) in &texts {
                if write.has_room(text.len(), 1)? {
                    write.begin(id.as_bytes(), text)?;
                }
            }
            Ok(write.state.started - before)
        })
    }

    /// Takes out starts of exchanges that are left out of the log after all.
    ///
    /// # Errors
    ///
    /// None of them is taken out then, and the same call may be made again.
    pub(crate) fn cancel(&mut self, ids: &[EntryId]) -> Result<(), Error> {
        if ids.is_empty() || self.state.started == 0 {
            return Ok(());
        }
        self.write(|write| ids.iter().try_for_each(|id| write.end(id.as_bytes())))
    }

    /// Makes entries of what an earlier life has left, and returns how many.
    pub(super) fn bury_started(&mut self) -> Result<u64, Error> {
        let mut died = 0;
        while self.state.started > 0 {
            let (buried, damaged) = self.write(|write| write.bury(Self::STARTED_STEP))?;
            died += buried;
            self.damaged += damaged;
        }
        self.cache.restart(self.state.next_seq);
        Ok(died)
    }
}

impl Write<'_> {
    fn begin(&mut self, id: &[u8], text: &[u8]) -> Result<(), Fault> {
        let seq = self.state.next_seq;
        let head = seal(Kind::Started, seq, id, &[], text);
        let sql = "INSERT INTO started (seq, id, head, text) SELECT ?1, ?2, ?3, ?4
            WHERE NOT EXISTS (SELECT 1 FROM entry WHERE id = ?2)
            ON CONFLICT (id) DO NOTHING";
        let begun = self
            .db
            .prepare_cached(sql)?
            .execute(params![seq, id, head, text])?;
        self.state.next_seq += begun as i64;
        self.state.started += begun as u64;
        Ok(())
    }

    /// Takes a start out, if there is one.
    pub(super) fn end(&mut self, id: &[u8]) -> Result<(), Fault> {
        if self.state.started > 0 {
            let sql = "DELETE FROM started WHERE id = ?1";
            let ended = self.db.prepare_cached(sql)?.execute([id])? as u64;
            self.state.started = self
                .state
                .started
                .checked_sub(ended)
                .ok_or(Fault::Damaged)?;
        }
        Ok(())
    }

    /// Makes entries of the oldest starts; returns how many, and how many were damaged.
    fn bury(&mut self, most: i64) -> Result<(u64, u64), Fault> {
        let sql = "SELECT seq, id, head, text FROM started ORDER BY seq LIMIT ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([most])?;
        let (mut seen, mut buried, mut damaged) = (Vec::new(), 0, 0);
        while let Some(row) = rows.next()? {
            let row = read::row(row)?;
            seen.push(row.seq);
            match self.died(&row)? {
                Some(added) => buried += u64::from(added),
                None => damaged += 1,
            }
        }
        drop(rows);
        // The count says that there are more.
        if seen.is_empty() {
            return Err(Fault::Damaged);
        }
        let mut delete = self
            .db
            .prepare_cached("DELETE FROM started WHERE seq = ?1")?;
        for seq in &seen {
            if delete.execute([seq])? != 1 {
                return Err(Fault::Damaged);
            }
        }
        let seen = seen.len() as u64;
        self.state.started = self.state.started.checked_sub(seen).ok_or(Fault::Damaged)?;
        Ok((buried, damaged))
    }

    /// Makes an entry of a start, and tells whether it was not there; `None` for one that cannot be read.
    fn died(&mut self, row: &Row<'_>) -> Result<Option<bool>, Fault> {
        if row.open(Kind::Started).is_none() {
            return Ok(None);
        }
        let Some(mut entry) = parse(row.id, row.text) else {
            self.keep_unread(row.id, row.text)?;
            return Ok(None);
        };
        if let EntryKind::Exchange(exchange) = &mut entry.kind {
            exchange.outcome = Outcome::ProcessDied;
        }
        let text = serde_json::to_vec(&entry).map_err(|_| Fault::Damaged)?;
        let added = self.add(row.id, &text, Marks::of(&entry))?;
        Ok(Some(added.is_some()))
    }
}
