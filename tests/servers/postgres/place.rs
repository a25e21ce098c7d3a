//! A schema for each test, which goes with it.

use tokio_postgres::{Client, NoTls};
use tower_api_log::PostgresStore;
use tower_api_log::store::PostgresStoreBuilder;

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
        let id = tower_api_log::EntryId::first_at(std::time::SystemTime::now().into());
        let thread = format!("{:?}", std::thread::current().id());
        let digits: String = thread.chars().filter(char::is_ascii_digit).collect();
        let schema = format!("test_{}_{digits}", id.to_string().replace('-', ""));
        Self {
            url: url.to_owned(),
            schema,
        }
    }

    pub(crate) fn builder(&self) -> PostgresStoreBuilder {
        PostgresStore::builder(&self.url).schema(&self.schema)
    }

    pub(crate) async fn connect(&self) -> PostgresStore {
        self.builder().connect().await.unwrap()
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
