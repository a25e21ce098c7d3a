use std::collections::{BTreeSet, HashSet};
use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::day::Day;
use super::error::failed;
use super::names::Names;
use super::{copy, schema};
use crate::entry::LogEntry;
use crate::error::Error;
use crate::store::sql::Drift;

const FAILED: &str = "entries cannot be written";

/// How a copy ended.
pub(super) enum Copied {
    /// Every row is stored.
    All,
    /// No row is stored: the id of one of them is there already.
    Duplicate,
    /// No row is stored: the day of one of them has no partition.
    NoPartition,
}

/// A batch as it is sent: each id once, in the order of the ids, so that two batches with ids in common wait for each other and never in a circle.
pub(super) struct Batch {
    pub(super) days: BTreeSet<Day>,
    pieces: Vec<Bytes>,
}

impl Batch {
    /// Encodes entries; of an id that comes twice, the first.
    pub(super) fn new(entries: &[LogEntry]) -> Result<Self, Error> {
        let mut seen = HashSet::with_capacity(entries.len());
        let mut sorted: Vec<_> = entries.iter().filter(|it| seen.insert(it.id)).collect();
        sorted.sort_unstable_by_key(|entry| entry.id);
        Ok(Self {
            days: sorted.iter().filter_map(|it| Day::of(it.id)).collect(),
            pieces: copy::pieces(&sorted)?,
        })
    }
}

/// Copies a batch straight into the table: as one statement, all or nothing.
pub(super) async fn copy(client: &Client, names: &Names, batch: &Batch) -> Result<Copied, Error> {
    match send(client, &names.entry(), batch).await {
        Ok(()) => Ok(Copied::All),
        Err(cause) => stopped(&cause).ok_or_else(|| failed(FAILED)(cause)),
    }
}

/// Copies a batch into a table of its own, and from there what is new.
pub(super) async fn merge(client: &Client, names: &Names, batch: &Batch) -> Result<Copied, Error> {
    let (entry, staging) = (names.entry(), "pg_temp.api_log_staging");
    // Without the table's constraints and indexes; `PLAIN` texts would not fit a page, compressed ones cost time.
    let begin = format!(
        "BEGIN; CREATE TEMPORARY TABLE api_log_staging ON COMMIT DROP AS SELECT {} FROM {entry} WITH NO DATA",
        columns()
    );
    client.batch_execute(&begin).await.map_err(failed(FAILED))?;
    send(client, staging, batch).await.map_err(failed(FAILED))?;
    let insert = format!(
        "INSERT INTO {entry} ({0}) SELECT {0} FROM {staging} ORDER BY id ON CONFLICT (id) DO NOTHING",
        columns()
    );
    match client.batch_execute(&insert).await {
        Ok(()) => {}
        Err(cause) => {
            let Some(copied) = stopped(&cause) else {
                return Err(failed(FAILED)(cause));
            };
            client
                .batch_execute("ROLLBACK")
                .await
                .map_err(failed(FAILED))?;
            return Ok(copied);
        }
    }
    client
        .batch_execute("COMMIT")
        .await
        .map_err(failed(FAILED))?;
    Ok(Copied::All)
}

/// Returns what a refusal says of the batch, where it can be written otherwise.
fn stopped(cause: &tokio_postgres::Error) -> Option<Copied> {
    match cause.code()? {
        code if *code == SqlState::UNIQUE_VIOLATION => Some(Copied::Duplicate),
        code if *code == SqlState::CHECK_VIOLATION => Some(Copied::NoPartition),
        _ => None,
    }
}

pub(super) async fn send(
    client: &Client,
    table: &str,
    batch: &Batch,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", columns());
    let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await?);
    for piece in &batch.pieces {
        sink.feed(piece.clone()).await?;
    }
    sink.finish().await?;
    Ok(())
}

pub(super) fn columns() -> String {
    schema::columns().collect::<Vec<_>>().join(", ")
}

/// Returns how far ids and times lie apart at most.
pub(super) async fn drift(client: &Client, names: &Names) -> Result<Drift, Error> {
    let sql = format!("SELECT ahead_millis, behind_millis FROM {}", names.about());
    let row = client.query_typed_one(&sql, &[]).await;
    let drift = row.and_then(|row| {
        Ok(Drift {
            ahead_millis: row.try_get(0)?,
            behind_millis: row.try_get(1)?,
        })
    });
    drift.map_err(failed("the times of the store cannot be read"))
}

/// Widens the drift, before the entries that need it are written, and returns what it is then.
pub(super) async fn widen(client: &Client, names: &Names, wanted: Drift) -> Result<Drift, Error> {
    let sql = format!(
        "UPDATE {} SET ahead_millis = greatest(ahead_millis, $1), behind_millis = greatest(behind_millis, $2)
        RETURNING ahead_millis, behind_millis",
        names.about()
    );
    let (ahead, behind) = (roomy(wanted.ahead_millis), roomy(wanted.behind_millis));
    let values: [(&(dyn ToSql + Sync), Type); 2] = [(&ahead, Type::INT8), (&behind, Type::INT8)];
    let row = client.query_typed_one(&sql, &values).await;
    let drift = row.and_then(|row| {
        Ok(Drift {
            ahead_millis: row.try_get(0)?,
            behind_millis: row.try_get(1)?,
        })
    });
    drift.map_err(failed(FAILED))
}

/// Rounds up, so that writers of many processes widen it a few times in all and not whenever a clock lags by a millisecond more.
fn roomy(millis: i64) -> i64 {
    let rounded = millis.max(1024).unsigned_abs().next_power_of_two();
    i64::try_from(rounded).unwrap_or(i64::MAX)
}
