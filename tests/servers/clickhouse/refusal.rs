//! What the server refuses, and what the store says of it.

use std::time::{Duration, Instant};

use tower_api_log::query::{Filter, StatsQuery};
use tower_api_log::store::ClickHouseStore;
use tower_api_log::testing::sample;
use tower_api_log::{Error, ErrorKind, LogQuery, LogSink, LogStore, Scope, Timestamp};

use super::server::{Database, free_port};
use super::stored;

/// Holds what an error says, and that it repeats neither URL nor password nor statement.
#[track_caller]
fn says(error: &Error, kind: ErrorKind, retried: bool, words: &str) {
    let mut all = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        all += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (kind, retried),
        "{all}"
    );
    assert!(error.to_string().contains(words), "{all}");
    assert!(!error.to_string().contains('\n'), "{all}");
    for secret in ["made-up", "SELECT", "INSERT", "wrong-password"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn wrong_password_is_denied() {
    let database = Database::new();
    let url = database.url();
    let at = url.find('@').unwrap();
    for login in ["log:wrong-password", "nobody:wrong-password", "log:"] {
        let url = format!("http://{login}{}", &url[at..]);
        let error = ClickHouseStore::connect(&url).await.unwrap_err();
        says(&error, ErrorKind::Denied, false, "password");
    }
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn missing_database_is_told() {
    let url = Database::new().url();
    let error = ClickHouseStore::connect(&url).await.unwrap_err();
    says(
        &error,
        ErrorKind::Configuration,
        false,
        "database does not exist; create it",
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn server_that_is_not_there_may_come_back() {
    let url = format!("http://log:made-up@127.0.0.1:{}/default", free_port());
    let error = ClickHouseStore::connect(&url).await.unwrap_err();
    says(&error, ErrorKind::Unavailable, true, "cannot be reached");
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn user_who_may_only_read_reads_and_cannot_write() {
    let database = Database::new();
    let owner = database.store().await;
    owner.write(&[sample::exchange(1)]).await.unwrap();
    let builder = ClickHouseStore::builder(&database.url_of("reader")).migrate(false);
    let reader = builder.connect().await.unwrap();
    assert_eq!(stored(&reader).await.len(), 1);
    let error = reader.write(&[sample::exchange(2)]).await.unwrap_err();
    says(&error, ErrorKind::Denied, false, "right");

    let builder = ClickHouseStore::builder(&database.url_of("frozen")).migrate(false);
    let error = builder.connect().await.unwrap_err();
    says(&error, ErrorKind::Denied, false, "`readonly` to 2");
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t33_quota_that_is_used_up_passes() {
    let database = Database::new();
    let owner = database.store().await;
    let builder = ClickHouseStore::builder(&database.url_of("limited"));
    let limited = builder.connect().await.unwrap();
    let (mut written, mut refused) = (0, 0);
    let start = Instant::now();
    while written < 4 {
        match limited.write(&[sample::exchange(written)]).await {
            Ok(()) => written += 1,
            Err(error) => {
                says(&error, ErrorKind::Unavailable, true, "quota");
                refused += 1;
                assert!(start.elapsed() < Duration::from_secs(30));
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    assert!(refused > 0);
    assert_eq!(stored(&owner).await.len(), 4);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t36_too_many_parts_pass() {
    let database = Database::new();
    let store = database.store().await;
    database.sql("ALTER TABLE api_log MODIFY SETTING parts_to_throw_insert = 3, parts_to_delay_insert = 3, max_delay_to_insert = 1");
    database.sql("SYSTEM STOP MERGES api_log");
    let mut written = 0;
    let error = loop {
        match store.write(&[sample::exchange(written + 1)]).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 20);
    };
    says(&error, ErrorKind::Unavailable, true, "too many parts");
    database.sql("SYSTEM START MERGES api_log");
    database.sql("OPTIMIZE TABLE api_log FINAL");
    store.write(&[sample::exchange(written + 1)]).await.unwrap();
    assert_eq!(stored(&store).await.len(), written as usize + 1);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t37_batch_of_more_days_than_one_insert_may_have_is_split() {
    let database = Database::new();
    let store = database
        .builder()
        .setting("max_partitions_per_insert_block", "1")
        .connect()
        .await
        .unwrap();
    let batch: Vec<_> = (0..130)
        .map(|day| sample::exchange(day * 86_400 + 1))
        .collect();
    store.write(&batch).await.unwrap();
    assert_eq!(stored(&store).await.len(), batch.len());
    assert_eq!(
        database.sql("SELECT uniq(_partition_id) FROM api_log"),
        "130"
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn memory_limit_passes() {
    let database = Database::new();
    let store = database.store().await;
    let batch: Vec<_> = (1..=5_000).map(sample::exchange).collect();
    store.write(&batch).await.unwrap();
    says_of_memory(async || {
        let poor = database.builder().setting("max_memory_usage", "100000");
        match poor.connect().await {
            Ok(poor) => poor.list(&LogQuery::new(Scope::all())).await.unwrap_err(),
            Err(error) => error,
        }
    })
    .await;
    let poor = database
        .builder()
        .migrate(false)
        .setting("max_memory_usage", "3000000")
        .connect()
        .await
        .unwrap();
    says_of_memory(async || poor.write(&batch).await.unwrap_err()).await;
    assert_eq!(stored(&store).await.len(), batch.len());
}

/// Holds that each error is one that passes, and that one of five names the memory: with so little the server cannot always say what is wrong.
async fn says_of_memory(fails: impl AsyncFn() -> Error) {
    for _ in 0..4 {
        let error = fails().await;
        if error.to_string().contains("memory") {
            return says(&error, ErrorKind::Unavailable, true, "out of memory");
        }
        says(&error, ErrorKind::Unavailable, true, "");
    }
    says(
        &fails().await,
        ErrorKind::Unavailable,
        true,
        "out of memory",
    );
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn question_that_takes_too_long_ends_in_time() {
    let database = Database::new();
    let store = database.store().await;
    for day in 0..20 {
        let batch: Vec<_> = (1..=3_000)
            .map(|number| sample::exchange(day * 86_400 + number))
            .collect();
        store.write(&batch).await.unwrap();
    }
    let impatient = database
        .builder()
        .read_timeout(Duration::from_millis(10))
        .connect();
    let impatient = match impatient.await {
        Ok(store) => store,
        // This machine may be that slow.
        Err(error) => return says(&error, ErrorKind::Unavailable, true, "in time"),
    };
    let mut filter = Filter::new();
    filter.text = Some("nowhere at all".into());
    let (scope, start) = (Scope::all(), Instant::now());
    let error = impatient.count(&scope, &filter).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2));
    says(&error, ErrorKind::Unavailable, true, "in time");

    let slow = database.builder().setting("max_execution_time", "0.001");
    let query = StatsQuery::new(scope).filter(filter);
    let error = match slow.connect().await {
        Ok(slow) => slow.stats(&query).await.unwrap_err(),
        Err(error) => error,
    };
    says(&error, ErrorKind::Unavailable, true, "longer than it may");
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn t33_full_disk_passes_and_leaves_nothing_of_the_batch() {
    let free = u64::MAX / 4;
    let full = super::server::Server::start(&["--keep-free", &free.to_string()]);
    let store = ClickHouseStore::connect(full.url()).await.unwrap();
    let error = store.write(&[sample::exchange(1)]).await.unwrap_err();
    says(&error, ErrorKind::Unavailable, true, "disk");
    assert!(stored(&store).await.is_empty());
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn value_that_the_server_does_not_take_is_an_invalid_query() {
    let database = Database::new();
    let store = database.store().await;
    let mut filter = Filter::new();
    filter.actors = vec!["x".repeat(200_000)];
    let error = store.count(&Scope::all(), &filter).await.unwrap_err();
    says(&error, ErrorKind::InvalidQuery, false, "bytes");
    filter.actors = (0..20_000)
        .map(|number| format!("actor {number}"))
        .collect();
    filter.to = Some(Timestamp::MAX);
    assert_eq!(store.count(&Scope::all(), &filter).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn hundreds_of_readers_at_once_are_answered() {
    let database = Database::new();
    let store = database.store().await;
    store.write(&[sample::exchange(1)]).await.unwrap();
    let readers: Vec<_> = (0..300)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.get(&Scope::all(), sample::id(1)).await })
        })
        .collect();
    for reader in readers {
        assert!(reader.await.unwrap().unwrap().is_some());
    }
}

/// The recorder has a runtime of its own, and a service may have another one.
#[test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
fn store_outlives_the_runtime_that_wrote() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let database = Database::new();
    let (writer, reader) = (runtime(), runtime());
    let store = writer.block_on(database.store());
    for number in 1..=3 {
        writer
            .block_on(store.write(&[sample::exchange(number)]))
            .unwrap();
        // The writer's runtime does not run meanwhile.
        assert_eq!(reader.block_on(stored(&store)).len(), number as usize);
    }
    drop(writer);
    assert_eq!(reader.block_on(stored(&store)).len(), 3);
    reader
        .block_on(store.write(&[sample::exchange(4)]))
        .unwrap();
    assert_eq!(reader.block_on(stored(&store)).len(), 4);
}
