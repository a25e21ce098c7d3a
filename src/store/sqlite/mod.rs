//! The store in one SQLite file.

mod builder;
mod error;
mod list;
mod pool;
mod read;
mod retention;
mod schema;
mod search;
mod segment;
mod stats;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use self::pool::Pool;
use super::{Capabilities, Cost, Erasure, LogStore, Outdated, Retention};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Scope, Stats, StatsQuery};
use crate::sink::LogSink;

pub use self::builder::SqliteStoreBuilder;

/// Keeps entries in one SQLite file: for one node.
///
/// Clones share their connections: one that writes, and a few that read without waiting for it. Several processes may have the file open.
///
/// # What it costs
///
/// With a million entries of 3 KB in the file, and the operating system's cache warm, a page of 50 takes 0.2 to 4 ms by any filter, at any cursor, found
/// or not, and a count 1 to 5 ms. A path with a star in it reads all paths that the rest of the filter leaves, 35 ms for a million; a search for text
/// reads the entries themselves, about a thousand in 15 ms for each page. `benches/sqlite.rs` has all figures and repeats them.
///
/// # Durability
///
/// A finished write survives the end of the process, however it ends. It survives the loss of power once
/// [`flush`](LogSink::flush) has returned, or SQLite has moved its log into the file, which it does about every 16 MiB; a loss of power
/// before may take the last writes and never damages the file.
///
/// # Cancel safety
///
/// A write that has begun goes on to its end when its future is dropped. On a runtime of several threads it runs on a blocking thread; where there is
/// one thread alone, such as the recorder's, it runs there.
///
/// # Example: a store of one line
///
/// ```
/// use tower_api_log::{LogQuery, LogStore, Scope, SqliteStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("api-log.db");
/// let store = SqliteStore::open(path)?;
/// let page = store.list(&LogQuery::new(Scope::all())).await?;
/// assert!(page.entries.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    pool: Pool,
}

impl SqliteStore {
    /// Opens or makes a file with the default settings.
    ///
    /// # Errors
    ///
    /// See [`SqliteStoreBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(path).open()
    }

    /// Begins with the settings of a file.
    pub fn builder(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.as_ref())
    }
}

#[async_trait]
impl LogSink for SqliteStore {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        if pool::may_block() {
            // The recorder's thread: no copy of the batch, and no other thread to wake.
            return self
                .pool
                .write_here(|writer| write::write(writer, batch))
                .await;
        }
        let batch = batch.to_vec();
        self.pool
            .write(move |writer| write::write(writer, &batch))
            .await
    }

    async fn flush(&self) -> Result<(), Error> {
        self.pool.write(write::flush).await
    }
}

#[async_trait]
impl LogStore for SqliteStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        let scope = scope.clone();
        self.pool
            .read(move |reader| read::get(reader, &scope, id))
            .await
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        let query = query.clone();
        self.pool
            .read(move |reader| list::list(reader, &query))
            .await
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        let (scope, filter) = (scope.clone(), filter.clone());
        self.pool
            .read(move |reader| list::count(reader, &scope, &filter))
            .await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        let query = query.clone();
        self.pool
            .read(move |reader| stats::stats(reader, &query))
            .await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            page_of_organisation: Cost::Part,
            page_of_all: Cost::Answer,
            page_by_number: Cost::Part,
            rare_filter: Cost::Part,
            count: Cost::Part,
            ..Capabilities::default()
        }
    }
}

/// Deleted and erased bytes are overwritten in the file (`secure_delete`), and the log is emptied after an erasure. The file does not shrink;
/// new entries take the room. The blocks of the disk below the file are out of reach.
#[async_trait]
impl Retention for SqliteStore {
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error> {
        let outdated = Arc::new(outdated.clone());
        let (mut deleted, mut from) = (0, Some(EntryId::MIN));
        while let Some(next) = from {
            let outdated = Arc::clone(&outdated);
            let delete = move |writer: &mut _| retention::delete_some(writer, &outdated, next);
            let step = self.pool.write(delete).await?;
            deleted += step.deleted;
            from = step.next;
        }
        Ok(deleted)
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        self.pool.read(|reader| retention::size_bytes(reader)).await
    }

    async fn shrink(&self, bytes: u64) -> Result<u64, Error> {
        let (mut deleted, mut from) = (0, Some(EntryId::MIN));
        while let Some(next) = from {
            let shrink = move |writer: &mut _| retention::shrink_some(writer, bytes, next);
            let step = self.pool.write(shrink).await?;
            deleted += step.deleted;
            from = step.next;
        }
        Ok(deleted)
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error> {
        let ids = ids.to_vec();
        let hold = move |writer: &mut _| retention::hold(writer, &ids);
        self.pool.write(hold).await
    }

    async fn release(&self, ids: &[EntryId]) -> Result<(), Error> {
        let ids = ids.to_vec();
        let release = move |writer: &mut _| retention::release(writer, &ids);
        self.pool.write(release).await
    }

    async fn held(&self) -> Result<Vec<EntryId>, Error> {
        self.pool.read(|reader| retention::held(reader)).await
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error> {
        let actor_id: Arc<str> = actor_id.into();
        let (mut erasure, mut from) = (Erasure::default(), Some(EntryId::MIN));
        while let Some(next) = from {
            let actor = Arc::clone(&actor_id);
            let find = move |reader: &mut _| retention::find_some(reader, &actor, next);
            let ids = self.pool.read(find).await?;
            let actor = Arc::clone(&actor_id);
            let erase = move |writer: &mut _| retention::erase_these(writer, &actor, &ids, erasure);
            (erasure, from) = self.pool.write(erase).await?;
        }
        self.pool.write(retention::empty_log).await?;
        Ok(erasure)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
