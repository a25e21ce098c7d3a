//! A process that is killed at any instant: what it has acknowledged is stored after its restarts, once.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tower_api_log::query::Position;
use tower_api_log::recorder::{Guarantee, Spool};
use tower_api_log::sink::Ndjson;
use tower_api_log::testing::Random;
use tower_api_log::{ApiLogLayer, LogQuery, LogStore, Scope, SqliteStore};

use super::{Stand, is_balanced, quick, settled};
use crate::support::{child, two_workers};

const FOLDER: &str = "FAULTS_KILL_FOLDER";
const KIND: &str = "FAULTS_KILL_KIND";
const ENDS: &str = "FAULTS_KILL_ENDS";
/// So many calls are under way at a time.
const CLIENTS: usize = 4;

#[test]
fn t30_killed_with_a_spool_before_a_sqlite_store() {
    kill("sqlite");
}

#[test]
fn t30_killed_with_a_spool_before_a_file_of_lines() {
    kill("lines");
}

#[test]
fn t30_killed_with_a_sqlite_store_alone_that_is_flushed() {
    kill("flushed");
}

fn kills() -> usize {
    match std::env::var("FAULTS").as_deref() {
        Ok("full") => 200,
        _ => 10,
    }
}

fn kill(kind: &str) {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut acknowledged = 0;
    for _ in 0..kills() {
        let mut command = service(kind, folder.path());
        let mut process = command.spawn().unwrap();
        // Until it serves, and then for as long as chance has it; or before it serves.
        let is_early = random.below(8) == 0;
        let before = acks(folder.path()).len();
        let started = Instant::now();
        while !is_early && acks(folder.path()).len() == before {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "it does not serve"
            );
            assert!(
                process.try_wait().unwrap().is_none(),
                "it ended by itself: {}",
                std::fs::read_to_string(folder.path().join("stderr")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_micros(random.below(120_000).into()));
        process.kill().unwrap();
        process.wait().unwrap();
        acknowledged = acks(folder.path()).len();
    }
    let output = service(kind, folder.path())
        .env(ENDS, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let acks = acks(folder.path());
    let stored = stored(kind, folder.path());
    let once: HashSet<_> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "no id twice");
    let lost: Vec<_> = acks.iter().filter(|id| !once.contains(*id)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost: {lost:?}",
        lost.len(),
        acks.len()
    );
    assert!(acknowledged > 0);
    println!(
        "{kind}: {} kills, {} acknowledged, {} stored, {:?}",
        kills(),
        acks.len(),
        stored.len(),
        begun.elapsed()
    );
}

fn service(kind: &str, folder: &Path) -> std::process::Command {
    let mut command = child("faults::kill::child_that_serves_until_it_is_killed");
    command.env(FOLDER, folder).env(KIND, kind);
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("stderr"))
        .unwrap();
    command.stdout(Stdio::null()).stderr(log);
    command
}

/// The ids whose responses ended, or whose flush was answered. The last line may be half.
fn acks(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("acks")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |at| &text[..at]);
    whole.lines().map(str::to_owned).collect()
}

fn stored(kind: &str, folder: &Path) -> Vec<String> {
    if kind == "lines" {
        let text = std::fs::read_to_string(folder.join("log.ndjson")).unwrap();
        let id = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap().to_owned()
        };
        return text.lines().map(id).collect();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(folder.join("log.db")).unwrap();
        let mut ids = Vec::new();
        let mut position = Position::First;
        loop {
            let query = LogQuery::new(Scope::all()).limit(1000).position(position);
            let page = store.list(&query).await.unwrap();
            ids.extend(page.entries.iter().map(|it| it.id.to_string()));
            match page.entries.last() {
                Some(last) if page.has_older => position = Position::After(last.id),
                _ => break ids,
            }
        }
    })
}

/// The service: it acts only where another test of this file has started it.
#[test]
fn child_that_serves_until_it_is_killed() {
    let (Some(folder), Ok(kind)) = (std::env::var_os(FOLDER), std::env::var(KIND)) else {
        return;
    };
    two_workers().block_on(serve(PathBuf::from(folder), &kind));
}

async fn serve(folder: PathBuf, kind: &str) {
    let spooled = quick()
        .guarantee(Guarantee::BeforeResponse)
        .spool(Spool::at(folder.join("spool")));
    let layer = match kind {
        "sqlite" => ApiLogLayer::builder(SqliteStore::open(folder.join("log.db")).unwrap())
            .delivery(spooled),
        "lines" => {
            ApiLogLayer::builder(Ndjson::open(folder.join("log.ndjson")).unwrap()).delivery(spooled)
        }
        _ => ApiLogLayer::builder(SqliteStore::open(folder.join("log.db")).unwrap())
            .delivery(quick()),
    };
    let stand = Stand::new(layer.build().unwrap());
    // What the spool brings stands in the ledger, and nothing is in flight.
    let stats = stand.recorder.stats();
    is_balanced(&stats);
    assert_eq!(settled(&stats.balance), stats.balance.seen());
    if std::env::var_os(ENDS).is_some() {
        return end(&stand).await;
    }
    let mut options = OpenOptions::new();
    let acks = options.create(true).append(true).open(folder.join("acks"));
    let acks = Arc::new(acks.unwrap());
    let clients = (0..CLIENTS).map(|_| {
        let (stand, acks, kind) = (stand.clone(), acks.clone(), kind.to_owned());
        tokio::spawn(async move {
            match kind.as_str() {
                "flushed" => flush_after_each_ten(&stand, &acks).await,
                _ => call(&stand, &acks).await,
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

async fn call(stand: &Stand, mut acks: &File) {
    loop {
        let id = id(stand).await;
        acks.write_all(format!("{id}\n").as_bytes()).unwrap();
    }
}

async fn flush_after_each_ten(stand: &Stand, mut acks: &File) {
    loop {
        let mut ids = String::new();
        for _ in 0..10 {
            ids.push_str(&id(stand).await);
            ids.push('\n');
        }
        stand.recorder.flush().await.unwrap();
        acks.write_all(ids.as_bytes()).unwrap();
    }
}

async fn id(stand: &Stand) -> String {
    let (_, headers, _) = stand.call("/killed").await;
    headers["request-id"].to_str().unwrap().to_owned()
}

async fn end(stand: &Stand) {
    stand.recorder.flush().await.unwrap();
    let report = stand.recorder.shutdown(Duration::from_secs(30)).await;
    let it = report.balance;
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(
        (it.spooled(), it.dropped_total(), it.in_flight()),
        (0, 0, 0)
    );
    assert_eq!(it.stored(), it.seen());
}
