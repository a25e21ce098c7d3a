//! The store in ClickHouse.
//!
//! # Invariants
//!
//! - The copies of an entry lie in one partition, next to each other: the partition is the day of the id, the key is the organisation and the id.
//! - Of several copies the one of the highest version is the entry. Versions of first copies fall with time; an erasure's is above all before it.
//! - No question sends a value as part of its text.
//! - Every call has a deadline, after which it is an error that says so.

mod address;
mod builder;
mod clients;
mod columns;
mod condition;
mod day;
mod erase;
mod error;
mod list;
mod order;
mod read;
mod retention;
mod schema;
mod server;
mod stats;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use self::server::Server;
use super::{Capabilities, Cost, Erasure, LogStore, Outdated, Retention};
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::query::{Filter, LogQuery, Page, Scope, Stats, StatsQuery};
use crate::sink::LogSink;

pub use self::builder::{ClickHouseStoreBuilder, Engine};

/// Keeps entries in ClickHouse: for logs that outgrow one machine, written by many nodes at once.
///
/// Clones share their connections. It is tested with ClickHouse 26.9, and needs a tokio runtime with time and I/O. `http://` goes unencrypted; `https://` needs
/// the feature `clickhouse-tls`.
///
/// # What it costs
///
/// A page of an organisation reads a few granules of a thousand rows, at any cursor and however many days there are; an entry by id reads one. A page of
/// all organisations reads about a granule of each. A filter reads its columns of one organisation's rows, back from the cursor until the page is full; a search
/// for text reads five thousand entries for each page. Counts and sums read the columns that they are about, ten million rows in some tens of milliseconds a column. `benches/store.rs`
/// has the figures.
///
/// Each write makes one part of the table for each day that it touches, and the server merges parts: write at most some batches a second from all nodes
/// together, each of a thousand entries or more, or let the server [gather](ClickHouseStoreBuilder::gather_inserts) them.
///
/// # Once each
///
/// A batch is sent under a token made of its ids, under which the server stores it once. Whatever comes a second time under another token, as from a spool after a
/// crash, is a copy: it is passed over in every answer, and merged away later. The first copy counts, and an erased entry stays erased.
///
/// # Durability
///
/// A finished write survives the end of the server's process. It survives the loss of power with [`fsync`](ClickHouseStoreBuilder::fsync), or on replicas with the setting
/// `insert_quorum`. [`flush`](LogSink::flush) has nothing to do. Questions see a write at once on the server that took it; where a balancer may lead them to another replica,
/// send `insert_quorum` and `select_sequential_consistency` along.
///
/// # Deletion
///
/// Days that are past as a whole are dropped. What is deleted or erased one by one is hidden at once and leaves the files with the next merge of its part; a day that is past is
/// merged within a day or so.
///
/// # Rights
///
/// The user needs `SELECT` and `INSERT` on the tables of the store; `CREATE TABLE` to create them; `ALTER DELETE`, `ALTER UPDATE` and `ALTER DROP PARTITION`, for [`Retention`]. One who
/// may read only needs `SELECT`, a profile with `readonly` at 2, and [`migrate(false)`](ClickHouseStoreBuilder::migrate). To hold one organisation's readers to what the server can spare, give them a user of their own
/// with a quota (`CREATE QUOTA api_log KEYED BY user_name FOR INTERVAL 1 hour MAX read_rows = 1000000000 TO api_log_reader`): above it, answers are retryable errors.
///
/// # Cancel safety
///
/// A write that is dropped may or may not be stored. Written again, it is stored once.
///
/// # Example: a store for a service, and its table
///
/// ```no_run
/// use tower_api_log::store::ClickHouseStore;
///
/// # async fn connect() -> Result<(), tower_api_log::Error> {
/// let builder = ClickHouseStore::builder("http://log:password@127.0.0.1:8123/logs").keep_days(90);
/// for statement in builder.ddl()? {
///     println!("{statement};\n");
/// }
/// let store = builder.connect().await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClickHouseStore {
    server: Server,
    /// How often this store has deleted, as a number that no other process has.
    epoch: Arc<AtomicU64>,
}

impl ClickHouseStore {
    /// Connects to `http://user:password@host:port/database` with the default settings, and creates the table if there is none.
    ///
    /// # Errors
    ///
    /// See [`ClickHouseStoreBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::builder(url).connect().await
    }

    /// Begins with the settings of a connection.
    pub fn builder(url: &str) -> ClickHouseStoreBuilder {
        ClickHouseStoreBuilder::new(url)
    }

    fn new(server: Server) -> Self {
        Self {
            server,
            epoch: Arc::default(),
        }
    }

    /// Names what is wrong with the table, where that is why something failed.
    async fn told<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result
            && [ErrorKind::Schema, ErrorKind::Storage].contains(&error.kind())
        {
            self.server.forget_columns().await;
            schema::check(&self.server).await?;
        }
        result
    }
}

#[async_trait]
impl LogSink for ClickHouseStore {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let epoch = self.epoch.load(Ordering::Acquire);
        self.told(write::write(&self.server, batch, epoch).await)
            .await
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl LogStore for ClickHouseStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        self.told(read::get(&self.server, scope, id).await).await
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        self.told(list::list(&self.server, query).await).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        self.told(read::count(&self.server, scope, filter).await)
            .await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        self.told(stats::stats(&self.server, query).await).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            page_of_organisation: Cost::Answer,
            page_of_all: Cost::Part,
            page_by_number: Cost::Part,
            rare_filter: Cost::Part,
            count: Cost::Part,
            stats: Cost::Part,
            delete: Cost::Part,
            has_many_writers: true,
            ..Capabilities::default()
        }
    }
}

#[async_trait]
impl Retention for ClickHouseStore {
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error> {
        let deleted = retention::delete(&self.server, outdated).await;
        // Also where it failed: some may be gone.
        self.epoch.fetch_add(1, Ordering::AcqRel);
        deleted
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        retention::size_bytes(&self.server).await
    }

    async fn shrink(&self, bytes: u64) -> Result<u64, Error> {
        let deleted = retention::shrink(&self.server, bytes).await;
        self.epoch.fetch_add(1, Ordering::AcqRel);
        deleted
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error> {
        retention::change_held(&self.server, ids, true).await
    }

    async fn release(&self, ids: &[EntryId]) -> Result<(), Error> {
        retention::change_held(&self.server, ids, false).await
    }

    async fn held(&self) -> Result<Vec<EntryId>, Error> {
        retention::held(&self.server).await
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error> {
        erase::erase(&self.server, actor_id).await
    }
}

impl fmt::Debug for ClickHouseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClickHouseStore")
            .field("table", &self.server.table())
            .finish_non_exhaustive()
    }
}
