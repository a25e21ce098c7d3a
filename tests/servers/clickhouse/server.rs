use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tower_api_log::store::{ClickHouseStore, ClickHouseStoreBuilder};

/// A database of one test, gone after it.
pub(crate) struct Database {
    base: String,
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
        Self { base, name }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    /// Returns the URL without the database.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL of another user, of those that the script makes.
    pub(crate) fn url_of(&self, user: &str) -> String {
        self.url().replacen("//log:", &format!("//{user}:"), 1)
    }

    pub(crate) fn builder(&self) -> ClickHouseStoreBuilder {
        ClickHouseStore::builder(&self.url())
    }

    pub(crate) async fn store(&self) -> ClickHouseStore {
        self.builder().connect().await.unwrap()
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
        let _ = try_sql(&self.base, &statement);
    }
}

/// A server of a test's own, which the test may break.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
    more: Vec<String>,
    http: u16,
    tcp: u16,
    url: String,
}

impl Server {
    /// Starts one with more arguments for the script.
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::start_at(free_port(), more)
    }

    /// Starts one whose native port is given.
    pub(crate) fn start_at(tcp: u16, more: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
        std::fs::create_dir_all(&root).unwrap();
        let mut server = Self {
            folder: tempfile::tempdir_in(root).unwrap(),
            process: None,
            more: more.iter().map(ToString::to_string).collect(),
            http: free_port(),
            tcp,
            url: String::new(),
        };
        server.start_again();
        server
    }

    /// Starts it on the same ports with the data that it has.
    pub(crate) fn start_again(&mut self) {
        let mut process = Command::new("python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/servers/clickhouse.py"
            ))
            .arg("--folder")
            .arg(self.folder.path())
            .args([
                "--http",
                &self.http.to_string(),
                "--tcp",
                &self.tcp.to_string(),
            ])
            .args(&self.more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.process = Some(process);
        self.url = line.split(' ').next().unwrap().to_owned();
        assert!(self.url.starts_with("http"), "the server did not start");
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn sql(&self, statement: &str) -> String {
        sql(&self.url, statement)
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        drop(process.stdin.take());
        process.wait().unwrap();
    }

    /// Ends it as a lost machine does.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Returns a port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn random() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(0)
}

/// Runs a statement on the server of a URL, and returns what it says.
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
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.trim_end().to_owned()),
        _ => Err(std::io::Error::other(body.to_owned())),
    }
}
