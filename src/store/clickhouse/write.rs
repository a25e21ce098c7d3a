//! Writing: batches are split by the partition of their entries and by size, and each piece is one insert under a token.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::columns::{Columns, number};
use super::server::Server;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;

const FAILED: &str = "entries cannot be written";

/// What one insert has at most, so that the server stores all of it or nothing.
const MAX_ROWS: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

/// The partitions of ids that are of no day.
pub(super) const FIRST_DAY: &str = "20200101";
pub(super) const LAST_DAY: &str = "20991231";

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

/// Returns what the name of an id's partition begins with: its day.
pub(super) fn partition(id: EntryId) -> String {
    let micros = i64::try_from(day(id) * 86_400_000_000).unwrap_or_default();
    let day = Timestamp::from_micros(micros).rfc3339(0);
    day.chars().take(10).filter(char::is_ascii_digit).collect()
}

/// Returns when the day of a partition begins, in milliseconds; 0 where its ids may be of any time before.
pub(super) fn partition_start(name: &str) -> i64 {
    let is_day = |day: &&str| day.bytes().all(|it| it.is_ascii_digit()) && *day > FIRST_DAY;
    let day = name.get(..8).filter(is_day);
    let time = day.and_then(|day| {
        let text = format!("{}-{}-{}T00:00:00Z", &day[..4], &day[4..6], &day[6..]);
        text.parse::<Timestamp>().ok()
    });
    time.map_or(0, |time| time.as_micros() / 1000)
}

/// Returns the day of an id, counted from 1970: those of the partitions.
fn day(id: EntryId) -> u64 {
    let seconds = u64::try_from(number(id) >> 80).unwrap_or(u64::MAX) / 1000;
    seconds.clamp(1_577_836_800, 4_102_444_799) / 86_400
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
    use crate::entry::{Context, EntryKind};

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
    fn ids_of_any_time_go_to_a_few_partitions() {
        let ids = [
            EntryId::MIN,
            EntryId::first_at(Timestamp::from_micros(0)),
            EntryId::MAX,
        ];
        let days: Vec<_> = ids.map(day).into();
        assert_eq!(days[0], days[1]);
        assert_eq!(days[0], day(entry(1_577_836_800_000_000).id));
        assert_eq!(days[2], day(entry(4_102_444_799_000_000).id));
    }

    #[test]
    fn partition_begins_with_its_day() {
        let noon = 1_795_348_800_000_000;
        let name = format!("{}-0", partition(entry(noon).id));
        assert_eq!(name, "20261122-0");
        assert_eq!(partition_start(&name), noon / 1000 - 43_200_000);
        assert_eq!(partition_start(&partition(EntryId::MIN)), 0);
        assert_eq!(partition(EntryId::MIN), FIRST_DAY);
        assert_eq!(partition(EntryId::MAX), LAST_DAY);
        assert_eq!(partition_start(""), 0);
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
