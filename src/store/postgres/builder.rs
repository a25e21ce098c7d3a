use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;

use super::PostgresStore;
use super::names::Names;
use super::pool::Pool;
use super::schema::{self, Compression};
use super::tls::Tls;
use crate::error::Error;

/// Connects a [`PostgresStore`].
#[derive(Clone)]
pub struct PostgresStoreBuilder {
    url: String,
    schema: String,
    table: String,
    migrate: bool,
    root_certificates: Option<Vec<u8>>,
    pub(super) max_connections: usize,
    pub(super) connect_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) days_ahead: u16,
}

impl PostgresStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            schema: "api_log".to_owned(),
            table: "entry".to_owned(),
            migrate: true,
            root_certificates: None,
            max_connections: 8,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            days_ahead: 4,
        }
    }

    /// Names the schema that the tables lie in: `api_log` by default. A plain identifier of at most 63 characters.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// Names the table of the entries, and the beginning of the names of its partitions and indexes: `entry` by default. A plain identifier of at
    /// most 40 characters.
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// Says whether schema, tables and partitions are made where they are missing: yes by default. Without it the store checks what is
    /// there and creates nothing, as a read replica and a user without the right to create need it; partitions are then the operator's.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Says how many connections are open at most: from 1 to 1000, 8 by default. Writers have one of them to themselves, if there are two.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Says how long to wait for a connection, for a free one and for the server to accept a new one: from a millisecond to an hour, 5 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Says how long a statement may take: from 10 milliseconds to a day, 30 seconds by default. The server ends it then; a server that does not
    /// answer at all is given up two seconds later.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Says for how many days after today partitions are made ahead: 4 by default, at most 366.
    #[must_use]
    pub fn days_ahead(mut self, days: u16) -> Self {
        self.days_ahead = days;
        self
    }

    /// Says which certificates are trusted, in the PEM format, in the place of the operating system's: those of a provider that signs its own, say.
    ///
    /// With the feature `postgres-tls` connections are encrypted where the server offers it, unless the URL has `sslmode=disable`; a server whose
    /// certificate is not trusted for its name is refused. `sslmode=require` refuses servers that offer none.
    #[cfg(feature = "postgres-tls")]
    #[must_use]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Returns the statements that make the tables from nothing, for whoever creates them by hand. A server that was built without lz4 needs them without
    /// `COMPRESSION lz4`.
    ///
    /// # Errors
    ///
    /// A configuration error for a name that is no plain identifier.
    pub fn ddl(&self) -> Result<String, Error> {
        let names = Names::new(&self.schema, &self.table)?;
        let mut text = format!("CREATE SCHEMA IF NOT EXISTS {};\n", names.schema());
        for statement in schema::statements(&names, Compression::Lz4) {
            text.push_str(&statement);
            text.push_str(";\n");
        }
        Ok(text)
    }

    /// Connects, makes what is missing, and checks the tables.
    ///
    /// # Errors
    ///
    /// A configuration error for a setting out of its range, a URL that cannot be read, a database that does not exist or a server that is too old; a denied
    /// error for a wrong password or a missing right; a schema error for tables that a newer version or somebody else has
    /// made or altered; otherwise when the server cannot be reached.
    pub async fn connect(self) -> Result<PostgresStore, Error> {
        let names = Names::new(&self.schema, &self.table)?;
        self.check()?;
        let config = self.config()?;
        let tls = Tls::new(&config, self.root_certificates.as_deref())?;
        let pool = Pool::new(config, tls, &self)?;
        PostgresStore::open(pool, names, self.migrate, self.days_ahead).await
    }

    fn check(&self) -> Result<(), Error> {
        if !(1..=1000).contains(&self.max_connections) {
            return Err(Error::configuration(
                "max_connections must be from 1 to 1000",
            ));
        }
        let (millisecond, hour) = (Duration::from_millis(1), Duration::from_secs(3600));
        if !(millisecond..=hour).contains(&self.connect_timeout) {
            return Err(Error::configuration(
                "connect_timeout must be from a millisecond to an hour",
            ));
        }
        if !(millisecond * 10..=hour * 24).contains(&self.statement_timeout) {
            return Err(Error::configuration(
                "statement_timeout must be from 10 milliseconds to a day",
            ));
        }
        if self.days_ahead > 366 {
            return Err(Error::configuration("days_ahead must be at most 366"));
        }
        Ok(())
    }

    /// Reads the URL, and adds the settings of each session. What the URL has in its `options` comes last and wins.
    fn config(&self) -> Result<Config, Error> {
        let mut config = Config::from_str(&self.url).map_err(|_| {
            // The cause can quote the URL.
            Error::configuration(
                "the URL of Postgres cannot be read; it has the form postgres://user:password@host:5432/database?sslmode=require",
            )
        })?;
        let timeout = self.statement_timeout.as_millis();
        let own = format!(
            "-c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout} -c timezone=UTC -c jit=off \
             -c search_path=pg_catalog -c client_min_messages=warning"
        );
        let options = match config.get_options() {
            Some(given) => format!("{own} {given}"),
            None => own,
        };
        config
            .options(options)
            .connect_timeout(self.connect_timeout)
            .tcp_user_timeout(self.statement_timeout + self.connect_timeout)
            .keepalives_idle(Duration::from_secs(60));
        if config.get_application_name().is_none() {
            config.application_name("tower-api-log");
        }
        Ok(config)
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL has the password.
        f.debug_struct("PostgresStoreBuilder")
            .field("schema", &self.schema)
            .field("table", &self.table)
            .field("migrate", &self.migrate)
            .field("max_connections", &self.max_connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("days_ahead", &self.days_ahead)
            .finish_non_exhaustive()
    }
}
