//! A network that fails between a store and its server: questions end in time, delivery goes on when it is back, nothing is lost and nothing comes twice.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tower_api_log::query::Filter;
use tower_api_log::recorder::Delivery;
use tower_api_log::testing::sample;
use tower_api_log::{
    ApiLogLayer, AuditEvent, ErrorKind, LogQuery, LogSink, LogStore, Recorder, Scope,
};

use crate::line::{Line, State};

/// How long the stores here wait for their server.
const PATIENCE: Duration = Duration::from_millis(600);
const EVENTS: u64 = 120;

/// Lets a line fail in each way, and holds what is promised of it.
async fn network_fails(store: impl LogSink + LogStore + Clone, line: &Line) {
    let delivery = Delivery::default()
        .batch_age(Duration::from_millis(5))
        .batch_entries(50);
    let layer = ApiLogLayer::builder(store.clone())
        .delivery(delivery)
        .build()
        .unwrap();
    let recorder = layer.recorder();
    let mut told = 0;
    for state in [State::Silent, State::Broken, State::Drips] {
        line.set(state);
        let start = Instant::now();
        for _ in 0..EVENTS {
            told += 1;
            recorder.event(AuditEvent::new("document", "created").ref_id(format!("doc_{told}")));
        }
        assert!(
            start.elapsed() < PATIENCE / 2,
            "{state:?}: nobody waits for it"
        );
        let errors = recorder.stats().sinks[0].errors;
        until(
            || recorder.stats().sinks[0].errors > errors,
            "it is noticed",
        )
        .await;

        let start = Instant::now();
        let (all, newest) = (Scope::all(), LogQuery::new(Scope::all()));
        let (found, page) = tokio::join!(store.get(&all, sample::id(1)), store.list(&newest));
        for error in [found.unwrap_err(), page.unwrap_err()] {
            let is = (error.kind(), error.is_retryable());
            assert_eq!(is, (ErrorKind::Unavailable, true), "{state:?}: {error}");
        }
        // A connection that is there, one that is made anew, and a question that is taken back.
        let time = start.elapsed();
        assert!(time < PATIENCE * 6, "{state:?}: a reader waits {time:?}");

        line.set(State::Open);
        let stored = || recorder.stats().balance.stored() == told;
        until(stored, "everything is stored once the line is back").await;
    }
    all_are_there(&store, &recorder, told).await;
}

async fn all_are_there(store: &impl LogStore, recorder: &Recorder, told: u64) {
    let page = store.list(&LogQuery::new(Scope::all()).limit(1000)).await;
    let entries = page.unwrap().entries;
    let objects: HashSet<_> = entries
        .iter()
        .filter_map(|it| it.event()?.ref_id.clone())
        .collect();
    assert_eq!(entries.len() as u64, told, "nothing comes twice");
    assert_eq!(objects.len() as u64, told, "nothing is lost");
    let count = store.count(&Scope::all(), &Filter::new()).await.unwrap();
    assert_eq!(count, told);
    let report = recorder.shutdown(Duration::from_secs(10)).await;
    assert!(report.is_complete(), "{} lost", report.lost());
}

async fn until(is_so: impl Fn() -> bool, what: &str) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn network_fails_on_the_way_to_postgres() {
    let place = crate::postgres::place::Place::new();
    let line = Line::to(place.url()).await;
    let store = tower_api_log::PostgresStore::builder(line.url())
        .schema(place.schema())
        .statement_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .connect()
        .await
        .unwrap();
    network_fails(store, &line).await;
}

#[cfg(feature = "clickhouse")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn network_fails_on_the_way_to_clickhouse() {
    let database = crate::clickhouse::server::Database::new();
    let line = Line::to(&database.url()).await;
    let store = tower_api_log::ClickHouseStore::builder(line.url())
        .read_timeout(PATIENCE)
        .write_timeout(PATIENCE)
        .upkeep_timeout(PATIENCE)
        .connect()
        .await
        .unwrap();
    network_fails(store, &line).await;
}
