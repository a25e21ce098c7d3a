use std::sync::Arc;

use super::filter::filters_of;
use super::{Backend, agrees, everything, filtered, ids, newest_first};
use crate::clock::Timestamp;
use crate::entry::{Actor, LogEntry};
use crate::query::{Filter, Scope};
use crate::testing::{Random, sample};

/// What was created before the time goes, to the microsecond, whatever its id; what stays keeps its place.
pub async fn deletion_takes_what_is_older_and_nothing_else(store: impl Backend) {
    let mut entries = Random::new(12).entries(1, 200);
    store.write(&entries).await.unwrap();
    assert_eq!(store.delete_before(Timestamp::MIN).await.unwrap(), 0);
    for number in [50, 50, 120] {
        let time = sample::time(number);
        let before = entries.len();
        entries.retain(|entry| entry.created_at >= time);
        let deleted = store.delete_before(time).await.unwrap();
        assert_eq!(deleted, (before - entries.len()) as u64);
        assert!(everything(&store).await == newest_first(entries.clone()));
    }
    let rest = entries.len() as u64;
    assert_eq!(store.delete_before(Timestamp::MAX).await.unwrap(), rest);
    agrees(&store, &[], &filtered(Filter::new())).await;

    store.write(&entries).await.unwrap();
    assert_eq!(ids(&everything(&store).await), ids(&newest_first(entries)));
}

/// Entries written while many are deleted stay.
pub async fn deletion_of_many_entries_lets_writers_through(store: impl Backend) {
    let old: Vec<_> = (1..=4_000).map(sample::plain).collect();
    store.write(&old).await.unwrap();
    let store = Arc::new(store);
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for number in 5_001..=5_100 {
                store.write(&[sample::plain(number)]).await.unwrap();
            }
        }
    });
    assert_eq!(
        store.delete_before(sample::time(4_500)).await.unwrap(),
        4_000
    );
    writer.await.unwrap();
    let wanted: Vec<_> = (5_001..=5_100).rev().map(sample::id).collect();
    assert_eq!(ids(&everything(&*store).await), wanted);
}

/// An erased person is in no entry, and no filter of theirs finds one; the entries of others stay as they are.
pub async fn erasure_takes_a_person_out_of_every_answer(store: impl Backend) {
    let mut entries = sample::variants(1);
    let others = ["user_2", "USER_1", "user_1 ", "user_%"];
    for (number, other) in (500..).zip(others) {
        let mut entry = sample::exchange(number);
        entry.context.actor = Some(Actor::user(other));
        entries.push(entry);
    }
    store.write(&entries).await.unwrap();

    let theirs = |entry: &LogEntry| {
        let actor = entry.context.actor.as_ref();
        actor.is_some_and(|actor| actor.id == "user_1")
    };
    let about: Vec<_> = entries
        .iter()
        .filter(|entry| theirs(entry))
        .cloned()
        .collect();
    for entry in entries.iter_mut().filter(|entry| theirs(entry)) {
        entry.erase_person();
    }
    assert_eq!(store.erase("user_1").await.unwrap(), about.len() as u64);
    assert_eq!(store.erase("user_1").await.unwrap(), 0);
    assert_eq!(store.erase("").await.unwrap(), 0);

    assert!(everything(&store).await == newest_first(entries.clone()));
    for entry in &about {
        let found = store.get(&Scope::all(), entry.id).await.unwrap();
        assert!(found.is_some_and(|found| found.context.actor.is_none()));
    }
    for filter in about.iter().take(3).flat_map(filters_of) {
        agrees(&store, &entries, &filtered(filter)).await;
    }
}

/// A batch that is retried after an erasure does not bring the person back.
pub async fn erased_entry_stays_erased_when_it_is_written_again(store: impl Backend) {
    let entry = sample::exchange(1);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(store.erase("user_1").await.unwrap(), 1);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    let stored = everything(&store).await;
    assert_eq!(stored.len(), 1);
    assert!(stored[0].context.actor.is_none());
}
