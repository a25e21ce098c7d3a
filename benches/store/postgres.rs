//! Postgres: what a row costs, beside a raw copy of the same rows into a table with the same indexes, and what questions cost.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};
use tower_api_log::{LogEntry, LogSink, PostgresStore};

use crate::{questions, traffic};

const BATCH: u64 = 1000;
const SCHEMA: &str = "bench";

pub(crate) async fn run(rows: u64, is_kept: bool) {
    let url = std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL");
    let client = connect(&url).await;
    let store = PostgresStore::builder(&url)
        .schema(SCHEMA)
        .connect()
        .await
        .unwrap();
    let count = client
        .query_one("SELECT count(*) FROM bench.entry", &[])
        .await
        .unwrap();
    if count.get::<_, i64>(0).unsigned_abs() != rows {
        insert(&store, &client, rows).await;
    }
    for sql in ["VACUUM ANALYZE bench.entry", "CHECKPOINT"] {
        // The second needs a right that not everybody has.
        let _ = client.batch_execute(sql).await;
    }
    sizes(&client, rows).await;
    questions::ask(&store, rows).await;
    if !is_kept {
        client
            .batch_execute("DROP SCHEMA bench CASCADE")
            .await
            .unwrap();
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move {
        connection.await.unwrap();
    });
    client
}

/// Writes the same rows in turns by the store and by a copy of a table that is like the store's.
async fn insert(store: &PostgresStore, client: &Client, rows: u64) {
    let (mut ours, mut raw) = (Duration::ZERO, Duration::ZERO);
    for batch in 0..rows / BATCH {
        let made: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(traffic::entry)
            .collect();
        if batch == 0 {
            store.write(&made[..1]).await.unwrap();
            like_ours(client).await;
        }
        let start = Instant::now();
        store.write(&made).await.unwrap();
        ours += start.elapsed();
        let values = values(client, &made).await;
        let start = Instant::now();
        copy(client, &values).await;
        raw += start.elapsed();
        let done = (batch + 1) * BATCH;
        if done == rows / 10 || done == rows {
            let rate = |time: Duration| done as f64 / time.as_secs_f64();
            println!(
                "{done} rows in batches of {BATCH}: {:.0} a second, raw copies {:.0}: {:.0} %",
                rate(ours),
                rate(raw),
                rate(ours) / rate(raw) * 100.0
            );
        }
    }
    client.batch_execute("DROP TABLE bench.raw").await.unwrap();
}

async fn like_ours(client: &Client) {
    let sql = "CREATE TABLE bench.raw (LIKE bench.entry INCLUDING ALL) PARTITION BY RANGE (id);
        CREATE TABLE bench.raw_all PARTITION OF bench.raw FOR VALUES FROM (MINVALUE) TO (MAXVALUE)";
    client.batch_execute(sql).await.unwrap();
}

type Values = Vec<Vec<Box<dyn ToSql + Sync + Send>>>;

/// Reads back what the store has written: the same values, without its way of making them.
async fn values(client: &Client, made: &[LogEntry]) -> Values {
    let (first, last) = (made[0].id.to_string(), made[made.len() - 1].id.to_string());
    let sql =
        format!("SELECT * FROM bench.entry WHERE id >= '{first}' AND id <= '{last}' ORDER BY id");
    let rows = client.query(&sql, &[]).await.unwrap();
    assert_eq!(rows.len(), made.len());
    let value = |row: &tokio_postgres::Row, column: usize| -> Box<dyn ToSql + Sync + Send> {
        match *row.columns()[column].type_() {
            Type::UUID | Type::TIMESTAMPTZ => Box::new(row.get::<_, Raw>(column)),
            Type::INT4 => Box::new(row.get::<_, Option<i32>>(column)),
            Type::INT8 => Box::new(row.get::<_, Option<i64>>(column)),
            _ => Box::new(row.get::<_, Option<String>>(column)),
        }
    };
    rows.iter()
        .map(|row| (0..row.len()).map(|column| value(row, column)).collect())
        .collect()
}

/// A value as the server sends it.
#[derive(Debug)]
struct Raw(Vec<u8>);

impl<'r> tokio_postgres::types::FromSql<'r> for Raw {
    fn from_sql(
        _: &Type,
        bytes: &'r [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(bytes.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

async fn copy(client: &Client, rows: &Values) {
    let statement = client.prepare("SELECT * FROM bench.raw").await.unwrap();
    let types: Vec<_> = statement
        .columns()
        .iter()
        .map(|it| it.type_().clone())
        .collect();
    let sink = client
        .copy_in("COPY bench.raw FROM STDIN (FORMAT binary)")
        .await
        .unwrap();
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        writer
            .as_mut()
            .write_raw(row.iter().map(|it| &**it as &(dyn ToSql + Sync)))
            .await
            .unwrap();
    }
    writer.finish().await.unwrap();
}

async fn sizes(client: &Client, rows: u64) {
    let sql = "SELECT sum(pg_total_relation_size(relid))::int8, sum(pg_relation_size(relid))::int8, sum(pg_indexes_size(relid))::int8
        FROM pg_partition_tree('bench.entry') WHERE isleaf";
    let row = client.query_one(sql, &[]).await.unwrap();
    let each = |column: usize| row.get::<_, i64>(column).unsigned_abs() / rows;
    println!(
        "{} bytes a row, of which {} in the table itself and {} in indexes",
        each(0),
        each(1),
        each(2)
    );
    let json: usize = (0..1000)
        .map(|it| serde_json::to_vec(&traffic::entry(it)).unwrap().len())
        .sum();
    println!("{} bytes a row as JSON\n", json / 1000);
}
