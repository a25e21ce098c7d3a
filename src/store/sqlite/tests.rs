use rusqlite::params_from_iter;

use super::read::Sql;
use super::search::Order;
use super::*;
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

/// Asks SQLite how it would find a page.
async fn plan(store: &SqliteStore, scope: &Scope, filter: Filter, order: Order) -> String {
    let mut condition = Sql::new([scope.as_filter(), &filter], Drift::default()).unwrap();
    condition.and("id < ", Value::Id(EntryId::MAX));
    condition.push_sql(order.sql());
    let (text, values) = condition.into_parts();
    let sql = format!("SELECT id FROM entry WHERE {text}");
    let plan = store.pool.read(move |db| {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
        Ok(rows.unwrap().map(Result::unwrap).collect::<Vec<_>>())
    });
    plan.await.unwrap().join("\n").replace("COVERING ", "")
}

#[tokio::test]
async fn listings_run_along_a_key_and_sort_nothing() {
    let (store, _folder) = store();
    let tenant = Scope::organisation("org_1")
        .unwrap()
        .environment("production");
    let all = Scope::all();
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

    let key = "SEARCH entry USING PRIMARY KEY (id";
    let cases = [
        (&all, Filter::new(), key),
        (&all, recent, key),
        (&all, path, key),
        (&all, tenants, key),
        (
            &all,
            failed.clone(),
            "SEARCH entry USING INDEX entry_failed (id",
        ),
        (
            &tenant,
            Filter::new(),
            "SEARCH entry USING INDEX entry_by_organisation (organisation=? AND id",
        ),
        (&tenant, failed, "SEARCH entry USING INDEX entry_"),
    ];
    for (scope, filter, wanted) in cases {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let plan = plan(&store, scope, filter.clone(), order).await;
            assert!(plan.contains(wanted), "{filter:?}\n{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{filter:?}\n{plan}");
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
