use super::*;
use crate::clock::Timestamp;
use crate::entry::{Context, EntryKind, EventRecord};

fn entry(number: u8, title_bytes: usize) -> LogEntry {
    let mut event = EventRecord::new("project", "updated");
    event.title = Some("x".repeat(title_bytes));
    let mut id = [0; 16];
    id[15] = number;
    let kind = EntryKind::Event(Box::new(event));
    LogEntry::new(
        EntryId::from_bytes(id),
        Timestamp::default(),
        Context::default(),
        kind,
    )
}

fn numbers(store: &MemoryStore) -> Vec<u8> {
    let ring = store.read_ring();
    ring.entries.keys().map(|id| id.as_bytes()[15]).collect()
}

#[tokio::test]
async fn full_store_lets_the_smallest_ids_go() {
    let store = MemoryStore::with_capacity(3);
    let batch: Vec<_> = [4, 2, 5, 3, 1].map(|number| entry(number, 1)).into();
    store.write(&batch).await.unwrap();
    assert_eq!(numbers(&store), [3, 4, 5]);
}

#[tokio::test]
async fn bytes_are_bounded_as_well_as_entries() {
    let store = MemoryStore::new().max_bytes(3 * entry(0, 10_000).size_bytes());
    for number in 1..=9 {
        store.write(&[entry(number, 10_000)]).await.unwrap();
    }
    assert_eq!(numbers(&store), [7, 8, 9]);
    store.write(&[entry(10, 1_000_000)]).await.unwrap();
    assert_eq!(numbers(&store), [7, 8, 9], "too large to be kept");
}

#[tokio::test]
async fn erased_and_deleted_entries_give_their_bytes_back() {
    let store = MemoryStore::new();
    let mut about = entry(1, 10_000);
    about.context.actor = Some(crate::Actor::user("user_1"));
    store.write(&[about, entry(2, 10)]).await.unwrap();
    assert_eq!(store.erase("user_1").await.unwrap().entries(), 1);
    assert!(store.read_ring().bytes < 10_000);
    assert_eq!(store.delete_before(Timestamp::MAX).await.unwrap(), 2);
    assert_eq!(store.read_ring().bytes, 0);
}
