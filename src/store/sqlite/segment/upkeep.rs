use std::collections::BTreeSet;

use rusqlite::{Connection, Params, Row};

use super::seal::{FAILED, seal};
use super::{PIECE, Part, Segment};
use crate::entry::EntryId;
use crate::error::Error;
use crate::store::sql::COLUMNS;
use crate::store::sqlite::error::failed;
use crate::store::sqlite::search::{ALL, Ids, after, from};

/// A segment is sealed anew when more rows than one in so many came late.
const LATE_ONE_IN: u64 = 32;

/// Keeps the segments true to the rows that a transaction writes, and seals the tail when it is long enough.
pub(in crate::store::sqlite) struct Upkeep<'t> {
    db: &'t Connection,
    segment_rows: u64,
    /// The number of the newest row when the tail was looked at.
    looked_at: i64,
    sealed_to: Option<EntryId>,
    /// The largest ids of the segments that are to be sealed anew.
    stale: BTreeSet<EntryId>,
}

impl<'t> Upkeep<'t> {
    /// Begins within a transaction that writes.
    pub(in crate::store::sqlite) fn begin(db: &'t Connection) -> Result<Self, Error> {
        let sql = "SELECT segment_rows, looked_at, (SELECT max(last) FROM segment) FROM sealing";
        let (segment_rows, looked_at, last) = one(db, sql, [], |row| {
            Ok((
                row.get::<_, u32>(0)?,
                row.get(1)?,
                row.get::<_, Option<_>>(2)?,
            ))
        })?;
        Ok(Self {
            db,
            segment_rows: segment_rows.max(1).into(),
            looked_at,
            sealed_to: last.map(EntryId::from_bytes),
            stale: BTreeSet::new(),
        })
    }

    /// Says that a row was added.
    pub(in crate::store::sqlite) fn added(&mut self, id: EntryId) -> Result<(), Error> {
        if self.sealed_to < Some(id) {
            return Ok(());
        }
        run(
            self.db,
            "INSERT INTO late (id) VALUES (?1)",
            [id.as_bytes()],
        )?;
        let sql = "UPDATE segment SET late = late + 1, first = min(first, ?1)
            WHERE last = (SELECT min(last) FROM segment WHERE last >= ?1) RETURNING last, late";
        let (last, late) = one(self.db, sql, [id.as_bytes()], |row| {
            Ok((EntryId::from_bytes(row.get(0)?), row.get::<_, u32>(1)?))
        })?;
        if u64::from(late) > self.segment_rows / LATE_ONE_IN {
            self.stale.insert(last);
        }
        Ok(())
    }

    /// Says that a row was deleted, or has other values now.
    pub(in crate::store::sqlite) fn changed(&mut self, id: EntryId) -> Result<(), Error> {
        if self.sealed_to >= Some(id) {
            let sql = "SELECT min(last) FROM segment WHERE last >= ?1";
            let last = one(self.db, sql, [id.as_bytes()], |row| row.get(0))?;
            self.stale.insert(EntryId::from_bytes(last));
        }
        Ok(())
    }

    /// Returns how many segments are to be sealed anew.
    pub(in crate::store::sqlite) fn stale_segments(&self) -> usize {
        self.stale.len()
    }

    /// Seals what is to be sealed before the transaction ends, in which `newest` is the largest number of a row.
    pub(in crate::store::sqlite) fn finish(self, newest: i64) -> Result<(), Error> {
        for &last in &self.stale {
            self.seal_anew(last)?;
        }
        // Numbers begin anew when the newest rows are deleted; then it is time as well.
        if newest.abs_diff(self.looked_at) >= self.segment_rows {
            self.seal_tail()?;
            run(self.db, "UPDATE sealing SET looked_at = ?1", [newest])?;
        }
        Ok(())
    }

    /// Seals the rows behind the newest ones, to which most of those that are still to come are near.
    fn seal_tail(&self) -> Result<(), Error> {
        let (tail, _) = tail(self.db)?;
        let segments = (self.count(&tail)? / self.segment_rows).saturating_sub(1);
        seal(
            self.db,
            &tail,
            segments * self.segment_rows,
            self.segment_rows,
        )
    }

    fn seal_anew(&self, last: EntryId) -> Result<(), Error> {
        let sql = "DELETE FROM segment WHERE last = ?1 RETURNING first, last, number, rows, late";
        let segment = one(self.db, sql, [last.as_bytes()], |row| {
            Ok(Segment::read(row))
        })??;
        let columns =
            (1..COLUMNS.len()).flat_map(|it| [Part::Domain(it), Part::Texts(it), Part::Codes(it)]);
        let ids = (0..segment.rows.div_ceil(PIECE)).map(Part::Ids);
        for part in columns.chain(ids).chain([Part::Paths]) {
            let key = [part.key(segment.number)];
            run(self.db, "DELETE FROM segment_part WHERE key = ?1", key)?;
        }
        let range = [segment.first.as_bytes(), segment.last.as_bytes()];
        run(
            self.db,
            "DELETE FROM late WHERE id BETWEEN ?1 AND ?2",
            range,
        )?;
        let rows = self.count(&segment.ids())?;
        let segments = (rows / self.segment_rows).max(1);
        seal(self.db, &segment.ids(), rows, rows.div_ceil(segments))
    }

    fn count(&self, ids: &Ids) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM entry WHERE id BETWEEN ?1 AND ?2";
        let range = [ids.start().as_bytes(), ids.end().as_bytes()];
        one(self.db, sql, range, |row| row.get::<_, u32>(0)).map(u64::from)
    }
}

/// Returns the range of the ids above those of all segments, and the seed of the hashes.
pub(in crate::store::sqlite) fn tail(db: &Connection) -> Result<(Ids, i64), Error> {
    let sql = "SELECT (SELECT max(last) FROM segment), seed FROM sealing";
    let (last, seed) = one(db, sql, [], |row| {
        Ok((row.get::<_, Option<_>>(0)?, row.get(1)?))
    })?;
    let last = last.map(EntryId::from_bytes);
    Ok((last.map_or(ALL, |last| from(after(last))), seed))
}

fn one<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(values, read))
        .map_err(failed(FAILED))
}

fn run(db: &Connection, sql: &str, values: impl Params) -> Result<(), Error> {
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .map_err(failed(FAILED))
}
