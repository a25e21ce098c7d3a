//! The store in ClickHouse.

mod address;
mod builder;
mod clients;
mod columns;
mod condition;
mod erase;
mod error;
mod list;
mod order;
mod read;
mod retention;
mod schema;
mod server;
mod stats;
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
/// Clones share their connections.
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
