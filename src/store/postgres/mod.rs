//! The store in Postgres.

mod builder;
mod copy;
mod day;
mod detach;
mod erase;
mod error;
mod index;
mod list;
mod names;
mod outdated;
mod partition;
mod pool;
mod read;
mod retention;
mod schema;
mod search;
mod stats;
mod text;
mod tls;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use self::day::Day;
use self::names::Names;
use self::partition::Known;
use self::pool::{Lease, Pool};
use self::write::{Batch, Copied};
use super::sql::Drift;
use super::{Capabilities, Cost, Erasure, LogStore, Outdated, Retention};
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::query::{Filter, LogQuery, Page, Scope, Stats, StatsQuery};
use crate::sink::LogSink;

pub use self::builder::PostgresStoreBuilder;

const UNWRITTEN: &str = "entries cannot be written";

/// Keeps entries in PostgreSQL, 14 or later: for several nodes that share one server.
///
/// Clones share their connections. Any number of processes may write and read the same tables.
///
/// # Partitions
///
/// Each day in UTC has a partition, made some days ahead and whenever a batch has an entry of a day that has none. Deleting drops whole ones where it can,
/// and neither makes a writer wait. A server with years of partitions needs a `max_locks_per_transaction` above their number, for counts and deletions;
/// pages look at a few days at a time.
///
/// # Behind a pooler
///
/// The sessions' settings are given as `options` when a connection is opened, deletions hold a lock of the session, and a copy is a prepared statement: `PgBouncer` needs
/// `pool_mode = session`, and `ignore_startup_parameters = options` where it knows none of them, without which a statement is ended by the store's own deadline alone.
///
/// # Durability
///
/// A finished write is as durable as the server's `synchronous_commit` says: by default it survives the loss of power.
///
/// # Cancel safety
///
/// A dropped future closes its connection; the server undoes what had not been committed, or has committed all of it.
///
/// # Example: a store and a reader of its replica
///
/// ```no_run
/// use tower_api_log::PostgresStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_api_log::Error> {
/// let store = PostgresStore::connect("postgres://log:password@db.internal/log").await?;
/// let replica = PostgresStore::builder("postgres://reader:password@replica.internal/log")
///     .migrate(false)
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    names: Names,
    migrate: bool,
    days_ahead: u16,
    known: Known,
    /// The drift that this process knows to be stored.
    drift: Mutex<Drift>,
}

impl PostgresStore {
    /// Connects with the default settings, and makes what is missing.
    ///
    /// # Errors
    ///
    /// See [`PostgresStoreBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::builder(url).connect().await
    }

    /// Begins with the settings of a connection: `postgres://user:password@host:5432/database`.
    pub fn builder(url: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(url)
    }

    async fn open(pool: Pool, names: Names, migrate: bool, days_ahead: u16) -> Result<Self, Error> {
        let store = Self {
            inner: Arc::new(Inner {
                pool,
                names,
                migrate,
                days_ahead,
                known: Known::default(),
                drift: Mutex::default(),
            }),
        };
        let (inner, doing) = (
            &store.inner,
            "the tables of the store cannot be made or checked",
        );
        let lease = inner.pool.writer().await?;
        lease.run(doing, schema::check_server).await?;
        if migrate {
            lease
                .run(doing, |client| schema::migrate(client, &inner.names))
                .await?;
        }
        lease
            .run(doing, |client| schema::check(client, &inner.names))
            .await?;
        if migrate {
            inner.prepare(&lease, &Default::default()).await?;
        }
        lease.give_back();
        Ok(store)
    }
}

impl Inner {
    async fn write(&self, entries: &[LogEntry]) -> Result<(), Error> {
        let batch = Batch::new(entries)?;
        let lease = self.pool.writer().await?;
        self.widen_drift(&lease, entries).await?;
        self.prepare(&lease, &batch.days).await?;
        let mut is_duplicate = false;
        let mut without = 0;
        loop {
            let copied = lease.run(UNWRITTEN, async |client| match is_duplicate {
                false => write::copy(client, &self.names, &batch).await,
                true => write::merge(client, &self.names, &batch).await,
            });
            match copied.await? {
                Copied::All => break,
                Copied::Duplicate if !is_duplicate => is_duplicate = true,
                // One that was there has been taken off, perhaps twice.
                Copied::NoPartition if without < 2 => {
                    without += 1;
                    self.known.forget();
                    self.prepare(&lease, &batch.days).await?;
                }
                Copied::Duplicate | Copied::NoPartition => {
                    let message = "entries cannot be written: the day of one has no partition, or a table has a constraint of somebody else's";
                    return Err(Error::new(ErrorKind::Schema, message));
                }
            }
        }
        lease.give_back();
        Ok(())
    }

    /// Sees to the partitions of a batch's days, and to those ahead of today.
    async fn prepare(
        &self,
        lease: &Lease,
        days: &std::collections::BTreeSet<Day>,
    ) -> Result<(), Error> {
        let ahead = Day::today().and_ahead(self.days_ahead);
        let missing = self.known.missing(days.iter().copied().chain(ahead));
        if missing.is_empty() || !self.migrate {
            return Ok(());
        }
        let doing = "a partition cannot be made";
        lease
            .run(doing, |client| {
                partition::make(client, &self.names, &self.known, missing)
            })
            .await
    }

    /// Sees to it that the stored drift covers a batch before its entries are there.
    async fn widen_drift(&self, lease: &Lease, entries: &[LogEntry]) -> Result<(), Error> {
        let known = *self.drift.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = entries.iter().fold(known, Drift::with);
        // At first nothing is known to be stored.
        if wanted == known && known != Drift::default() {
            return Ok(());
        }
        let stored = lease
            .run(UNWRITTEN, |client| {
                write::widen(client, &self.names, wanted)
            })
            .await?;
        *self.drift.lock().unwrap_or_else(PoisonError::into_inner) = stored;
        Ok(())
    }
}

#[async_trait]
impl LogSink for PostgresStore {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        self.inner.write(batch).await
    }

    async fn flush(&self) -> Result<(), Error> {
        // A write is committed when it ends.
        Ok(())
    }
}

#[async_trait]
impl LogStore for PostgresStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let found = lease
            .run(read::FAILED, |client| read::entry(client, names, id))
            .await?;
        lease.give_back();
        Ok(found.filter(|entry| scope.allows(entry)))
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let page = lease
            .run(read::FAILED, |client| list::list(client, names, query))
            .await?;
        lease.give_back();
        Ok(page)
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let count = lease
            .run(read::FAILED, |client| {
                list::count(client, names, scope, filter)
            })
            .await?;
        lease.give_back();
        Ok(count)
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let stats = lease
            .run(read::FAILED, |client| stats::stats(client, names, query))
            .await?;
        lease.give_back();
        Ok(stats)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            page_of_organisation: Cost::Answer,
            page_of_all: Cost::Answer,
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

/// Partitions of which everything goes are dropped, other entries deleted row by row; writers wait for neither. What was deleted or erased is gone from
/// the server's table files once they are dropped or vacuumed, which an erasure does; its write-ahead log, its
/// replicas and backups are out of reach.
#[async_trait]
impl Retention for PostgresStore {
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error> {
        let lease = self.inner.pool.writer().await?;
        let deleted = retention::delete(&lease, &self.inner.names, outdated).await?;
        self.inner.known.forget();
        lease.give_back();
        Ok(deleted)
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let bytes = lease
            .run(read::FAILED, |client| retention::size_bytes(client, names))
            .await?;
        lease.give_back();
        Ok(bytes)
    }

    async fn shrink(&self, bytes: u64) -> Result<u64, Error> {
        let lease = self.inner.pool.writer().await?;
        let deleted = retention::shrink(&lease, &self.inner.names, bytes).await?;
        self.inner.known.forget();
        lease.give_back();
        Ok(deleted)
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error> {
        let lease = self.inner.pool.writer().await?;
        let names = &self.inner.names;
        lease
            .run(UNWRITTEN, |client| retention::hold(client, names, ids))
            .await?;
        lease.give_back();
        Ok(())
    }

    async fn release(&self, ids: &[EntryId]) -> Result<(), Error> {
        let lease = self.inner.pool.writer().await?;
        let names = &self.inner.names;
        lease
            .run(UNWRITTEN, |client| retention::release(client, names, ids))
            .await?;
        lease.give_back();
        Ok(())
    }

    async fn held(&self) -> Result<Vec<EntryId>, Error> {
        let lease = self.inner.pool.reader().await?;
        let names = &self.inner.names;
        let held = lease
            .run(read::FAILED, |client| retention::held(client, names))
            .await?;
        lease.give_back();
        Ok(held)
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error> {
        let lease = self.inner.pool.writer().await?;
        let erasure = erase::erase(&lease, &self.inner.names, actor_id).await?;
        lease.give_back();
        Ok(erasure)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("names", &self.inner.names)
            .finish_non_exhaustive()
    }
}
