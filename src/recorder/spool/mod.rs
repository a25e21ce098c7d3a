//! The spool: masked entries in a SQLite file of a folder, until their sink has stored them.
//!
//! # Invariants
//!
//! - What a call has acknowledged is there after the process was killed at any instant, once for each id; with [`SyncMode::Full`] after a loss of power as well.
//! - A batch is a contiguous range of the queue, written down before it is given out, unless the disk has no room for that. Its number is a hash of its ids: the same number means the same
//!   entries in the same order, in every life of the process and whatever was lost between them.
//! - Every row carries a checksum. A row that fails it, or a page, a log or a file that SQLite or we find damaged, costs the entries on it and no others;
//!   they are counted, from the count that the file keeps of itself, else as unknown. Nothing of it stops the host.
//! - The file is opened without reading the queue, and a thread that uses it holds no more of it than the cache and the batches that are out.
//! - No wall clock stands in any order.
//!
//! # Layout
//!
//! `lock` is locked while a process uses the folder. `spool.db` with its log has the tables `entry` (the queue, in the order of `seq`), `batch` (those frozen),
//! `started` (exchanges that have not ended), `dead` (what the sink refused) and `meta` (the counts). They share one form of row (`row.rs`), so that a
//! file whose tables are lost is read page by page (`rescue/`). `rescued.db` is such a file's heir until it takes its name; `damaged-1.db` and `damaged-2.db` are what it was read of.
//! `reserve` is room for a day on which the disk is full.
//!
//! # Operation
//!
//! Every change is one transaction (`write.rs`), which takes along what was confirmed before it. A failure leaves the last state; damage leads to a rescue
//! and one more try; a full disk to a checkpoint, whose log then has room for what makes room.

mod append;
mod batch;
mod cache;
mod dead;
mod fault;
mod file;
mod folder;
mod idle;
#[cfg(feature = "testing")]
mod measure;
mod open;
mod read;
mod rescue;
mod room;
mod row;
mod settings;
mod started;
mod state;
mod stored;
mod take;
#[cfg(all(test, feature = "testing"))]
mod tests;
mod write;

use std::fmt;

use rusqlite::Connection;

pub(crate) use batch::SpoolBatch;
pub(crate) use dead::DeadLetter;
pub(crate) use fault::is_in_use;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use measure::Measured;
pub use settings::{Spool, SpoolFull};

use self::batch::Batch;
use self::cache::Cache;
use self::folder::Folder;
use self::state::State;
use self::write::Confirmed;

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyncMode {
    /// The operating system: what is acknowledged survives the end of the process.
    Normal,
    /// The disk: it survives the loss of power as well.
    Full,
}

/// What was in the folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// Entries of the queue, with those that died.
    pub(crate) entries: u64,
    /// Entries that were damaged and are lost.
    pub(crate) damaged: u64,
    /// Whether more may be lost than `damaged` says.
    pub(crate) unknown_damage: bool,
    /// Exchanges that had started when the process ended, and are entries now.
    pub(crate) died: u64,
    /// Entries that were set aside.
    pub(crate) dead_letters: u64,
}

/// What a spool holds, from memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpoolCounts {
    /// Entries of the queue that are not confirmed.
    pub(crate) entries: u64,
    /// Bytes of their texts.
    pub(crate) bytes: u64,
    /// Bytes of the files.
    pub(crate) file_bytes: u64,
    /// Entries that were set aside.
    pub(crate) dead_letters: u64,
    /// Exchanges that have started and not ended.
    pub(crate) started: u64,
    /// Entries found damaged since the spool was opened.
    pub(crate) damaged: u64,
    /// Whether more may be damaged than `damaged` says.
    pub(crate) unknown_damage: bool,
}

/// An open spool, for one thread.
pub(crate) struct SpoolFile {
    /// `None` between a rescue that failed and the next try. Before `folder`, whose lock is to outlive it.
    db: Option<Connection>,
    state: State,
    cache: Cache,
    /// Those that are frozen or given out, by their place in the queue.
    batches: Vec<Batch>,
    /// What the next transaction takes out.
    confirmed: Vec<Confirmed>,
    /// No entry below it waits outside of a batch.
    read_from: i64,
    damaged: u64,
    unknown_damage: bool,
    /// Whether batches may be out: they are known here better than in the file.
    is_live: bool,
    settings: Spool,
    sync: SyncMode,
    folder: Folder,
}

impl SpoolFile {
    /// Returns what the spool holds.
    pub(crate) fn counts(&self) -> SpoolCounts {
        let confirmed =
            |count: fn(&Confirmed) -> u64| self.confirmed.iter().map(count).sum::<u64>();
        SpoolCounts {
            entries: self
                .state
                .entries
                .saturating_sub(confirmed(|it| it.entries)),
            bytes: self.state.bytes.saturating_sub(confirmed(|it| it.bytes)),
            file_bytes: self.folder.bytes(),
            dead_letters: self.state.dead,
            started: self.state.started,
            damaged: self.damaged,
            unknown_damage: self.unknown_damage,
        }
    }
}

impl fmt::Debug for SpoolFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpoolFile")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
