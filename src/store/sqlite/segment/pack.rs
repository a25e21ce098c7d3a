//! How a segment's columns are written: numbers of one width, and lists of texts.
//!
//! Reading never panics and never reads out of bounds, whatever the bytes: what cannot be is an error.

use super::corrupt;
use crate::error::Error;

/// Packs numbers into as few bytes each as the largest needs: 0 where all are the same, or 1, 2, 4 or 8, after a byte that says which.
pub(super) fn numbers(numbers: &[u64]) -> Vec<u8> {
    let max = numbers.iter().copied().max().unwrap_or_default();
    let width: u8 = match max {
        _ if numbers.iter().all(|&it| it == max) => 0,
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    let mut packed = vec![width];
    match width {
        0 => packed.extend(max.to_le_bytes()),
        1 => packed.extend(numbers.iter().map(|it| it.to_le_bytes()[0])),
        2 => packed.extend(numbers.iter().flat_map(|it| low::<2>(*it))),
        4 => packed.extend(numbers.iter().flat_map(|it| low::<4>(*it))),
        _ => packed.extend(numbers.iter().flat_map(|it| it.to_le_bytes())),
    }
    packed
}

/// Calls `visit` with each of as many packed numbers as there are items, and the item.
pub(super) fn each_number<T>(
    packed: &[u8],
    items: &mut [T],
    mut visit: impl FnMut(&mut T, u64),
) -> Result<(), Error> {
    let (width, bytes) = packed.split_first().ok_or_else(corrupt)?;
    if *width == 0 {
        let number = u64::from_le_bytes(bytes.try_into().map_err(|_| corrupt())?);
        items.iter_mut().for_each(|item| visit(item, number));
        return Ok(());
    }
    if Some(bytes.len()) != items.len().checked_mul((*width).into()) {
        return Err(corrupt());
    }
    let items = items.iter_mut();
    match width {
        1 => items
            .zip(bytes)
            .for_each(|(item, &it)| visit(item, it.into())),
        2 => items
            .zip(bytes.as_chunks().0)
            .for_each(|(item, it)| visit(item, u16::from_le_bytes(*it).into())),
        4 => items
            .zip(bytes.as_chunks().0)
            .for_each(|(item, it)| visit(item, u32::from_le_bytes(*it).into())),
        8 => items
            .zip(bytes.as_chunks().0)
            .for_each(|(item, it)| visit(item, u64::from_le_bytes(*it))),
        _ => return Err(corrupt()),
    }
    Ok(())
}

/// The bit of codes that are hashes.
pub(super) const HASHED: u32 = 1 << 31;

/// Tells whether a code is a hash, and not the number of a text in the domain.
pub(super) fn is_hash(code: u64) -> bool {
    code >= HASHED.into()
}

/// Codes that are looked for, and what to mark their rows with.
#[derive(Default)]
pub(super) struct Matches(Vec<(u64, u8)>);

/// Up to so many codes are looked for one by one, for which compilers use vector instructions.
const FEW: usize = 8;

impl Matches {
    /// Adds a code; the codes go up.
    pub(super) fn push(&mut self, code: u64, mark: u8) {
        self.0.push((code, mark));
    }

    /// Tells whether there is no code.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Marks the rows that have one of the codes.
    pub(super) fn mark(&self, packed: &[u8], rows: &mut [u8]) -> Result<(), Error> {
        if self.0.len() > FEW {
            return self.mark_by_table(packed, rows);
        }
        for &(code, mark) in &self.0 {
            match packed.first() {
                Some(1) => equal(packed, rows, code, mark, u8::from_le_bytes)?,
                Some(2) => equal(packed, rows, code, mark, u16::from_le_bytes)?,
                Some(4) => equal(packed, rows, code, mark, u32::from_le_bytes)?,
                _ => each_number(packed, rows, |row, it| {
                    if it == code {
                        *row = mark;
                    }
                })?,
            }
        }
        Ok(())
    }

    fn mark_by_table(&self, packed: &[u8], rows: &mut [u8]) -> Result<(), Error> {
        let (numbers, hashes) = self.0.split_at(self.0.partition_point(|it| !is_hash(it.0)));
        let last = numbers.last().map_or(0, |it| it.0 as usize);
        let mut table = vec![0; last + 1];
        numbers.iter().for_each(|it| table[it.0 as usize] = it.1);
        each_number(packed, rows, |row, code| {
            *row = match is_hash(code) {
                false => table.get(code as usize).copied().unwrap_or(0),
                true => hashes
                    .binary_search_by_key(&code, |it| it.0)
                    .map_or(0, |at| hashes[at].1),
            };
        })
    }
}

fn equal<const WIDTH: usize, N: TryFrom<u64> + PartialEq>(
    packed: &[u8],
    rows: &mut [u8],
    code: u64,
    mark: u8,
    read: impl Fn([u8; WIDTH]) -> N,
) -> Result<(), Error> {
    let codes = packed.get(1..).unwrap_or_default().as_chunks().0;
    if codes.len() != rows.len() {
        return Err(corrupt());
    }
    if let Ok(code) = N::try_from(code) {
        for (row, it) in rows.iter_mut().zip(codes) {
            *row = if read(*it) == code { mark } else { *row };
        }
    }
    Ok(())
}

/// Packs a text behind others, after its length.
pub(super) fn text(text: &str, packed: &mut Vec<u8>) -> Result<(), Error> {
    let length = u32::try_from(text.len()).map_err(|_| corrupt())?;
    packed.extend(length.to_le_bytes());
    packed.extend(text.as_bytes());
    Ok(())
}

/// Takes the first of packed texts off.
pub(super) fn take_text<'b>(packed: &mut &'b [u8]) -> Result<&'b [u8], Error> {
    let (length, rest) = packed.split_first_chunk().ok_or_else(corrupt)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (text, rest) = rest.split_at_checked(length).ok_or_else(corrupt)?;
    *packed = rest;
    Ok(text)
}

fn low<const BYTES: usize>(number: u64) -> [u8; BYTES] {
    std::array::from_fn(|at| number.to_le_bytes()[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(packed: &[u8], count: usize) -> Result<Vec<u64>, Error> {
        let mut items = vec![0; count];
        each_number(packed, &mut items, |item, number| *item = number)?;
        Ok(items)
    }

    #[test]
    fn numbers_of_every_width_come_back() {
        let max = [0, 1, 0xff, 0x100, 0xffff, 0x1_0000, u64::from(u32::MAX)];
        for max in max.into_iter().chain([1 << 32, u64::MAX]) {
            for list in [vec![], vec![max], vec![max; 3], vec![0, max, 1, max]] {
                assert_eq!(read(&numbers(&list), list.len()).unwrap(), list);
            }
        }
        assert_eq!(numbers(&[7; 4096]).len(), 9);
        assert_eq!(numbers(&[7, 8]).len(), 3);
    }

    #[test]
    fn rows_are_marked_by_their_codes_few_or_many() {
        let hash = u64::from(HASHED) | 7;
        for codes in [
            vec![0, 1, 2, 3, 2],
            vec![300, 1, 2, 0, 2],
            vec![hash, 1, 2, hash + 1, 2],
            vec![u64::MAX, 2, 2, 0, 1],
            vec![2, 2, 2],
            vec![hash, hash],
        ] {
            for more in [0, 20] {
                let mut matches = Matches::default();
                matches.push(2, 1);
                (0..more).for_each(|it| matches.push(10 + it, 3));
                matches.push(hash, 2);
                let mut rows = vec![0; codes.len()];
                matches.mark(&numbers(&codes), &mut rows).unwrap();
                let wanted = codes.iter().map(|&it| match it {
                    2 => 1,
                    _ => 2 * u8::from(it == hash),
                });
                assert!(wanted.eq(rows), "{codes:?} {more}");
            }
        }
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        for bytes in [
            &[][..],
            &[0],
            &[1],
            &[2, 0, 0, 0],
            &[3, 0, 0, 0, 0, 0, 0],
            &[9],
        ] {
            assert!(read(bytes, 2).is_err(), "{bytes:?}");
        }
        for mut bytes in [&[][..], &[1, 0, 0], &[1, 0, 0, 0], &[0xff; 8]] {
            assert!(take_text(&mut bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn texts_come_back_in_their_order() {
        let mut packed = Vec::new();
        for it in ["", "a\0b", "é😀"] {
            text(it, &mut packed).unwrap();
        }
        let mut rest = packed.as_slice();
        for it in ["", "a\0b", "é😀"] {
            assert_eq!(take_text(&mut rest).unwrap(), it.as_bytes());
        }
        assert!(rest.is_empty());
    }
}
