use std::collections::BTreeSet;

use super::*;
use crate::query::{LogQuery, Scope};
use crate::store::{LogStore, MemoryStore, Retention};
use crate::testing::{Random, sample};
use crate::{Actor, LogEntry, LogSink, SqliteStore};

/// Segments so small that a few dozen entries fill many.
mod segments_of_forty_rows {
    crate::store_conformance!(super::store(40).await);
}

async fn store(segment_rows: u32) -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let set = store.pool.write(move |db| {
        let sql = "UPDATE sealing SET segment_rows = ?1";
        assert_eq!(db.execute(sql, [segment_rows]).unwrap(), 1);
        Ok(())
    });
    set.await.unwrap();
    (store, folder)
}

async fn segments(store: &SqliteStore) -> Vec<Segment> {
    let read = store.pool.read(|db| {
        let sql = "SELECT first, last, number, rows, late FROM segment ORDER BY last";
        let mut statement = db.prepare(sql).unwrap();
        let segments = statement.query_map([], |row| Ok(Segment::read(row)));
        Ok(segments.unwrap().map(|it| it.unwrap().unwrap()).collect())
    });
    read.await.unwrap()
}

async fn ids(store: &SqliteStore, sql: &'static str) -> Vec<EntryId> {
    let read = store.pool.read(move |db| {
        let mut statement = db.prepare(sql).unwrap();
        let ids = statement.query_map([], |row| row.get(0).map(EntryId::from_bytes));
        Ok(ids.unwrap().map(Result::unwrap).collect())
    });
    read.await.unwrap()
}

/// Panics unless every row is in one place: in one segment, late, or in the tail.
async fn check(store: &SqliteStore) {
    let rows = ids(store, "SELECT id FROM entry ORDER BY id").await;
    let late = ids(store, "SELECT id FROM late ORDER BY id").await;
    let segments = segments(store).await;
    let mut placed = Vec::new();
    for segment in &segments {
        let copy = *segment;
        let sealed = store.pool.read(move |db| {
            let mask = Question::new(&[], 0).ask(db, &copy, true)?;
            copy.marked_ids(db, &mask)
        });
        let sealed: Vec<_> = sealed.await.unwrap().iter().map(|it| it.0).collect();
        let late = late.iter().filter(|id| segment.ids().contains(id));
        let late: Vec<_> = late.copied().collect();
        assert_eq!((sealed.len(), late.len()), (segment.rows, segment.late));
        let mut all = [sealed, late].concat();
        all.sort();
        assert_eq!(all.last(), Some(&segment.last));
        assert_eq!(all.first(), Some(&segment.first));
        placed.extend(all);
    }
    let above = |id: &&EntryId| segments.last().is_none_or(|it| **id > it.last);
    placed.extend(rows.iter().filter(above));
    assert_eq!(placed, rows);

    let numbers: BTreeSet<_> = segments.iter().map(|it| it.number).collect();
    let keys = store.pool.read(|db| {
        let mut statement = db.prepare("SELECT key FROM segment_part").unwrap();
        let keys = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        Ok(keys.map(Result::unwrap).collect::<Vec<_>>())
    });
    for key in keys.await.unwrap() {
        assert!(numbers.contains(&(key >> 16 & ((1 << 32) - 1))), "{key:x}");
    }
}

#[tokio::test]
async fn whatever_happens_every_row_is_in_one_place_and_answers_agree_with_memory() {
    for (seed, segment_rows) in [(1, 1), (2, 7), (3, 40), (4, 64), (5, 100)] {
        let (store, _folder) = store(segment_rows).await;
        let memory = MemoryStore::new();
        let mut random = Random::new(seed);
        let mut entries = random.entries(1, 700);
        // About in order, with some that are far from their place.
        entries.sort_by_cached_key(|entry| {
            let far = if random.chance(10) { 500 } else { 20 };
            entry
                .created_at
                .plus(std::time::Duration::from_secs(random.below(far).into()))
        });
        let mut rest = entries.as_slice();
        while !rest.is_empty() {
            let (batch, more) = rest.split_at(rest.len().min(1 + random.below(30) as usize));
            rest = more;
            store.write(batch).await.unwrap();
            memory.write(batch).await.unwrap();
            if random.chance(10) {
                let again = &entries[..random.below(600) as usize];
                store.write(again).await.unwrap();
                memory.write(again).await.unwrap();
            }
            if random.chance(7) {
                let time = sample::time(random.below(400));
                let deleted = store.delete_before(time).await.unwrap();
                assert_eq!(deleted, memory.delete_before(time).await.unwrap());
            }
            if random.chance(7) {
                let actor = random.text();
                let erased = store.erase(&actor).await.unwrap();
                assert_eq!(erased, memory.erase(&actor).await.unwrap());
            }
            check(&store).await;
            for _ in 0..10 {
                let query = random.query(700);
                let (found, wanted) = (store.list(&query).await, memory.list(&query).await);
                assert!(found.unwrap() == wanted.unwrap(), "{query:?}");
                let count = store.count(&query.scope, &query.filter).await.unwrap();
                let wanted = memory.count(&query.scope, &query.filter).await.unwrap();
                assert_eq!(count, wanted, "{query:?}");
            }
        }
        assert!(segments(&store).await.len() >= 3);
    }
}

#[tokio::test]
async fn rows_are_sealed_as_they_come_and_those_that_come_late_with_their_neighbours() {
    let (store, _folder) = store(100).await;
    for first in (1..=1_000).step_by(50) {
        let batch: Vec<_> = (first..first + 50)
            .map(|it| sample::plain(it * 10))
            .collect();
        store.write(&batch).await.unwrap();
    }
    let sealed = segments(&store).await;
    assert_eq!(sealed.len(), 9);
    assert!(sealed.iter().all(|it| (it.rows, it.late) == (100, 0)));

    for late in 1..=3 {
        store.write(&[sample::plain(505 + late)]).await.unwrap();
        assert_eq!(segments(&store).await[0].late as u32, late);
    }
    store.write(&[sample::plain(509)]).await.unwrap();
    let anew = segments(&store).await;
    assert_eq!((anew[0].rows, anew[0].late), (104, 0));
    assert_eq!(anew[1..], sealed[1..]);
    assert!(ids(&store, "SELECT id FROM late").await.is_empty());
}

#[tokio::test]
async fn rows_in_any_order_make_segments_of_one_to_two_sizes() {
    let (store, _folder) = store(64).await;
    let mut random = Random::new(1);
    let mut entries: Vec<_> = (1..=3_000).map(sample::plain).collect();
    entries.sort_by_cached_key(|_| random.number());
    for batch in entries.chunks(20) {
        store.write(batch).await.unwrap();
    }
    check(&store).await;
    let segments = segments(&store).await;
    assert!(segments.len() > 20, "{}", segments.len());
    assert!(segments.iter().all(|it| (64..=130).contains(&it.rows)));
}

#[tokio::test]
async fn large_texts_make_small_segments() {
    let (store, _folder) = store(64).await;
    let entries: Vec<_> = (0..150)
        .map(|number| {
            let mut entry = sample::plain(number);
            entry.context.user_agent = Some(format!("{number}{}", "x".repeat(1 << 20)));
            entry
        })
        .collect();
    for batch in entries.chunks(10) {
        store.write(batch).await.unwrap();
    }
    check(&store).await;
    assert!(segments(&store).await.iter().all(|it| it.rows <= 16));
    let mut filter = crate::query::Filter::new();
    filter.user_agents = vec![entries[3].context.user_agent.clone().unwrap()];
    let found = store
        .list(&LogQuery::new(Scope::all()).filter(filter))
        .await;
    assert_eq!(found.unwrap().entries, entries[3..4]);
}

#[tokio::test]
async fn erased_person_is_in_no_segment_and_no_byte_of_the_file() {
    const CANARY: &str = "canary-9f31";
    let (store, folder) = store(8).await;
    let about = |number: u32| -> LogEntry {
        let mut entry = sample::everywhere(number, &format!("{CANARY}-{number}"));
        // Told in one row, and in many.
        entry.context.user_agent = Some(format!("{CANARY} agent"));
        entry.context.actor = Some(Actor::user(CANARY));
        sample::change(&mut entry, |it| it.request.route = Some("/{canary}".into()));
        (entry.context.organisation, entry.context.project) = (None, None);
        (entry.context.environment, entry.context.project_name) = (None, None);
        (entry.context.trace_id, entry.context.api_version) = (None, None);
        sample::change(&mut entry, |it| {
            (it.request.method, it.request.version) = ("GET".into(), "1".into());
            (it.request.scheme, it.request.authority) = (None, None);
        });
        entry
    };
    let entries: Vec<_> = (1..=400)
        .map(|number| match number % 3 {
            0 => about(number),
            _ => sample::exchange(number),
        })
        .collect();
    store.write(&entries).await.unwrap();
    let is_there = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.any(|bytes| {
            bytes
                .windows(CANARY.len())
                .any(|it| it == CANARY.as_bytes())
        })
    };
    assert!(is_there(), "the search finds nothing");
    assert_eq!(store.erase(CANARY).await.unwrap().entries(), 133);
    assert!(!is_there());
    check(&store).await;
}

#[tokio::test]
async fn damaged_segments_are_errors_and_not_panics() {
    let (store, _folder) = store(8).await;
    store.write(&Random::new(1).entries(1, 100)).await.unwrap();
    let mut random = Random::new(2);
    for bytes in [
        "x''",
        "x'01'",
        "x'02ff'",
        "zeroblob(40)",
        "x'ffffffffffffffffffffffffffffffffff'",
    ] {
        let sql = format!("UPDATE segment_part SET bytes = {bytes}");
        let damage = store
            .pool
            .write(move |db| Ok(db.execute(&sql, []).unwrap()));
        damage.await.unwrap();
        for _ in 0..100 {
            if let Err(error) = store.list(&random.query(100)).await {
                assert_eq!(error.kind(), ErrorKind::Corrupt);
            }
        }
        let error = store.list(&LogQuery::new(Scope::all())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
