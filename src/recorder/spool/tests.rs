mod plain;

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::entry::{EntryId, LogEntry};
use crate::testing::sample;

/// Makes entries with the numbers of a range.
fn entries(numbers: std::ops::Range<u32>) -> Vec<Arc<LogEntry>> {
    numbers.map(|it| Arc::new(sample::exchange(it))).collect()
}

fn open(folder: &Path) -> SpoolFile {
    opened(folder).0
}

fn opened(folder: &Path) -> (SpoolFile, Recovered) {
    SpoolFile::open(&Spool::at(folder), SyncMode::Normal).unwrap()
}

fn ids(entries: &[Arc<LogEntry>]) -> Vec<EntryId> {
    entries.iter().map(|it| it.id).collect()
}

/// Takes and confirms everything, by batches of `most`.
fn drain(spool: &mut SpoolFile, most: usize) -> Vec<Arc<LogEntry>> {
    let mut all = Vec::new();
    while let Some(batch) = spool.next_batch(most, u64::MAX).unwrap() {
        assert!((1..=most).contains(&batch.entries.len()));
        all.extend(batch.entries);
        spool.confirm(batch.number);
    }
    all
}
