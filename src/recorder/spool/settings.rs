use std::path::{Path, PathBuf};

use crate::error::Error;

/// Keeps entries in a folder on the disk until their sink has stored them.
///
/// What is in the folder survives the end of the process, however it ends, and a sink that is away for any length. It is masked already. One process uses a
/// folder at a time; a second one is refused. The folder is made where there is none, readable by its owner only.
///
/// # Example: at most 4 GiB, the newest of which are worth the most
///
/// ```
/// use tower_api_log::recorder::{Spool, SpoolFull};
///
/// let spool = Spool::at("/var/lib/shop/api-log").max_bytes(4 << 30).when_full(SpoolFull::DropOldest);
/// ```
#[derive(Clone, Debug)]
pub struct Spool {
    pub(super) path: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) when_full: SpoolFull,
    pub(super) max_dead_letters: u64,
    pub(super) drain_at_most: Option<u32>,
}

/// What gives way when a spool has reached its size.
///
/// Exchanges that failed, and events, always take the room of exchanges that did not, the oldest of these first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpoolFull {
    /// The entry that finds no room is dropped.
    #[default]
    DropNewest,
    /// The oldest entries are dropped, until there is room.
    DropOldest,
}

impl Spool {
    const LEAST_BYTES: u64 = 1 << 20;
    const MOST_BYTES: u64 = 1 << 40;

    /// Begins with the settings of a spool in a folder of its own.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            max_bytes: 1 << 30,
            when_full: SpoolFull::default(),
            max_dead_letters: 10_000,
            drain_at_most: None,
        }
    }

    /// Says how many bytes the files take at most: from 1 MiB to 1 TiB, 1 GiB by default.
    ///
    /// Damaged files that are kept beside it count apart, and are at most two and as large again.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Says what gives way when the spool is full: the newest entry by default.
    #[must_use]
    pub fn when_full(mut self, when_full: SpoolFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Says how many entries that the sink refuses for good are kept, 10,000 by default, in at most a quarter of the spool. Past it the oldest are dropped.
    #[must_use]
    pub fn max_dead_letters(mut self, entries: u64) -> Self {
        self.max_dead_letters = entries;
        self
    }

    /// Says how many entries a second are taken from the spool at most, so that a sink that has come back is not run over; as many as it takes by default.
    #[must_use]
    pub fn drain_at_most(mut self, entries_per_second: u32) -> Self {
        self.drain_at_most = Some(entries_per_second);
        self
    }

    /// Returns how many entries a second the lane may take.
    pub(in crate::recorder) fn drain_rate(&self) -> Option<u32> {
        self.drain_at_most
    }

    /// Refuses settings that cannot be meant.
    pub(in crate::recorder) fn check(&self) -> Result<(), Error> {
        if self.path.as_os_str().is_empty() {
            return Err(Error::configuration("the spool's folder has no name"));
        }
        if !(Self::LEAST_BYTES..=Self::MOST_BYTES).contains(&self.max_bytes) {
            return Err(Error::configuration(
                "the spool's max_bytes is from 1 MiB to 1 TiB",
            ));
        }
        if self.drain_at_most == Some(0) {
            return Err(Error::configuration(
                "the spool's drain_at_most is at least 1",
            ));
        }
        Ok(())
    }
}
