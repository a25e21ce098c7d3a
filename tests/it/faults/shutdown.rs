//! The end of a service: in bounded time, with a report that is exact.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tower_api_log::recorder::{Delivery, DropReason, Guarantee, Report, Spool};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, Error, LogEntry, LogSink, async_trait};

use super::{Stand, Watch, quick, settled};
use crate::support::until;

fn stand(sink: impl LogSink, delivery: Delivery) -> Stand {
    let builder = ApiLogLayer::builder(sink).delivery(delivery);
    Stand::new(builder.build().unwrap())
}

fn spooled(folder: &tempfile::TempDir) -> Delivery {
    quick().spool(Spool::at(folder.path().join("spool")))
}

/// Blocks its thread until it is let go.
#[derive(Clone, Default)]
struct Blocking {
    is_let_go: Arc<AtomicBool>,
    arrived: Arc<AtomicUsize>,
    took: Arc<AtomicUsize>,
}

#[async_trait]
impl LogSink for Blocking {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        while !self.is_let_go.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.took.fetch_add(batch.len(), Ordering::SeqCst);
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Calls from several tasks until told to stop; returns how many calls there were.
struct Load {
    is_over: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<usize>>,
}

impl Load {
    fn on(stand: &Stand) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let clients = (0..4).map(|_| {
            let (stand, is_over) = (stand.clone(), is_over.clone());
            tokio::spawn(async move {
                let mut calls = 0;
                while !is_over.load(Ordering::SeqCst) {
                    assert_eq!(stand.call("/load").await.0, 200);
                    calls += 1;
                    tokio::task::yield_now().await;
                }
                calls
            })
        });
        Self {
            clients: clients.collect(),
            is_over,
        }
    }

    async fn end(self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        let mut calls = 0;
        for client in self.clients {
            calls += client.await.unwrap();
        }
        calls as u64
    }
}

async fn in_time(stand: &Stand, deadline: Duration) -> Report {
    let begun = Instant::now();
    let report = stand.recorder.shutdown(deadline).await;
    let took = begun.elapsed();
    assert!(took < deadline + Duration::from_secs(2), "{took:?}");
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t35_shutdown_under_full_load_is_exact() {
    for has_spool in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let delivery = match has_spool {
            true => spooled(&folder).guarantee(Guarantee::BeforeResponse),
            false => quick(),
        };
        let sink = GateSink::open();
        let stand = stand(sink.clone(), delivery);
        let watch = Watch::over(&stand.recorder);
        let load = Load::on(&stand);
        tokio::time::sleep(Duration::from_millis(150)).await;
        let report = in_time(&stand, Duration::from_secs(10)).await;
        let calls = load.end().await;
        drop(watch);
        let it = stand.balance();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(it.seen(), calls);
        assert_eq!(
            it.stored() + it.dropped(DropReason::Closed),
            calls,
            "{it:?}"
        );
        assert_eq!(sink.entries().len() as u64, it.stored());
        assert!(
            it.stored() > 0 && it.dropped(DropReason::Closed) > 0,
            "{it:?}"
        );
    }
}

/// Of a sink that takes nothing: what was handed over is in the spool or lost, to the unit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t35_shutdown_with_a_sink_that_takes_nothing_is_exact() {
    for (blocks, has_spool, deadline) in [
        (false, false, 100),
        (false, true, 100),
        (false, true, 0),
        (false, false, 0),
        (true, false, 100),
        (true, true, 100),
        (true, true, 0),
    ] {
        let what = format!("blocks: {blocks}, spool: {has_spool}, deadline: {deadline}");
        let folder = tempfile::tempdir().unwrap();
        let delivery = if has_spool { spooled(&folder) } else { quick() };
        let blocking = Blocking::default();
        let delivery = delivery.batch_entries(20);
        let stand = match blocks {
            true => stand(blocking.clone(), delivery.clone()),
            false => stand(GateSink::closed(), delivery.clone()),
        };
        stand.calls(300).await;
        if blocks {
            until("it blocks", || blocking.arrived.load(Ordering::SeqCst) > 0).await;
        }
        let report = in_time(&stand, Duration::from_millis(deadline)).await;
        let sink = &report.sinks[0];
        assert_eq!(
            sink.stored + sink.spooled + sink.lost,
            300,
            "{what}: {sink:?}"
        );
        assert!(!sink.is_flushed || deadline == 0, "{what}: {sink:?}");
        // What blocks has its batch with it; what comes too late to be masked is lost.
        if has_spool && deadline > 0 {
            let most = if blocks { 20 } else { 0 };
            assert!(sink.lost <= most, "{what}: {sink:?}");
        }
        blocking.is_let_go.store(true, Ordering::SeqCst);
        until("nothing is under way any more", || {
            stand.balance().in_flight() == 0
        })
        .await;
        let it = stand.balance();
        assert_eq!(settled(&it), 300, "{what}: {it:?}");
        let spooled = it.spooled();
        drop(stand);
        if has_spool {
            // The file is let go of with the sink's thread.
            let again = GateSink::open();
            let begun = Instant::now();
            let next = loop {
                match ApiLogLayer::builder(again.clone())
                    .delivery(delivery.clone())
                    .build()
                {
                    Ok(layer) => break Stand::new(layer),
                    Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error}"),
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            next.recorder.flush().await.unwrap();
            assert_eq!(again.entries().len() as u64, spooled, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t35_several_shutdowns_at_the_same_time_and_later_tell_the_same() {
    let stand = stand(GateSink::open(), quick());
    stand.calls(100).await;
    let ends = (0..8).map(|_| {
        let recorder = stand.recorder.clone();
        tokio::spawn(async move { recorder.shutdown(Duration::from_secs(5)).await })
    });
    for end in ends.collect::<Vec<_>>() {
        assert!(end.await.unwrap().is_complete());
    }
    let again = stand.recorder.shutdown(Duration::ZERO).await;
    assert!(again.is_complete(), "{again:?}");
    assert_eq!(again.balance.stored(), 100);
    assert_eq!(
        stand.recorder.flush().await.unwrap_err().kind(),
        tower_api_log::ErrorKind::Closed
    );
    stand.calls(3).await;
    let it = stand.balance();
    assert_eq!((it.dropped(DropReason::Closed), it.in_flight()), (3, 0));
    assert_eq!(
        stand
            .recorder
            .event(tower_api_log::AuditEvent::new("a", "b")),
        None
    );
    assert_eq!(stand.balance().dropped(DropReason::Closed), 4);
}

#[test]
fn t35_shutdown_on_a_current_thread_runtime_and_after_the_services_own_is_gone() {
    for is_gone in [false, true] {
        let service = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let sink = GateSink::open();
        let stand = service.block_on(async {
            let stand = stand(sink.clone(), quick());
            stand.calls(50).await;
            stand
        });
        let ends = match is_gone {
            true => {
                drop(service);
                tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
            }
            false => service,
        };
        let report = ends.block_on(in_time(&stand, Duration::from_secs(5)));
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(sink.entries().len(), 50);
    }
}

#[tokio::test]
async fn t35_where_everything_is_dropped_instead_what_there_is_is_written() {
    for has_spool in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let sink = GateSink::open();
        let delivery = match has_spool {
            true => spooled(&folder).guarantee(Guarantee::Spooled),
            false => quick(),
        };
        let stand = stand(sink.clone(), delivery.batch_age(Duration::from_secs(3600)));
        stand.calls(50).await;
        drop(stand);
        until("all are written", || sink.entries().len() == 50).await;
        until("and flushed", || sink.flushes() == 1).await;
    }
}

#[tokio::test]
async fn t35_gap_that_is_told_last_keeps_no_shutdown_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::closed();
    let delivery = spooled(&folder)
        .guarantee(Guarantee::Spooled)
        .queue_entries(64);
    let stand = stand(sink.clone(), delivery);
    // More at once than may be queued.
    while stand.balance().dropped_total() == 0 {
        stand.calls(500).await;
    }
    sink.open_gate();
    let begun = Instant::now();
    let report = stand.recorder.shutdown(Duration::from_secs(20)).await;
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    assert!(report.is_flushed(), "{report:?}");
    assert_eq!(report.spooled(), 0);
}

/// Batch after batch: the spool's own thread has long ended by the last of them.
#[tokio::test]
async fn t35_spool_is_written_to_its_last_batch() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = spooled(&folder)
        .guarantee(Guarantee::Spooled)
        .batch_entries(7);
    let sink = GateSink::closed();
    let stand = stand(sink.clone(), delivery);
    stand.calls(300).await;
    until("all are spooled", || stand.balance().spooled() == 300).await;
    sink.open_gate();
    let report = in_time(&stand, Duration::from_secs(30)).await;
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.balance.stored(), report.spooled()), (300, 0));
    assert_eq!(sink.entries().len(), 300);
}

/// As many a second as were asked for, and until the deadline.
#[tokio::test]
async fn t35_spool_that_is_drained_slowly_is_so_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path().join("spool")).drain_at_most(200);
    let delivery = quick().spool(spool).guarantee(Guarantee::Spooled);
    let first = stand(GateSink::closed(), delivery.clone());
    first.calls(150).await;
    until("all are spooled", || first.balance().spooled() == 150).await;
    first.recorder.shutdown(Duration::ZERO).await;
    drop(first);
    let sink = GateSink::open();
    let begun = Instant::now();
    let second = stand(sink.clone(), delivery.batch_entries(10));
    let report = in_time(&second, Duration::from_secs(30)).await;
    let took = begun.elapsed();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(sink.entries().len(), 150);
    assert!(took > Duration::from_millis(500), "{took:?}");
}

/// Takes its time in its thread, and answers without having waited.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicUsize>);

#[async_trait]
impl LogSink for Busy {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        std::thread::sleep(Duration::from_millis(10));
        self.0.fetch_add(batch.len(), Ordering::SeqCst);
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[tokio::test]
async fn t35_sink_that_never_waits_is_written_to_no_longer_than_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = spooled(&folder)
        .guarantee(Guarantee::Spooled)
        .batch_entries(10);
    let first = stand(GateSink::closed(), delivery.clone());
    first.calls(600).await;
    until("all are spooled", || first.balance().spooled() == 600).await;
    first.recorder.shutdown(Duration::from_millis(50)).await;
    drop(first);
    let busy = Busy::default();
    let second = stand(busy.clone(), delivery);
    let report = in_time(&second, Duration::from_millis(150)).await;
    let sink = &report.sinks[0];
    assert_eq!(
        (sink.balance.stored() + sink.spooled, sink.lost),
        (600, 0),
        "{sink:?}"
    );
    assert!(sink.spooled > 0, "{sink:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let took = busy.0.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(busy.0.load(Ordering::SeqCst), took, "it is left alone");
    assert_eq!(second.balance().stored(), took as u64);
}
