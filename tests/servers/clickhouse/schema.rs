//! Tables that are not as the store made them.

use tower_api_log::query::Filter;
use tower_api_log::store::ClickHouseStore;
use tower_api_log::testing::sample;
use tower_api_log::{ErrorKind, LogQuery, LogSink, LogStore, Scope};

use super::server::Database;
use super::stored;

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn connecting_twice_and_at_once_makes_one_table() {
    let database = Database::new();
    let connect = || tokio::spawn(database.builder().connect());
    let connecting: Vec<_> = (0..8).map(|_| connect()).collect();
    for store in connecting {
        let store: ClickHouseStore = store.await.unwrap().unwrap();
        store.write(&[sample::exchange(1)]).await.unwrap();
    }
    assert_eq!(stored(&database.store().await).await.len(), 1);
    assert_eq!(
        database.sql("SELECT count() FROM system.tables WHERE database = currentDatabase()"),
        "2"
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn table_is_not_created_where_it_may_not_be() {
    let database = Database::new();
    let error = database
        .builder()
        .migrate(false)
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("does not exist"), "{error}");
    for statement in database.builder().ddl().unwrap() {
        database.sql(&statement);
    }
    database.builder().migrate(false).connect().await.unwrap();
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn newer_table_and_one_of_somebody_else_are_left_alone() {
    let database = Database::new();
    database.store().await;
    database.sql("ALTER TABLE api_log MODIFY COMMENT 'tower-api-log schema 2'");
    let error = database.builder().connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("newer version"), "{error}");

    database.sql("CREATE TABLE other (id UInt8) ENGINE = Memory");
    let error = database
        .builder()
        .table_name("other")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert_eq!(database.sql("SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = 'other'"), "1");
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn altered_table_is_told_with_the_column() {
    let alterations = [
        ("DROP COLUMN micros", "micros"),
        ("RENAME COLUMN actor TO person", "actor"),
        ("MODIFY COLUMN status Int64", "status"),
        ("MODIFY COLUMN head Nullable(String)", "head"),
    ];
    for (alteration, column) in alterations {
        let database = Database::new();
        let store = database.store().await;
        store.write(&[sample::exchange(1)]).await.unwrap();
        database.sql(&format!("ALTER TABLE api_log {alteration}"));
        let connected = database.builder().connect().await.unwrap_err();
        let written = store.write(&[sample::exchange(2)]).await.unwrap_err();
        let listed = store.list(&LogQuery::new(Scope::all())).await.unwrap_err();
        for error in [connected, written, listed] {
            assert_eq!(error.kind(), ErrorKind::Schema, "{alteration}: {error}");
            assert!(error.to_string().contains(column), "{alteration}: {error}");
            assert!(!error.is_retryable());
        }
    }
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn columns_and_indexes_of_the_operator_do_no_harm() {
    let database = Database::new();
    let store = database.store().await;
    database.sql("ALTER TABLE api_log ADD COLUMN region String DEFAULT 'eu', ADD INDEX by_actor actor TYPE bloom_filter");
    store.write(&[sample::exchange(1)]).await.unwrap();
    let store = database.store().await;
    store.write(&[sample::exchange(2)]).await.unwrap();
    assert_eq!(stored(&store).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn table_that_is_gone_is_told() {
    let database = Database::new();
    let store = database.store().await;
    database.sql("DROP TABLE api_log SYNC");
    let error = store.write(&[sample::exchange(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn rows_read_well_by_hand() {
    let database = Database::new();
    let store = database.store().await;
    let entry = sample::exchange(1);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    let row = database.sql("SELECT uuid, time, method FROM api_log FORMAT TSV");
    let [uuid, time, method] = row.split('\t').collect::<Vec<_>>()[..] else {
        panic!("{row}");
    };
    assert_eq!(uuid, entry.id.to_string());
    assert!(time.starts_with("2026-11-22 12:00:01"), "{time}");
    assert!(!method.is_empty());
    let mut least = sample::plain(2);
    least.id = tower_api_log::EntryId::MIN;
    store.write(&[least]).await.unwrap();
    assert!(
        database
            .sql("SELECT uuid FROM api_log ORDER BY id LIMIT 1")
            .starts_with("00000000-0000-")
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn server_drops_days_that_are_past_on_its_own() {
    let database = Database::new();
    let store = database.builder().keep_days(1000).connect().await.unwrap();
    database.sql("ALTER TABLE api_log MODIFY SETTING merge_with_ttl_timeout = 1");
    let (mut old, young) = (sample::plain(1), sample::plain(2));
    old.created_at = tower_api_log::Timestamp::from_micros(0);
    old.id = tower_api_log::EntryId::first_at(old.created_at);
    store.write(&[old, young.clone()]).await.unwrap();
    database.sql("OPTIMIZE TABLE api_log FINAL");
    assert_eq!(store.count(&Scope::all(), &Filter::new()).await.unwrap(), 1);
    assert!(stored(&store).await == [young]);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn store_that_waits_for_the_disk_and_one_that_gathers_write_as_well() {
    let database = Database::new();
    let builder = || database.builder();
    let stores = [
        builder()
            .table_name("safe")
            .fsync(true)
            .connect()
            .await
            .unwrap(),
        builder()
            .table_name("gathered")
            .gather_inserts(true)
            .connect()
            .await
            .unwrap(),
    ];
    for store in stores {
        let batch: Vec<_> = (1..=50).map(sample::exchange).collect();
        store.write(&batch).await.unwrap();
        store.write(&batch).await.unwrap();
        assert_eq!(stored(&store).await.len(), 50);
    }
}
