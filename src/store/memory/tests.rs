use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::entry::{Context, EntryKind, EventRecord};
use crate::store::RetentionPolicy;

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

#[tokio::test]
async fn policy_lets_each_organisation_keep_what_it_may() {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = Timestamp::from_micros(0).plus(1000 * DAY);
    let store = MemoryStore::new();
    let mut number = 0;
    for organisation in [None, Some("org_1"), Some("org_2"), Some("org_3")] {
        for age in [5, 15, 40, 100] {
            number += 1;
            let mut entry = entry(number, 1);
            entry.created_at = now.minus(age * DAY);
            entry.context.organisation = organisation.map(str::to_owned);
            store.write(&[entry]).await.unwrap();
        }
    }
    assert_eq!(
        RetentionPolicy::new().enforce(&store, now).await.unwrap(),
        0
    );
    let policy = RetentionPolicy::new()
        .max_age(30 * DAY)
        .organisation_max_age("org_1", 90 * DAY)
        .organisation_max_age("org_2", 10 * DAY);
    assert_eq!(policy.enforce(&store, now).await.unwrap(), 2 + 1 + 3 + 2);
    assert_eq!(policy.enforce(&store, now).await.unwrap(), 0);
    let left = async |organisation: &str| {
        let scope = Scope::organisation(organisation).unwrap();
        store.count(&scope, &Filter::new()).await.unwrap()
    };
    assert_eq!(
        [
            left("org_1").await,
            left("org_2").await,
            left("org_3").await
        ],
        [3, 1, 2]
    );
    let none = RetentionPolicy::new().max_bytes(0);
    assert_eq!(none.enforce(&store, now).await.unwrap(), 8);
    assert!(store.is_empty());
}

#[tokio::test]
async fn what_is_held_is_not_pushed_out() {
    let store = MemoryStore::with_capacity(3);
    store.hold(&[entry(1, 1).id, entry(2, 1).id]).await.unwrap();
    for number in 1..=9 {
        store.write(&[entry(number, 1)]).await.unwrap();
    }
    assert_eq!(numbers(&store), [1, 2, 9]);
}
