//! Segments: the columns of older rows turned on their side, so that a filter reads the columns that it names and nothing else.
//!
//! A million rows by themselves can be asked along their ids alone: a filter that finds little reads all of them, which takes 125 ms, and an
//! index of each column would cost inserts 3 to 10 µs a row each. So rows are sealed, some thousand at a time in the order of their ids, into segments.
//! Of each column a segment has the texts that occur, and for each row the code of its text, as blobs; a million codes are 1 to 4 MB. Misses,
//! pages and counts are read from those, in every combination of filters, and no column needs an index.
//!
//! # Invariants
//!
//! - Every row is in one place: in the columns of the one segment whose range has its id; or, within a segment's range, in `late`; or above all
//!   segments, in the tail. The ranges of segments do not meet.
//! - A segment's columns are what its rows have. Whoever adds, changes or deletes a row tells [`Upkeep`] within the same transaction, which
//!   puts an added row into `late`, and seals a segment with a changed or deleted row anew. A reader sees rows and segments in one snapshot.
//! - What a hash finds is asked again, so that answers and counts are exact: a row in a page by the reference evaluator, one in a count by SQL.
//! - Segments are derived: without any, all rows are the tail, and answers are the same, only slower.
//! - Erased values are gone from segments with the transaction that erases; `secure_delete` overwrites the blobs.
//!
//! # Layout
//!
//! `segment` has the range, the number of its rows and of those that came late; `segment_part` has the blobs, those of one kind side by side:
//!
//! - ids, in pieces of 250, so that a rare hit reads 4 KB;
//! - for each text column its *domain*, a hash of each text, and apart from it the *texts*, read when a hash is the same and exactness is asked
//!   for, or for a pattern; and the *codes*, a number in the domain for each row, 0 for none, packed by the width of the largest;
//! - texts that are in a segment once, such as request ids, have no place in the domain where that is shorter: their code is their hash. The
//!   paths among them are kept apart for patterns with a star, which read them all;
//! - numbers (`created_at`, `micros`) by their distance to the least one; the domain has both ends.
//!
//! A column without a value in a segment has no parts. A segment ends early at 16 MiB of texts.
//!
//! # Operation
//!
//! Every `segment_rows` rows, 4000, the writer seals what is older than the newest 4000 to 8000 rows, in the transaction of a batch. Rows
//! that come late, as those of long requests do, cost little until a segment has more than one in 32 of them; then it is sealed anew, and split
//! when it has doubled. The question of a filter goes to the tail and to `late` by SQL, and to the segments one by one in the listing's order: all
//! domains first, which mostly end it, then codes. A page stops when it is full; a page by number passes segments over by their counts.
//!
//! Bloom filters and least and largest values for each segment were weighed: they serve misses, but neither counts nor common values in rare
//! combinations. Figures are in `benches/sqlite.rs`.

mod mask;
mod pack;
mod seal;
#[cfg(test)]
mod tests;
mod upkeep;

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::failed;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};

pub(super) use mask::{Mask, Question};
pub(super) use upkeep::{Upkeep, tail};

const FAILED: &str = "segments cannot be read";

/// How many rows' ids are kept together.
const PIECE: usize = 250;

/// The most rows that a segment is believed to have, whatever the file says.
const MAX_ROWS: usize = PIECE << 16;

/// What the file says of a segment, but for its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The smallest id of its range.
    pub(super) first: EntryId,
    /// The largest id of its range.
    pub(super) last: EntryId,
    number: i64,
    /// How many rows its columns have.
    pub(super) rows: usize,
    /// How many rows of its range came after it was sealed.
    pub(super) late: usize,
}

/// A piece of a segment: one row of `segment_part`.
#[derive(Clone, Copy)]
enum Part {
    /// The ids of [`PIECE`] rows, in order: those who look for a few read few.
    Ids(usize),
    /// The paths that are there once, in the order of their rows, where their codes are hashes.
    Paths,
    /// What codes of a column stand for: the hashes of its texts, or the ends of its numbers. A column without any value has no part.
    Domain(usize),
    /// The texts themselves.
    Texts(usize),
    /// The codes of a column, one a row.
    Codes(usize),
}

impl Segment {
    /// Reads a row of `first, last, number, rows, late`.
    pub(super) fn read(row: &Row<'_>) -> Result<Self, Error> {
        let read = |row: &Row<'_>| {
            Ok((
                EntryId::from_bytes(row.get(0)?),
                EntryId::from_bytes(row.get(1)?),
                row.get(2)?,
                row.get::<_, u32>(3)? as usize,
                row.get::<_, u32>(4)? as usize,
            ))
        };
        let (first, last, number, rows, late) = read(row).map_err(failed(FAILED))?;
        if rows > MAX_ROWS {
            return Err(corrupt());
        }
        Ok(Self {
            first,
            last,
            number,
            rows,
            late,
        })
    }

    /// Returns the range of its ids.
    pub(super) fn ids(&self) -> RangeInclusive<EntryId> {
        self.first..=self.last
    }

    /// Reads the ids of the rows for which `mask` holds something, and that.
    pub(super) fn marked_ids(
        &self,
        db: &Connection,
        mask: &Mask,
    ) -> Result<Vec<(EntryId, bool)>, Error> {
        let mut found = Vec::new();
        for (piece, rows) in mask.pieces(PIECE) {
            let read = |bytes: &[u8]| {
                let ids = bytes.as_chunks().0;
                for (row, is_sure) in rows {
                    let id = ids.get(row).ok_or_else(corrupt)?;
                    found.push((EntryId::from_bytes(*id), is_sure));
                }
                Ok(())
            };
            let read = self.part(db, Part::Ids(piece), read)?;
            read.ok_or_else(corrupt)?;
        }
        Ok(found)
    }

    fn part<T>(
        &self,
        db: &Connection,
        part: Part,
        read: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = db
            .prepare_cached("SELECT bytes FROM segment_part WHERE key = ?1")
            .map_err(failed(FAILED))?;
        statement
            .query_row([part.key(self.number)], |row| {
                Ok(read(row.get_ref(0)?.as_blob()?))
            })
            .optional()
            .map_err(failed(FAILED))?
            .transpose()
    }
}

impl Part {
    /// Returns the key of the part of a segment: parts of one kind lie side by side.
    fn key(self, segment: i64) -> i64 {
        let (part, piece) = match self {
            Self::Ids(piece) => (0, piece),
            Self::Paths => (1, 0),
            Self::Domain(column) => (4 * column, 0),
            Self::Texts(column) => (4 * column + 1, 0),
            Self::Codes(column) => (4 * column + 2, 0),
        };
        (part as i64) << 48 | segment << 16 | piece as i64
    }
}

fn corrupt() -> Error {
    Error::new(ErrorKind::Corrupt, "a segment cannot be read")
}
