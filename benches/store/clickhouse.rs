//! ClickHouse: what a row costs, beside the official client's own insert of the same columns, and what questions cost.

use std::time::{Duration, Instant};

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};
use tower_api_log::store::ClickHouseStore;
use tower_api_log::{LogEntry, LogSink};

use crate::{questions, traffic};

const BATCH: u64 = 1000;

pub(crate) fn url() -> String {
    std::env::var("TEST_CLICKHOUSE_URL").expect("TEST_CLICKHOUSE_URL")
}

pub(crate) async fn run(rows: u64, is_kept: bool) {
    let client = connect(&url());
    execute(&client, "CREATE DATABASE IF NOT EXISTS bench").await;
    let client = client.with_database("bench");
    let url = url().replace("/default", "/bench");
    let store = ClickHouseStore::connect(&url).await.unwrap();
    if number(&client, "SELECT count() FROM api_log").await != rows {
        insert(&store, &client, rows).await;
    }
    // As the server does by itself once a day is past.
    execute(&client, "OPTIMIZE TABLE api_log FINAL").await;
    sizes(&client, rows).await;
    questions::ask(&store, rows).await;
    if !is_kept {
        execute(&client, "DROP DATABASE bench SYNC").await;
    }
}

/// Connects the official client to `http://user:password@host:port/default`.
pub(crate) fn connect(url: &str) -> Client {
    let (login, host) = url.trim_start_matches("http://").split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let password = password.replace("%20", " ").replace("%2F", "/");
    let client =
        Client::default().with_url(format!("http://{}", host.trim_end_matches("/default")));
    client.with_user(user).with_password(password)
}

pub(crate) async fn execute(client: &Client, sql: &str) {
    client.query_raw(sql).execute().await.unwrap();
}

pub(crate) async fn number(client: &Client, sql: &str) -> u64 {
    client.query_raw(sql).fetch_one().await.unwrap()
}

/// The columns of the store's table.
#[derive(Row, Serialize, Deserialize)]
struct Raw {
    organisation: String,
    id: u128,
    version: u64,
    created_at: i64,
    kind: String,
    method: String,
    path: String,
    route: String,
    status: i32,
    project: String,
    environment: String,
    actor: String,
    client_ip: String,
    user_agent: String,
    request_id: String,
    api_version: String,
    actor_kind: String,
    session: String,
    api_key: String,
    outcome: String,
    micros: i64,
    category: String,
    action: String,
    ref_id: String,
    exchange: String,
    weight: u32,
    head: String,
    request_text: String,
    response_text: String,
}

/// Writes the same rows in turns by the store and by the official client, into a table that is like the store's; the one that goes first changes, as the server
/// merges what the other has written.
async fn insert(store: &ClickHouseStore, client: &Client, rows: u64) {
    execute(client, "TRUNCATE TABLE api_log").await;
    execute(client, "CREATE OR REPLACE TABLE raw AS api_log").await;
    let url = url().replace("/default", "/bench");
    let scratch = ClickHouseStore::builder(&url).table_name("made");
    let scratch = scratch.connect().await.unwrap();
    let (mut ours, mut raw) = (Duration::ZERO, Duration::ZERO);
    for batch in 0..rows / BATCH {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let made: Vec<_> = numbers.map(traffic::entry).collect();
        scratch.write(&made).await.unwrap();
        let values = values(client, &made).await;
        for turn in 0..2 {
            let start = Instant::now();
            if turn == batch % 2 {
                store.write(&made).await.unwrap();
                ours += start.elapsed();
            } else {
                copy(client, &values, batch).await;
                raw += start.elapsed();
            }
        }
        let done = (batch + 1) * BATCH;
        if [rows / 10, rows / 2, rows].contains(&done) {
            let rate = |time: Duration| done as f64 / time.as_secs_f64();
            println!(
                "{done} rows in batches of {BATCH}: {:.0} a second, by the client alone {:.0}: {:.0} %",
                rate(ours),
                rate(raw),
                rate(ours) / rate(raw) * 100.0
            );
        }
    }
    for table in ["raw", "made"] {
        execute(client, &format!("DROP TABLE {table} SYNC")).await;
    }
}

/// Reads back what the store has written: the same values, without its way of making them.
async fn values(client: &Client, made: &[LogEntry]) -> Vec<Raw> {
    let id = |entry: &LogEntry| u128::from_be_bytes(*entry.id.as_bytes());
    let query = client.query("SELECT ?fields FROM made WHERE id BETWEEN ? AND ?");
    let (first, last) = (id(&made[0]), id(&made[made.len() - 1]));
    let rows = query
        .bind(first)
        .bind(last)
        .fetch_all::<Raw>()
        .await
        .unwrap();
    assert_eq!(rows.len(), made.len());
    rows
}

async fn copy(client: &Client, rows: &[Raw], batch: u64) {
    let insert = client.insert::<Raw>("raw").await.unwrap();
    let mut insert = insert
        .with_setting("async_insert", "0")
        .with_setting("insert_deduplication_token", batch.to_string());
    for row in rows {
        insert.write(row).await.unwrap();
    }
    insert.end().await.unwrap();
}

async fn sizes(client: &Client, rows: u64) {
    let sql = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'bench' AND table = 'api_log'";
    println!("{} bytes a row on disk", number(client, sql).await / rows);
    let json = (0..1000).map(|it| serde_json::to_vec(&traffic::entry(it)).unwrap().len());
    println!("{} bytes a row as JSON\n", json.sum::<usize>() / 1000);
}
