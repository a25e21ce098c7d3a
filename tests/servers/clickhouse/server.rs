use std::io::{Read, Write};
use std::net::TcpStream;

use tower_api_log::store::{ClickHouseStore, ClickHouseStoreBuilder};

/// A database of one test, gone after it.
pub(crate) struct Database {
    url: String,
    name: String,
}

impl Database {
    /// Makes one on the server that `tests/run.sh` has started.
    pub(crate) fn new() -> Self {
        let url = std::env::var("TEST_CLICKHOUSE_URL")
            .expect("TEST_CLICKHOUSE_URL must be set: tests/run.sh starts a server");
        Self::on(&url)
    }

    /// Makes one on a server.
    pub(crate) fn on(url: &str) -> Self {
        let base = url.trim_end_matches("/default").to_owned();
        let name = format!("test_{:016x}", random());
        sql(&base, &format!("CREATE DATABASE {name}"));
        Self { url: base, name }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.url, self.name)
    }

    pub(crate) fn builder(&self) -> ClickHouseStoreBuilder {
        ClickHouseStore::builder(&self.url())
    }

    /// Runs a statement in the database, and returns what the server says.
    pub(crate) fn sql(&self, statement: &str) -> String {
        sql(&self.url(), statement)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} SYNC", self.name);
        // The server may be gone, as some tests have it.
        let _ = try_sql(&self.url, &statement);
    }
}

fn random() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(0)
}

/// Runs a statement on the server of a URL.
pub(crate) fn sql(url: &str, statement: &str) -> String {
    try_sql(url, statement).unwrap()
}

fn try_sql(url: &str, statement: &str) -> std::io::Result<String> {
    let (login, rest) = url.trim_start_matches("http://").split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let (host, database) = rest.split_once('/').unwrap_or((rest, "default"));
    let path = format!("/?user={user}&password={password}&database={database}");
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{statement}",
        statement.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200") {
        true => Ok(body.trim_end().to_owned()),
        false => Err(std::io::Error::other(body.to_owned())),
    }
}
