//! Writing: batches are split by the partition of their entries and by size, and each piece is one insert under a token.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::columns::Columns;
use super::day::day;
use super::server::Server;
use crate::clock::{Clock, SystemClock};
use crate::entry::LogEntry;
use crate::error::Error;

const FAILED: &str = "entries cannot be written";

/// What one insert has at most, so that the server stores all of it or nothing.
const MAX_ROWS: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

const TIME_BITS: u32 = 56;

/// Writes a batch.
pub(super) async fn write(server: &Server, batch: &[LogEntry], epoch: u64) -> Result<(), Error> {
    let version = first_version();
    for (_, entries) in by_day(batch) {
        for piece in pieces(&entries) {
            let rows = piece.iter().map(|entry| Columns::split(entry, version));
            server.insert(FAILED, token(&piece, epoch), rows).await?;
        }
    }
    Ok(())
}

/// Writes entries again, as the versions that they come with.
pub(super) async fn replace(server: &Server, entries: &[(LogEntry, u64)]) -> Result<(), Error> {
    let only: Vec<_> = entries.iter().map(|(entry, _)| entry.clone()).collect();
    let versions: HashMap<_, _> = entries
        .iter()
        .map(|(entry, version)| (entry.id, *version))
        .collect();
    for (_, entries) in by_day(&only) {
        for piece in pieces(&entries) {
            let version = |entry: &LogEntry| versions.get(&entry.id).copied().unwrap_or_default();
            let rows = piece
                .iter()
                .map(|entry| Columns::split(entry, version(entry)));
            // Another token than that of the copies before.
            let epoch = piece.first().map_or(0, |first| version(first));
            server.insert(FAILED, token(&piece, epoch), rows).await?;
        }
    }
    Ok(())
}

/// Returns the version of a copy that is written now. Of several copies the one of the highest version is the entry: the one that was
/// written first, or the one that was erased last.
fn first_version() -> u64 {
    let now = SystemClock::default()
        .now()
        .as_micros()
        .max(0)
        .unsigned_abs();
    let latest = (1 << TIME_BITS) - 1;
    latest - now.min(latest)
}

/// Returns the version of a copy that replaces one of a version.
pub(super) fn next_version(version: u64) -> u64 {
    version.saturating_add(1 << TIME_BITS)
}

/// Groups entries by the partition that they go to; of an id that comes twice it takes the first.
fn by_day(batch: &[LogEntry]) -> BTreeMap<u64, Vec<&LogEntry>> {
    let mut seen = HashSet::with_capacity(batch.len());
    let mut days = BTreeMap::<_, Vec<_>>::new();
    for entry in batch {
        if seen.insert(entry.id) {
            days.entry(day(entry.id)).or_default().push(entry);
        }
    }
    days
}

fn pieces<'e>(entries: &[&'e LogEntry]) -> Vec<Vec<&'e LogEntry>> {
    let (mut pieces, mut bytes) = (Vec::<Vec<_>>::new(), usize::MAX);
    for entry in entries {
        let size = entry.size_bytes();
        bytes = bytes.saturating_add(size);
        match pieces.last_mut() {
            Some(piece) if bytes <= MAX_BYTES && piece.len() < MAX_ROWS => piece.push(*entry),
            _ => {
                bytes = size;
                pieces.push(vec![*entry]);
            }
        }
    }
    pieces
}

/// Returns what tells a piece from all others, and is the same whenever the same batch is written.
///
/// The server leaves out rows under a token that it knows, so that what was deleted could not be written again: the epoch changes with
/// every deletion.
fn token(piece: &[&LogEntry], epoch: u64) -> String {
    let mut digest = Sha256::new();
    digest.update(epoch.to_be_bytes());
    for entry in piece {
        digest.update(entry.id.as_bytes());
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::entry::{Context, EntryId, EntryKind};

    fn entry(micros: i64) -> LogEntry {
        let at = Timestamp::from_micros(micros);
        let kind = EntryKind::Event(Box::default());
        LogEntry::new(EntryId::first_at(at), at, Context::default(), kind)
    }

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn batch_is_split_at_midnight_and_keeps_its_order() {
        let start = 1_795_305_600_000_000;
        let batch = [start + DAY, start, start + DAY - 1000, start + 3 * DAY].map(entry);
        let days = by_day(&batch);
        let lengths: Vec<_> = days.values().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert_eq!(days.values().next().unwrap()[0].id, batch[1].id);
    }

    #[test]
    fn token_is_that_of_the_ids_in_their_order_and_of_the_epoch() {
        let (a, b) = (entry(1), entry(DAY));
        assert_eq!(token(&[&a, &b], 0), token(&[&a, &b], 0));
        assert_ne!(token(&[&a, &b], 0), token(&[&b, &a], 0));
        assert_ne!(token(&[&a, &b], 0), token(&[&a], 0));
        assert_ne!(token(&[&a], 0), token(&[&a], 1));
    }

    #[test]
    fn first_copy_and_the_latest_erasure_win() {
        let first = first_version();
        assert!(first >= first_version());
        assert!(next_version(first) > first);
        assert!(next_version(next_version(first)) > next_version(first));
    }
}
