use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use async_trait::async_trait;

use super::*;
use crate::clock::{SystemClock, Timestamp};
use crate::entry::{
    Context, EntryIds, EntryKind, Exchange, LogEntry, Outcome, RequestRecord, Timing,
};
use crate::sink::LogSink;

/// A sink that does what the test says.
#[derive(Default)]
struct Told {
    written: Mutex<Vec<usize>>,
    /// Entries that tell of gaps.
    markers: AtomicUsize,
    failures: AtomicUsize,
    panics: AtomicUsize,
    is_permanent: AtomicBool,
    is_hung: AtomicBool,
    blocks: AtomicBool,
    flushes: AtomicUsize,
}

/// What is thrown panics once more when it is dropped.
struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("told to, again");
    }
}

impl Told {
    fn total(&self) -> usize {
        self.written.lock().unwrap().iter().sum()
    }

    fn takes_one(counter: &AtomicUsize) -> bool {
        counter
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }
}

#[async_trait]
impl LogSink for Told {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        if self.is_hung.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        while self.blocks.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        if Self::takes_one(&self.panics) {
            std::panic::panic_any(PanicsAgain);
        }
        if Self::takes_one(&self.failures) {
            let error = Error::new(ErrorKind::Unavailable, "told to");
            return Err(if self.is_permanent.load(Ordering::SeqCst) {
                error
            } else {
                error.retryable()
            });
        }
        let markers = batch.iter().filter(|it| it.event().is_some()).count();
        self.markers.fetch_add(markers, Ordering::SeqCst);
        self.written.lock().unwrap().push(batch.len() - markers);
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Stands for a capture: counts those alive.
struct Item {
    alive: Arc<AtomicUsize>,
    panics: bool,
    is_left_out: bool,
    is_found: bool,
}

struct Fixture {
    sink: Arc<Told>,
    intake: Intake<Item>,
    recorder: Recorder,
    alive: Arc<AtomicUsize>,
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn fixture(delivery: Delivery) -> Fixture {
    let sink = Arc::new(Told::default());
    let ids = EntryIds::default();
    let mask = move |item: Item| {
        let guard = Guard(item.alive);
        assert!(!item.panics, "told to");
        let exchange = Exchange::new(
            RequestRecord::default(),
            Outcome::Completed,
            Timing::default(),
        );
        let at = Timestamp::from_micros(1);
        let kind = EntryKind::Exchange(Box::new(exchange));
        let entry = || LogEntry::new(ids.next(at), at, Context::default(), kind.clone());
        Made {
            own: (!item.is_left_out).then(entry),
            is_sampled_out: false,
            found: item.is_found.then(entry),
            expanding_bodies: 0,
            guard,
        }
    };
    let plan = Plan {
        name: "main".to_owned(),
        sink: sink.clone(),
        delivery,
        refine: None,
        clock: Arc::new(SystemClock::default()),
    };
    let (intake, recorder) = start(vec![plan], || 7, mask).unwrap();
    Fixture {
        sink,
        intake,
        recorder,
        alive: Arc::default(),
    }
}

impl Fixture {
    fn push(&self, count: usize) {
        (0..count).for_each(|_| self.push_one(false));
    }

    fn push_one(&self, panics: bool) {
        self.push_with(panics, false, false);
    }

    fn push_with(&self, panics: bool, is_left_out: bool, is_found: bool) {
        self.intake.shared().ledger.seen(1);
        self.alive.fetch_add(1, Ordering::SeqCst);
        self.intake.push(Parcel::urgent(Item {
            alive: self.alive.clone(),
            panics,
            is_left_out,
            is_found,
        }));
    }

    fn dropped(&self, reason: DropReason) -> u64 {
        self.recorder.stats().balance.dropped(reason)
    }
}

fn quick() -> Delivery {
    Delivery::default().batch_age(Duration::from_millis(5))
}

#[tokio::test]
async fn flush_waits_until_everything_before_it_is_stored() {
    let it = fixture(Delivery::default().batch_age(Duration::from_secs(3600)));
    it.push(2_500);
    it.recorder.flush().await.unwrap();
    assert_eq!(it.sink.total(), 2_500);
    assert!(
        it.sink
            .written
            .lock()
            .unwrap()
            .iter()
            .all(|&batch| batch <= 1_000)
    );
    let stats = it.recorder.stats();
    assert_eq!(
        (stats.balance.stored(), stats.balance.in_flight()),
        (2_500, 0)
    );
    assert_eq!(it.sink.flushes.load(Ordering::SeqCst), 1);
    assert_eq!(
        it.alive.load(Ordering::SeqCst),
        0,
        "what was reserved is given back"
    );
}

#[tokio::test]
async fn flush_under_a_steady_stream_of_pushes_comes_to_an_end() {
    let it = Arc::new(fixture(quick()));
    let stop = Arc::new(AtomicBool::new(false));
    let pusher = std::thread::spawn({
        let (it, stop) = (it.clone(), stop.clone());
        move || {
            while !stop.load(Ordering::SeqCst) {
                it.push(10);
                std::thread::yield_now();
            }
        }
    });
    for _ in 0..20 {
        it.recorder.flush().await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    pusher.join().unwrap();
    it.recorder.flush().await.unwrap();
    assert_eq!(it.recorder.stats().balance.in_flight(), 0);
}

#[tokio::test]
async fn full_queue_drops_what_comes_and_the_ledger_balances() {
    let it = fixture(quick().queue_entries(10).batch_entries(10));
    it.sink.is_hung.store(true, Ordering::SeqCst);
    it.push(1_000);
    let begun = Instant::now();
    // Ten in the queue, ten that wait for the sink, ten in the batch; what is being masked goes to one of them.
    // An entry is let go of before it is counted as dropped.
    let is_settled = |balance: &Balance| {
        let alive = it.alive.load(Ordering::SeqCst) as u64;
        balance.in_flight() <= 30 && balance.in_flight() + undropped(balance) == alive
    };
    while !is_settled(&it.recorder.stats().balance) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let balance = it.recorder.stats().balance;
    assert_eq!(balance.seen(), 1_000);
    assert_eq!(
        balance.seen(),
        balance.stored() + balance.dropped_total() + balance.in_flight()
    );
    assert_eq!(
        balance.in_flight(),
        it.alive.load(Ordering::SeqCst) as u64 - undropped(&balance)
    );
    let report = it.recorder.shutdown(Duration::from_millis(20)).await;
    assert_eq!(report.balance.in_flight(), 0);
    assert!(!report.is_complete());
    assert_eq!(report.lost(), report.balance.dropped(DropReason::Deadline));
}

/// Refused items are dropped by the pusher without their guard.
fn undropped(balance: &Balance) -> u64 {
    balance.dropped(DropReason::QueueFull)
}

#[tokio::test]
async fn retryable_error_is_retried_and_what_is_refused_for_good_is_dropped() {
    let it = fixture(quick());
    it.sink.failures.store(2, Ordering::SeqCst);
    it.push(3);
    it.recorder.flush().await.unwrap();
    let stats = it.recorder.stats();
    assert_eq!(
        (it.sink.total(), stats.retries, stats.sink_errors),
        (3, 2, 2)
    );

    it.sink.is_permanent.store(true, Ordering::SeqCst);
    // The whole, its halves, theirs and so on.
    it.sink.failures.store(2 * 5 - 1, Ordering::SeqCst);
    it.push(5);
    it.recorder.flush().await.unwrap();
    assert_eq!(it.dropped(DropReason::Sink), 5);
    it.push(1);
    it.recorder.flush().await.unwrap();
    assert_eq!(it.sink.total(), 4, "the next batch is written");
}

#[tokio::test]
async fn error_that_does_not_pass_in_time_drops_the_batch() {
    let it = fixture(quick().retry_for(Duration::ZERO));
    it.sink.failures.store(1, Ordering::SeqCst);
    it.push(2);
    it.recorder.flush().await.unwrap();
    assert_eq!(
        (it.dropped(DropReason::Sink), it.recorder.stats().retries),
        (2, 0)
    );
}

#[tokio::test]
async fn panic_of_the_sink_is_contained_and_counted() {
    let it = fixture(quick());
    it.sink.panics.store(3, Ordering::SeqCst);
    it.push(2);
    it.recorder.flush().await.unwrap();
    it.push(3);
    it.recorder.flush().await.unwrap();
    let stats = it.recorder.stats();
    assert_eq!(
        (
            it.sink.total(),
            stats.sink_panics,
            it.dropped(DropReason::Sink)
        ),
        (3, 3, 2)
    );
}

#[tokio::test]
async fn panic_of_the_masker_loses_one_entry_and_no_more() {
    let it = fixture(quick());
    it.push(1);
    it.push_one(true);
    it.push(1);
    it.recorder.flush().await.unwrap();
    assert_eq!((it.sink.total(), it.dropped(DropReason::Masking)), (2, 1));
    assert_eq!(it.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn shutdown_writes_what_there_is_and_refuses_what_comes() {
    let it = fixture(Delivery::default().batch_age(Duration::from_secs(3600)));
    it.push(1_500);
    let report = it.recorder.shutdown(Duration::from_secs(10)).await;
    assert!(report.is_complete());
    assert_eq!(it.sink.total(), 1_500);
    it.push(2);
    assert_eq!(it.dropped(DropReason::Closed), 2);
    assert!(!it.recorder.stats().is_running);
    assert_eq!(
        it.recorder.flush().await.unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(
        it.recorder
            .shutdown(Duration::from_secs(1))
            .await
            .is_complete(),
        "a second time"
    );
}

#[tokio::test]
async fn later_shutdown_reports_the_end_of_the_first() {
    let it = fixture(quick());
    it.sink.is_hung.store(true, Ordering::SeqCst);
    it.push(5);
    let first = it.recorder.shutdown(Duration::from_millis(20)).await;
    let second = it.recorder.shutdown(Duration::from_secs(10)).await;
    assert_eq!(
        (first.lost(), first.is_flushed(), first.is_complete()),
        (5, false, false)
    );
    assert_eq!(
        (second.lost(), second.is_flushed(), second.balance),
        (5, false, first.balance)
    );
}

#[tokio::test]
async fn shutdowns_at_the_same_time_are_all_answered_by_the_thread() {
    for _ in 0..50 {
        let it = fixture(quick());
        it.push(1);
        let other = it.recorder.clone();
        let other = tokio::spawn(async move { other.shutdown(Duration::from_secs(20)).await });
        let begun = Instant::now();
        let mine = it.recorder.shutdown(Duration::from_secs(20)).await;
        assert!(mine.is_complete() && other.await.unwrap().is_complete());
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the watchdog had to answer"
        );
    }
}

#[tokio::test]
async fn endless_durations_are_taken_for_very_long_ones() {
    let it = fixture(
        quick()
            .retry_for(Duration::MAX)
            .write_timeout(Duration::MAX),
    );
    it.push(3);
    let sink = it.sink.clone();
    assert!(it.recorder.shutdown(Duration::MAX).await.is_complete());
    let it = fixture(quick().retry_for(Duration::MAX));
    let last = it.sink.clone();
    it.push(3);
    drop(it);
    while Arc::strong_count(&last) > 1 {
        std::thread::yield_now();
    }
    assert_eq!((sink.total(), last.total()), (3, 3));
}

#[tokio::test]
async fn write_that_does_not_return_is_given_up_and_retried() {
    let it = fixture(quick().write_timeout(Duration::from_millis(20)));
    it.sink.is_hung.store(true, Ordering::SeqCst);
    it.push(2);
    while it.recorder.stats().sink_errors == 0 {
        tokio::task::yield_now().await;
    }
    it.sink.is_hung.store(false, Ordering::SeqCst);
    it.recorder.flush().await.unwrap();
    assert_eq!(it.sink.total(), 2);
    assert!(it.recorder.stats().retries > 0);
}

#[test]
fn shutdown_returns_by_its_deadline_though_the_sink_blocks_the_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let it = fixture(quick());
    it.sink.blocks.store(true, Ordering::SeqCst);
    it.push(4);
    let begun = Instant::now();
    let report = runtime.block_on(it.recorder.shutdown(Duration::from_millis(50)));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(!report.is_flushed());
    assert_eq!(report.lost(), 4);
    it.sink.blocks.store(false, Ordering::SeqCst);
}

#[test]
fn pushes_that_race_with_the_shutdown_are_all_settled() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for _ in 0..20 {
        let it = Arc::new(fixture(quick()));
        let pushers: Vec<_> = (0..2)
            .map(|_| {
                let it = it.clone();
                std::thread::spawn(move || it.push(2_000))
            })
            .collect();
        runtime.block_on(it.recorder.shutdown(Duration::from_secs(10)));
        pushers
            .into_iter()
            .for_each(|pusher| pusher.join().unwrap());
        let balance = it.recorder.stats().balance;
        assert_eq!((balance.seen(), balance.in_flight()), (4_000, 0));
        assert_eq!(balance.stored(), it.sink.total() as u64);
    }
}

#[test]
fn first_push_after_a_silence_wakes_the_sleeping_thread() {
    let it = fixture(quick());
    let begun = Instant::now();
    while !it.recorder.shared.door.is_asleep() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it sleeps after a second"
        );
        std::thread::yield_now();
    }
    it.push(1);
    assert!(!it.recorder.shared.door.is_asleep(), "the push rang");
    it.push(1);
    while it.sink.total() < 2 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nothing but the pushes wakes it"
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn event_that_is_found_counts_and_an_exchange_let_through_for_it_is_filtered() {
    let it = fixture(quick());
    it.push_with(false, false, true);
    it.push_with(false, true, true);
    it.push_with(false, true, false);
    it.recorder.flush().await.unwrap();
    let balance = it.recorder.stats().balance;
    assert_eq!((balance.seen(), balance.in_flight()), (5, 0));
    assert_eq!((balance.stored(), balance.filtered()), (3, 2));
    assert_eq!((it.sink.total(), it.alive.load(Ordering::SeqCst)), (3, 0));
}

#[test]
fn dropped_handles_end_the_thread_after_the_last_entry() {
    let it = fixture(Delivery::default().batch_age(Duration::from_secs(3600)));
    it.push(3);
    let Fixture {
        sink,
        intake,
        recorder,
        ..
    } = it;
    drop((intake, recorder));
    let begun = Instant::now();
    while Arc::strong_count(&sink) > 1 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::yield_now();
    }
    assert_eq!(sink.total(), 3);
}
