mod crash;
mod damage;
mod dead;
#[cfg(unix)]
mod faults;
mod model;
mod plain;
mod room;
mod size;
mod started;

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

/// Makes an exchange that did not fail, with a body of so many bytes.
fn large(number: u32, bytes: usize) -> Arc<LogEntry> {
    let mut entry = sample::plain(number);
    sample::change(&mut entry, |exchange| {
        exchange.response_body = crate::entry::BodyRecord::Whole {
            text: "0123456789abcdef".repeat(bytes / 16),
            bytes_seen: bytes as u64,
        };
    });
    Arc::new(entry)
}

/// Makes one that failed.
fn failed(number: u32, bytes: usize) -> Arc<LogEntry> {
    let mut entry = (*large(number, bytes)).clone();
    sample::change(&mut entry, |exchange| {
        exchange.outcome = crate::entry::Outcome::ServiceError;
    });
    Arc::new(entry)
}

/// Returns the numbers that samples were made of.
fn numbers(entries: &[Arc<LogEntry>]) -> Vec<u32> {
    let micros = |it: &Arc<LogEntry>| it.created_at.as_micros() - sample::start().as_micros();
    entries
        .iter()
        .map(|it| (micros(it) / 1_000_000) as u32)
        .collect()
}
