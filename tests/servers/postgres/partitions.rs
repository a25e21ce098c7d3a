//! Partitions: made ahead and on demand, and let go beside writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tower_api_log::testing::sample;
use tower_api_log::{EntryId, LogEntry, LogSink, LogStore, Retention, Scope, Timestamp};

use super::place::{Place, client};

const PARTITIONS: &str =
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'PLACE.entry'::regclass";
const DAY: Duration = Duration::from_secs(86_400);

/// Makes an entry of some days ago.
fn days_ago(days: u32, number: u32) -> LogEntry {
    let time = Timestamp::from(SystemTime::now() - DAY * days);
    let time = time.plus(Duration::from_millis(u64::from(number)));
    let mut entry = sample::exchange(number);
    (entry.id, entry.created_at) = (EntryId::first_at(time), time);
    entry
}

async fn count(store: &impl LogStore) -> u64 {
    store
        .count(&Scope::all(), &Default::default())
        .await
        .unwrap()
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn partitions_are_made_ahead_and_for_days_that_come_unexpected() {
    let place = Place::new();
    let store = place.connect().await;
    // Today, four days ahead and the two ends.
    assert_eq!(place.number(PARTITIONS).await, 7);
    store.write(&[days_ago(0, 1)]).await.unwrap();
    assert_eq!(place.number(PARTITIONS).await, 7);
    let old: Vec<_> = (10..15).map(|days| days_ago(days, days)).collect();
    store.write(&old).await.unwrap();
    assert_eq!(place.number(PARTITIONS).await, 12);
    let mut odd = [days_ago(0, 2), days_ago(0, 3)];
    (odd[0].id, odd[1].id) = (EntryId::MIN, EntryId::MAX);
    store.write(&odd).await.unwrap();
    assert_eq!(place.number(PARTITIONS).await, 12);
    assert_eq!(count(&store).await, 8);
    assert_eq!(
        place
            .number("SELECT count(*) FROM pg_partitioned_table WHERE partdefid <> 0")
            .await,
        0
    );
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn partition_that_somebody_has_dropped_is_made_again() {
    let place = Place::new();
    let store = place.connect().await;
    store.write(&[days_ago(3, 1)]).await.unwrap();
    let name = days_ago(3, 1).created_at.to_string()[..10].replace('-', "");
    place.run(&format!("DROP TABLE PLACE.entry_{name}")).await;
    store
        .write(&[days_ago(3, 2), days_ago(0, 3)])
        .await
        .unwrap();
    assert_eq!(count(&store).await, 2);
    // One that was only detached keeps its name and its rows.
    place
        .run(&format!(
            "ALTER TABLE PLACE.entry DETACH PARTITION PLACE.entry_{name}"
        ))
        .await;
    store.write(&[days_ago(3, 4)]).await.unwrap();
    assert_eq!(count(&store).await, 2);
    assert_eq!(
        place
            .number(&format!("SELECT count(*) FROM PLACE.entry_{name}"))
            .await,
        1
    );
    assert_eq!(
        place
            .number(&format!("SELECT count(*) FROM PLACE.entry_{name}_2"))
            .await,
        1
    );
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn constraint_of_somebody_elses_is_told_and_tried_a_few_times_only() {
    let place = Place::new();
    let store = place.connect().await;
    place
        .run("ALTER TABLE PLACE.entry ADD CHECK (status < 300)")
        .await;
    let error = store.write(&[days_ago(0, 1)]).await.unwrap_err();
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("constraint"), "{error}");

    let place = Place::new();
    let store = place.connect().await;
    store.write(&[days_ago(0, 1)]).await.unwrap();
    let name = days_ago(0, 1).created_at.to_string()[..10].replace('-', "");
    let index = format!("CREATE UNIQUE INDEX ON PLACE.entry_{name} (organisation)");
    place.run(&index).await;
    let error = store.write(&[days_ago(0, 2)]).await.unwrap_err();
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("constraint"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn old_partitions_are_dropped_while_writers_go_on() {
    let place = Place::new();
    let store = place.connect().await;
    for days in 5..8 {
        let batch: Vec<_> = (0..500).map(|number| days_ago(days, number)).collect();
        store.write(&batch).await.unwrap();
    }
    assert_eq!(place.number(PARTITIONS).await, 10);
    // A reader that is in no hurry, for whom the deletion has to wait.
    let reader = client(place.url()).await.unwrap();
    let sql = place.sql("BEGIN; SELECT count(*) FROM PLACE.entry");
    reader.batch_execute(&sql).await.unwrap();
    let deleting = tokio::spawn({
        let store = store.clone();
        async move { store.delete_before(days_ago(4, 0).created_at).await }
    });
    let is_over = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, is_over) = (store.clone(), Arc::clone(&is_over));
        async move {
            let (mut written, mut longest) = (0, Duration::ZERO);
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                store.write(&[days_ago(0, written)]).await.unwrap();
                longest = longest.max(start.elapsed());
                written += 1;
            }
            (written, longest)
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        !deleting.is_finished(),
        "the deletion did not wait for the reader"
    );
    reader.batch_execute("COMMIT").await.unwrap();
    assert_eq!(deleting.await.unwrap().unwrap(), 1500);
    is_over.store(true, Ordering::Relaxed);
    let (written, longest) = writing.await.unwrap();
    assert!(written > 20, "{written}");
    assert!(
        longest < Duration::from_millis(500),
        "a write waited {longest:?}"
    );
    assert_eq!(place.number(PARTITIONS).await, 7);
    assert_eq!(count(&store).await, u64::from(written));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn young_entries_in_an_old_partition_stay() {
    let place = Place::new();
    let store = place.connect().await;
    let mut young = days_ago(6, 1);
    young.created_at = days_ago(0, 0).created_at;
    store
        .write(&[days_ago(6, 0), young.clone(), days_ago(7, 0)])
        .await
        .unwrap();
    assert_eq!(
        store
            .delete_before(days_ago(3, 0).created_at)
            .await
            .unwrap(),
        2
    );
    assert!(store.get(&Scope::all(), young.id).await.unwrap() == Some(young));
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn deletion_that_ended_in_the_middle_is_mended_by_the_next_one() {
    let place = Place::new();
    let store = place.connect().await;
    let old: Vec<_> = (5..8).map(|days| days_ago(days, days)).collect();
    store.write(&old).await.unwrap();
    let name = |days| {
        let day = days_ago(days, 0).created_at.to_string()[..10].replace('-', "");
        format!("PLACE.entry_{day}")
    };
    let mark = "IS 'tower-api-log: detached to be dropped, from entry'";
    // One ended before the table was dropped, one before it was quite detached.
    place
        .run(&format!("COMMENT ON TABLE {} {mark}", name(5)))
        .await;
    place
        .run(&format!(
            "ALTER TABLE PLACE.entry DETACH PARTITION {}",
            name(5)
        ))
        .await;
    let reader = client(place.url()).await.unwrap();
    reader
        .batch_execute(&place.sql("BEGIN; SELECT count(*) FROM PLACE.entry"))
        .await
        .unwrap();
    let detaching = client(place.url()).await.unwrap();
    let sql = place.sql(&format!("COMMENT ON TABLE {} {mark}", name(6)));
    detaching.batch_execute(&sql).await.unwrap();
    detaching
        .batch_execute("SET statement_timeout = 200")
        .await
        .unwrap();
    let sql = place.sql(&format!(
        "ALTER TABLE PLACE.entry DETACH PARTITION {} CONCURRENTLY",
        name(6)
    ));
    detaching.batch_execute(&sql).await.unwrap_err();
    reader.batch_execute("COMMIT").await.unwrap();
    assert_eq!(
        place
            .number("SELECT count(*) FROM pg_inherits WHERE inhdetachpending AND inhparent = 'PLACE.entry'::regclass")
            .await,
        1
    );
    // A batch of that day may come again soon.
    let error = store.write(&[days_ago(6, 99)]).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");

    let before = days_ago(6, 0).created_at.minus(DAY / 24);
    assert_eq!(store.delete_before(before).await.unwrap(), 1);
    assert_eq!(count(&store).await, 2);
    store.write(&[days_ago(6, 99)]).await.unwrap();
    assert_eq!(
        store
            .delete_before(days_ago(4, 0).created_at)
            .await
            .unwrap(),
        3
    );
    assert_eq!(count(&store).await, 0);
    assert_eq!(place.number(PARTITIONS).await, 7);
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn values_too_long_for_an_index_are_stored_and_found() {
    let place = Place::new();
    let store = place.connect().await;
    // What does not compress.
    let long: String = (0..30_000_u32)
        .map(|it| char::from(b'a' + (it.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    let entry = sample::everywhere(1, &long);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    let scope = Scope::organisation(&long).unwrap();
    assert_eq!(store.count(&scope, &Default::default()).await.unwrap(), 1);
    assert!(store.get(&scope, entry.id).await.unwrap() == Some(entry));
}
