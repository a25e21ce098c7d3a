//! Sinks that come back to the service whose calls they store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tower_api_log::layer::Destination;
use tower_api_log::recorder::{Guarantee, OnFailure, Spool};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, AuditEvent, AuditRoutes, Error, LogEntry, LogSink, async_trait};

use super::{Stand, quick};
use crate::support::until;

/// Calls the service that it stores the calls of, and tells events.
#[derive(Clone, Default)]
struct Caller {
    service: Arc<OnceLock<Stand>>,
    writes: Arc<AtomicUsize>,
    got: Arc<Mutex<Vec<u16>>>,
}

#[async_trait]
impl LogSink for Caller {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let Some(stand) = self.service.get() else {
            return Ok(());
        };
        for _ in batch {
            let (status, ..) = stand.call("/sink").await;
            self.got.lock().unwrap().push(status.as_u16());
            let told = stand.recorder.event(AuditEvent::new("sink", "wrote"));
            assert_eq!(told, None);
        }
        // What it leaves to a task of its own comes from the same thread.
        let inner = stand.clone();
        tokio::spawn(async move { inner.call("/task").await })
            .await
            .unwrap();
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        if let Some(stand) = self.service.get() {
            stand.call("/flush").await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn t38_sink_that_calls_its_own_service_is_not_recorded_again() {
    let (caller, other) = (Caller::default(), GateSink::open());
    let audit = AuditRoutes::new().on(
        http::Method::POST,
        "/{path}",
        AuditEvent::new("sink", "called"),
    );
    let layer = ApiLogLayer::builder(caller.clone())
        .delivery(quick())
        .and(Destination::new("other", other.clone()).delivery(quick()))
        .audit(audit);
    let stand = Stand::new(layer.build().unwrap());
    assert!(caller.service.set(stand.clone()).is_ok());
    stand.calls(20).await;
    // Each with its event.
    until("all are stored", || stand.balance().stored() == 40).await;
    stand.recorder.flush().await.unwrap();
    let writes = caller.writes.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        caller.writes.load(Ordering::SeqCst),
        writes,
        "it comes to an end"
    );
    let it = stand.balance();
    // For each entry a call and an event, for each write a task, and the flush.
    assert_eq!(it.filtered(), 2 * 40 + writes as u64 + 1);
    assert_eq!(
        (it.stored(), it.in_flight(), it.dropped_total()),
        (40, 0, 0)
    );
    assert_eq!(other.entries().len(), 40);
    assert!(
        caller
            .got
            .lock()
            .unwrap()
            .iter()
            .all(|status| *status == 200)
    );
}

#[tokio::test]
async fn t38_sink_reaches_its_own_service_while_that_refuses_calls() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spool"), "a file in its place").unwrap();
    let caller = Caller::default();
    let delivery = quick()
        .spool(Spool::at(folder.path().join("spool")))
        .guarantee(Guarantee::BeforeResponse)
        .on_failure(OnFailure::Refuse);
    let layer = ApiLogLayer::builder(caller.clone()).delivery(delivery);
    let stand = Stand::new(layer.build().unwrap());
    assert!(caller.service.set(stand.clone()).is_ok());
    assert_eq!(stand.call("/").await.0, 503);
    stand.recorder.flush().await.unwrap();
    assert_eq!(*caller.got.lock().unwrap(), [200]);
}
