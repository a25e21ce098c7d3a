//! With a spool nothing is lost: not by a sink that is away, nor by the end of the process, nor by what the sink refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower_api_log::entry::Outcome;
use tower_api_log::layer::ApiLogLayerBuilder;
use tower_api_log::recorder::{
    Balance, Delivery, DropReason, Guarantee, OnFailure, SinkState, Spool, WhenFull,
};
use tower_api_log::testing::GateSink;
use tower_api_log::{
    ApiLogLayer, Error, ErrorKind, LogEntry, LogSink, Policy, Recorder, async_trait,
};

use crate::support::{get, until};

/// A service whose layer has a spool.
struct Stand {
    layer: ApiLogLayer,
    recorder: Recorder,
    called: Arc<AtomicUsize>,
}

fn quick(folder: &tempfile::TempDir) -> Delivery {
    Delivery::default()
        .batch_age(Duration::from_millis(5))
        .spool(Spool::at(folder.path().join("spool")))
}

impl Stand {
    fn new(sink: impl LogSink, delivery: Delivery) -> Self {
        Self::with(sink, delivery, |builder| builder)
    }

    fn with(
        sink: impl LogSink,
        delivery: Delivery,
        configure: impl FnOnce(ApiLogLayerBuilder) -> ApiLogLayerBuilder,
    ) -> Self {
        let builder = ApiLogLayer::builder(sink).delivery(delivery);
        let layer = configure(builder).build().unwrap();
        Self {
            recorder: layer.recorder(),
            layer,
            called: Arc::default(),
        }
    }

    async fn call(&self, uri: &str) -> StatusCode {
        use tower::{Layer, Service, service_fn};
        let called = self.called.clone();
        let mut service = self.layer.layer(service_fn(move |_| {
            called.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Full::<
                Bytes,
            >::from(
                "ok"
            ))))
        }));
        let response = service.call(get(uri)).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }

    async fn calls(&self, count: usize) {
        for number in 0..count {
            self.call(&format!("/{number}")).await;
        }
    }

    fn balance(&self) -> Balance {
        self.recorder.stats().balance
    }
}

fn away() -> Error {
    Error::new(ErrorKind::Unavailable, "away").retryable()
}

/// Refuses `/poison`, unless it was mended.
#[derive(Clone)]
struct Picky(GateSink, Arc<AtomicBool>);

#[async_trait]
impl LogSink for Picky {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let is_poison =
            |it: &LogEntry| it.exchange().is_some_and(|it| it.request.path == "/poison");
        match !self.1.load(Ordering::SeqCst) && batch.iter().any(is_poison) {
            true => Err(Error::new(ErrorKind::Storage, "it does not fit")),
            false => self.0.write(batch).await,
        }
    }

    async fn flush(&self) -> Result<(), Error> {
        self.0.flush().await
    }
}

#[tokio::test]
async fn what_was_spooled_is_stored_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = quick(&folder).guarantee(Guarantee::Spooled);
    let hung = GateSink::closed();
    let stand = Stand::new(hung.clone(), delivery.clone());
    stand.calls(100).await;
    until("all are spooled", || stand.balance().spooled() == 100).await;
    let balance = stand.balance();
    assert_eq!((balance.seen(), balance.in_flight()), (100, 0));
    let report = stand.recorder.shutdown(Duration::from_millis(100)).await;
    assert_eq!((report.lost(), report.spooled()), (0, 100));
    assert!(!report.is_complete());
    drop(stand);

    let sink = GateSink::open();
    let again = Stand::new(sink.clone(), delivery);
    again.recorder.flush().await.unwrap();
    let balance = again.balance();
    assert_eq!(
        (balance.seen(), balance.stored(), balance.spooled()),
        (100, 100, 0)
    );
    let mut ids: Vec<_> = sink.entries().iter().map(|it| it.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 100, "each once, in order");
}

#[tokio::test]
async fn t35_what_waits_in_memory_at_the_end_goes_to_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let hung = GateSink::closed();
    let stand = Stand::new(hung.clone(), quick(&folder));
    stand.calls(50).await;
    let report = stand.recorder.shutdown(Duration::from_millis(200)).await;
    assert_eq!((report.lost(), report.spooled()), (0, 50), "{report:?}");
    let sink = GateSink::open();
    let again = Stand::new(sink.clone(), quick(&folder));
    again.recorder.flush().await.unwrap();
    assert_eq!(sink.entries().len(), 50);
}

#[tokio::test]
async fn entry_is_on_the_disk_before_its_response_ends() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = quick(&folder).guarantee(Guarantee::BeforeResponse);
    let stand = Stand::new(GateSink::closed(), delivery);
    for number in 1..=20 {
        assert_eq!(stand.call("/").await, StatusCode::OK);
        assert_eq!(stand.balance().spooled(), number);
    }
}

#[tokio::test]
async fn response_passes_or_is_refused_where_its_entry_cannot_be_made_safe() {
    for (on_failure, status, called) in [
        (OnFailure::Pass, StatusCode::OK, 1),
        (OnFailure::Refuse, StatusCode::SERVICE_UNAVAILABLE, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("spool"), "a file in its place").unwrap();
        let delivery = quick(&folder)
            .guarantee(Guarantee::BeforeResponse)
            .on_failure(on_failure);
        let sink = GateSink::open();
        let stand = Stand::new(sink.clone(), delivery);
        let begun = Instant::now();
        assert_eq!(stand.call("/").await, status);
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert_eq!(stand.called.load(Ordering::SeqCst), called);
        stand.recorder.flush().await.unwrap();
        assert_eq!(sink.entries().len(), 1, "it goes to the sink from memory");
        assert!(stand.recorder.stats().sinks[0].spool.unwrap().is_failing);

        std::fs::remove_file(folder.path().join("spool")).unwrap();
        let is_failing = || stand.recorder.stats().sinks[0].spool.unwrap().is_failing;
        until("the spool works again", || !is_failing()).await;
        assert_eq!(stand.call("/").await, StatusCode::OK);
    }
}

#[tokio::test]
async fn full_queue_spills_to_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = quick(&folder)
        .queue_entries(40)
        .batch_entries(10)
        .when_full(WhenFull::SpillToSpool);
    let sink = GateSink::closed();
    let stand = Stand::new(sink.clone(), delivery);
    for _ in 0..20 {
        stand.calls(20).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("most are spooled", || stand.balance().spooled() > 300).await;
    assert_eq!(stand.balance().dropped_total(), 0);
    sink.open_gate();
    stand.recorder.flush().await.unwrap();
    let balance = stand.balance();
    assert_eq!((balance.stored(), balance.spooled()), (400, 0));
    assert_eq!(sink.entries().len(), 400);
}

#[tokio::test]
async fn outage_is_survived_by_what_was_not_spooled_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::open();
    sink.fail_next(8, away);
    let stand = Stand::new(
        sink.clone(),
        quick(&folder).retry_for(Duration::from_millis(1)),
    );
    stand.calls(100).await;
    until("it is over", || stand.balance().stored() == 100).await;
    assert_eq!(stand.balance().dropped_total(), 0);
    assert_eq!(sink.entries().len(), 100);
}

#[tokio::test]
async fn t36_refused_entry_is_set_aside_and_its_neighbours_are_stored() {
    for guarantee in [Guarantee::BestEffort, Guarantee::Spooled] {
        let folder = tempfile::tempdir().unwrap();
        let sink = GateSink::open();
        let delivery = quick(&folder).guarantee(guarantee);
        let stand = Stand::new(Picky(sink.clone(), Arc::default()), delivery);
        stand.calls(30).await;
        stand.call("/poison").await;
        stand.calls(30).await;
        stand.recorder.flush().await.unwrap();
        let balance = stand.balance();
        assert_eq!((balance.stored(), balance.dead_lettered()), (60, 1));
        assert_eq!((balance.spooled(), balance.in_flight()), (0, 0));
        assert_eq!(sink.entries().len(), 60);
    }
}

#[tokio::test]
async fn what_was_set_aside_is_listed_and_comes_again_once_the_sink_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Picky(GateSink::open(), Arc::default());
    let delivery = quick(&folder).guarantee(Guarantee::Spooled);
    let stand = Stand::new(sink.clone(), delivery);
    stand.calls(3).await;
    stand.call("/poison").await;
    stand.recorder.flush().await.unwrap();
    let letters = stand.recorder.dead_letters("main", 10, None).await.unwrap();
    let [letter] = &letters[..] else {
        panic!("one was set aside")
    };
    assert_eq!(letter.error, "storage: it does not fit");
    assert_eq!(letter.attempts, 1);
    let entry = letter.entry.as_deref().unwrap();
    assert_eq!(entry.exchange().unwrap().request.path, "/poison");
    let behind = stand.recorder.dead_letters("main", 10, Some(letter.number));
    assert!(behind.await.unwrap().is_empty());

    sink.1.store(true, Ordering::SeqCst);
    let ids = [letter.id];
    let replayed = stand.recorder.replay_dead_letters("main", Some(&ids));
    assert_eq!(replayed.await.unwrap(), 1);
    stand.recorder.flush().await.unwrap();
    let balance = stand.balance();
    assert_eq!((balance.stored(), balance.dead_lettered()), (4, 0));
    assert_eq!(sink.0.entries().len(), 4);

    let unknown = stand.recorder.dead_letters("other", 10, None).await;
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn t36_sink_that_is_denied_costs_nothing_but_room_in_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::open();
    sink.fail_next(1_000, || Error::new(ErrorKind::Denied, "wrong password"));
    let delivery = quick(&folder).guarantee(Guarantee::Spooled);
    let stand = Stand::new(sink.clone(), delivery);
    stand.calls(200).await;
    until("all are spooled", || stand.balance().spooled() == 200).await;
    let sink_stats = || stand.recorder.stats().sinks.remove(0);
    until("it is broken", || sink_stats().state == SinkState::Broken).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(sink_stats().errors, 1, "no hot loop");
    let begun = Instant::now();
    let report = stand.recorder.shutdown(Duration::from_millis(300)).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!((report.lost(), report.spooled()), (0, 200));
}

#[tokio::test]
async fn folder_of_another_recorder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Stand::new(GateSink::open(), quick(&folder));
    let second = ApiLogLayer::builder(GateSink::open()).delivery(quick(&folder));
    let error = second.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("in use"), "{error}");
}

#[tokio::test]
async fn guarantee_without_a_spool_is_refused() {
    let delivery = Delivery::default().guarantee(Guarantee::Spooled);
    let builder = ApiLogLayer::builder(GateSink::open()).delivery(delivery);
    assert!(
        builder
            .build()
            .unwrap_err()
            .to_string()
            .contains("Spool::at")
    );
}

#[tokio::test]
async fn ledger_balances_at_every_moment_with_a_spool_and_a_sink_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::open();
    sink.fail_next(6, away);
    let delivery = quick(&folder)
        .guarantee(Guarantee::Spooled)
        .batch_entries(50);
    let stand = Arc::new(Stand::new(sink.clone(), delivery));
    let watcher = std::thread::spawn({
        let recorder = stand.recorder.clone();
        move || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                let it = recorder.stats().balance;
                let settled = it.stored() + it.spooled() + it.dead_lettered() + it.dropped_total();
                assert!(settled <= it.seen(), "{it:?}");
                assert_eq!(it.dropped(DropReason::Damaged), 0);
            }
        }
    });
    stand.calls(2_000).await;
    watcher.join().unwrap();
    until("all are stored", || stand.balance().stored() == 2_000).await;
    assert_eq!(sink.entries().len(), 2_000);
}

#[tokio::test]
async fn exchange_whose_process_died_is_in_the_log_after_the_restart() {
    use tower::{Layer, Service, service_fn};
    let folder = tempfile::tempdir().unwrap();
    let delivery = quick(&folder)
        .guarantee(Guarantee::BeforeResponse)
        .journal_starts();
    let stand = Stand::new(GateSink::open(), delivery.clone());
    stand.calls(3).await;
    // As the process leaves it: the folder while a handler runs.
    let copy = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().to_owned(), copy.path().join("spool"));
    let mut service = stand.layer.layer(service_fn(move |_| {
        let (from, to) = (from.join("spool"), to.clone());
        async move {
            std::fs::create_dir(&to).unwrap();
            for file in std::fs::read_dir(from).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
            let response = Response::new(Full::<Bytes>::from("ok"));
            Ok::<_, std::convert::Infallible>(response)
        }
    }));
    let mut request = get("/dies?token=made-up-secret-0001");
    let decoy = "decoy".parse().unwrap();
    request.headers_mut().insert("x-decoy", decoy);
    let response = service.call(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    stand.recorder.flush().await.unwrap();
    assert_eq!(stand.balance().stored(), 4);

    let sink = GateSink::open();
    let again = Stand::new(sink.clone(), {
        let at = Spool::at(copy.path().join("spool"));
        Delivery::default().spool(at).guarantee(Guarantee::Spooled)
    });
    again.recorder.flush().await.unwrap();
    let entries = sink.entries();
    let died: Vec<_> = entries
        .iter()
        .filter_map(LogEntry::exchange)
        .filter(|it| it.outcome == Outcome::ProcessDied)
        .collect();
    assert_eq!(died.len(), 1, "of four that started, one had not ended");
    assert_eq!(died[0].request.path, "/dies");
    assert_eq!(died[0].request.headers.get("x-decoy"), Some("decoy"));
    assert!(!format!("{:?}", died[0].request.query).contains("made-up-secret"));

    // In the first life it ended, and is told once.
    let report = stand.recorder.shutdown(Duration::from_secs(10)).await;
    assert_eq!((report.lost(), report.spooled()), (0, 0));
    drop(stand);
    let sink = GateSink::open();
    let third = Stand::new(sink.clone(), delivery);
    third.recorder.flush().await.unwrap();
    assert!(sink.entries().is_empty(), "{:?}", sink.entries());
}

#[tokio::test]
async fn start_of_an_exchange_that_is_left_out_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = quick(&folder)
        .guarantee(Guarantee::Spooled)
        .journal_starts();
    let only_failed = |builder: ApiLogLayerBuilder| builder.policy(Policy::default().only_errors());
    let stand = Stand::with(GateSink::open(), delivery.clone(), only_failed);
    stand.calls(50).await;
    until("all are left out", || stand.balance().filtered() == 50).await;
    let report = stand.recorder.shutdown(Duration::from_secs(10)).await;
    assert_eq!(report.lost(), 0);
    drop(stand);
    let sink = GateSink::open();
    let again = Stand::new(sink.clone(), delivery);
    again.recorder.flush().await.unwrap();
    assert!(sink.entries().is_empty());
}
