use std::sync::Arc;

use serde_json::{Value, json};

use super::{Backend, everything, ids, newest_first};
use crate::clock::Timestamp;
use crate::entry::{BodyRecord, EntryKind, LogEntry};
use crate::query::Scope;
use crate::testing::{Random, sample};

/// Every field and every variant comes back as it was written, from a listing and by id.
pub async fn every_field_and_variant_survives_a_round_trip(store: impl Backend) {
    comes_back(&store, sample::variants(1)).await;
}

/// Quotes, controls, NUL, wildcards and odd code points are data in every field.
pub async fn hostile_text_survives_in_every_field(store: impl Backend) {
    let entries = (1..).zip(sample::HOSTILE);
    let entries = entries.map(|(number, text)| sample::everywhere(number, text));
    comes_back(&store, entries.collect()).await;
}

/// Bodies and headers of more than a mebibyte are stored whole.
pub async fn entries_larger_than_a_mebibyte_survive(store: impl Backend) {
    let mut entries = Vec::new();
    for number in 1..=3 {
        let mut entry = sample::exchange(number);
        sample::change(&mut entry, |exchange| {
            let text = "é\0\"\\".repeat(300_000 + number as usize);
            let bytes_seen = text.len() as u64;
            let value = "é\"".repeat(400_000);
            exchange.request.headers.push("x-large", &value);
            exchange.request_body = BodyRecord::Whole { text, bytes_seen };
        });
        entries.push(entry);
    }
    comes_back(&store, entries).await;
}

/// The first and the last time that there is are stored and compare.
pub async fn earliest_and_latest_times_survive(store: impl Backend) {
    let times = [
        Timestamp::MIN,
        Timestamp::from_micros(-1),
        Timestamp::from_micros(0),
        sample::start(),
        Timestamp::MAX,
    ];
    let entries = (1..).zip(times).map(|(number, time)| {
        let mut entry = sample::plain(number);
        entry.created_at = time;
        entry
    });
    let entries: Vec<_> = entries.collect();
    comes_back(&store, entries.clone()).await;
    for from in times {
        for to in times {
            let mut filter = crate::query::Filter::new();
            (filter.from, filter.to) = (Some(from), Some(to));
            super::agrees(&store, &entries, &super::filtered(filter)).await;
        }
    }
}

/// The same batch twice leaves one copy of each entry, and the second time is no error.
pub async fn writing_a_batch_again_leaves_one_copy(store: impl Backend) {
    let batch = Random::new(1).entries(1, 50);
    store.write(&batch).await.unwrap();
    store.write(&batch).await.unwrap();
    store.flush().await.unwrap();
    assert!(everything(&store).await == newest_first(batch));
}

/// A batch of which some entries are stored adds the others.
pub async fn writing_an_overlapping_batch_adds_what_is_new(store: impl Backend) {
    let entries = Random::new(2).entries(1, 60);
    store.write(&entries[..40]).await.unwrap();
    store.write(&entries[20..]).await.unwrap();
    assert!(everything(&store).await == newest_first(entries));
}

/// A batch that holds an id twice stores the first entry of it, and its neighbours.
pub async fn one_batch_with_an_id_twice_keeps_the_first(store: impl Backend) {
    let (first, other) = (sample::exchange(1), sample::plain(2));
    let mut second = sample::event(1);
    second.context.organisation = Some("second".into());
    store
        .write(&[first.clone(), second, other.clone()])
        .await
        .unwrap();
    assert!(everything(&store).await == [other, first]);
}

/// A batch without entries is no error.
pub async fn empty_batch_is_written(store: impl Backend) {
    store.write(&[]).await.unwrap();
    store.flush().await.unwrap();
    assert!(everything(&store).await.is_empty());
}

/// A batch is not limited to a few entries.
pub async fn batch_of_many_entries_is_written(store: impl Backend) {
    let batch: Vec<_> = (1..=5_000).map(sample::plain).collect();
    store.write(&batch).await.unwrap();
    assert!(everything(&store).await == newest_first(batch));
}

/// Writers at the same time, of entries of their own and of the same ones, leave every entry once.
pub async fn concurrent_writers_lose_nothing(store: impl Backend) {
    let store = Arc::new(store);
    let shared: Vec<_> = (10_001..=10_020).map(sample::plain).collect();
    let mut writers = Vec::new();
    for writer in 0..8 {
        let (store, shared) = (Arc::clone(&store), shared.clone());
        writers.push(tokio::spawn(async move {
            for batch in 0..10 {
                let first = writer * 1000 + batch * 10;
                let mut entries: Vec<_> = (first..first + 10).map(sample::plain).collect();
                entries.extend(shared.clone());
                store.write(&entries).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut wanted: Vec<_> = (0..8)
        .flat_map(|writer| writer * 1000..writer * 1000 + 100)
        .map(sample::id)
        .collect();
    wanted.extend(ids(&shared));
    wanted.reverse();
    wanted.sort_by(|a, b| b.cmp(a));
    assert_eq!(ids(&everything(&*store).await), wanted);
}

/// An event whose data is nested more deeply than JSON parsers read spoils neither the batch nor the listing.
///
/// A store may keep the deep part as the text of its JSON.
pub async fn data_nested_deeply_does_not_hide_its_neighbours(store: impl Backend) {
    let mut deep = sample::event(2);
    if let EntryKind::Event(event) = &mut deep.kind {
        event.data = (0..500).fold(json!("leaf"), |inner, _| Value::Array(vec![inner]));
    }
    let (before, after) = (sample::plain(1), sample::plain(3));
    store
        .write(&[before.clone(), deep.clone(), after.clone()])
        .await
        .unwrap();
    let stored = everything(&store).await;
    assert_eq!(ids(&stored), [after.id, deep.id, before.id]);
    assert!(stored[0] == after && stored[2] == before);
    let EntryKind::Event(event) = &stored[1].kind else {
        panic!("the event became an exchange");
    };
    assert!(event.data.to_string().contains("leaf"));
}

async fn comes_back(store: &impl Backend, entries: Vec<LogEntry>) {
    store.write(&entries).await.unwrap();
    for entry in &entries {
        let found = store.get(&Scope::all(), entry.id).await.unwrap();
        let found = found.expect("an entry that was written is not there");
        same(&found, entry);
    }
    let (listed, wanted) = (everything(store).await, newest_first(entries));
    assert_eq!(ids(&listed), ids(&wanted));
    for (found, entry) in listed.iter().zip(&wanted) {
        same(found, entry);
    }
}

fn same(found: &LogEntry, entry: &LogEntry) {
    let json = |entry: &LogEntry| {
        let text = serde_json::to_string(entry).unwrap();
        text.chars().take(4000).collect::<String>()
    };
    assert!(found == entry, "{}\nbecame\n{}", json(entry), json(found));
}
