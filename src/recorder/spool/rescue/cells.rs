//! The rows of a page, as <https://www.sqlite.org/fileformat2.html#b_tree_pages> has them.

use super::pages::{PAGE, Pages, number};
use crate::recorder::spool::row::{Kind, Row};

/// The first byte of a page of rows.
const LEAF: u8 = 0x0d;
/// What a row takes of its own page at most, and at least if it goes on in others.
const MOST_LOCAL: usize = PAGE - 35;
const LEAST_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
const OVERFLOW: usize = PAGE - 4;

/// Finds the rows of ours in pages.
pub(super) struct Finder<'a> {
    pub(super) pages: &'a mut Pages,
    payload: Vec<u8>,
    /// How many more pages beside those of rows are read: damaged ones can say that all rows go on in the same ones.
    overflow_left: u64,
}

impl<'a> Finder<'a> {
    pub(super) fn new(pages: &'a mut Pages) -> Self {
        let overflow_left = 2 * u64::from(pages.count) + 1024;
        Self {
            pages,
            payload: Vec::new(),
            overflow_left,
        }
    }

    /// Gives every row of the page that has the form of ours, sound or not. `number` is 1 for the page with the file's header.
    pub(super) fn rows<E>(
        &mut self,
        page_number: u32,
        page: &[u8; PAGE],
        mut take: impl FnMut(Kind, Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = if page_number == 1 { 100 } else { 0 };
        if page[start] != LEAF {
            return Ok(());
        }
        let count = usize::from(u16::from_be_bytes([page[start + 3], page[start + 4]]));
        let cells = page[start + 8..].chunks_exact(2).take(count);
        // Rows do not overlap, unless the page is damaged.
        let mut left = 2 * PAGE;
        for cell in cells {
            let at = usize::from(u16::from_be_bytes([cell[0], cell[1]]));
            let Some(seq) = self.load(page, at) else {
                continue;
            };
            let Some(rest) = left.checked_sub(self.payload.len().min(MOST_LOCAL)) else {
                break;
            };
            left = rest;
            if let Some(row) = record(&self.payload, seq)
                && let Some(kind) = row.kind()
            {
                take(kind, row)?;
            }
        }
        Ok(())
    }

    /// Puts a row's bytes together, and returns its number.
    fn load(&mut self, page: &[u8; PAGE], at: usize) -> Option<i64> {
        let (length, rest) = varint(page.get(at..)?)?;
        let (seq, rest) = varint(rest)?;
        let length = usize::try_from(length).ok()?;
        self.payload.clear();
        if length <= MOST_LOCAL {
            self.payload.extend_from_slice(rest.get(..length)?);
            return Some(seq.cast_signed());
        }
        let local = match LEAST_LOCAL + (length.checked_sub(LEAST_LOCAL)?) % OVERFLOW {
            local if local <= MOST_LOCAL => local,
            _ => LEAST_LOCAL,
        };
        let (bytes, rest) = rest.split_at_checked(local)?;
        self.payload.extend_from_slice(bytes);
        let mut next = number(rest, 0)?;
        let mut overflow = Box::new([0; PAGE]);
        while self.payload.len() < length {
            self.overflow_left = self.overflow_left.checked_sub(1)?;
            if next == 0 || next > self.pages.count {
                return None;
            }
            self.pages.read(next, &mut overflow);
            next = number(&*overflow, 0)?;
            let more = OVERFLOW.min(length - self.payload.len());
            self.payload.extend_from_slice(&overflow[4..4 + more]);
        }
        Some(seq.cast_signed())
    }
}

/// Reads a record of our four columns.
fn record(payload: &[u8], seq: i64) -> Option<Row<'_>> {
    let (header, types) = varint(payload)?;
    let header = usize::try_from(header).ok()?;
    let mut types = payload.get(payload.len() - types.len()..header)?;
    let mut body = payload.get(header..)?;
    let mut columns = [&[][..]; 3];
    let (number, rest) = varint(types)?;
    // The number of the row stands outside.
    if number != 0 {
        return None;
    }
    types = rest;
    for column in &mut columns {
        let (kind, rest) = varint(types)?;
        if kind < 12 || kind % 2 != 0 {
            return None;
        }
        types = rest;
        (*column, body) = body.split_at_checked(usize::try_from((kind - 12) / 2).ok()?)?;
    }
    let [id, head, text] = columns;
    (types.is_empty() && body.is_empty()).then_some(Row {
        seq,
        id,
        head,
        text,
    })
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((value << 8 | u64::from(*byte), &bytes[9..]));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}
