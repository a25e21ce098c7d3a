//! Every sink has a way of its own: what one does, refuses or fails at is nothing to the others, nor to the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Full};
use tower_api_log::layer::Destination;
use tower_api_log::recorder::{Delivery, DropReason, SinkState, SinkStats, WhenFull};
use tower_api_log::testing::GateSink;
use tower_api_log::{Error, ErrorKind, LogEntry, LogSink, async_trait};

use crate::support::{Log, get, until};

fn quick() -> Delivery {
    Delivery::default().batch_age(Duration::from_millis(5))
}

async fn call(log: &Log, uri: &str, status: u16) {
    let response = Response::builder().status(status);
    let response = response.body(Full::<Bytes>::from("ok")).unwrap();
    let response = log.answer(get(uri), response).await;
    response.into_body().collect().await.unwrap();
}

fn path(entry: &LogEntry) -> &str {
    entry.exchange().map_or("", |it| &it.request.path)
}

fn sink_stats(log: &Log, index: usize) -> SinkStats {
    log.recorder.stats().sinks.swap_remove(index)
}

/// Refuses, for good, every batch with an entry of `/poison`, and everything while it is told to.
#[derive(Clone)]
struct Refusing {
    took: GateSink,
    is_told: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    kind: ErrorKind,
}

impl Refusing {
    fn with(kind: ErrorKind) -> Self {
        Self {
            took: GateSink::open(),
            is_told: Arc::default(),
            calls: Arc::default(),
            kind,
        }
    }
}

#[async_trait]
impl LogSink for Refusing {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let is_told = self.is_told.load(Ordering::SeqCst);
        if is_told || batch.iter().any(|it| path(it) == "/poison") {
            return Err(Error::new(self.kind, "told to"));
        }
        self.took.write(batch).await
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn with_sink(sink: impl LogSink, delivery: Delivery) -> Log {
    Log::with(|builder| builder.and(Destination::new("other", sink).delivery(delivery)))
}

#[tokio::test]
async fn t32_hung_sink_slows_no_other_and_both_ledgers_balance() {
    let hung = GateSink::closed();
    let log = with_sink(hung.clone(), quick().queue_entries(50).batch_entries(10));
    for _ in 0..200 {
        call(&log, "/", 200).await;
    }
    let stored = || sink_stats(&log, 0).balance.stored();
    until("the first sink has all", || stored() == 200).await;
    let (first, other) = (sink_stats(&log, 0), sink_stats(&log, 1));
    assert_eq!(
        (first.name.as_str(), other.name.as_str()),
        ("main", "other")
    );
    assert_eq!(
        (first.balance.stored(), first.balance.in_flight()),
        (200, 0)
    );
    assert_eq!(other.balance.stored(), 0);
    assert_eq!(other.held, other.balance.in_flight());
    assert!(other.held <= 60, "{}", other.held);
    assert_eq!(
        other.balance.dropped(DropReason::SinkBehind),
        200 - other.held
    );
    hung.open_gate();
    log.recorder.flush().await.unwrap();
    let other = sink_stats(&log, 1);
    assert_eq!(other.balance.in_flight(), 0);
    assert_eq!(other.balance.stored(), hung.entries().len() as u64);
}

#[tokio::test]
async fn t16_refused_entry_is_found_and_its_neighbours_are_stored() {
    let sink = Refusing::with(ErrorKind::Storage);
    let age = Duration::from_secs(3600);
    let log = with_sink(sink.clone(), Delivery::default().batch_age(age));
    for number in 0..100 {
        let uri = match number {
            37 => "/poison".to_owned(),
            _ => format!("/{number}"),
        };
        call(&log, &uri, 200).await;
    }
    log.recorder.flush().await.unwrap();
    let took = sink.took.entries();
    assert_eq!(took.iter().filter(|it| it.exchange().is_some()).count(), 99);
    let balance = sink_stats(&log, 1).balance;
    assert_eq!(
        (balance.dropped(DropReason::Sink), balance.in_flight()),
        (1, 0)
    );
    assert!(
        sink.calls.load(Ordering::SeqCst) <= 2 * 7 + 2,
        "found by halves"
    );
}

#[tokio::test]
async fn t36_sink_that_refuses_everything_is_at_fault_and_not_its_entries() {
    let sink = Refusing::with(ErrorKind::Storage);
    sink.is_told.store(true, Ordering::SeqCst);
    let log = with_sink(sink.clone(), quick());
    for _ in 0..200 {
        call(&log, "/", 200).await;
    }
    until("it is broken", || {
        sink_stats(&log, 1).state == SinkState::Broken
    })
    .await;
    let calls = sink.calls.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sink.calls.load(Ordering::SeqCst), calls, "no hot loop");
    let balance = sink_stats(&log, 1).balance;
    assert_eq!(balance.dropped(DropReason::Sink), 8);
    assert_eq!(balance.in_flight(), 192);
}

#[tokio::test]
async fn t36_sink_that_is_denied_is_asked_once_and_its_entries_wait() {
    let sink = Refusing::with(ErrorKind::Denied);
    sink.is_told.store(true, Ordering::SeqCst);
    let log = with_sink(sink.clone(), quick());
    call(&log, "/", 200).await;
    until("it is broken", || {
        sink_stats(&log, 1).state == SinkState::Broken
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stats = sink_stats(&log, 1);
    assert_eq!((sink.calls.load(Ordering::SeqCst), stats.held), (1, 1));
    assert_eq!(stats.last_error, Some(ErrorKind::Denied));
    let report = log.recorder.shutdown(Duration::from_millis(100)).await;
    assert_eq!(report.sinks[0].lost, 0);
    assert_eq!((report.sinks[1].lost, report.lost()), (1, 1));
}

/// Holds a first batch of one in a sink whose gate is closed, so that what comes then waits in its queue.
async fn held_up(delivery: Delivery) -> (Log, GateSink) {
    let sink = GateSink::closed();
    let log = with_sink(sink.clone(), delivery.batch_age(Duration::ZERO));
    call(&log, "/first", 200).await;
    sink.arrived(1).await;
    (log, sink)
}

async fn stored_paths(log: &Log, sink: &GateSink) -> Vec<String> {
    sink.open_gate();
    log.recorder.flush().await.unwrap();
    let entries = sink.entries();
    let exchanges = entries.iter().filter(|it| it.exchange().is_some());
    exchanges.map(|it| path(it).to_owned()).collect()
}

#[tokio::test]
async fn full_queue_drops_what_comes_and_failures_take_the_place_of_successes() {
    let (log, sink) = held_up(Delivery::default().queue_entries(3)).await;
    for (uri, status) in [
        ("/a", 200),
        ("/b", 200),
        ("/c", 200),
        ("/d", 200),
        ("/failed", 500),
    ] {
        call(&log, uri, status).await;
    }
    let main = log.sink.clone();
    until("all have been handed over", || main.entries().len() == 6).await;
    let stored = stored_paths(&log, &sink).await;
    assert_eq!(stored, ["/first", "/a", "/b", "/failed"]);
}

#[tokio::test]
async fn full_queue_may_drop_what_has_waited_longest_instead() {
    let delivery = Delivery::default()
        .queue_entries(3)
        .when_full(WhenFull::DropOldest);
    let (log, sink) = held_up(delivery).await;
    for (uri, status) in [
        ("/failed", 500),
        ("/a", 200),
        ("/b", 200),
        ("/c", 200),
        ("/d", 200),
    ] {
        call(&log, uri, status).await;
    }
    let main = log.sink.clone();
    until("all have been handed over", || main.entries().len() == 6).await;
    let stored = stored_paths(&log, &sink).await;
    assert_eq!(stored, ["/first", "/failed", "/c", "/d"]);
}

#[tokio::test]
async fn full_queue_may_hold_the_end_of_a_response_until_there_is_room() {
    let delivery = Delivery::default()
        .queue_entries(2)
        .when_full(WhenFull::WaitAtMost(Duration::from_secs(30)));
    let (log, sink) = held_up(delivery).await;
    call(&log, "/a", 200).await;
    call(&log, "/b", 200).await;
    let log = Arc::new(log);
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { call(&log, "/c", 200).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished(), "the last frame is held back");
    let stored = stored_paths(&log, &sink).await;
    waiting.await.unwrap();
    let mut stored: Vec<_> = stored
        .into_iter()
        .chain(stored_paths(&log, &sink).await)
        .collect();
    stored.sort();
    stored.dedup();
    assert_eq!(stored, ["/a", "/b", "/c", "/first"]);
    assert_eq!(sink_stats(&log, 1).balance.dropped_total(), 0);
}

#[tokio::test]
async fn response_is_held_no_longer_than_it_may() {
    let delivery = Delivery::default()
        .queue_entries(1)
        .when_full(WhenFull::WaitAtMost(Duration::from_millis(100)));
    let (log, _sink) = held_up(delivery).await;
    call(&log, "/a", 200).await;
    let begun = Instant::now();
    call(&log, "/b", 200).await;
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(100) && took < Duration::from_secs(10),
        "{took:?}"
    );
    let balance = sink_stats(&log, 1).balance;
    assert_eq!(balance.dropped(DropReason::SinkBehind), 1);
}

#[tokio::test]
async fn response_is_held_no_longer_than_any_may_whatever_the_queue_waits_for() {
    let delivery = Delivery::default()
        .queue_entries(1)
        .when_full(WhenFull::WaitAtMost(Duration::from_secs(3600)))
        .hold_at_most(Duration::from_millis(100));
    let (log, sink) = held_up(delivery).await;
    call(&log, "/a", 200).await;
    let begun = Instant::now();
    call(&log, "/b", 200).await;
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(100) && took < Duration::from_secs(10),
        "{took:?}"
    );
    // The entry waits on, without the response.
    assert_eq!(sink_stats(&log, 1).balance.dropped_total(), 0);
    sink.open_gate();
    log.recorder.flush().await.unwrap();
    let stored = sink.entries();
    let paths: Vec<_> = stored.iter().filter_map(LogEntry::exchange).collect();
    assert!(paths.iter().any(|it| it.request.path == "/b"));
}

#[tokio::test]
async fn gap_is_told_in_the_log_once_the_sink_takes_entries_again() {
    let (log, sink) = held_up(Delivery::default().queue_entries(1)).await;
    for _ in 0..5 {
        call(&log, "/", 200).await;
    }
    until("four were dropped", || {
        sink_stats(&log, 1).balance.dropped(DropReason::SinkBehind) == 4
    })
    .await;
    sink.open_gate();
    log.recorder.flush().await.unwrap();
    let entries = sink.entries();
    let event = entries.iter().find_map(LogEntry::event).unwrap();
    assert_eq!(
        (event.category.as_str(), event.action.as_str()),
        ("api_log", "entries_dropped")
    );
    assert_eq!(event.data["count"], 4);
    assert_eq!(event.data["reasons"]["sink_behind"], 4);
    let title = event.title.as_deref().unwrap();
    assert!(title.starts_with("4 entries dropped between 20"), "{title}");
    assert!(title.ends_with("Z: sink_behind"), "{title}");
}

#[tokio::test]
async fn destinations_without_a_name_of_their_own_are_refused() {
    for name in ["", "main"] {
        let builder = tower_api_log::ApiLogLayer::builder(GateSink::open());
        let error = builder
            .and(Destination::new(name, GateSink::open()))
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}

#[tokio::test]
async fn statistics_serialise_for_who_watches_the_service() {
    let log = with_sink(GateSink::open(), quick());
    call(&log, "/", 200).await;
    log.recorder.flush().await.unwrap();
    let stats = serde_json::to_value(log.recorder.stats()).unwrap();
    assert_eq!(stats["sinks"][1]["name"], "other");
    assert_eq!(stats["sinks"][1]["state"], "up");
    assert_eq!(stats["balance"]["stored"], 1);
    assert_eq!(stats["balance"]["dropped"]["sink_behind"], 0);
    assert_eq!(stats["balance"]["in_flight"], 0);
}
