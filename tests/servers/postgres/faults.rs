//! Servers that die, freeze and come back, and questions that take too long.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tower_api_log::query::{Filter, Position};
use tower_api_log::testing::sample;
use tower_api_log::{
    EntryId, ErrorKind, LogEntry, LogQuery, LogSink, LogStore, PostgresStore, Scope,
};

use super::place::{Place, client};
use super::server::Server;

fn batch(first: u32, length: u32) -> Vec<LogEntry> {
    (first..first + length).map(sample::exchange).collect()
}

pub(crate) async fn stored(store: &PostgresStore) -> Vec<EntryId> {
    let mut query = LogQuery::new(Scope::all()).limit(1000);
    let mut ids = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        ids.extend(page.entries.iter().map(|entry| entry.id));
        match page.entries.last() {
            Some(last) if page.has_older => query = query.position(Position::After(last.id)),
            _ => return ids,
        }
    }
}

/// Writes until it is stored, as the recorder does.
async fn write_again_and_again(store: &PostgresStore, batch: &[LogEntry]) {
    let start = Instant::now();
    while let Err(error) = store.write(batch).await {
        assert!(error.is_retryable(), "{error}");
        assert!(start.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What several writers have seen so far.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    is_over: AtomicBool,
}

impl Seen {
    async fn until(&self, is_enough: impl Fn(usize, usize) -> bool) {
        let start = Instant::now();
        let seen = |it: &AtomicUsize| it.load(Ordering::Relaxed);
        while !is_enough(seen(&self.acknowledged), seen(&self.refused)) {
            assert!(start.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Writes batches, each once, until told to stop; returns what was acknowledged, and what was not.
async fn write_on(
    store: PostgresStore,
    writer: u32,
    seen: Arc<Seen>,
) -> (Vec<EntryId>, Vec<Vec<LogEntry>>) {
    let (mut acknowledged, mut open) = (Vec::new(), Vec::new());
    for number in 0..10_000 {
        if seen.is_over.load(Ordering::Relaxed) {
            break;
        }
        let batch = batch(writer * 1_000_000 + number * 50, 50);
        match store.write(&batch).await {
            Ok(()) => {
                acknowledged.extend(batch.iter().map(|entry| entry.id));
                seen.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                open.push(batch);
                seen.refused.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    (acknowledged, open)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn t30_what_was_acknowledged_survives_a_server_that_is_killed_in_the_middle_of_batches() {
    let mut server = Server::start();
    let place = Place::at(server.url());
    let store = place.connect().await;
    let mut all: HashSet<EntryId> = HashSet::new();
    for round in 0..3 {
        let seen = Arc::new(Seen::default());
        // Each round writes the same batches again, and thus into what is stored.
        let writers: Vec<_> = (0..3)
            .map(|writer| tokio::spawn(write_on(store.clone(), writer, Arc::clone(&seen))))
            .collect();
        seen.until(|acknowledged, _| acknowledged >= 20 + round * 17)
            .await;
        server.kill();
        seen.until(|_, refused| refused > 0).await;
        seen.is_over.store(true, Ordering::Relaxed);
        let mut all_open = Vec::new();
        for writer in writers {
            let (acknowledged, open) = writer.await.unwrap();
            all.extend(acknowledged);
            all_open.extend(open);
        }
        server.start_again();
        for batch in &all_open {
            write_again_and_again(&store, batch).await;
            all.extend(batch.iter().map(|entry| entry.id));
        }
        let stored = stored(&store).await;
        let unique: HashSet<_> = stored.iter().copied().collect();
        assert_eq!(unique.len(), stored.len(), "an id is stored twice");
        assert!(all.is_subset(&unique), "what was acknowledged is gone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn server_that_is_started_again_is_written_to_by_the_same_store() {
    let mut server = Server::start();
    let place = Place::at(server.url());
    let store = place.connect().await;
    store.write(&batch(1, 10)).await.unwrap();
    server.kill();
    let error = store.write(&batch(11, 10)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    let error = store.get(&Scope::all(), sample::id(1)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    server.start_again();
    write_again_and_again(&store, &batch(11, 10)).await;
    assert_eq!(stored(&store).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn t31_frozen_server_is_given_up_in_time_and_written_to_once_it_goes_on() {
    let server = Server::start();
    let place = Place::at(server.url());
    let timeout = Duration::from_millis(500);
    let builder = place
        .builder()
        .statement_timeout(timeout)
        .connect_timeout(timeout);
    let store = builder.connect().await.unwrap();
    write_again_and_again(&store, &batch(1, 100)).await;
    server.freeze();
    let start = Instant::now();
    // First the connections that there are, then new ones.
    for _ in 0..3 {
        let questions = LogQuery::new(Scope::all());
        let (entries, scope) = (batch(101, 100), Scope::all());
        let (written, found, page) = tokio::join!(
            store.write(&entries),
            store.get(&scope, sample::id(1)),
            store.list(&questions),
        );
        for error in [written.unwrap_err(), found.unwrap_err(), page.unwrap_err()] {
            assert_eq!(
                (error.kind(), error.is_retryable()),
                (ErrorKind::Unavailable, true),
                "{error}"
            );
        }
    }
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
    server.thaw();
    write_again_and_again(&store, &batch(101, 100)).await;
    assert_eq!(stored(&store).await.len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn writes_whose_futures_are_dropped_leave_each_entry_once() {
    let place = Place::new();
    let store = place.builder().max_connections(3).connect().await.unwrap();
    let entries = batch(1, 500);
    for micros in (0..40).map(|step| step * 500) {
        let write = store.write(&entries);
        let _ = tokio::time::timeout(Duration::from_micros(micros), write).await;
    }
    store.write(&entries).await.unwrap();
    assert_eq!(stored(&store).await.len(), 500);
    // No connection is lost to it either.
    for _ in 0..5 {
        let (one, two) = (batch(501, 10), batch(511, 10));
        let (one, two) = tokio::join!(store.write(&one), store.write(&two));
        one.unwrap();
        two.unwrap();
    }
}

/// Holds up every question for as long as it lives.
async fn locked(place: &Place) -> tokio_postgres::Client {
    let client = client(place.url()).await.unwrap();
    let sql = place.sql("BEGIN; LOCK TABLE PLACE.entry IN ACCESS EXCLUSIVE MODE");
    client.batch_execute(&sql).await.unwrap();
    client
}

const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mine' AND state = 'active'";

fn named(place: &Place) -> String {
    format!("{}?application_name=mine", place.url())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn question_that_takes_too_long_is_ended_by_the_server_and_told() {
    let place = Place::new();
    let timeout = Duration::from_millis(300);
    let store = place
        .builder()
        .statement_timeout(timeout)
        .connect()
        .await
        .unwrap();
    let lock = locked(&place).await;
    let start = Instant::now();
    let error = store.list(&LogQuery::new(Scope::all())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    assert!(error.to_string().contains("statement time-out"), "{error}");
    let error = store.write(&batch(1, 1)).await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("statement time-out"),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(3));
    lock.batch_execute("ROLLBACK").await.unwrap();
    store.write(&batch(1, 1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn question_whose_future_is_dropped_is_cancelled_on_the_server() {
    let server = Server::start();
    let place = Place::at(server.url());
    place.connect().await;
    let url = named(&place);
    let store = PostgresStore::builder(&url)
        .schema(place.schema())
        .connect()
        .await
        .unwrap();
    let _lock = locked(&place).await;
    let (scope, filter) = (Scope::all(), Filter::new());
    let count = store.count(&scope, &filter);
    tokio::time::timeout(Duration::from_millis(300), count)
        .await
        .unwrap_err();
    let start = Instant::now();
    while place.number(WAITING).await > 0 {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "the server still looks"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn readers_that_wait_leave_a_connection_to_the_writer() {
    let place = Place::new();
    let wait = Duration::from_millis(300);
    let builder = place.builder().max_connections(3).connect_timeout(wait);
    let store = builder.connect().await.unwrap();
    store.write(&batch(1, 1)).await.unwrap();
    // Readers only: the day that is written to is not locked.
    let client = client(place.url()).await.unwrap();
    let sql = place.sql("BEGIN; LOCK TABLE ONLY PLACE.entry_about IN ACCESS EXCLUSIVE MODE");
    client.batch_execute(&sql).await.unwrap();
    let mut query = LogQuery::new(Scope::all());
    query.filter.from = Some(sample::start());
    let mut readers = Vec::new();
    for _ in 0..2 {
        let (store, query) = (store.clone(), query.clone());
        readers.push(tokio::spawn(async move { store.list(&query).await }));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = store.list(&query).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    assert!(error.to_string().contains("max_connections"), "{error}");
    store.write(&batch(2, 1)).await.unwrap();
    client.batch_execute("ROLLBACK").await.unwrap();
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
fn store_outlives_the_runtime_that_it_was_connected_on() {
    let place = Place::new();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let store = first.block_on(async {
        let store = place.connect().await;
        store.write(&batch(1, 10)).await.unwrap();
        store
    });
    // It is there and stands still, then it is gone.
    runtime().block_on(async { store.write(&batch(11, 10)).await.unwrap() });
    drop(first);
    runtime().block_on(async { assert_eq!(stored(&store).await.len(), 20) });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn replica_is_read_by_a_second_store_and_takes_no_writes() {
    let server = Server::start();
    let place = Place::at(server.url());
    let store = place.connect().await;
    store.write(&batch(1, 10)).await.unwrap();
    let follower = server.follower();
    let builder = PostgresStore::builder(follower.url()).schema(place.schema());
    let replica = builder.clone().migrate(false).connect().await.unwrap();
    assert_eq!(stored(&replica).await.len(), 10);
    store.write(&batch(11, 10)).await.unwrap();
    let start = Instant::now();
    while stored(&replica).await.len() < 20 {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut query = LogQuery::new(Scope::all());
    query.filter.from = Some(sample::time(15));
    assert_eq!(replica.list(&query).await.unwrap().entries.len(), 6);
    let error = replica.write(&batch(21, 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("takes no writes"), "{error}");
}
