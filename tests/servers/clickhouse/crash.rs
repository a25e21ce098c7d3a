//! Servers that end, hang and come back while entries are written.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tower_api_log::store::ClickHouseStore;
use tower_api_log::testing::sample;
use tower_api_log::{EntryId, LogEntry, LogQuery, LogSink, LogStore, Scope};

use super::server::Server;
use super::stored;

fn batch(number: u32) -> Vec<LogEntry> {
    (number * 100..number * 100 + 100)
        .map(sample::exchange)
        .collect()
}

/// Writes as the recorder does: the same batch again for as long as the error says that it may pass.
async fn deliver(store: &ClickHouseStore, batch: &[LogEntry]) {
    let start = Instant::now();
    while let Err(error) = store.write(batch).await {
        assert!(error.is_retryable(), "{error:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "{error:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn restarted_server_is_written_and_read_again() {
    let mut server = Server::start(&[]);
    let store = ClickHouseStore::connect(server.url()).await.unwrap();
    store.write(&batch(1)).await.unwrap();
    server.stop();
    let error = store.write(&batch(2)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(store.get(&Scope::all(), sample::id(100)).await.is_err());
    server.start_again();
    store.write(&batch(2)).await.unwrap();
    assert_eq!(stored(&store).await.len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t30_nothing_acknowledged_is_lost_and_nothing_comes_twice_when_the_server_is_killed() {
    let mut server = Server::start(&[]);
    let builder = ClickHouseStore::builder(server.url());
    let store = builder
        .write_timeout(Duration::from_secs(5))
        .connect()
        .await
        .unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (store, ends) = (store.clone(), Arc::clone(&ends));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in (writer..).step_by(2) {
                    if ends.load(Ordering::Acquire) {
                        break;
                    }
                    let batch = batch(number);
                    deliver(&store, &batch).await;
                    acknowledged.extend(batch.iter().map(|entry| entry.id));
                }
                acknowledged
            })
        })
        .collect();
    for wait in [150, 333, 521, 90] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server.kill();
        server.start_again();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    ends.store(true, Ordering::Release);
    let mut acknowledged = HashSet::<EntryId>::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let there: HashSet<_> = stored(&store).await.iter().map(|entry| entry.id).collect();
    assert!(acknowledged.len() >= 500, "{}", acknowledged.len());
    assert!(
        acknowledged.is_subset(&there),
        "an acknowledged entry is lost"
    );
    // The writers retried until all was acknowledged.
    assert_eq!(acknowledged.len(), there.len());
    // The tokens outlive the server as well: not even a copy that would be merged later.
    assert_eq!(
        server.sql("SELECT count() FROM api_log"),
        there.len().to_string()
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t31_server_that_hangs_ends_in_errors_in_time_and_nothing_comes_twice() {
    let server = Server::start(&[]);
    let patience = Duration::from_millis(700);
    let builder = || {
        let builder = ClickHouseStore::builder(server.url());
        builder
            .read_timeout(patience)
            .write_timeout(patience)
            .upkeep_timeout(patience)
    };
    let store = builder().connect().await.unwrap();
    store.write(&batch(1)).await.unwrap();

    server.freeze();
    let start = Instant::now();
    let written = store.write(&batch(2)).await.unwrap_err();
    let read = store.list(&LogQuery::new(Scope::all())).await.unwrap_err();
    let connected = builder().connect().await.unwrap_err();
    for error in [written, read, connected] {
        assert!(error.is_retryable(), "{error:?}");
        assert!(
            error.to_string().contains("not answered in time"),
            "{error}"
        );
    }
    assert!(start.elapsed() < patience * 5, "{:?}", start.elapsed());

    server.thaw();
    // The server may find the batch on its side of the connection, and store it after all.
    deliver(&store, &batch(2)).await;
    assert_eq!(stored(&store).await.len(), 200);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn write_that_is_dropped_halfway_and_repeated_leaves_one_copy() {
    let server = Server::start(&[]);
    let store = ClickHouseStore::connect(server.url()).await.unwrap();
    for micros in (0..20_000).step_by(1_000) {
        let batch = batch(1 + micros / 1_000);
        let time = Duration::from_micros(micros.into());
        let _ = tokio::time::timeout(time, store.write(&batch)).await;
        store.write(&batch).await.unwrap();
    }
    assert_eq!(stored(&store).await.len(), 2_000);
}
