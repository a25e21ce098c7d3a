use std::sync::Arc;

use rusqlite::params;

use super::SpoolFile;
use super::fault::Fault;
use super::room::Evicted;
use super::stored::{Marks, Stored};
use super::write::Write;
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};

/// What became of entries that were appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Appended {
    /// Those that are in the queue now.
    pub(crate) accepted: u64,
    /// Those whose id was there already.
    pub(crate) duplicates: u64,
    /// Those of the queue that gave way.
    pub(crate) dropped_oldest: u64,
    /// Those that found no room.
    pub(crate) dropped_newest: u64,
}

impl SpoolFile {
    /// Puts entries at the end of the queue, in one transaction.
    ///
    /// # Errors
    ///
    /// Nothing of it is in the queue then, and the same call may be made again.
    pub(crate) fn append(&mut self, entries: &[Arc<LogEntry>]) -> Result<Appended, Error> {
        if entries.is_empty() {
            return Ok(Appended::default());
        }
        let texts = Texts::of(entries)?;
        let (appended, places, mut evicted) = self.grow(|write| write.append(entries, &texts))?;
        for (place, entry) in places.into_iter().zip(entries) {
            if let Some((seq, bytes)) = place {
                let entry = Arc::clone(entry);
                self.cache.push(Stored { seq, bytes, entry });
            }
        }
        evicted.numbers.sort_unstable();
        self.cache.forget(&evicted.numbers);
        Ok(appended)
    }
}

/// The texts of a batch, one after the other.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn of(entries: &[Arc<LogEntry>]) -> Result<Self, Error> {
        let mut texts = Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(entries.len()),
        };
        for entry in entries {
            serde_json::to_writer(&mut texts.bytes, &entry.readable()).map_err(|_| {
                Error::new(ErrorKind::Corrupt, "an entry cannot be written as JSON")
            })?;
            texts.ends.push(texts.bytes.len());
        }
        Ok(texts)
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.bytes[start..*end])
    }
}

/// Where an entry went: its number and the bytes of its text.
type Place = Option<(i64, u64)>;

impl Write<'_> {
    fn append(
        &mut self,
        entries: &[Arc<LogEntry>],
        texts: &Texts,
    ) -> Result<(Appended, Vec<Place>, Evicted), Fault> {
        let (mut appended, mut evicted) = (Appended::default(), Evicted::default());
        let mut places = Vec::with_capacity(entries.len());
        let has_room = self.has_room(texts.bytes.len(), entries.len())?;
        for (entry, text) in entries.iter().zip(texts.iter()) {
            let (id, marks) = (entry.id.as_bytes(), Marks::of(entry));
            self.end(id)?;
            let fits = has_room || self.make_room(text.len(), marks, &mut evicted)?;
            let place = if fits {
                self.add(id, text, marks)?
            } else {
                None
            };
            match (fits, place) {
                (false, _) => appended.dropped_newest += 1,
                (true, None) => appended.duplicates += 1,
                (true, Some(_)) => appended.accepted += 1,
            }
            places.push(place);
        }
        appended.dropped_oldest = evicted.numbers.len() as u64;
        Ok((appended, places, evicted))
    }

    /// Puts one entry at the end of the queue, unless its id is there.
    pub(super) fn add(&mut self, id: &[u8], text: &[u8], marks: Marks) -> Result<Place, Fault> {
        let seq = self.state.next_seq;
        let head = marks.seal(seq, id, text);
        let sql = "INSERT INTO entry (seq, id, head, text) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (id) DO NOTHING";
        let added = self
            .db
            .prepare_cached(sql)?
            .execute(params![seq, id, head, text])?;
        if added == 0 {
            return Ok(None);
        }
        let bytes = text.len() as u64;
        self.state.next_seq += 1;
        self.state.entries += 1;
        self.state.bytes += bytes;
        Ok(Some((seq, bytes)))
    }
}
