//! What is wrong with the settings, the rights and the tables, and what is said of it.

use std::time::{Duration, Instant};

use tower_api_log::store::PostgresStoreBuilder;
use tower_api_log::testing::sample;
use tower_api_log::{Error, ErrorKind, LogSink, LogStore, PostgresStore, Scope};

use super::place::{Place, client};

#[track_caller]
fn is_told(error: &Error, kind: ErrorKind, words: &str) {
    let text = format!("{error} {error:?} {:?}", std::error::Error::source(error));
    assert_eq!(error.kind(), kind, "{text}");
    assert_eq!(
        error.is_retryable(),
        kind == ErrorKind::Unavailable,
        "{text}"
    );
    assert!(error.to_string().contains(words), "{text}");
    assert!(!error.to_string().contains('\n'), "{text}");
    assert!(
        !text.contains("not-a-secret") && !text.contains("hunter2"),
        "{text}"
    );
}

async fn refused(builder: PostgresStoreBuilder) -> Error {
    assert!(!format!("{builder:?}").contains("not-a-secret"));
    let start = Instant::now();
    let error = builder.connect().await.expect_err("it connected");
    assert!(start.elapsed() < Duration::from_secs(20));
    error
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn wrong_password_is_told_as_such_without_it() {
    let url = Place::new().url().replace("not-a-secret", "hunter2");
    let error = refused(PostgresStore::builder(&url)).await;
    is_told(&error, ErrorKind::Denied, "user and password");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn missing_password_is_told_as_such() {
    let url = Place::new().url().replace(":not-a-secret", "");
    let error = refused(PostgresStore::builder(&url)).await;
    is_told(&error, ErrorKind::Denied, "password");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn missing_database_is_told_as_such() {
    let url = Place::new().url().trim_end_matches("log").to_owned() + "nowhere";
    let error = refused(PostgresStore::builder(&url)).await;
    is_told(
        &error,
        ErrorKind::Configuration,
        "database of the URL does not exist",
    );
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn server_that_is_not_there_may_come_back() {
    let url = "postgres://log:not-a-secret@127.0.0.1:1/log";
    let error = refused(PostgresStore::builder(url)).await;
    is_told(&error, ErrorKind::Unavailable, "lost or refused");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn settings_that_cannot_be_are_told_without_the_url() {
    for url in [
        "not-a-secret",
        "postgres://log:not-a-secret@127.0.0.1:x/log",
        "postgres://h/?port=hunter2",
    ] {
        let error = refused(PostgresStore::builder(url)).await;
        is_told(&error, ErrorKind::Configuration, "the URL of Postgres");
    }
    let url = "postgres://log@127.0.0.1/log";
    let builder = || PostgresStore::builder(url);
    let hour = Duration::from_secs(3600);
    for (builder, words) in [
        (builder().schema("a\"b"), "name of the schema"),
        (builder().table("a b"), "name of the table"),
        (builder().max_connections(0), "max_connections"),
        (builder().connect_timeout(Duration::ZERO), "connect_timeout"),
        (builder().statement_timeout(hour * 25), "statement_timeout"),
        (builder().days_ahead(1000), "days_ahead"),
    ] {
        is_told(&refused(builder).await, ErrorKind::Configuration, words);
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn tables_of_a_newer_version_are_refused() {
    let place = Place::new();
    place.connect().await;
    place.run("UPDATE PLACE.entry_about SET version = 99").await;
    for migrate in [true, false] {
        let error = refused(place.builder().migrate(migrate)).await;
        is_told(&error, ErrorKind::Schema, "newer version");
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn tables_that_were_altered_are_refused_and_the_column_named() {
    for (statement, words) in [
        (
            "ALTER TABLE PLACE.entry DROP COLUMN session",
            "no column session",
        ),
        (
            "ALTER TABLE PLACE.entry ALTER weight TYPE text",
            "column weight that is not bigint",
        ),
        (
            "ALTER TABLE PLACE.entry ALTER route SET NOT NULL",
            "column route that must have a value",
        ),
        (
            "ALTER TABLE PLACE.entry ALTER actor TYPE text COLLATE \"default\"",
            "column actor that is not COLLATE",
        ),
        ("ALTER TABLE PLACE.entry ADD mine text NOT NULL", "\"mine\""),
        ("DROP TABLE PLACE.entry", "no column"),
        ("DROP TABLE PLACE.entry_about", "already"),
    ] {
        let place = Place::new();
        place.connect().await;
        place.run(statement).await;
        if words != "already" {
            is_told(&refused(place.builder()).await, ErrorKind::Schema, words);
        }
        let error = refused(place.builder().migrate(false)).await;
        assert_eq!(error.kind(), ErrorKind::Schema, "{statement}: {error}");
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn columns_of_somebody_elses_do_no_harm_where_they_may_be_empty() {
    let place = Place::new();
    place.connect().await;
    place
        .run("ALTER TABLE PLACE.entry ADD mine text, ADD noted timestamptz NOT NULL DEFAULT now()")
        .await;
    let store = place.connect().await;
    let entry = sample::exchange(1);
    store.write(std::slice::from_ref(&entry)).await.unwrap();
    let found = store.get(&Scope::all(), entry.id).await.unwrap();
    assert!(found == Some(entry));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn column_that_goes_while_the_store_is_open_is_told() {
    let place = Place::new();
    let store = place.connect().await;
    place
        .run("ALTER TABLE PLACE.entry DROP COLUMN session")
        .await;
    let error = store.write(&[sample::exchange(1)]).await.unwrap_err();
    is_told(&error, ErrorKind::Schema, "altered");
    let error = store.get(&Scope::all(), sample::id(1)).await.unwrap_err();
    is_told(&error, ErrorKind::Schema, "altered");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn store_that_may_not_create_checks_what_is_there() {
    let place = Place::new();
    let error = refused(place.builder().migrate(false)).await;
    is_told(&error, ErrorKind::Schema, "do not exist");

    // By hand, as the statements say.
    let mut ddl = place.builder().ddl().unwrap();
    let lz4 = "SELECT count(*) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
    if place.number(lz4).await == 0 {
        ddl = ddl.replace(" COMPRESSION lz4", "");
    }
    client(place.url())
        .await
        .unwrap()
        .batch_execute(&ddl)
        .await
        .unwrap();
    let store = place.builder().migrate(false).connect().await.unwrap();
    let error = store.write(&[sample::exchange(1)]).await.unwrap_err();
    is_told(&error, ErrorKind::Schema, "partition");

    let owner = place.connect().await;
    owner.write(&[sample::exchange(1)]).await.unwrap();
    store.write(&[sample::exchange(2)]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn schema_and_table_are_those_that_were_named() {
    let place = Place::new();
    for table in ["Calls", "_x1", &"t".repeat(40)] {
        let store = place.builder().table(table).connect().await.unwrap();
        let entry = sample::exchange(1);
        store.write(std::slice::from_ref(&entry)).await.unwrap();
        assert!(store.get(&Scope::all(), entry.id).await.unwrap() == Some(entry));
        assert_eq!(
            place
                .number(&format!("SELECT count(*) FROM PLACE.\"{table}\""))
                .await,
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn many_processes_that_come_first_make_the_tables_once() {
    let place = Place::new();
    let mut connecting = Vec::new();
    for number in 1..=6 {
        let builder = place.builder().max_connections(2);
        connecting.push(tokio::spawn(async move {
            let store = builder.connect().await?;
            store.write(&[sample::plain(number)]).await
        }));
    }
    for it in connecting {
        it.await.unwrap().unwrap();
    }
    assert_eq!(place.number("SELECT count(*) FROM PLACE.entry").await, 6);
    assert_eq!(
        place.number("SELECT count(*) FROM PLACE.entry_about").await,
        1
    );
}
