use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::pack::{HASHED, is_hash};
use super::{PIECE, Part, pack};
use crate::entry::EntryId;
use crate::error::Error;
use crate::store::sql::COLUMNS;
use crate::store::sqlite::error::failed;
use crate::store::sqlite::search::Ids;

pub(super) const FAILED: &str = "segments cannot be written";

/// How many bytes of texts the rows of a segment have at most, but for the last row.
const MAX_BYTES: usize = 16 << 20;

/// The columns that hold numbers; `status` has few values, and is packed as text.
const NUMBERS: [&str; 2] = ["created_at", "micros"];

/// The hash of a text: FNV-1a from the file's own seed, so that nobody knows which texts meet, and folded. Whatever is found by it is compared.
pub(super) fn hash(text: &str, seed: i64) -> u32 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed.cast_unsigned();
    let hash = text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    HASHED | (hash ^ (hash >> 32)) as u32
}

/// The code of a number in a column whose least one is `min`; 0 is none.
pub(super) fn code(number: i64, min: i64) -> u64 {
    number.abs_diff(min).saturating_add(1)
}

/// Seals the first `rows` rows of a range, which no segment has, into segments of `each` rows.
pub(super) fn seal(db: &Connection, ids: &Ids, mut rows: u64, each: u64) -> Result<(), Error> {
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
    let mut statement = db.prepare_cached(&sql).map_err(failed(FAILED))?;
    let mut found = statement
        .query([ids.start().as_bytes(), ids.end().as_bytes()])
        .map_err(failed(FAILED))?;
    let mut piece = Piece::new();
    while rows > 0
        && let Some(row) = found.next().map_err(failed(FAILED))?
    {
        piece.push(row).map_err(failed(FAILED))?;
        rows -= 1;
        if piece.ids.len() as u64 >= each || piece.texts.len() >= MAX_BYTES {
            piece.store(db)?;
            piece = Piece::new();
        }
    }
    piece.store(db)
}

/// The rows of a segment in the making, turned to columns.
struct Piece {
    ids: Vec<EntryId>,
    columns: Vec<Column>,
    /// All texts, end to end.
    texts: String,
}

enum Column {
    Numbers(Vec<Option<i64>>),
    /// Where each text lies in the texts of the piece.
    Texts(Vec<Option<Range<usize>>>),
}

/// A column as its parts say it.
struct Packed {
    domain: Vec<u8>,
    texts: Vec<u8>,
    codes: Vec<u8>,
    paths: Vec<u8>,
}

/// How texts are coded that are in a segment once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Singles {
    /// As all others: by their number in the domain.
    Numbered,
    /// By their hash, where that is shorter.
    Hashed,
    /// So, and kept in the order of the rows.
    HashedAndKept,
}

impl Piece {
    fn new() -> Self {
        let column = |name: &&str| match NUMBERS.contains(name) {
            true => Column::Numbers(Vec::new()),
            false => Column::Texts(Vec::new()),
        };
        Self {
            ids: Vec::new(),
            columns: COLUMNS.iter().map(column).collect(),
            texts: String::new(),
        }
    }

    fn push(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        self.ids.push(EntryId::from_bytes(row.get(0)?));
        for (number, column) in self.columns.iter_mut().enumerate().skip(1) {
            let value = row.get_ref(number)?;
            match column {
                Column::Numbers(numbers) => numbers.push(value.as_i64_or_null()?),
                Column::Texts(places) => {
                    let start = self.texts.len();
                    match value {
                        // Writing to a string does not fail.
                        ValueRef::Integer(number) => _ = write!(self.texts, "{number}"),
                        value => self
                            .texts
                            .push_str(value.as_str_or_null()?.unwrap_or_default()),
                    }
                    let is_there = value != ValueRef::Null;
                    places.push(is_there.then_some(start..self.texts.len()));
                }
            }
        }
        Ok(())
    }

    /// Writes the segment, if there is a row.
    fn store(&self, db: &Connection) -> Result<(), Error> {
        let (Some(first), Some(last)) = (self.ids.first(), self.ids.last()) else {
            return Ok(());
        };
        let (number, seed) = next_number(db)?;
        let sql =
            "INSERT INTO segment (first, last, number, rows, late) VALUES (?1, ?2, ?3, ?4, 0)";
        let rows = self.ids.len() as i64;
        let values = params![first.as_bytes(), last.as_bytes(), number, rows];
        db.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(failed(FAILED))?;
        for (piece, ids) in self.ids.chunks(PIECE).enumerate() {
            let ids: Vec<u8> = ids.iter().flat_map(|it| *it.as_bytes()).collect();
            store_part(db, Part::Ids(piece).key(number), &ids)?;
        }
        for (column, name) in COLUMNS.iter().enumerate().skip(1) {
            let singles = match *name {
                // Asked otherwise than by equality.
                "status" => Singles::Numbered,
                "path" => Singles::HashedAndKept,
                _ => Singles::Hashed,
            };
            let packed = match &self.columns[column] {
                Column::Numbers(numbers) => pack_numbers(numbers),
                Column::Texts(places) => {
                    let texts = places.iter().map(|it| it.clone().map(|it| &self.texts[it]));
                    pack_texts(texts.collect(), singles, seed)?
                }
            };
            if let Some(packed) = packed {
                for (part, bytes) in [
                    (Part::Domain(column), packed.domain),
                    (Part::Texts(column), packed.texts),
                    (Part::Codes(column), packed.codes),
                    (Part::Paths, packed.paths),
                ] {
                    if !bytes.is_empty() {
                        store_part(db, part.key(number), &bytes)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Takes the number of a new segment, and reads the seed.
fn next_number(db: &Connection) -> Result<(i64, i64), Error> {
    let sql = "UPDATE sealing SET next_segment = next_segment + 1 RETURNING next_segment - 1, seed";
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(failed(FAILED))
}

fn store_part(db: &Connection, key: i64, bytes: &[u8]) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO segment_part (key, bytes) VALUES (?1, ?2)")
        .and_then(|mut statement| statement.execute(params![key, bytes]))
        .map(|_| ())
        .map_err(failed(FAILED))
}

fn pack_numbers(numbers: &[Option<i64>]) -> Option<Packed> {
    let values = || numbers.iter().copied().flatten();
    let (min, max) = (values().min()?, values().max()?);
    let has_none = numbers.contains(&None);
    let codes: Vec<_> = numbers
        .iter()
        .map(|number| number.map_or(0, |number| code(number, min)))
        .collect();
    let ends = min.to_le_bytes().into_iter().chain(max.to_le_bytes());
    Some(Packed {
        domain: ends.chain([has_none.into()]).collect(),
        texts: Vec::new(),
        codes: pack::numbers(&codes),
        paths: Vec::new(),
    })
}

/// Packs texts by their numbers in a domain. `None` without any text.
fn pack_texts(
    texts: Vec<Option<&str>>,
    singles: Singles,
    seed: i64,
) -> Result<Option<Packed>, Error> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    // The text and how often it is there; the first one stands for none.
    let mut found = vec![("", 0_usize)];
    let mut rows: Vec<usize> = Vec::with_capacity(texts.len());
    for text in &texts {
        let at = match (text, rows.last()) {
            (None, _) => 0,
            (Some(text), Some(&before)) if before > 0 && found[before].0 == *text => before,
            (Some(text), _) => *known.entry(text).or_insert_with(|| {
                found.push((text, 0));
                found.len() - 1
            }),
        };
        found[at].1 += 1;
        rows.push(at);
    }
    if found.len() == 1 {
        return Ok(None);
    }
    let single_bytes = |(text, times): &(&str, usize)| match times {
        1 => text.len() + size_of::<u32>(),
        _ => 0,
    };
    let all_single_bytes = found[1..].iter().map(single_bytes).sum::<usize>();
    let hashed = singles != Singles::Numbered && all_single_bytes > size_of::<u32>() * rows.len();
    let mut domain = vec![u8::from(hashed)];
    let mut packed_texts = Vec::new();
    let (mut codes, mut next) = (vec![0], 1);
    for (text, times) in &found[1..] {
        let hash = hash(text, seed);
        if hashed && *times == 1 {
            codes.push(hash.into());
        } else {
            domain.extend(hash.to_le_bytes());
            pack::text(text, &mut packed_texts)?;
            codes.push(next);
            next += 1;
        }
    }
    let mut paths = Vec::new();
    if singles == Singles::HashedAndKept {
        for &at in rows.iter().filter(|&&at| is_hash(codes[at])) {
            pack::text(found[at].0, &mut paths)?;
        }
    }
    let of_rows: Vec<_> = rows.iter().map(|&at| codes[at]).collect();
    Ok(Some(Packed {
        domain,
        texts: packed_texts,
        codes: pack::numbers(&of_rows),
        paths,
    }))
}
