//! What stands in a row of any of the tables, guarded by a checksum over all of it.

use crc32fast::Hasher;

/// The kind of a row, which is its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Entry = b'E' as isize,
    Started = b'S' as isize,
    Dead = b'D' as isize,
    Batch = b'B' as isize,
    State = b'M' as isize,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Entry,
        Self::Started,
        Self::Dead,
        Self::Batch,
        Self::State,
    ];
}

/// A row as it is read.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) seq: i64,
    pub(super) id: &'a [u8],
    pub(super) head: &'a [u8],
    pub(super) text: &'a [u8],
}

const CRC: usize = 4;

/// Makes the head of a row: its kind, the checksum and what else is known of it.
pub(super) fn seal(kind: Kind, seq: i64, id: &[u8], more: &[u8], text: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(1 + CRC + more.len());
    head.push(kind as u8);
    head.extend_from_slice(&checksum(kind, seq, id, more, text).to_le_bytes());
    head.extend_from_slice(more);
    head
}

impl<'a> Row<'a> {
    /// Returns the kind that the row says it has, whether or not it is sound.
    pub(super) fn kind(&self) -> Option<Kind> {
        let (&kind, rest) = self.head.split_first()?;
        let kind = Kind::ALL.into_iter().find(|it| *it as u8 == kind)?;
        (rest.len() >= CRC).then_some(kind)
    }

    /// Returns what else the head says, if every byte of the row is as it was written.
    pub(super) fn open(&self, kind: Kind) -> Option<&'a [u8]> {
        if self.kind()? != kind {
            return None;
        }
        let (crc, more) = self.head[1..].split_at_checked(CRC)?;
        let found = checksum(kind, self.seq, self.id, more, self.text);
        (crc == found.to_le_bytes()).then_some(more)
    }
}

fn checksum(kind: Kind, seq: i64, id: &[u8], more: &[u8], text: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[kind as u8]);
    for length in [id.len(), more.len()] {
        hasher.update(&(length as u64).to_le_bytes());
    }
    hasher.update(&seq.to_le_bytes());
    for part in [id, more, text] {
        hasher.update(part);
    }
    hasher.finalize()
}

/// Reads numbers from what a head says.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.u64().map(u64::cast_signed)
    }
}
