//! What the application gives to the layer may panic and lie: clocks and hooks.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, Clock, Timestamp};

use super::{Stand, Watch, quick};

/// Tells nonsense, and panics now and then.
struct Mad {
    asked: AtomicU64,
    /// Panics at each so-manieth question.
    panics_each: u64,
}

impl Mad {
    fn next(&self) -> u64 {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(asked % self.panics_each != self.panics_each - 1, "told to");
        asked
    }
}

impl Clock for Mad {
    fn now(&self) -> Timestamp {
        match self.next() % 4 {
            0 => Timestamp::MIN,
            1 => Timestamp::MAX,
            2 => Timestamp::from_micros(0),
            _ => Timestamp::from_micros(1_700_000_000_000_000),
        }
    }

    fn monotonic(&self) -> Duration {
        match self.next() % 4 {
            0 => Duration::ZERO,
            1 => Duration::MAX,
            2 => Duration::from_secs(1 << 40),
            _ => Duration::from_nanos(1),
        }
    }
}

#[tokio::test]
async fn t32_clock_that_jumps_and_panics_changes_no_answer_and_loses_no_entry() {
    let bare = ApiLogLayer::builder(GateSink::open()).without_request_id_header();
    let bare = Stand::new(bare.build().unwrap());
    for panics_each in [u64::MAX, 7, 3, 2, 1] {
        let sink = GateSink::open();
        let clock = Mad {
            asked: AtomicU64::new(0),
            panics_each,
        };
        let builder = ApiLogLayer::builder(sink.clone())
            .delivery(quick())
            .clock(clock);
        let stand = Stand::new(builder.without_request_id_header().build().unwrap());
        let watch = Watch::over(&stand.recorder);
        for number in 0..200 {
            let uri = format!("/{number}");
            assert_eq!(stand.call(&uri).await, bare.call(&uri).await);
        }
        stand.recorder.flush().await.unwrap();
        drop(watch);
        let mut ids: Vec<_> = sink.entries().iter().map(|it| it.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 200, "each its id, {panics_each}");
        let report = stand.recorder.shutdown(Duration::from_secs(5)).await;
        assert!(report.is_complete(), "{report:?}");
    }
}

#[tokio::test]
async fn t32_hooks_that_panic_change_no_answer_and_lose_no_entry() {
    let bare = ApiLogLayer::builder(GateSink::open()).without_request_id_header();
    let bare = Stand::new(bare.build().unwrap());
    let sink = GateSink::open();
    let builder = ApiLogLayer::builder(sink.clone()).delivery(quick());
    let builder = builder
        .route_from(|_| -> Option<Cow<'_, str>> { panic!("told to") })
        .peer_from(|_| panic!("told to"))
        .context_from(|_| panic!("told to"));
    let stand = Stand::new(builder.without_request_id_header().build().unwrap());
    for number in 0..50 {
        let uri = format!("/{number}");
        assert_eq!(stand.call(&uri).await, bare.call(&uri).await);
    }
    stand.recorder.flush().await.unwrap();
    let stats = stand.recorder.stats();
    assert_eq!((stats.balance.stored(), stats.balance.in_flight()), (50, 0));
    assert_eq!(stats.callback_panics, 150);
    assert_eq!(sink.entries().len(), 50);
}
