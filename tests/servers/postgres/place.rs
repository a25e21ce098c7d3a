//! A schema for each test, which goes with it.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};
use tower_api_log::PostgresStore;
use tower_api_log::store::PostgresStoreBuilder;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A schema of a test's own on the server of all of them.
pub(crate) struct Place {
    url: String,
    schema: String,
}

impl Place {
    /// Names a schema that nobody else has.
    ///
    /// # Panics
    ///
    /// Without a server.
    pub(crate) fn new() -> Self {
        let url = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is not set: run tests/run.sh, or tests/servers/postgres.py and export the URL that it prints",
        );
        Self::at(&url)
    }

    /// Names a schema that nobody else has, on a server.
    pub(crate) fn at(url: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            url: url.to_owned(),
            schema: format!("test_{}_{number}", std::process::id()),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn builder(&self) -> PostgresStoreBuilder {
        PostgresStore::builder(&self.url).schema(&self.schema)
    }

    pub(crate) async fn connect(&self) -> PostgresStore {
        self.builder().connect().await.unwrap()
    }

    /// Runs statements on a connection of their own; `PLACE` is the schema.
    pub(crate) async fn run(&self, sql: &str) {
        let client = client(&self.url).await.unwrap();
        client.batch_execute(&self.sql(sql)).await.unwrap();
    }

    /// Asks for one number on a connection of its own; `PLACE` is the schema.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let client = client(&self.url).await.unwrap();
        let row = client.query_one(&self.sql(sql), &[]).await.unwrap();
        row.get(0)
    }

    /// Returns a statement for this place.
    pub(crate) fn sql(&self, sql: &str) -> String {
        sql.replace("PLACE", &format!("\"{}\"", self.schema))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (url, schema) = (self.url.clone(), self.schema.clone());
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
        };
        // On a thread of its own: this one may be in a runtime already.
        let dropped = std::thread::spawn(move || {
            runtime().unwrap().block_on(async {
                if let Ok(client) = client(&url).await {
                    let sql = format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE");
                    let _ = client.batch_execute(&sql).await;
                }
            });
        });
        let _ = dropped.join();
    }
}

/// Opens a plain connection.
pub(crate) async fn client(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}
