//! Where entries return from: the [`LogStore`] and [`Retention`] traits and the stores.
//!
//! Comes in: batches through [`LogSink`](crate::LogSink), questions as [`LogQuery`]. Goes out: pages of entries within the reader's scope.
//! Promises: every store answers as the reference evaluator does; the conformance suite in `testing` holds each to it.

mod capabilities;
#[cfg(feature = "clickhouse")]
mod clickhouse;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod retention;
#[cfg(any(feature = "clickhouse", feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use async_trait::async_trait;

use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Scope, Stats, StatsQuery};

pub use capabilities::{Capabilities, Cost};
#[cfg(feature = "clickhouse")]
pub use clickhouse::{ClickHouseStore, ClickHouseStoreBuilder, Engine as ClickHouseEngine};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
pub use retention::{Erasure, Organisations, Outdated, Retention, RetentionPolicy};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteStore, SqliteStoreBuilder};

/// Gives entries back.
///
/// Separate from [`LogSink`](crate::LogSink), because a read replica needs no right to write.
///
/// # Contract
///
/// - **Scoped.** An entry outside the scope does not exist: not by id, not in a page, not in a count.
/// - **Ordered.** A listing runs from the largest id to the smallest and holds exactly the entries for which [`LogQuery::matches`] is true.
/// - **Told apart.** [`Page::has_newer`] and [`Page::has_older`] tell whether the listing goes on before and behind the page. A page without
///   entries lies where its position says: behind everything that is at or above an [`After`](crate::query::Position::After), before
///   everything that is at or below a [`Before`](crate::query::Position::Before), behind the whole listing for a number past its end.
/// - **Bounded.** A page by cursor looks for a [`Filter::text`] in a bounded part of the listing, and tells in [`Page::searched_to`] where it stopped.
///   A store may look at everything. A page by number cannot stop: it looks at every entry of the listing up to the page's end, as
///   [`count`](LogStore::count) looks at all of them, and either may take long.
/// - **Stable.** Walking by [`Position::After`](crate::query::Position) from the first page, from its last entry or from where its search stopped, shows every entry that was there at the start, and not
///   deleted since, exactly once, whatever is written meanwhile.
/// - **Fresh.** What a finished write stored is seen by the next question on the same store.
/// - **Cancel safe.** Dropping a future leaves the store as it was.
#[async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// Returns the entry of an id within a scope.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error>;

    /// Returns one page of a listing.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn list(&self, query: &LogQuery) -> Result<Page, Error>;

    /// Returns how many entries a listing has over all its pages: exactly, also where a text has to be looked for in each.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error>;

    /// Returns the sums over a listing, as [`StatsQuery::sum`] defines them: exactly.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error>;

    /// Tells what the engine does well and what not.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
}

#[async_trait]
impl<S: LogStore + ?Sized> LogStore for std::sync::Arc<S> {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        (**self).get(scope, id).await
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        (**self).list(query).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        (**self).count(scope, filter).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        (**self).stats(query).await
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }
}
