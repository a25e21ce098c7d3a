use rusqlite::params_from_iter;

use super::read::Sql;
use super::search::LATE;
use super::*;
use crate::clock::Timestamp;
use crate::entry::{Context, EntryKind, EventRecord};
use crate::query::{PathPattern, StatusRange};
use crate::store::sql::{Drift, Value};

fn store() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    (store, folder)
}

async fn count(store: &SqliteStore) -> u64 {
    store.count(&Scope::all(), &Filter::new()).await.unwrap()
}

fn entry(number: u32, title_bytes: usize) -> LogEntry {
    let at = Timestamp::from_micros(i64::from(number) * 1_000_000);
    let mut event = EventRecord::new("project", "updated");
    event.title = Some("x".repeat(title_bytes));
    let kind = EntryKind::Event(Box::new(event));
    LogEntry::new(EntryId::first_at(at), at, Context::default(), kind)
}

/// Asks SQLite how it would find the ids of a filter.
async fn plan(store: &SqliteStore, source: &str, filter: Filter, order: &str) -> String {
    let mut condition = Sql::new([&filter]).unwrap();
    condition.and("id < ", Value::Id(EntryId::MAX));
    let (text, values) = condition.into_parts();
    let sql = format!("EXPLAIN QUERY PLAN SELECT id FROM {source} WHERE {text} ORDER BY {order}");
    let plan = store.pool.read(move |db| {
        let mut statement = db.prepare(&sql).unwrap();
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
        Ok(rows.unwrap().map(Result::unwrap).collect::<Vec<_>>())
    });
    plan.await.unwrap().join("\n")
}

#[tokio::test]
async fn rows_outside_of_segments_are_searched_along_their_key_and_nothing_is_sorted() {
    let (store, _folder) = store();
    let mut failed = Filter::new();
    failed.statuses = vec![
        StatusRange { from: 400, to: 499 },
        StatusRange { from: 500, to: 599 },
    ];
    let mut recent = Filter::new();
    recent.from = Some(Timestamp::from_micros(0));
    let mut path = Filter::new();
    path.paths = vec![PathPattern::new("/api/*"), PathPattern::new("/")];
    let mut tenants = Filter::new();
    tenants.organisations = vec!["org_1".into(), "org_2".into()];
    for filter in [Filter::new(), failed, recent, path, tenants] {
        for order in ["id", "id DESC"] {
            let entry = plan(&store, "entry", filter.clone(), order).await;
            assert_eq!(entry, "SEARCH entry USING PRIMARY KEY (id<?)", "{filter:?}");
            let late = plan(&store, LATE, filter.clone(), order).await;
            let along =
                "SEARCH late USING PRIMARY KEY (id<?)\nSEARCH entry USING PRIMARY KEY (id=?)";
            assert_eq!(late, along, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn full_disk_is_a_retryable_error_and_leaves_nothing_of_the_batch() {
    let (store, _folder) = store();
    store.write(&[entry(1, 10)]).await.unwrap();
    let limit = |pages: i64| {
        store.pool.write(move |db| {
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
                .unwrap();
            Ok(())
        })
    };
    limit(1).await.unwrap();
    let batch: Vec<_> = (2..=50).map(|number| entry(number, 100_000)).collect();
    let error = store.write(&batch).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(count(&store).await, 1);

    limit(1 << 30).await.unwrap();
    store.write(&batch).await.unwrap();
    assert_eq!(count(&store).await, 50);
}

#[tokio::test]
async fn panic_in_a_job_is_contained_and_rolled_back() {
    let (store, _folder) = store();
    let job = store.pool.write(|db| -> Result<(), Error> {
        let transaction = pool::transaction(db).unwrap();
        transaction.execute("DELETE FROM drift", []).unwrap();
        panic!("scripted");
    });
    assert_eq!(job.await.unwrap_err().kind(), crate::ErrorKind::Panicked);
    store.write(&[entry(1, 10)]).await.unwrap();
}

#[tokio::test]
async fn time_range_is_a_range_of_ids_while_clocks_agree() {
    let (store, _folder) = store();
    store.write(&[entry(1, 10), entry(2, 10)]).await.unwrap();
    let drift = store.pool.read(|db| write::drift(db)).await.unwrap();
    assert_eq!(drift, Drift::default());

    let mut late = entry(3, 10);
    late.created_at = entry(1, 10).created_at;
    store.write(&[late]).await.unwrap();
    let drift = store.pool.read(|db| write::drift(db)).await.unwrap();
    assert_eq!((drift.ahead_millis, drift.behind_millis), (2_000, 0));
}
