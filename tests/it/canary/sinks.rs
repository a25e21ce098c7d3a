//! Every sink there is behind one layer, and every byte that comes out of them.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use tower_api_log::query::Position;
use tower_api_log::recorder::Delivery;
use tower_api_log::sink::{Fanout, Ndjson, When};
use tower_api_log::{
    ApiLogLayer, LogEntry, LogQuery, LogStore, MemoryStore, Policy, Scope, SqliteStore,
};

use super::plant::{DECOY_LENGTH, DECOY_MARK, MARK};
use super::seek::Needles;

/// A layer with all sinks.
pub(crate) struct Sinks {
    folder: tempfile::TempDir,
    pub(crate) layer: ApiLogLayer,
    pub(crate) memory: MemoryStore,
    pub(crate) sqlite: SqliteStore,
}

/// What was seen of canaries and decoys.
pub(crate) struct Seen {
    needles: Needles,
    /// Where a mark was found.
    pub(crate) leaks: Vec<String>,
    /// What is searched at the moment, and the decoys in it.
    pub(crate) decoys: HashSet<String>,
}

impl Sinks {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (memory, sqlite) = (
            MemoryStore::with_capacity(100_000),
            SqliteStore::open(path("log.db")).unwrap(),
        );
        let failed = Ndjson::open(path("failed.ndjson")).unwrap();
        let sink = Fanout::new()
            .and(memory.clone())
            .and(sqlite.clone())
            .and(Ndjson::open(path("all.ndjson")).unwrap())
            .and(When::failed(failed));
        let limit = |bytes| Policy::default().max_body_bytes(bytes);
        let policy = Policy::default()
            .route("/most-60*", limit(60))
            .route("/most-300*", limit(300))
            .route("/most-1000*", limit(1000));
        let layer = ApiLogLayer::builder(sink)
            .policy(policy)
            .delivery(Delivery::default().batch_age(Duration::from_millis(20)))
            .build()
            .unwrap();
        Self {
            folder,
            layer,
            memory,
            sqlite,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Closes all but the files.
    pub(crate) fn close(self) -> tempfile::TempDir {
        self.folder
    }
}

/// Returns all entries of a store, newest first.
pub(crate) async fn entries(store: &impl LogStore) -> Vec<LogEntry> {
    let mut all: Vec<LogEntry> = Vec::new();
    loop {
        let position = all
            .last()
            .map_or(Position::First, |it| Position::After(it.id));
        let query = LogQuery::new(Scope::all()).limit(1000).position(position);
        let page = store.list(&query).await.unwrap();
        all.extend(page.entries);
        if !page.has_older {
            return all;
        }
    }
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self {
            needles: Needles::new(),
            leaks: Vec::new(),
            decoys: HashSet::new(),
        }
    }

    /// Looks at bytes that left the process's memory.
    pub(crate) fn bytes(&mut self, place: &str, bytes: &[u8]) {
        for (at, how) in self.needles.find(bytes) {
            self.leaks.push(format!("{place}, byte {at}, {how}"));
        }
    }

    /// Looks at text, of which less than a mark is a leak as well.
    pub(crate) fn text(&mut self, place: &str, text: &str) {
        self.text_without(place, text, &MARK[..4]);
    }

    /// Looks at what an endpoint answers. Its ids are random letters in some formats: four of them are a mark's by chance once in some million
    /// ids, and the entries themselves were looked at.
    pub(crate) fn answer(&mut self, place: &str, text: &str) {
        self.text_without(place, text, &MARK[..5]);
    }

    fn text_without(&mut self, place: &str, text: &str, beginning: &str) {
        self.bytes(place, text.as_bytes());
        if text.contains(beginning) {
            self.leaks
                .push(format!("{place}, the beginning of a canary"));
        }
        for (at, _) in text.match_indices(DECOY_MARK) {
            if let Some(decoy) = text.get(at..at + DECOY_LENGTH) {
                self.decoys.insert(decoy.to_owned());
            }
        }
    }

    /// Looks at an entry as its store gives it back.
    pub(crate) fn entry(&mut self, store: &str, entry: &LogEntry) {
        let text = serde_json::to_string(entry).unwrap();
        self.text(store, &text);
        self.text(
            &format!("{store}, Debug"),
            &format!("{entry:?} {:?}", entry.kind),
        );
    }

    /// Looks at every file of a folder.
    pub(crate) fn files(&mut self, when: &str, folder: &Path) {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            match std::fs::read(&path) {
                Ok(bytes) => self.bytes(&format!("{name} {when}"), &bytes),
                // A database takes its journal away when it likes.
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}"),
            }
        }
    }
}
