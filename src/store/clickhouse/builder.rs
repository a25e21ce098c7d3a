use std::fmt;
use std::time::Duration;

use super::address::Address;
use super::server::Server;
use super::{ClickHouseStore, schema};
use crate::error::Error;

/// Connects a [`ClickHouseStore`].
#[derive(Clone)]
pub struct ClickHouseStoreBuilder {
    url: String,
    table: String,
    pub(super) migrate: bool,
    pub(super) engine: Engine,
    pub(super) cluster: Option<String>,
    pub(super) distributed: bool,
    pub(super) keep_days: Option<u32>,
    pub(super) fsync: bool,
    pub(super) gather: bool,
    pub(super) read_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) upkeep_timeout: Duration,
    pub(super) settings: Vec<(String, String)>,
}

/// Which engine the table has. All replace a second copy of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// `ReplacingMergeTree`: one server, or what replicates by itself, as ClickHouse Cloud does.
    #[default]
    MergeTree,
    /// `ReplicatedReplacingMergeTree` at the path and replica that the server's configuration gives by default.
    Replicated,
    /// `ReplicatedReplacingMergeTree` at a path in Keeper, with a replica's name; macros such as `{shard}` are the server's.
    ReplicatedAt {
        /// The path in Keeper.
        path: String,
        /// The name of the replica.
        replica: String,
    },
}

impl ClickHouseStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            table: "api_log".to_owned(),
            migrate: true,
            engine: Engine::MergeTree,
            cluster: None,
            distributed: false,
            keep_days: None,
            fsync: false,
            gather: false,
            read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            upkeep_timeout: Duration::from_secs(600),
            settings: Vec::new(),
        }
    }

    /// Names the table: a letter or underscore, then letters, digits and underscores, up to 63; `api_log` by default.
    #[must_use]
    pub fn table_name(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// Says whether [`connect`](Self::connect) creates the table where there is none: `true` by default.
    ///
    /// With `false` it checks the table only, and needs no right to create; [`ddl`](Self::ddl) prints what an operator runs.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Says which engine a new table has: [`Engine::MergeTree`] by default.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Creates the table on every server of a cluster (`ON CLUSTER`), and deletes there. The cluster is one that the servers' configuration names.
    #[must_use]
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.cluster = Some(name.into());
        self
    }

    /// Spreads the entries over the shards of a cluster, each organisation's to one, through a `Distributed` table.
    ///
    /// The table of the store's name is the distributed one; each server's own is named the same with `_local` behind.
    #[must_use]
    pub fn distributed(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self.distributed = true;
        self
    }

    /// Lets the server drop entries on its own, days after they were created: from 1 to 36,500. By default it keeps all.
    ///
    /// It drops whole days, so that an entry may stay a day longer.
    #[must_use]
    pub fn keep_days(mut self, days: u32) -> Self {
        self.keep_days = Some(days);
        self
    }

    /// Lets a new table wait for the disk on every write: an entry then survives the loss of power, for about half as much time again.
    #[must_use]
    pub fn fsync(mut self, fsync: bool) -> Self {
        self.fsync = fsync;
        self
    }

    /// Lets the server gather the batches of many small nodes into one part, for up to 200 ms (`async_insert`); a write still waits until it is stored.
    #[must_use]
    pub fn gather_inserts(mut self, gather: bool) -> Self {
        self.gather = gather;
        self
    }

    /// Says how long a question may take: from 10 ms to an hour, 30 seconds by default. The server is told to stop then as well.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Says how long a write may take for each day of a batch: from 10 ms to an hour, 30 seconds by default.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Says how long each step of deletion and erasure may take: from 10 ms to an hour, 10 minutes by default.
    #[must_use]
    pub fn upkeep_timeout(mut self, timeout: Duration) -> Self {
        self.upkeep_timeout = timeout;
        self
    }

    /// Sends one of ClickHouse's settings along with every statement, such as `insert_quorum` or `max_memory_usage`.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Returns the statements that create what the store needs.
    ///
    /// # Errors
    ///
    /// See [`connect`](Self::connect), but for the server.
    pub fn ddl(&self) -> Result<Vec<String>, Error> {
        self.check()?;
        Ok(schema::ddl(self))
    }

    /// Connects, creates the table if there is none, and checks the one that is there.
    ///
    /// # Errors
    ///
    /// A configuration error for a malformed URL, a setting out of its range and a missing database; a denied one for a wrong password; a schema
    /// error for a table that a newer version has made or somebody has altered, which names the column; otherwise when the server cannot be reached.
    pub async fn connect(self) -> Result<ClickHouseStore, Error> {
        let address = self.check()?;
        let server = Server::new(&address, &self);
        schema::prepare(&server, &self).await?;
        Ok(ClickHouseStore::new(server))
    }

    fn check(&self) -> Result<Address, Error> {
        if !is_name(&self.table) {
            return Err(Error::configuration(
                "table_name must begin with a letter or underscore and go on with letters, digits and underscores, up to 63",
            ));
        }
        if self.cluster.as_ref().is_some_and(|name| !is_cluster(name)) {
            return Err(Error::configuration(
                "the name of a cluster must be of letters, digits, `_`, `-`, `.`, or a macro in braces, up to 63",
            ));
        }
        let times = Duration::from_millis(10)..=Duration::from_secs(3600);
        for (setting, time) in [
            ("read_timeout", self.read_timeout),
            ("write_timeout", self.write_timeout),
            ("upkeep_timeout", self.upkeep_timeout),
        ] {
            if !times.contains(&time) {
                return Err(Error::configuration(format!(
                    "{setting} must be from 10 ms to an hour"
                )));
            }
        }
        if self
            .keep_days
            .is_some_and(|days| !(1..=36_500).contains(&days))
        {
            return Err(Error::configuration("keep_days must be from 1 to 36,500"));
        }
        Address::parse(&self.url)
    }

    /// Returns ` ON CLUSTER` with the cluster, if there is one.
    pub(super) fn on_cluster(&self) -> String {
        let cluster = self.cluster.as_ref();
        cluster.map_or_else(String::new, |name| format!(" ON CLUSTER '{name}'"))
    }

    /// Returns the table that is written and read, quoted.
    pub(super) fn table(&self) -> String {
        format!("`{}`", self.table)
    }

    /// Returns the table that holds the rows, quoted.
    pub(super) fn local_table(&self) -> String {
        match self.distributed {
            true => format!("`{}_local`", self.table),
            false => self.table(),
        }
    }

    /// Returns the table of what is held, quoted.
    pub(super) fn held_table(&self) -> String {
        format!("`{}_held`", self.table)
    }

    /// Returns the table that holds the rows of what is held, quoted.
    pub(super) fn local_held_table(&self) -> String {
        match self.distributed {
            true => format!("`{}_held_local`", self.table),
            false => self.held_table(),
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 63
}

impl fmt::Debug for ClickHouseStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.settings.iter().map(|(name, _)| name).collect();
        f.debug_struct("ClickHouseStoreBuilder")
            .field("address", &Address::parse(&self.url).ok())
            .field("table", &self.table)
            .field("migrate", &self.migrate)
            .field("engine", &self.engine)
            .field("cluster", &self.cluster)
            .field("distributed", &self.distributed)
            .field("keep_days", &self.keep_days)
            .field("fsync", &self.fsync)
            .field("gather_inserts", &self.gather)
            .field("read_timeout", &self.read_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("upkeep_timeout", &self.upkeep_timeout)
            .field("settings", &names)
            .finish_non_exhaustive()
    }
}

fn is_cluster(name: &str) -> bool {
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.{}".contains(&byte);
    (1..=63).contains(&name.len()) && name.bytes().all(is_of_names)
}
