use std::sync::Arc;

use super::{Spool, SpoolFile, SyncMode};
use crate::entry::LogEntry;
use crate::error::Error;

/// A spool for `benches/spool.rs`; no part of the interface.
#[derive(Debug)]
pub struct Measured(SpoolFile);

impl Measured {
    /// Opens a spool whose commits wait for the disk, or for the operating system alone.
    ///
    /// # Errors
    ///
    /// As the recorder would see it.
    pub fn open(spool: &Spool, waits_for_disk: bool) -> Result<Self, Error> {
        let sync = match waits_for_disk {
            true => SyncMode::Full,
            false => SyncMode::Normal,
        };
        SpoolFile::open(spool, sync).map(|(spool, _)| Self(spool))
    }

    /// Appends entries, and returns how many were accepted.
    ///
    /// # Errors
    ///
    /// As the recorder would see it.
    pub fn append(&mut self, entries: &[Arc<LogEntry>]) -> Result<u64, Error> {
        self.0.append(entries).map(|it| it.accepted)
    }

    /// Takes a batch and confirms it; returns how many entries it had, 0 where nothing waited.
    ///
    /// # Errors
    ///
    /// As the recorder would see it.
    pub fn pass(&mut self, most: usize) -> Result<usize, Error> {
        let Some(batch) = self.0.next_batch(most, u64::MAX)? else {
            return Ok(0);
        };
        self.0.confirm(batch.number);
        Ok(batch.entries.len())
    }

    /// Flushes.
    ///
    /// # Errors
    ///
    /// As the recorder would see it.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.0.flush()
    }

    /// Returns the bytes of the files.
    pub fn file_bytes(&self) -> u64 {
        self.0.counts().file_bytes
    }
}
