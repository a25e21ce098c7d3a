use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clickhouse::query::Query;
use clickhouse::{Client, Row, RowOwned, RowRead};
use serde::Serialize;
use tokio::time::timeout;

use super::address::Address;
use super::builder::ClickHouseStoreBuilder;
use super::clients::Clients;
use super::columns::{Columns, number};
use super::condition::Sql;
use super::error::{failed, timed_out};
use super::order::Extent;
use crate::entry::EntryId;
use crate::error::Error;

/// A row of the table of what is held.
#[derive(Row, Serialize)]
struct Held {
    id: u128,
    version: u64,
    held: u8,
}

/// A server and the names of what the store has there.
#[derive(Clone)]
pub(super) struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    writers: Clients,
    readers: Clients,
    read_timeout: Duration,
    write_timeout: Duration,
    upkeep_timeout: Duration,
    table: String,
    local_table: String,
    held_table: String,
    cluster: Option<String>,
    on_cluster: String,
    /// What the table had when somebody last looked.
    extent: Mutex<Option<(Instant, Extent)>>,
}

/// How long that is taken to be so.
const EXTENT_LASTS: Duration = Duration::from_secs(60);

impl Server {
    pub(super) fn new(address: &Address, settings: &ClickHouseStoreBuilder) -> Self {
        let gathers = if settings.gather { "1" } else { "0" };
        let writer = move |client: Client| {
            client
                // Set, as their defaults differ between versions.
                .with_setting("async_insert", gathers)
                .with_setting("wait_for_async_insert", "1")
                .with_setting("async_insert_deduplicate", gathers)
                .with_setting("insert_deduplicate", "1")
                .with_setting("distributed_foreground_insert", "1")
        };
        let reader = |client: Client| {
            client
                .with_setting("cancel_http_readonly_queries_on_client_close", "1")
                // The copies of an entry lie in one partition.
                .with_setting("do_not_merge_across_partitions_select_final", "1")
        };
        let more = &settings.settings;
        let shared = Shared {
            writers: clients(address, settings.write_timeout, more, writer),
            readers: clients(address, settings.read_timeout, more, reader),
            read_timeout: settings.read_timeout,
            write_timeout: settings.write_timeout,
            upkeep_timeout: settings.upkeep_timeout,
            table: settings.table(),
            local_table: settings.local_table(),
            held_table: settings.held_table(),
            cluster: settings.cluster.clone().filter(|_| settings.distributed),
            on_cluster: settings.on_cluster(),
            extent: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Returns the quoted name of the table that is written and read.
    pub(super) fn table(&self) -> &str {
        &self.shared.table
    }

    /// Returns the quoted name of the table that holds the rows.
    pub(super) fn local_table(&self) -> &str {
        &self.shared.local_table
    }

    /// Returns what `DELETE` and `ALTER` name: the table that holds the rows, on every server.
    pub(super) fn every_table(&self) -> String {
        format!("{}{}", self.shared.local_table, self.shared.on_cluster)
    }

    /// Returns the quoted name of the table of what is held.
    pub(super) fn held_table(&self) -> &str {
        &self.shared.held_table
    }

    /// Returns the rows themselves, over all shards, with the columns that every table has.
    pub(super) fn rows(&self) -> String {
        let table = &self.shared.local_table;
        match &self.shared.cluster {
            Some(cluster) => format!("cluster('{cluster}', currentDatabase(), {table})"),
            None => table.clone(),
        }
    }

    /// Returns a table of the server's own, over all shards.
    pub(super) fn system(&self, table: &str) -> String {
        match &self.shared.cluster {
            Some(cluster) => format!("cluster('{cluster}', system.{table})"),
            None => format!("system.{table}"),
        }
    }

    pub(super) fn known_extent(&self) -> Option<Extent> {
        let known = self
            .extent_lock()
            .filter(|(at, _)| at.elapsed() < EXTENT_LASTS);
        known.map(|(_, extent)| extent)
    }

    pub(super) fn learn_extent(&self, extent: Extent) {
        *self.extent_lock() = Some((Instant::now(), extent));
    }

    fn extent_lock(&self) -> MutexGuard<'_, Option<(Instant, Extent)>> {
        let lock = self.shared.extent.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns `IN`, as a question about keys that another question finds has it.
    pub(super) fn within(&self) -> &'static str {
        match self.shared.cluster {
            Some(_) => "GLOBAL IN",
            None => "IN",
        }
    }

    /// Reads rows, and gives each to `take`.
    pub(super) async fn read(
        &self,
        doing: &'static str,
        sql: &Sql,
        mut take: impl FnMut(Columns<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let reading = async {
            let mut rows = self
                .question(sql)
                .fetch::<Columns<'_>>()
                .map_err(failed(doing))?;
            while let Some(row) = rows.next().await.map_err(failed(doing))? {
                take(row)?;
            }
            Ok(())
        };
        let read = timeout(self.shared.read_timeout, reading).await;
        read.unwrap_or_else(|_| Err(timed_out(doing)))
    }

    /// Reads few small rows.
    pub(super) async fn all<T: RowOwned + RowRead + Send>(
        &self,
        doing: &'static str,
        sql: &Sql,
    ) -> Result<Vec<T>, Error> {
        let reading = self.question(sql).fetch_all::<T>();
        match timeout(self.shared.read_timeout, reading).await {
            Ok(rows) => rows.map_err(failed(doing)),
            Err(_) => Err(timed_out(doing)),
        }
    }

    /// Runs a statement that changes something.
    pub(super) async fn execute(&self, doing: &'static str, sql: &Sql) -> Result<(), Error> {
        let running = bound(&self.shared.writers.here(), sql).execute();
        match timeout(self.shared.write_timeout, running).await {
            Ok(done) => done.map_err(failed(doing)),
            Err(_) => Err(timed_out(doing)),
        }
    }

    /// Runs a statement that may take as long as upkeep takes.
    pub(super) async fn upkeep(&self, doing: &'static str, sql: &Sql) -> Result<(), Error> {
        let time = self.shared.upkeep_timeout;
        let query = bound(&self.shared.writers.here(), sql)
            .with_setting("max_execution_time", time.as_secs().max(1).to_string())
            .with_setting("lightweight_deletes_sync", "2");
        match timeout(time, query.execute()).await {
            Ok(done) => done.map_err(failed(doing)),
            Err(_) => Err(timed_out(doing)),
        }
    }

    /// Inserts rows under a token: the server leaves out what it has stored under it already.
    pub(super) async fn insert<'r>(
        &self,
        doing: &'static str,
        token: String,
        rows: impl Iterator<Item = Result<Columns<'r>, Error>>,
    ) -> Result<(), Error> {
        let inserting = async {
            let client = self.shared.writers.here();
            let mut insert = client
                .insert_unescaped::<Columns<'_>>(self.table())
                .await
                .map_err(failed(doing))?
                .with_setting("insert_deduplication_token", token);
            for row in rows {
                insert.write(&row?).await.map_err(failed(doing))?;
            }
            insert.end().await.map_err(failed(doing))
        };
        let inserted = timeout(self.shared.write_timeout, inserting).await;
        inserted.unwrap_or_else(|_| Err(timed_out(doing)))
    }

    /// Inserts ids as held or not, of which the ones inserted last count.
    pub(super) async fn insert_held(
        &self,
        doing: &'static str,
        ids: &[EntryId],
        version: u64,
        held: bool,
    ) -> Result<(), Error> {
        let inserting = async {
            let client = self.shared.writers.here();
            let mut insert = client.insert_unescaped::<Held>(self.held_table()).await?;
            for id in ids {
                let (id, held) = (number(*id), u8::from(held));
                insert.write(&Held { id, version, held }).await?;
            }
            insert.end().await
        };
        match timeout(self.shared.write_timeout, inserting).await {
            Ok(done) => done.map_err(failed(doing)),
            Err(_) => Err(timed_out(doing)),
        }
    }

    /// Forgets what the client knows of the table's columns.
    pub(super) async fn forget_columns(&self) {
        self.shared.writers.here().clear_cached_metadata().await;
    }

    fn question(&self, sql: &Sql) -> Query {
        bound(&self.shared.readers.here(), sql)
    }
}

/// Makes the clients of a login, with settings of ours that those of the operator overrule.
fn clients(
    address: &Address,
    time: Duration,
    more: &[(String, String)],
    ours: impl Fn(Client) -> Client + Send + Sync + 'static,
) -> Clients {
    let (address, more) = (address.clone(), more.to_vec());
    Clients::new(move || {
        let mut client = Client::default()
            .with_url(&address.endpoint)
            .with_product_info(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            // The server measures in whole seconds.
            .with_setting("max_execution_time", time.as_secs().max(1).to_string());
        if let Some(user) = &address.user {
            client = client.with_user(user);
        }
        if let Some(password) = &address.password {
            client = client.with_password(password);
        }
        if let Some(database) = &address.database {
            client = client.with_database(database);
        }
        client = ours(client);
        for (name, value) in &more {
            client = client.with_setting(name, value);
        }
        client
    })
}

/// Makes a statement with its values, which travel apart from its text.
fn bound(client: &Client, sql: &Sql) -> Query {
    let mut query = client.query_raw(&sql.text());
    for (name, value) in sql.values() {
        query = query.param(&name, value);
    }
    query
}
