//! `OnFailure::Refuse`: no response goes out whose entry is not safe, and none is refused that has no entry.

use std::time::Duration;

use bytes::Bytes;
use tower_api_log::recorder::{Delivery, DropReason, Guarantee, OnFailure, Spool};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, Policy};

use super::{Stand, quick};

fn strict(folder: &tempfile::TempDir) -> Delivery {
    let spool = Spool::at(folder.path().join("spool")).max_bytes(1 << 20);
    quick()
        .spool(spool)
        .guarantee(Guarantee::BeforeResponse)
        .on_failure(OnFailure::Refuse)
}

#[tokio::test]
async fn t33_response_is_refused_whose_entry_finds_no_room_in_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::closed();
    let builder = ApiLogLayer::builder(sink.clone()).delivery(strict(&folder));
    let stand = Stand::new(builder.build().unwrap());
    let dropped = || stand.balance().dropped(DropReason::SpoolFull);
    let large = Bytes::from(format!("{{\"a\":\"{}\"}}", "word ".repeat(8_000)));
    while dropped() == 0 {
        // A head that has gone out cannot be taken back.
        assert_eq!(stand.post("/", large.clone()).await.0, 200);
    }
    // Answers without a body are refused once there is no room for so little.
    let (mut passed, before, spooled) = (0, dropped(), stand.balance().spooled());
    while stand.post("/", Bytes::new()).await.0 == 200 {
        passed += 1;
        assert!(passed < 5_000, "{:?}", stand.recorder.stats());
    }
    assert_eq!(dropped(), before + 1);
    assert_eq!(
        stand.balance().spooled(),
        spooled + passed,
        "what passed is there"
    );
    sink.open_gate();
    stand.recorder.flush().await.unwrap();
    assert_eq!(stand.post("/", Bytes::new()).await.0, 200);
}

#[tokio::test]
async fn t35_response_is_refused_after_the_shutdown_of_its_recorder() {
    let folder = tempfile::tempdir().unwrap();
    let builder = ApiLogLayer::builder(GateSink::open()).delivery(strict(&folder));
    let stand = Stand::new(builder.build().unwrap());
    assert_eq!(stand.call("/").await.0, 200);
    stand.recorder.shutdown(Duration::from_secs(5)).await;
    assert_eq!(stand.call("/").await.0, 503);
    assert_eq!(stand.balance().dropped(DropReason::Closed), 1);
}

#[tokio::test]
async fn response_is_refused_for_which_the_budget_has_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let builder = ApiLogLayer::builder(GateSink::open()).delivery(strict(&folder));
    let builder = builder.max_captured_bytes(64 << 10);
    let stand = Stand::new(builder.build().unwrap());
    let long = format!("/{}", "x".repeat(100 << 10));
    assert_eq!(stand.call("/").await.0, 200);
    // As many as the budget holds, and one more, before the first has ended.
    let uri = &long[..40_000];
    let (first, second) = tokio::join!(stand.call(uri), stand.call(uri));
    assert_eq!((first.0.as_u16(), second.0.as_u16()), (200, 503));
    assert_eq!(stand.balance().dropped(DropReason::OverBudget), 1);
}

#[tokio::test]
async fn call_that_is_left_out_passes_while_the_spool_fails() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spool"), "a file in its place").unwrap();
    let builder = ApiLogLayer::builder(GateSink::open()).delivery(strict(&folder));
    let builder = builder.policy(Policy::default().without_path("/health"));
    let stand = Stand::new(builder.build().unwrap());
    assert_eq!(stand.call("/").await.0, 503);
    assert_eq!(stand.call("/health").await.0, 200);
    let it = stand.balance();
    assert_eq!(it.filtered(), 1);
}
