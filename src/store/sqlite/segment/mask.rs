use rusqlite::Connection;

use super::pack::Matches;
use super::seal::{code, hash};
use super::{Part, Segment, corrupt, pack};
use crate::error::Error;
use crate::query::Filter;
use crate::store::sql::{COLUMNS, Wanted};

/// What filters want of the columns, to be asked of one segment after another.
pub(in crate::store::sqlite) struct Question<'f> {
    columns: Vec<Asked<'f>>,
}

struct Asked<'f> {
    column: usize,
    wanted: Wanted<'f>,
    /// The hashes of the wanted texts, sorted.
    hashes: Vec<u32>,
}

/// Which rows of a segment pass; empty where none does.
#[derive(Default)]
pub(in crate::store::sqlite) struct Mask {
    rows: Vec<u8>,
}

const NO: u8 = 0;
/// A hash is the same, so that the row itself has to be asked.
const MAYBE: u8 = 1;
const YES: u8 = 2;

/// What a column's domain says of a question, before a code is read.
enum Verdict {
    /// No row passes.
    None,
    /// Every row passes.
    All,
    /// The rows with these codes pass, or may.
    Codes(Matches),
    /// So do these, and those whose paths match that are in the segment once.
    CodesAndPaths(Matches),
    /// The rows with codes in this range pass.
    Range(u64, u64),
}

impl<'f> Question<'f> {
    /// Makes the question of filters that are joined by *and*, with the seed of the file.
    pub(in crate::store::sqlite) fn new(filters: &[&'f Filter], seed: i64) -> Self {
        let wanted = filters.iter().flat_map(|filter| Wanted::of(filter));
        let columns = wanted.filter_map(|(name, wanted)| {
            let mut hashes = match &wanted {
                Wanted::OneOf(texts) => texts.iter().map(|it| hash(it, seed)).collect(),
                _ => Vec::new(),
            };
            hashes.sort_unstable();
            // Every name is one of the columns.
            let column = COLUMNS.iter().position(|&it| it == name)?;
            Some(Asked {
                column,
                wanted,
                hashes,
            })
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// Asks a segment. Unless it is to be `exact`, texts are compared by their hashes alone, and rows that are found so may pass.
    pub(in crate::store::sqlite) fn ask(
        &self,
        db: &Connection,
        segment: &Segment,
        exact: bool,
    ) -> Result<Mask, Error> {
        // All domains before any codes: they are small, and often one says no for the whole segment.
        let mut verdicts = Vec::with_capacity(self.columns.len());
        for asked in &self.columns {
            match asked.domain(db, segment, exact)? {
                Verdict::None => return Ok(Mask::default()),
                Verdict::All => {}
                verdict => verdicts.push((asked, verdict)),
            }
        }
        // Paths last: they are long, and only the rows that are left are looked at.
        verdicts.sort_by_key(|(_, verdict)| matches!(verdict, Verdict::CodesAndPaths(_)));
        let mut rows = vec![YES; segment.rows];
        for (asked, verdict) in verdicts {
            asked.codes(db, segment, &verdict, &mut rows)?;
            if rows.iter().all(|&it| it == NO) {
                return Ok(Mask::default());
            }
        }
        Ok(Mask { rows })
    }
}

impl Mask {
    /// Returns how many rows pass, unless some of them have to be asked.
    pub(in crate::store::sqlite) fn count(&self) -> Option<u64> {
        let count = |wanted| self.rows.iter().filter(|&&it| it == wanted).count();
        (count(MAYBE) == 0).then(|| count(YES) as u64)
    }

    /// Returns the rows that pass or may, and whether they do, in pieces of so many rows; pieces without any are left out.
    pub(super) fn pieces(
        &self,
        rows: usize,
    ) -> impl Iterator<Item = (usize, impl Iterator<Item = (usize, bool)>)> {
        let pieces = self.rows.chunks(rows).enumerate();
        let pieces = pieces.filter(|(_, piece)| piece.iter().any(|&it| it != NO));
        pieces.map(|(number, piece)| {
            let rows = piece.iter().enumerate();
            let marked = rows.filter(|(_, it)| **it != NO);
            (number, marked.map(|(row, it)| (row, *it == YES)))
        })
    }
}

impl Asked<'_> {
    fn domain(&self, db: &Connection, segment: &Segment, exact: bool) -> Result<Verdict, Error> {
        if let Wanted::Within(range) = &self.wanted {
            let read = |bytes: &[u8]| numbers(bytes, *range.start(), *range.end());
            let verdict = segment.part(db, Part::Domain(self.column), read)?;
            return Ok(verdict.unwrap_or(Verdict::None));
        }
        // What may be wanted of the texts, counted from 1 as their codes are, and whether there are texts that are not among them.
        let read = |bytes: &[u8]| {
            let (&hashed, hashes) = bytes.split_first().ok_or_else(corrupt)?;
            let codes = (1..).zip(hashes.as_chunks().0);
            let codes = codes.filter(|(_, hash)| self.may_be(u32::from_le_bytes(**hash)));
            Ok((codes.map(|(code, _)| code).collect::<Vec<_>>(), hashed != 0))
        };
        let Some((candidates, hashed)) = segment.part(db, Part::Domain(self.column), read)? else {
            return Ok(Verdict::None);
        };
        let mut matches = Matches::default();
        if !exact && matches!(self.wanted, Wanted::OneOf(_)) {
            candidates
                .iter()
                .for_each(|&code| matches.push(code, MAYBE));
        } else if !candidates.is_empty() {
            let read = |bytes: &[u8]| self.check(bytes, &candidates, &mut matches);
            let found = segment.part(db, Part::Texts(self.column), read)?;
            found.ok_or_else(corrupt)?;
        }
        if hashed && matches!(self.wanted, Wanted::Matching(_)) {
            return Ok(Verdict::CodesAndPaths(matches));
        }
        if hashed {
            let hashes = self.hashes.iter();
            hashes.for_each(|&hash| matches.push(hash.into(), MAYBE));
        }
        Ok(match matches.is_empty() {
            true => Verdict::None,
            false => Verdict::Codes(matches),
        })
    }

    fn may_be(&self, hash: u32) -> bool {
        match (&self.wanted, self.hashes.as_slice()) {
            (Wanted::OneOf(_), [one]) => *one == hash,
            (Wanted::OneOf(_), many) => many.binary_search(&hash).is_ok(),
            _ => true,
        }
    }

    /// Adds those of the candidates whose texts are wanted.
    fn check(
        &self,
        mut texts: &[u8],
        candidates: &[u64],
        matches: &mut Matches,
    ) -> Result<(), Error> {
        let mut next = 1;
        for &code in candidates {
            while next < code {
                pack::take_text(&mut texts)?;
                next += 1;
            }
            if self.is_met(pack::take_text(&mut texts)?) {
                matches.push(code, YES);
            }
            next += 1;
        }
        Ok(())
    }

    fn codes(
        &self,
        db: &Connection,
        segment: &Segment,
        verdict: &Verdict,
        rows: &mut [u8],
    ) -> Result<(), Error> {
        let mut found = vec![NO; rows.len()];
        let read = |bytes: &[u8]| match verdict {
            Verdict::None => Ok(()),
            Verdict::All => pack::each_number(bytes, &mut found, |it, _| *it = YES),
            Verdict::Range(from, to) => pack::each_number(bytes, &mut found, |it, code| {
                *it = if (*from..=*to).contains(&code) {
                    YES
                } else {
                    NO
                };
            }),
            Verdict::Codes(matches) => matches.mark(bytes, &mut found),
            Verdict::CodesAndPaths(matches) => {
                matches.mark(bytes, &mut found)?;
                self.single_paths(db, segment, bytes, rows, &mut found)
            }
        };
        segment
            .part(db, Part::Codes(self.column), read)?
            .ok_or_else(corrupt)?;
        let found = rows.iter_mut().zip(found);
        found.for_each(|(row, found)| *row = (*row).min(found));
        Ok(())
    }

    /// Marks those of the rows that are left whose paths are in the segment once, and match.
    fn single_paths(
        &self,
        db: &Connection,
        segment: &Segment,
        codes: &[u8],
        rows: &[u8],
        found: &mut [u8],
    ) -> Result<(), Error> {
        let read = |mut paths: &[u8]| {
            let (mut has_path, mut rows) = (Ok(()), rows.iter());
            pack::each_number(codes, found, |it, code| {
                let is_left = rows.next().is_some_and(|row| *row != NO);
                if pack::is_hash(code) {
                    match pack::take_text(&mut paths) {
                        Ok(path) if is_left && self.is_met(path) => *it = YES,
                        Ok(_) => {}
                        Err(error) => has_path = Err(error),
                    }
                }
            })?;
            has_path
        };
        let found = segment.part(db, Part::Paths, read)?;
        found.ok_or_else(corrupt)
    }

    fn is_met(&self, text: &[u8]) -> bool {
        match &self.wanted {
            Wanted::OneOf(texts) => texts.binary_search_by(|it| it.as_bytes().cmp(text)).is_ok(),
            Wanted::Matching(patterns) => str::from_utf8(text)
                .is_ok_and(|path| patterns.iter().any(|pattern| pattern.matches(path))),
            Wanted::Status(ranges) => str::from_utf8(text)
                .ok()
                .and_then(|status| status.parse().ok())
                .is_some_and(|status| ranges.iter().any(|range| range.contains(status))),
            Wanted::Within(_) => false,
        }
    }
}

/// Judges a range of numbers by the ends of a column's.
fn numbers(ends: &[u8], from: i64, to: i64) -> Result<Verdict, Error> {
    let ends: &[u8; 17] = ends.try_into().map_err(|_| corrupt())?;
    let number = |at: usize| i64::from_le_bytes(std::array::from_fn(|byte| ends[at + byte]));
    let (min, max, has_none) = (number(0), number(8), ends[16] != 0);
    Ok(if from > max || to < min {
        Verdict::None
    } else if from <= min && to >= max && !has_none {
        Verdict::All
    } else {
        Verdict::Range(code(from.max(min), min), code(to.min(max), min))
    })
}
