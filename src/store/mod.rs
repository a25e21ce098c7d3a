//! Where entries return from: the [`LogStore`] and [`Retention`] traits and the stores.
//!
//! Comes in: batches through [`LogSink`](crate::LogSink), questions as [`LogQuery`]. Goes out: pages of entries within the reader's scope.
//! Promises: every store answers as the reference evaluator does; the conformance suite in `testing` holds each to it.

#[cfg(feature = "clickhouse")]
mod clickhouse;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "clickhouse", feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Scope};

pub use memory::MemoryStore;
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
}

/// Lets entries go: by age, or by person. Done by the operator, hence without a scope.
///
/// # Contract
///
/// - Deleting never changes the order or the ids of what stays.
/// - What is erased is gone from listings, filters and counts at once, and from the store's files as far as the engine can.
#[async_trait]
pub trait Retention: Send + Sync + 'static {
    /// Deletes every entry created before a time, and returns how many there were.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be gone.
    async fn delete_before(&self, time: Timestamp) -> Result<u64, Error>;

    /// Takes an actor's personal data out of every entry of theirs, as [`LogEntry::erase_person`] does, and returns how many entries changed.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be changed.
    async fn erase(&self, actor_id: &str) -> Result<u64, Error>;
}

#[async_trait]
impl<S: Retention + ?Sized> Retention for std::sync::Arc<S> {
    async fn delete_before(&self, time: Timestamp) -> Result<u64, Error> {
        (**self).delete_before(time).await
    }

    async fn erase(&self, actor_id: &str) -> Result<u64, Error> {
        (**self).erase(actor_id).await
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
}
