//! Who is measured: the bare service, the peers, and this crate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use tower_api_log::{
    ApiLogLayer, Error, ErrorKind, LogEntry, LogSink, Recorder, SqliteStore, async_trait,
};

use crate::{exchange, peers};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    Bare,
    NoopLayer,
    TraceJson,
    HandwrittenJson,
    OutletDiscard,
    Ours,
    OursSqlite,
    /// With a sink that refuses everything at once, for now.
    OursRefusing,
    /// With a sink that never returns.
    OursWaiting,
    /// With a sink that takes its thread with it.
    OursBlocking,
}

use Contender::{
    Bare, HandwrittenJson, NoopLayer, Ours, OursBlocking, OursRefusing, OursSqlite, OursWaiting,
    OutletDiscard, TraceJson,
};

pub const CONTENDERS: [Contender; 7] = [
    Bare,
    NoopLayer,
    TraceJson,
    HandwrittenJson,
    OutletDiscard,
    Ours,
    OursSqlite,
];

/// This crate with sinks that take nothing.
pub const FAILING: [Contender; 3] = [OursRefusing, OursWaiting, OursBlocking];

impl Contender {
    pub fn name(self) -> &'static str {
        match self {
            Bare => "bare",
            NoopLayer => "noop-layer",
            TraceJson => "trace-json",
            HandwrittenJson => "handwritten-json",
            OutletDiscard => "outlet-discard",
            Ours => "ours",
            OursSqlite => "ours-sqlite",
            OursRefusing => "ours-refusing",
            OursWaiting => "ours-waiting",
            OursBlocking => "ours-blocking",
        }
    }

    pub fn named(name: &str) -> Self {
        CONTENDERS
            .into_iter()
            .chain(FAILING)
            .find(|it| it.name() == name)
            .expect("a contender")
    }
}

/// A contender's middleware, around any router, with all that belongs to it.
pub struct Stand {
    contender: Contender,
    layer: Option<ApiLogLayer>,
    /// Where the contender writes.
    folder: tempfile::TempDir,
    _log: Option<tracing_appender::non_blocking::WorkerGuard>,
}

impl Stand {
    /// Sets a contender up. One for a process: a subscriber is global.
    pub fn new(contender: Contender) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let is_logging = matches!(contender, TraceJson | HandwrittenJson);
        let log = is_logging.then(|| peers::log_to(&log_file(folder.path())));
        let layer = match contender {
            Ours => Some(ApiLogLayer::new(Discard)),
            OursSqlite => {
                let store = SqliteStore::open(folder.path().join("api-log.db")).unwrap();
                Some(ApiLogLayer::new(store))
            }
            OursRefusing => Some(ApiLogLayer::new(Refuses)),
            OursWaiting => Some(ApiLogLayer::new(Waits)),
            OursBlocking => Some(ApiLogLayer::new(Blocks)),
            _ => None,
        };
        Self {
            contender,
            layer,
            folder,
            _log: log,
        }
    }

    /// Puts the contender around the service.
    pub fn around(&self, router: Router) -> Router {
        match self.contender {
            Bare => router,
            NoopLayer => router.layer(peers::noop()),
            TraceJson => router.layer(peers::trace()),
            HandwrittenJson => router.layer(axum::middleware::from_fn(peers::handwritten)),
            OutletDiscard => router.layer(peers::outlet()),
            Ours | OursSqlite | OursRefusing | OursWaiting | OursBlocking => {
                router.layer(self.layer.clone().unwrap())
            }
        }
    }

    pub fn service(&self) -> Router {
        self.around(exchange::bare())
    }

    pub fn recorder(&self) -> Option<Recorder> {
        self.layer.as_ref().map(ApiLogLayer::recorder)
    }

    /// Waits until everything that was recorded has been written.
    pub async fn settle(&self) {
        if FAILING.contains(&self.contender) {
            // What it holds it keeps.
        } else if let Some(recorder) = self.recorder() {
            recorder.flush().await.unwrap();
        } else if self.contender == OutletDiscard {
            // Its tasks run where the service does, and nothing says when they are done.
            tokio::time::sleep(Duration::from_millis(30)).await;
        } else if self._log.is_some() {
            self.wait_for_the_log().await;
        }
    }

    async fn wait_for_the_log(&self) {
        let length = || std::fs::metadata(log_file(self.folder.path())).map_or(0, |it| it.len());
        let mut last = length();
        loop {
            tokio::time::sleep(Duration::from_millis(30)).await;
            let now = length();
            if now == last {
                break;
            }
            last = now;
        }
    }

    /// Returns how many exchanges were recorded since the start, where the contender keeps records.
    pub fn recorded(&self) -> Option<u64> {
        match self.recorder() {
            Some(recorder) => Some(recorder.stats().balance.stored()),
            None if self._log.is_some() => {
                let log = std::fs::read(log_file(self.folder.path())).unwrap();
                Some(log.iter().filter(|&&byte| byte == b'\n').count() as u64)
            }
            None => None,
        }
    }
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.json")
}

/// Takes masked entries and forgets them: what remains is the cost of capture, masking and delivery.
pub struct Discard;

#[async_trait]
impl LogSink for Discard {
    async fn write(&self, _: &[LogEntry]) -> Result<(), Error> {
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Refuses everything.
pub struct Refuses;

#[async_trait]
impl LogSink for Refuses {
    async fn write(&self, _: &[LogEntry]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "nobody is there").retryable())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Never returns.
pub struct Waits;

#[async_trait]
impl LogSink for Waits {
    async fn write(&self, _: &[LogEntry]) -> Result<(), Error> {
        std::future::pending().await
    }

    async fn flush(&self) -> Result<(), Error> {
        std::future::pending().await
    }
}

/// Takes its thread with it.
pub struct Blocks;

#[async_trait]
impl LogSink for Blocks {
    async fn write(&self, _: &[LogEntry]) -> Result<(), Error> {
        loop {
            std::thread::park();
        }
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}
