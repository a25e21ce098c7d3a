use std::sync::Arc;

use super::filter::filters_of;
use super::{Backend, agrees, everything, filtered, ids, newest_first};
use crate::clock::Timestamp;
use crate::entry::{Actor, BodyRecord, LogEntry};
use crate::query::{Filter, Scope};
use crate::store::{Erasure, Organisations, Outdated};
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

/// What is deleted can be that of some organisations, or of all but some; what belongs to none goes with the others.
pub async fn deletion_is_held_to_organisations(store: impl Backend) {
    let mut entries = Random::new(13).entries(1, 300);
    store.write(&entries).await.unwrap();
    let named: Vec<_> = entries
        .iter()
        .filter_map(|it| it.context.organisation.clone())
        .take(2)
        .collect();
    for organisations in [
        Organisations::Only(Vec::new()),
        Organisations::Only(named[..1].to_vec()),
        Organisations::Only(vec!["nobody".into()]),
        Organisations::AllBut(named[1..].to_vec()),
        Organisations::AllBut(Vec::new()),
    ] {
        for number in [100, 200] {
            let outdated = Outdated::before(sample::time(number)).of(organisations.clone());
            let before = entries.len();
            entries.retain(|entry| !outdated.matches(entry));
            let deleted = store.delete(&outdated).await.unwrap();
            assert_eq!(deleted, (before - entries.len()) as u64, "{outdated:?}");
            assert!(everything(&store).await == newest_first(entries.clone()));
        }
    }
    assert!(!entries.is_empty());
}

/// What is held is neither deleted nor erased, until it is released; others are.
pub async fn held_entries_stay(store: impl Backend) {
    let entries: Vec<_> = (1..=40).map(sample::exchange).collect();
    let held: Vec<_> = entries.iter().step_by(7).map(|it| it.id).collect();
    let absent = sample::id(77);
    store.write(&entries).await.unwrap();
    store.hold(&held).await.unwrap();
    store.hold(&[held[0], absent]).await.unwrap();
    let mut told = held.clone();
    told.push(absent);
    told.reverse();
    assert_eq!(store.held().await.unwrap(), told);

    let erasure = store.erase("user_1").await.unwrap();
    assert_eq!(erasure.held, held.len() as u64);
    assert_eq!(erasure.entries(), (entries.len() - held.len()) as u64);
    for entry in everything(&store).await {
        assert_eq!(entry.context.actor.is_some(), held.contains(&entry.id));
    }
    let deleted = store.delete_before(Timestamp::MAX).await.unwrap();
    assert_eq!(deleted, (entries.len() - held.len()) as u64);
    store.shrink(0).await.unwrap();
    let mut left = held.clone();
    left.reverse();
    assert_eq!(ids(&everything(&store).await), left);

    store.release(&[held[0], absent]).await.unwrap();
    assert_eq!(store.held().await.unwrap(), left[..left.len() - 1]);
    assert_eq!(store.delete_before(Timestamp::MAX).await.unwrap(), 1);
    left.pop();
    assert_eq!(ids(&everything(&store).await), left);
}

/// A store that takes too much room lets the entries of the smallest ids go, and then takes no more than it may.
pub async fn store_that_shrinks_keeps_the_newest(store: impl Backend) {
    let mut random = Random::new(14);
    for day in 0..4 {
        let batch: Vec<_> = (1..=500)
            .map(|number| {
                let mut entry = sample::exchange(day * 86_400 + number);
                sample::change(&mut entry, |exchange| {
                    // What no engine packs.
                    let text: String = (0..100)
                        .map(|_| format!("{:08x}", random.below(u32::MAX)))
                        .collect();
                    let bytes_seen = text.len() as u64;
                    exchange.request_body = BodyRecord::Whole { text, bytes_seen };
                });
                entry
            })
            .collect();
        store.write(&batch).await.unwrap();
    }
    store.flush().await.unwrap();
    let before = ids(&everything(&store).await);
    let bytes = store.size_bytes().await.unwrap();
    assert_eq!(store.shrink(bytes * 2).await.unwrap(), 0);
    let deleted = store.shrink(bytes / 2).await.unwrap();
    assert!(store.size_bytes().await.unwrap() <= bytes / 2);
    let after = ids(&everything(&store).await);
    assert_eq!(after.len() as u64, before.len() as u64 - deleted);
    assert!(!after.is_empty() && after[..] == before[..after.len()]);
    assert!(store.shrink(0).await.unwrap() > 0);
    assert!(everything(&store).await.is_empty());
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
    let wanted = about.iter().fold(Erasure::default(), Erasure::with);
    assert_eq!(store.erase("user_1").await.unwrap(), wanted);
    assert!(wanted.exchanges > 0 && wanted.events > 0);
    assert_eq!(store.erase("user_1").await.unwrap(), Erasure::default());
    assert_eq!(store.erase("").await.unwrap(), Erasure::default());

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
    assert_eq!(store.erase("user_1").await.unwrap().entries(), 1);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    let stored = everything(&store).await;
    assert_eq!(stored.len(), 1);
    assert!(stored[0].context.actor.is_none());
}
