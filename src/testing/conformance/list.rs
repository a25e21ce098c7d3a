use std::collections::HashMap;
use std::sync::Arc;

use super::{Backend, agrees, everything, ids, newest_first, walk};
use crate::entry::EntryId;
use crate::query::{LogQuery, Position, Scope};
use crate::testing::{Random, sample};

/// The order of a listing is that of the ids, not that of arrival.
pub async fn listing_runs_from_the_largest_id_whatever_the_order_of_writing(store: impl Backend) {
    let mut random = Random::new(3);
    let entries = random.entries(1, 200);
    let mut shuffled = entries.clone();
    shuffled.sort_by_cached_key(|_| random.number());
    for batch in shuffled.chunks(7) {
        store.write(batch).await.unwrap();
    }
    assert_eq!(ids(&everything(&store).await), ids(&newest_first(entries)));
}

/// A store without entries answers every position with an empty page that nothing surrounds.
pub async fn first_page_of_an_empty_store_is_empty(store: impl Backend) {
    for position in positions() {
        agrees(&store, &[], &LogQuery::new(Scope::all()).position(position)).await;
    }
}

/// Pages after and before ids that exist, that do not, and that lie outside agree with the reference, at every size.
pub async fn pages_after_and_before_an_id_tell_what_surrounds_them(store: impl Backend) {
    let entries: Vec<_> = (1..=9).map(|number| sample::plain(number * 2)).collect();
    store.write(&entries).await.unwrap();
    for limit in [1, 2, 4, 8, 9, 10, 1000] {
        for position in positions() {
            let query = LogQuery::new(Scope::all()).limit(limit).position(position);
            agrees(&store, &entries, &query).await;
        }
    }
}

/// Pages by number, from either end, agree with the reference, past the end too.
pub async fn pages_by_number_tell_what_surrounds_them(store: impl Backend) {
    let entries: Vec<_> = (1..=10).map(sample::plain).collect();
    store.write(&entries).await.unwrap();
    for limit in [1, 3, 5, 10, 11] {
        for number in 0..=12 {
            let query = LogQuery::new(Scope::all()).limit(limit);
            let numbered = query.clone().position(Position::Number(number));
            agrees(&store, &entries, &numbered).await;
            let from_oldest = query.position(Position::FromOldest(number));
            agrees(&store, &entries, &from_oldest).await;
        }
    }
}

/// A page number at which the offset overflows is a page past the end.
pub async fn absurd_page_numbers_are_empty_pages(store: impl Backend) {
    store
        .write(&[sample::plain(1), sample::plain(2)])
        .await
        .unwrap();
    for number in [
        1 << 31,
        1 << 32,
        1 << 53,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
        u64::MAX,
    ] {
        for limit in [1, 2, 1000] {
            let query = LogQuery::new(Scope::all()).limit(limit);
            let page = store
                .list(&query.position(Position::Number(number)))
                .await
                .unwrap();
            assert!(page.entries.is_empty());
            assert!(page.has_newer && !page.has_older);
            let query = LogQuery::new(Scope::all()).limit(limit);
            let page = store
                .list(&query.position(Position::FromOldest(number)))
                .await
                .unwrap();
            assert!(page.entries.is_empty());
            assert!(page.has_older && !page.has_newer);
        }
    }
}

/// A limit past the bounds, which only a literal can have, is held within them.
pub async fn absurd_limits_are_held(store: impl Backend) {
    let entries: Vec<_> = (1..=1_100).map(sample::plain).collect();
    store.write(&entries).await.unwrap();
    for (limit, length) in [(0, 1), (u32::MAX, LogQuery::MAX_LIMIT)] {
        let mut query = LogQuery::new(Scope::all());
        query.limit = limit;
        let page = store.list(&query).await.unwrap();
        assert_eq!(page.entries.len(), length as usize);
        assert!(page.has_older);
    }
}

/// A walk shows every entry that was there at its start exactly once, while entries are written at both ends and between.
pub async fn cursor_walk_under_concurrent_writes_shows_every_entry_once(store: impl Backend) {
    let entries: Vec<_> = (1..=300).map(|number| sample::plain(number * 10)).collect();
    store.write(&entries).await.unwrap();
    let store = Arc::new(store);
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for number in 1..=300 {
                let batch = [
                    sample::plain(number * 10 + 5),
                    sample::plain(10_000 + number),
                ];
                store.write(&batch).await.unwrap();
            }
        }
    });
    let mut page = 0;
    let walked = walk(&*store, by(7), async || {
        page += 1;
        let batch = [
            sample::plain(20_000 + page),
            sample::plain(3_000 - page * 10 + 1),
        ];
        store.write(&batch).await.unwrap();
    })
    .await;
    writer.await.unwrap();
    let mut seen = HashMap::new();
    for entry in &walked {
        *seen.entry(entry.id).or_insert(0) += 1;
    }
    assert!(
        seen.values().all(|&times| times == 1),
        "an entry came twice"
    );
    assert!(entries.iter().all(|entry| seen.contains_key(&entry.id)));
}

/// A walk shows every entry that survives it exactly once, while the oldest are deleted.
pub async fn cursor_walk_under_deletion_shows_every_surviving_entry_once(store: impl Backend) {
    let entries: Vec<_> = (1..=300).map(sample::plain).collect();
    store.write(&entries).await.unwrap();
    let mut page = 0;
    let walked = walk(&store, by(7), async || {
        page += 1;
        store.delete_before(sample::time(page * 5)).await.unwrap();
    })
    .await;
    let walked = ids(&walked);
    let mut sorted = walked.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!(walked, sorted, "an entry came twice or out of order");
    for entry in everything(&store).await {
        assert!(
            walked.contains(&entry.id),
            "a surviving entry was not shown"
        );
    }
}

/// A count is the length of the listing.
pub async fn count_equals_the_length_of_the_walk(store: impl Backend) {
    store.write(&Random::new(4).entries(1, 137)).await.unwrap();
    for limit in [1, 10, 137, 1000] {
        let walked = walk(&store, by(limit), async || {}).await;
        let count = store
            .count(&Scope::all(), &Default::default())
            .await
            .unwrap();
        assert_eq!(walked.len() as u64, count);
        assert_eq!(count, 137);
    }
}

fn by(limit: u32) -> LogQuery {
    LogQuery::new(Scope::all()).limit(limit)
}

fn positions() -> Vec<Position> {
    let mut positions = vec![Position::First];
    for number in 0..=2 {
        positions.extend([Position::Number(number), Position::FromOldest(number)]);
    }
    let around = (0..=20).map(sample::id);
    for id in around.chain([EntryId::MIN, EntryId::MAX]) {
        positions.extend([Position::After(id), Position::Before(id)]);
    }
    positions
}
