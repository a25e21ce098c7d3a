//! A disk that is full: batches wait, what was acknowledged stays, and writing goes on once there is room.

use std::time::{Duration, Instant};

use tower_api_log::testing::sample;
use tower_api_log::{ErrorKind, LogEntry, LogSink};

use super::faults::stored;
use super::place::Place;
use super::server::Server;
use crate::small_disk::Disk;

/// A server takes some 60 MiB before the first row.
const DISK_MIB: usize = 256;

fn batch(number: u32) -> Vec<LogEntry> {
    let numbers = number * 1000 + 1..=number * 1000 + 1000;
    numbers.map(sample::exchange).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn full_disk_passes_and_loses_nothing_that_was_acknowledged() {
    let Some(disk) = Disk::new(DISK_MIB) else {
        return;
    };
    let server = Server::start_in(disk.path());
    let place = Place::at(server.url());
    let store = place.connect().await;
    store.write(&batch(0)).await.unwrap();

    disk.fill();
    let (mut acknowledged, start) = (1, Instant::now());
    let error = loop {
        match store.write(&batch(acknowledged)).await {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the disk is full"
        );
    };
    let is = (error.kind(), error.is_retryable());
    assert_eq!(is, (ErrorKind::Unavailable, true), "{error}");

    disk.free();
    let start = Instant::now();
    // Where the server could not go on without its log, it starts anew by itself.
    while let Err(error) = store.write(&batch(acknowledged)).await {
        assert!(error.is_retryable(), "{error}");
        assert!(start.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let expected = (acknowledged + 1) * 1000;
    assert_eq!(stored(&store).await.len(), expected as usize);
}
