//! What only the SQLite store promises.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use tower_api_log::query::{Filter, Position};
use tower_api_log::testing::{Random, sample};
use tower_api_log::{
    Error, ErrorKind, LogEntry, LogQuery, LogSink, LogStore, Retention, Scope, SqliteStore,
};

async fn count(store: &SqliteStore) -> u64 {
    store.count(&Scope::all(), &Filter::new()).await.unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn reopened_store_has_everything() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let entries = Random::new(1).entries(1, 200);
    let store = SqliteStore::open(&path).unwrap();
    store.write(&entries).await.unwrap();
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    let page = store
        .list(&LogQuery::new(Scope::all()).limit(1000))
        .await
        .unwrap();
    assert!(page.entries.iter().rev().eq(&entries));
}

#[tokio::test]
async fn newer_schema_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("log.db");
    drop(SqliteStore::open(&path).unwrap());
    for version in [2, i32::MAX, -1] {
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "user_version", version).unwrap();
        drop(db);
        let error = SqliteStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert!(!error.is_retryable());
        let db = Connection::open(&path).unwrap();
        let kept: i32 = db
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(kept, version);
    }
}

#[tokio::test]
async fn database_of_another_application_is_refused_and_left_alone() {
    let folder = folder();
    let foreign = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
        path
    };
    let paths = [
        foreign("table.db", "CREATE TABLE entry (id)"),
        foreign("id.db", "PRAGMA application_id = 7"),
        foreign("version.db", "PRAGMA user_version = 1"),
    ];
    for path in paths {
        let before = std::fs::read(&path).unwrap();
        let error = SqliteStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{path:?}");
        assert!(std::fs::read(&path).unwrap() == before);
    }
}

#[tokio::test]
async fn file_that_is_no_database_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    let text = "not a database, ".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn errors_name_neither_the_path_nor_the_sql() {
    let folder = folder();
    let path = folder.path().join("hidden-name").join("log.db");
    let error = SqliteStore::open(&path).unwrap_err();
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(&format!("{inner} {inner:?}"));
        cause = inner.source();
    }
    assert!(!text.contains("hidden-name"), "{text}");
    assert!(!text.contains("SELECT"), "{text}");
}

#[test]
fn settings_out_of_range_are_configuration_errors() {
    let folder = folder();
    let builder = || SqliteStore::builder(folder.path().join("log.db"));
    let kinds = |result: Result<SqliteStore, Error>| result.unwrap_err().kind();
    assert_eq!(
        kinds(builder().max_readers(0).open()),
        ErrorKind::Configuration
    );
    assert_eq!(
        kinds(builder().max_cache_bytes(1).open()),
        ErrorKind::Configuration
    );
    let timeout = std::time::Duration::from_secs(7200);
    assert_eq!(
        kinds(builder().busy_timeout(timeout).open()),
        ErrorKind::Configuration
    );
    assert_eq!(kinds(SqliteStore::open("")), ErrorKind::Configuration);
    assert!(!folder.path().join("log.db").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    store.write(&[sample::exchange(1)]).await.unwrap();
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        names.push(file.file_name().into_string().unwrap());
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
    names.sort();
    assert_eq!(names, ["log.db", "log.db-shm", "log.db-wal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_opened_twice_is_read_while_it_is_written() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let writers = [
        SqliteStore::open(&path).unwrap(),
        SqliteStore::open(&path).unwrap(),
    ];
    let reader = SqliteStore::open(&path).unwrap();
    let mut tasks = Vec::new();
    for (number, writer) in (0..).zip(writers) {
        tasks.push(tokio::spawn(async move {
            for batch in 0..50 {
                let first = number * 10_000 + batch * 10;
                let entries: Vec<_> = (first..first + 10).map(sample::plain).collect();
                writer.write(&entries).await.unwrap();
            }
        }));
    }
    let mut seen = 0;
    while seen < 1000 {
        let now = count(&reader).await;
        assert!(now >= seen && now % 10 == 0, "a batch was seen in part");
        seen = now;
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Opened by many at once, a new file gets its schema from one of them and serves all.
#[test]
fn new_file_is_opened_by_many_at_once() {
    let folder = folder();
    let path = folder.path().join("log.db");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| SqliteStore::open(&path).map(drop)))
            .collect();
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
}

#[test]
fn store_works_without_a_runtime() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let batch = [sample::exchange(1)];
    let mut write = store.write(&batch);
    assert!(write.as_mut().poll(&mut context).is_ready());
    let scope = Scope::organisation("org_1").unwrap();
    let mut get = store.get(&scope, batch[0].id);
    assert!(get.as_mut().poll(&mut context).is_ready());
}

#[tokio::test]
async fn dropped_write_leaves_a_store_that_takes_the_batch_again() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let batch: Vec<_> = (1..=500).map(sample::exchange).collect();
    for _ in 0..20 {
        let mut write = store.write(&batch);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = write.as_mut().poll(&mut context);
        drop(write);
    }
    store.write(&batch).await.unwrap();
    assert_eq!(count(&store).await, 500);
}

#[tokio::test]
async fn lock_of_another_process_is_a_retryable_error() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteStore::builder(&path)
        .busy_timeout(std::time::Duration::from_millis(10))
        .open()
        .unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = [sample::plain(1)];
    let error = store.write(&batch).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    other.execute_batch("ROLLBACK").unwrap();
    store.write(&batch).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn damaged_file_is_an_error_that_does_not_pass() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteStore::open(&path).unwrap();
    let batch: Vec<_> = (1..=500).map(sample::exchange).collect();
    store.write(&batch).await.unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16 << 10..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = match SqliteStore::open(&path) {
        Err(error) => error,
        Ok(store) => store.list(&LogQuery::new(Scope::all())).await.unwrap_err(),
    };
    assert!(!error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn absurdly_many_filter_values_are_refused_as_a_query() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let mut filter = Filter::new();
    filter.actors = (0..40_000).map(|number| number.to_string()).collect();
    let error = store.count(&Scope::all(), &filter).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidQuery);
    filter.actors.truncate(32_000);
    assert_eq!(store.count(&Scope::all(), &filter).await.unwrap(), 0);
}

#[tokio::test]
async fn flushed_entries_are_in_the_files() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    store.write(&[about_canary(1)]).await.unwrap();
    store.flush().await.unwrap();
    assert!(holds(folder.path(), CANARY));
}

const CANARY: &str = "canary-7f3a9c";

fn about_canary(number: u32) -> LogEntry {
    let mut entry = sample::everywhere(number, &format!("{CANARY}-{number}"));
    sample::change(&mut entry, |exchange| {
        exchange.request.route = Some("/users/{id}".into());
        exchange.request.method = "GET".into();
        exchange.request.authority = None;
        exchange.request.scheme = None;
        exchange.request.version = "2".into();
        let text = format!("{CANARY}-{number} ").repeat(1 + number as usize * 37 % 2000);
        let bytes_seen = text.len() as u64;
        exchange.request_body = tower_api_log::entry::BodyRecord::Whole { text, bytes_seen };
    });
    let context = &mut entry.context;
    (context.organisation, context.project, context.environment) = (None, None, None);
    (context.trace_id, context.api_version, context.project_name) = (None, None, None);
    context.actor = Some(tower_api_log::Actor::user("user_9").email(CANARY));
    entry
}

fn holds(folder: &Path, text: &str) -> bool {
    let needle = text.as_bytes();
    std::fs::read_dir(folder).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

/// Pages that are split, merged and freed must not keep what they held; entries of others lie between.
#[tokio::test]
async fn erased_bytes_are_in_none_of_the_files() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    for batch in 0..20 {
        let entries: Vec<_> = (batch * 20..batch * 20 + 20)
            .map(|number| match number % 3 {
                0 => about_canary(number),
                _ => sample::exchange(number),
            })
            .rev()
            .collect();
        store.write(&entries).await.unwrap();
    }
    assert!(holds(folder.path(), CANARY), "the search finds nothing");
    store.delete_before(sample::time(60)).await.unwrap();
    assert_eq!(store.erase("user_9").await.unwrap().entries(), 114);
    assert!(!holds(folder.path(), CANARY));
    assert!(
        holds(folder.path(), "random-id"),
        "the entries of others stay"
    );
    assert_eq!(count(&store).await, 340);
}

#[tokio::test]
async fn erasure_that_a_reader_holds_up_says_so_and_is_finished_by_the_next() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteStore::builder(&path)
        .busy_timeout(std::time::Duration::from_millis(10))
        .open()
        .unwrap();
    store.write(&[about_canary(1)]).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM entry;")
        .unwrap();
    assert!(store.erase("user_9").await.unwrap_err().is_retryable());
    drop(other);
    assert_eq!(store.erase("user_9").await.unwrap().entries(), 0);
    assert!(!holds(folder.path(), CANARY));
}

/// The test runs its own binary once more as the writer, kills it, and asks what it said was stored.
#[tokio::test]
async fn entries_written_before_a_kill_are_stored_once() {
    const WRITER: &str = "TOWER_API_LOG_TEST_WRITER";
    if let Some(path) = std::env::var_os(WRITER) {
        let store = SqliteStore::open(path).unwrap();
        let mut out = std::io::stdout();
        for number in 1.. {
            let first = number * 10;
            let entries: Vec<_> = (first..first + 10).map(sample::exchange).collect();
            store.write(&entries).await.unwrap();
            std::io::Write::write_all(&mut out, format!("stored {number}\n").as_bytes()).unwrap();
        }
    }
    let folder = folder();
    let path = folder.path().join("log.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::entries_written_before_a_kill_are_stored_once",
        ])
        .args(["--nocapture", "--test-threads", "1"])
        .env(WRITER, &path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let read = |line: String| line.rsplit_once("stored ")?.1.parse::<u32>().ok();
    let mut told = 0;
    while told < 30 {
        told = read(lines.next().unwrap().unwrap()).unwrap_or(told);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        told = read(line).unwrap_or(told);
    }

    let store = SqliteStore::open(&path).unwrap();
    for number in 1..=told {
        for id in number * 10..number * 10 + 10 {
            let found = store.get(&Scope::all(), sample::id(id)).await.unwrap();
            assert!(
                found.is_some(),
                "a batch that was told as stored is not there"
            );
        }
    }
    let batch: Vec<_> = (told * 10..told * 10 + 20).map(sample::exchange).collect();
    store.write(&batch).await.unwrap();
    assert_eq!(count(&store).await, u64::from(told) * 10 + 10);
}

#[tokio::test]
async fn page_of_a_search_for_text_looks_at_a_thousand_entries_and_says_how_far_it_came() {
    let folder = folder();
    let store = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let entries: Vec<_> = (1..=2_500).map(sample::plain).collect();
    store.write(&entries).await.unwrap();
    let mut filter = Filter::new();
    filter.text = Some("absent".into());
    let query = LogQuery::new(Scope::all()).filter(filter);
    let mut searched = Vec::new();
    let mut position = Position::First;
    loop {
        let query = query.clone().position(position);
        let page = store.list(&query).await.unwrap();
        assert!(page.entries.is_empty());
        assert_eq!(page.has_older, page.searched_to.is_some());
        let Some(id) = page.searched_to else { break };
        searched.push(id);
        position = Position::After(id);
    }
    assert_eq!(searched, [1_501, 501].map(sample::id));
}
