//! What the recorder says of itself goes to code of the service's, which may panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tower_api_log::recorder::WhenFull;
use tower_api_log::{ApiLogLayer, Error, LogEntry, LogSink, async_trait};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{Stand, away, quick, settled};
use crate::support::{is_alone, two_workers, until};

/// Panics at everything that it is told.
struct Panics(Arc<AtomicUsize>);

impl Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_api_log")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("{} is too much", event.metadata().level());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Fails until told otherwise.
#[derive(Clone, Default)]
struct Failing {
    is_well: Arc<AtomicBool>,
}

#[async_trait]
impl LogSink for Failing {
    async fn write(&self, _: &[LogEntry]) -> Result<(), Error> {
        match self.is_well.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(away()),
        }
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn t38_subscriber_that_panics_costs_no_entry() {
    // A subscriber is the process's.
    if !is_alone("faults::subscriber::t38_subscriber_that_panics_costs_no_entry") {
        return;
    }
    let told = Arc::<AtomicUsize>::default();
    tracing::subscriber::set_global_default(Panics(told.clone())).unwrap();
    two_workers().block_on(async {
        let sink = Failing::default();
        let delivery = quick().queue_entries(10).when_full(WhenFull::DropOldest);
        let layer = ApiLogLayer::builder(sink.clone()).delivery(delivery);
        let stand = Stand::new(layer.build().unwrap());
        let calls = 200;
        for number in 0..calls {
            let (status, _, body) = stand.call(&format!("/{number}")).await;
            assert_eq!((status.as_u16(), &body[..]), (200, &br#"{"a":1}"#[..]));
        }
        until("it was told of a failure and of drops", || {
            told.load(Ordering::SeqCst) >= 2
        })
        .await;
        sink.is_well.store(true, Ordering::SeqCst);
        stand.recorder.flush().await.unwrap();
        let it = stand.recorder.stats().sinks.swap_remove(0).balance;
        assert!(it.stored() > 0 && it.dropped_total() > 0, "{it:?}");
        assert_eq!((settled(&it), it.in_flight()), (it.seen(), 0));
        assert!(it.seen() >= calls, "{it:?}");
    });
}
