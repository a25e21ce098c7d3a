//! The counts that the file keeps of itself.

use rusqlite::Connection;

use super::fault::Fault;
use super::row::{Fields, Kind, Row, seal};

/// The version of the schema.
pub(super) const VERSION: u64 = 1;

/// The one row of `meta`. Every transaction writes it anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// How many transactions there have been: the larger one is the newer.
    pub(super) generation: u64,
    pub(super) entries: u64,
    /// Bytes of the entries' texts.
    pub(super) bytes: u64,
    pub(super) dead: u64,
    pub(super) dead_bytes: u64,
    pub(super) started: u64,
    /// The number of the next row of any table; never given twice.
    pub(super) next_seq: i64,
    /// No entry has a smaller number: what a damaged file shows below is long confirmed.
    pub(super) first: i64,
    /// Entries below, but for frozen ones, are all of those that stay longest.
    pub(super) low_from: i64,
}

impl State {
    const FIELDS: usize = 9;

    pub(super) fn new() -> Self {
        Self {
            next_seq: 1,
            first: 1,
            low_from: 1,
            ..Self::default()
        }
    }

    pub(super) fn seal(&self) -> Vec<u8> {
        let fields: [u64; Self::FIELDS] = [
            self.generation,
            self.entries,
            self.bytes,
            self.dead,
            self.dead_bytes,
            self.started,
            self.next_seq.cast_unsigned(),
            self.first.cast_unsigned(),
            self.low_from.cast_unsigned(),
        ];
        let mut more = [0; (1 + Self::FIELDS) * 8];
        let values = [VERSION].into_iter().chain(fields);
        for (room, value) in more.chunks_exact_mut(8).zip(values) {
            room.copy_from_slice(&value.to_le_bytes());
        }
        seal(Kind::State, 1, &[], &more, &[])
    }

    /// Reads a sound row of any version; `Err` tells a newer one.
    pub(super) fn open(row: &Row<'_>) -> Option<Result<Self, u64>> {
        let mut fields = Fields(row.open(Kind::State)?);
        let version = fields.u64()?;
        if version != VERSION {
            return Some(Err(version));
        }
        let state = Self {
            generation: fields.u64()?,
            entries: fields.u64()?,
            bytes: fields.u64()?,
            dead: fields.u64()?,
            dead_bytes: fields.u64()?,
            started: fields.u64()?,
            next_seq: fields.i64()?,
            first: fields.i64()?,
            low_from: fields.i64()?,
        };
        Some(Ok(state))
    }

    /// Reads the row of a file.
    pub(super) fn read(db: &Connection) -> Result<Result<Self, u64>, Fault> {
        let mut statement = db.prepare_cached("SELECT seq, id, head, text FROM meta")?;
        let mut rows = statement.query([])?;
        let row = rows.next()?.ok_or(Fault::Damaged)?;
        let row = super::read::row(row)?;
        Self::open(&row).ok_or(Fault::Damaged)
    }

    /// Writes the row.
    pub(super) fn write(&self, db: &Connection) -> Result<(), Fault> {
        let mut statement = db.prepare_cached(
            "INSERT INTO meta (seq, id, head, text) VALUES (1, x'', ?1, x'')
            ON CONFLICT (seq) DO UPDATE SET head = excluded.head",
        )?;
        statement.execute([self.seal()])?;
        Ok(())
    }
}
