//! Sinks that do everything that a sink can do wrong, beside a service that must not notice.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tower_api_log::entry::EntryId;
use tower_api_log::layer::Destination;
use tower_api_log::recorder::{Delivery, Guarantee, Spool};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, Error, ErrorKind, LogEntry, LogSink, MemoryStore, async_trait};

use super::{Stand, Watch, away, is_balanced, quick, settled};
use crate::support::until;

/// What a sink does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Stores,
    /// Waits for ever.
    Hangs,
    /// Stores, and answers after nobody listens any more.
    StoresAndHangs,
    /// Fails in a way that may pass.
    Fails,
    Refuses,
    Denies,
    /// Takes its time.
    Drips,
    /// Takes its thread with it for a while.
    Blocks,
    PanicsAtOnce,
    PanicsLater,
    /// What its future holds panics when it is dropped.
    PanicsInDrop,
    /// Fails with a cause that cannot be printed.
    FailsUnspeakably,
}

/// Does one deed after the other, the last for ever.
struct Scripted {
    deeds: Vec<Deed>,
    calls: AtomicUsize,
    took: GateSink,
    /// The ids of each batch that came.
    came: Arc<Mutex<Vec<Vec<EntryId>>>>,
    /// Whether flushes and the drop do as badly.
    is_bad_all_over: bool,
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("told to, in a drop");
    }
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("told to, in Display");
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("told to, in Debug");
    }
}

impl std::error::Error for Unspeakable {}

impl Scripted {
    fn new(deeds: &[Deed]) -> Self {
        Self {
            deeds: deeds.to_vec(),
            calls: AtomicUsize::new(0),
            took: GateSink::open(),
            came: Arc::default(),
            is_bad_all_over: false,
        }
    }

    fn all_over(deed: Deed) -> Self {
        let mut sink = Self::new(&[deed]);
        sink.is_bad_all_over = true;
        sink
    }

    async fn act(&self, deed: Deed, batch: &[LogEntry]) -> Result<(), Error> {
        let take = || self.took.write(batch);
        match deed {
            Deed::Stores => take().await,
            Deed::Hangs => std::future::pending().await,
            Deed::StoresAndHangs => {
                take().await?;
                std::future::pending().await
            }
            Deed::Fails => Err(away()),
            Deed::Refuses => Err(Error::new(ErrorKind::Storage, "told to")),
            Deed::Denies => Err(Error::new(ErrorKind::Denied, "told to")),
            Deed::Drips => {
                for _ in batch {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
                take().await
            }
            Deed::Blocks => {
                std::thread::sleep(Duration::from_millis(100));
                take().await
            }
            Deed::PanicsAtOnce => panic!("told to"),
            Deed::PanicsLater => {
                tokio::task::yield_now().await;
                panic!("told to, later")
            }
            Deed::PanicsInDrop => {
                let _bomb = Bomb;
                tokio::time::sleep(Duration::from_millis(1)).await;
                Err(away())
            }
            Deed::FailsUnspeakably => Err(away().with_source(Unspeakable)),
        }
    }
}

#[async_trait]
impl LogSink for Scripted {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let ids = batch.iter().map(|it| it.id).collect();
        self.came.lock().unwrap().push(ids);
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        self.act(self.deeds[call.min(self.deeds.len() - 1)], batch)
            .await
    }

    async fn flush(&self) -> Result<(), Error> {
        match self.is_bad_all_over {
            true => self.act(self.deeds[0], &[]).await,
            false => Ok(()),
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if self.is_bad_all_over && !std::thread::panicking() {
            panic!("told to, in the sink's drop");
        }
    }
}

const DEEDS: [Deed; 12] = [
    Deed::Stores,
    Deed::Hangs,
    Deed::StoresAndHangs,
    Deed::Fails,
    Deed::Refuses,
    Deed::Denies,
    Deed::Drips,
    Deed::Blocks,
    Deed::PanicsAtOnce,
    Deed::PanicsLater,
    Deed::PanicsInDrop,
    Deed::FailsUnspeakably,
];

fn tight() -> Delivery {
    quick()
        .queue_entries(200)
        .batch_entries(50)
        .write_timeout(Duration::from_millis(30))
        .retry_for(Duration::from_millis(100))
}

/// A service whose first sink, and others beside it, do a deed.
fn bad(deed: Deed, destinations: usize) -> Stand {
    let mut builder = ApiLogLayer::builder(Scripted::all_over(deed)).delivery(tight());
    for number in 1..destinations {
        let other = Destination::new(format!("{number}"), Scripted::all_over(deed));
        builder = builder.and(other.delivery(tight()));
    }
    Stand::new(builder.without_request_id_header().build().unwrap())
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// Calls the bad service and the good one in turns, so that the machine's noise is the same for both.
async fn is_as_fast(bad: &Stand, good: &Stand, what: &str) {
    const CALLS: usize = 400;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for number in 0..CALLS {
        let uri = format!("/{number}");
        let mut answers = Vec::new();
        for (stand, times) in [(bad, &mut with), (good, &mut without)] {
            let begun = Instant::now();
            answers.push(stand.call(&uri).await);
            times.push(begun.elapsed());
        }
        assert_eq!(answers[0], answers[1], "{what}");
    }
    for (percent, slack) in [
        (50, Duration::from_micros(300)),
        (99, Duration::from_millis(10)),
    ] {
        let (with, without) = (
            percentile(&mut with, percent),
            percentile(&mut without, percent),
        );
        assert!(
            with <= without * 3 + slack,
            "{what}: p{percent} {with:?} beside {without:?}"
        );
    }
}

#[tokio::test]
async fn t32_whatever_a_sink_does_is_nothing_to_the_service_and_is_counted() {
    let good = GateSink::open();
    let good = ApiLogLayer::builder(good).without_request_id_header();
    let good = Stand::new(good.build().unwrap());
    for deed in DEEDS {
        for destinations in [1, 3] {
            let what = format!("{deed:?} in {destinations}");
            let stand = bad(deed, destinations);
            let watch = Watch::over(&stand.recorder);
            is_as_fast(&stand, &good, &what).await;
            let begun = Instant::now();
            let report = stand.recorder.shutdown(Duration::from_millis(100)).await;
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(3), "{what}: {took:?}");
            drop(watch);
            assert_eq!(report.sinks.len(), destinations);
            for sink in &report.sinks {
                // What the report could not wait for it tells as lost.
                assert!(sink.balance.in_flight() <= sink.lost, "{what}: {sink:?}");
            }
            let is_settled = || {
                let stats = stand.recorder.stats();
                stats.sinks.iter().all(|it| it.balance.in_flight() == 0)
            };
            until(&what, is_settled).await;
            for sink in &stand.recorder.stats().sinks {
                assert_eq!(sink.balance.seen(), settled(&sink.balance), "{what}");
            }
        }
    }
    let balance = good.balance();
    assert_eq!(balance.dropped_total(), 0);
}

#[tokio::test]
async fn t32_bad_neighbours_cost_a_good_sink_nothing() {
    for deed in DEEDS {
        let sink = GateSink::open();
        let mut builder = ApiLogLayer::builder(sink.clone()).delivery(quick());
        for name in ["one", "two"] {
            builder =
                builder.and(Destination::new(name, Scripted::all_over(deed)).delivery(tight()));
        }
        let stand = Stand::new(builder.build().unwrap());
        stand.calls(100).await;
        until("the good one has all", || stand.balance().stored() == 100).await;
        assert_eq!(sink.entries().len(), 100, "{deed:?}");
    }
}

#[tokio::test]
async fn t31_write_that_was_done_but_not_answered_is_repeated_as_the_same_batch() {
    for has_spool in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let script = [
            Deed::StoresAndHangs,
            Deed::Stores,
            Deed::StoresAndHangs,
            Deed::StoresAndHangs,
            Deed::Stores,
        ];
        let sink = Scripted::new(&script);
        let (came, store) = (sink.came.clone(), MemoryStore::new());
        let sink = Copied {
            sink,
            store: store.clone(),
        };
        let mut delivery = quick().write_timeout(Duration::from_millis(40));
        if has_spool {
            let spool = Spool::at(folder.path().join("spool"));
            delivery = delivery.spool(spool).guarantee(Guarantee::Spooled);
        }
        let stand = Stand::new(
            ApiLogLayer::builder(sink)
                .delivery(delivery)
                .build()
                .unwrap(),
        );
        stand.calls(30).await;
        // More that comes meanwhile must not find its way into the batch that is repeated.
        until("it was asked", || !came.lock().unwrap().is_empty()).await;
        stand.calls(30).await;
        until("all are stored", || stand.balance().stored() == 60).await;
        let came = came.lock().unwrap().clone();
        assert!(came.len() >= 2, "{}", came.len());
        assert_eq!(came[0], came[1], "the same batch");
        let scope = tower_api_log::Scope::all();
        let count = tower_api_log::LogStore::count(&store, &scope, &Default::default()).await;
        assert_eq!(count.unwrap(), 60, "one copy of each");
    }
}

/// Stores into a store as well, before the script says what is answered.
struct Copied {
    sink: Scripted,
    store: MemoryStore,
}

#[async_trait]
impl LogSink for Copied {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.store.write(batch).await?;
        self.sink.write(batch).await
    }

    async fn flush(&self) -> Result<(), Error> {
        self.sink.flush().await
    }
}

#[tokio::test]
async fn t32_any_call_may_fail_with_any_error_and_every_entry_is_accounted_for() {
    let faults = &DEEDS[1..];
    for has_spool in [false, true] {
        for (at, fault) in [0, 3]
            .into_iter()
            .flat_map(|at| faults.iter().map(move |fault| (at, *fault)))
        {
            let folder = tempfile::tempdir().unwrap();
            let mut script = vec![Deed::Stores; at];
            script.extend([fault, fault, Deed::Stores]);
            let sink = Scripted::new(&script);
            let took = sink.took.clone();
            let mut delivery = quick()
                .batch_entries(10)
                .write_timeout(Duration::from_millis(30));
            if has_spool {
                delivery = delivery.spool(Spool::at(folder.path().join("spool")));
            }
            let stand = Stand::new(
                ApiLogLayer::builder(sink)
                    .delivery(delivery)
                    .build()
                    .unwrap(),
            );
            stand.calls(40).await;
            let what = format!("{fault:?} at {at}, spool: {has_spool}");
            if fault == Deed::Denies {
                // Waits half a minute before it asks again.
                let report = stand.recorder.shutdown(Duration::from_millis(50)).await;
                let sink = &report.sinks[0];
                assert_eq!(sink.balance.in_flight(), 0, "{what}");
                assert!(!has_spool || sink.lost == 0, "{what}: {sink:?}");
                continue;
            }
            until(&what, || {
                let it = stand.balance();
                it.stored() + it.dropped_total() + it.dead_lettered() >= 40
            })
            .await;
            stand.recorder.flush().await.unwrap();
            let stats = stand.recorder.stats();
            is_balanced(&stats);
            let it = stats.balance;
            assert_eq!((it.in_flight(), it.spooled()), (0, 0), "{what}");
            let mut ids: Vec<_> = took.entries().iter().map(|it| it.id).collect();
            ids.sort();
            ids.dedup();
            assert!(
                ids.len() as u64 >= it.stored(),
                "{what}: what counts as stored is"
            );
            // An entry alone that is refused, or at which a sink panics, is lost or set aside; nothing else is.
            let may_lose = matches!(
                fault,
                Deed::Refuses | Deed::PanicsAtOnce | Deed::PanicsLater | Deed::PanicsInDrop
            );
            assert!(
                it.dropped_total() + it.dead_lettered() <= if may_lose { 2 } else { 0 },
                "{what}: {it:?}"
            );
            assert!(!has_spool || it.dropped_total() == 0, "{what}: {it:?}");
        }
    }
}
