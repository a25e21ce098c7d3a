//! Disks that are full, read-only or gone: the service goes on, and so does delivery once the disk is back.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tower_api_log::recorder::{Delivery, DropReason, Guarantee, Spool, SpoolStats};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, LogStore, Scope, SqliteStore};

use super::small_disk::Disk;
use super::{Stand, Watch, quick};
use crate::support::until;

fn spool_stats(stand: &Stand) -> SpoolStats {
    stand.recorder.stats().sinks[0].spool.unwrap()
}

fn spooled(folder: &Path) -> Delivery {
    let spool = Spool::at(folder.join("spool"));
    quick().spool(spool).guarantee(Guarantee::Spooled)
}

fn stand(sink: &GateSink, delivery: Delivery) -> Stand {
    let builder = ApiLogLayer::builder(sink.clone()).delivery(delivery);
    Stand::new(builder.build().unwrap())
}

fn large() -> Bytes {
    Bytes::from(format!("{{\"a\":\"{}\"}}", "word ".repeat(2_000)))
}

async fn all_stored(stand: &Stand, count: u64) {
    until("all are stored", || {
        let it = stand.balance();
        it.stored() == count && it.spooled() == 0
    })
    .await;
    let it = stand.balance();
    assert_eq!((it.dropped_total(), it.in_flight()), (0, 0));
}

#[tokio::test]
async fn t33_entries_go_by_memory_while_the_disk_of_the_spool_is_full() {
    for guarantee in [Guarantee::Spooled, Guarantee::BeforeResponse] {
        let Some(disk) = Disk::new(4) else { return };
        let sink = GateSink::open();
        let stand = stand(&sink, spooled(disk.path()).guarantee(guarantee));
        let watch = Watch::over(&stand.recorder);
        stand.calls(50).await;
        all_stored(&stand, 50).await;
        disk.fill();
        for _ in 0..100 {
            let (status, _, body) = stand.post("/", large()).await;
            assert_eq!((status.as_u16(), body), (200, large()));
        }
        until("it is found out", || {
            spool_stats(&stand).is_failing || stand.balance().stored() == 150
        })
        .await;
        all_stored(&stand, 150).await;
        disk.free();
        stand.calls(50).await;
        until("the spool works again", || !spool_stats(&stand).is_failing).await;
        all_stored(&stand, 200).await;
        drop(watch);
        sink.close_gate();
        stand.calls(20).await;
        until("it is used again", || stand.balance().spooled() == 20).await;
        sink.open_gate();
        all_stored(&stand, 220).await;
        assert_eq!(sink.entries().len(), 220);
    }
}

#[tokio::test]
async fn t33_spool_that_fills_its_disk_loses_nothing_that_it_took() {
    let Some(disk) = Disk::new(4) else { return };
    let sink = GateSink::closed();
    let stand = stand(&sink, spooled(disk.path()).queue_entries(2_000));
    let watch = Watch::over(&stand.recorder);
    for _ in 0..600 {
        stand.post("/", large()).await;
    }
    until("the disk is full", || spool_stats(&stand).is_failing).await;
    sink.open_gate();
    stand.recorder.flush().await.unwrap();
    until("all are settled", || {
        let it = stand.balance();
        it.in_flight() == 0 && it.spooled() == 0
    })
    .await;
    drop(watch);
    let it = stand.balance();
    let markers = sink
        .entries()
        .iter()
        .filter(|it| it.event().is_some())
        .count() as u64;
    assert_eq!(it.seen(), 600 + markers);
    assert_eq!(
        it.stored() + it.dropped(DropReason::SinkBehind),
        it.seen(),
        "{it:?}"
    );
    let mut ids: Vec<_> = sink.entries().iter().map(|it| it.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, it.stored());
}

#[tokio::test]
async fn t33_spool_on_a_file_system_that_becomes_read_only() {
    let Some(disk) = Disk::new(4) else { return };
    let sink = GateSink::open();
    // Of files that are open for writing none may be there, or the system refuses.
    disk.remount("ro");
    let stand = stand(&sink, spooled(disk.path()));
    assert!(spool_stats(&stand).is_failing);
    stand.calls(50).await;
    all_stored(&stand, 50).await;
    disk.remount("rw");
    until("the spool works", || !spool_stats(&stand).is_failing).await;
    sink.close_gate();
    stand.calls(50).await;
    until("it is used", || stand.balance().spooled() == 50).await;
    sink.open_gate();
    all_stored(&stand, 100).await;
}

#[tokio::test]
async fn t33_folder_of_the_spool_that_is_removed_while_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let sink = GateSink::open();
    let stand = stand(&sink, spooled(folder.path()));
    stand.calls(50).await;
    all_stored(&stand, 50).await;
    std::fs::remove_dir_all(folder.path().join("spool")).unwrap();
    stand.calls(50).await;
    all_stored(&stand, 100).await;
    let report = stand.recorder.shutdown(Duration::from_secs(5)).await;
    assert_eq!((report.lost(), report.spooled()), (0, 0), "{report:?}");
    assert_eq!(sink.entries().len(), 100);
}

#[tokio::test]
async fn t33_store_on_a_full_disk_gets_all_once_there_is_room() {
    for has_spool in [false, true] {
        let Some(disk) = Disk::new(8) else { return };
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(disk.path().join("log.db")).unwrap();
        let delivery = match has_spool {
            true => spooled(folder.path()),
            false => quick(),
        };
        let builder = ApiLogLayer::builder(store.clone()).delivery(delivery);
        let stand = Stand::new(builder.build().unwrap());
        stand.calls(50).await;
        all_stored(&stand, 50).await;
        disk.fill();
        for _ in 0..200 {
            stand.post("/", large()).await;
        }
        until("it fails", || stand.recorder.stats().sink_errors > 0).await;
        disk.free();
        all_stored(&stand, 250).await;
        let count = store.count(&Scope::all(), &Default::default()).await;
        assert_eq!(count.unwrap(), 250);
    }
}
