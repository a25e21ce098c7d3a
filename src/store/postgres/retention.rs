//! Letting go of old entries: whole partitions where everything in them is old, row by row in the others.
//!
//! # Operation
//!
//! A partition goes in four steps, none of which makes a writer wait: it is marked with the time, detached concurrently, what is
//! not that old and came meanwhile is written back, and the table is dropped. A process that ends in between leaves the mark,
//! by which the next deletion goes on.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::error::failed;
use super::names::Names;
use super::partition::{self, Partition};
use super::pool::Lease;
use super::read::query;
use super::search::Ids;
use super::write::{columns, drift};
use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::error::Error;
use crate::store::sql::Value;

use super::day::Day;

const FAILED: &str = "old entries cannot be deleted";

/// How many entries one statement deletes.
const DELETED_AT_ONCE: i64 = 5000;
/// How long the server may take to detach a partition: it waits for every transaction that uses the table.
const PATIENCE: Duration = Duration::from_secs(600);
/// What the comment on a table says that is to be dropped, before the microseconds.
const MARK: &str = "tower-api-log: detached, entries before this time are deleted: ";

pub(super) async fn delete_before(
    lease: &Lease,
    names: &Names,
    time: Timestamp,
) -> Result<u64, Error> {
    lease
        .run_for(PATIENCE, FAILED, |client| lock(client, names))
        .await?;
    let mut deleted = lease
        .run_for(PATIENCE, FAILED, |client| finish(client, names))
        .await?;
    let drift = lease.run(FAILED, |client| drift(client, names)).await?;
    let mut old = crate::query::Filter::new();
    old.to = Some(time);
    let ids = drift.ids(&old);
    let today = Day::today();
    let partitions = lease
        .run(FAILED, |client| partition::list(client, names))
        .await?;
    for it in partitions {
        if it.from.is_some_and(|from| from > *ids.end()) {
            continue;
        }
        // The ends stay, and days that writers are on or were prepared for.
        let is_past = it
            .to
            .zip(it.from)
            .is_some_and(|(to, _)| to <= today.ids().0);
        if is_past
            && lease
                .run_for(PATIENCE, FAILED, |client| is_all_old(client, &it, time))
                .await?
        {
            deleted += lease
                .run_for(PATIENCE, FAILED, |client| {
                    take_off(client, names, &it, time)
                })
                .await?;
            continue;
        }
        let mut within = Ids {
            first: it.from.unwrap_or(EntryId::MIN),
            last: *ids.end(),
        };
        if let Some(to) = it.to {
            within = within.and(Ids::ALL.behind(super::search::Order::NewestFirst, to));
        }
        loop {
            let some = lease
                .run(FAILED, |client| delete_some(client, names, within, time))
                .await?;
            deleted += some;
            if some < DELETED_AT_ONCE.unsigned_abs() {
                break;
            }
        }
    }
    lease.run(FAILED, |client| unlock(client, names)).await?;
    Ok(deleted)
}

/// Waits until no other process lets go of partitions. Asked again and again: one that waits in a statement would hold up the detaching.
async fn lock(client: &Client, names: &Names) -> Result<(), Error> {
    let name = format!("tower-api-log retention {}", names.entry());
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&name, Type::TEXT)];
    let sql = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
    loop {
        let row = client.query_typed_one(sql, &values).await;
        if row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn unlock(client: &Client, names: &Names) -> Result<(), Error> {
    let name = format!("tower-api-log retention {}", names.entry());
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&name, Type::TEXT)];
    let sql = "SELECT pg_advisory_unlock(hashtextextended($1, 0))";
    client
        .query_typed(sql, &values)
        .await
        .map_err(failed(FAILED))?;
    Ok(())
}

/// Finishes what a process that ended has begun.
async fn finish(client: &Client, names: &Names) -> Result<u64, Error> {
    let entry = names.entry();
    for it in partition::list(client, names)
        .await?
        .iter()
        .filter(|it| it.is_leaving)
    {
        let sql = format!("ALTER TABLE {entry} DETACH PARTITION {} FINALIZE", it.name);
        client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    }
    // Neither attached nor to be: a table with the mark that no other inherits to.
    let sql = "SELECT format('%I.%I', n.nspname, c.relname), split_part(d.description, $2, 2)
        FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.oid = to_regnamespace($1) AND starts_with(d.description, $2 || $3 || ' ') AND NOT c.relispartition AND c.relkind = 'r'";
    let (schema, mark, own) = (names.schema(), MARK.to_owned(), names.bare(""));
    let values: [(&(dyn ToSql + Sync), Type); 3] = [
        (&schema, Type::TEXT),
        (&mark, Type::TEXT),
        (&own, Type::TEXT),
    ];
    let rows = client
        .query_typed(sql, &values)
        .await
        .map_err(failed(FAILED))?;
    let mut deleted = 0;
    for row in &rows {
        let table: &str = row.try_get(0).map_err(failed(FAILED))?;
        let rest: &str = row.try_get(1).map_err(failed(FAILED))?;
        let micros = rest.rsplit(' ').next().and_then(|it| it.parse().ok());
        if let Some(micros) = micros {
            deleted += drop_detached(client, names, table, Timestamp::from_micros(micros)).await?;
        }
    }
    Ok(deleted)
}

async fn is_all_old(client: &Client, it: &Partition, time: Timestamp) -> Result<bool, Error> {
    let sql = format!("SELECT 1 FROM {} WHERE created_at >= $1 LIMIT 1", it.name);
    let young = query(client, &sql, &[Value::Time(time.as_micros())]).await?;
    Ok(young.is_empty())
}

/// Detaches a partition beside writers, and drops it.
async fn take_off(
    client: &Client,
    names: &Names,
    it: &Partition,
    time: Timestamp,
) -> Result<u64, Error> {
    let (mark, own, micros) = (MARK, names.bare(""), time.as_micros());
    // Waits for as long as it must; the server holds up nobody meanwhile.
    let prepare = format!(
        "SET statement_timeout = 0; COMMENT ON TABLE {} IS '{mark}{own} {micros}'",
        it.name
    );
    client
        .batch_execute(&prepare)
        .await
        .map_err(failed(FAILED))?;
    // Not in one string with others: it must not be in a transaction.
    let detach = format!(
        "ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY",
        names.entry(),
        it.name
    );
    client
        .batch_execute(&detach)
        .await
        .map_err(failed(FAILED))?;
    let deleted = drop_detached(client, names, &it.name, time).await?;
    client
        .batch_execute("RESET statement_timeout")
        .await
        .map_err(failed(FAILED))?;
    Ok(deleted)
}

async fn drop_detached(
    client: &Client,
    names: &Names,
    table: &str,
    time: Timestamp,
) -> Result<u64, Error> {
    let at = [Value::Time(time.as_micros())];
    let count = format!(
        "SELECT count(*) FILTER (WHERE created_at < $1), count(*) FILTER (WHERE created_at >= $1) FROM {table}"
    );
    let rows = query(client, &count, &at).await?;
    let count = |column| {
        rows.first()
            .map(|row| row.try_get::<_, i64>(column))
            .transpose()
    };
    let deleted = count(0).map_err(failed(FAILED))?.unwrap_or_default();
    let young = count(1).map_err(failed(FAILED))?.unwrap_or_default();
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    if young > 0 {
        let sql = format!("SELECT id FROM {table} WHERE created_at >= $1");
        let rows = query(client, &sql, &at).await?;
        let mut days = std::collections::BTreeSet::new();
        for row in &rows {
            days.extend(Day::of(super::read::id(row)?));
        }
        client
            .batch_execute("COMMIT")
            .await
            .map_err(failed(FAILED))?;
        partition::make(client, names, &partition::Known::default(), days).await?;
        client
            .batch_execute("BEGIN")
            .await
            .map_err(failed(FAILED))?;
        let sql = format!(
            "INSERT INTO {} ({1}) SELECT {1} FROM {table} WHERE created_at >= $1 ON CONFLICT (id) DO NOTHING",
            names.entry(),
            columns()
        );
        query(client, &sql, &at).await?;
    }
    let sql = format!("DROP TABLE {table}; COMMIT");
    client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    Ok(deleted.unsigned_abs())
}

async fn delete_some(
    client: &Client,
    names: &Names,
    ids: Ids,
    time: Timestamp,
) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let entry = names.entry();
    let sql = format!(
        "WITH gone AS (DELETE FROM {entry} WHERE id IN (
            SELECT id FROM {entry} WHERE created_at < $1 AND id >= $2 AND id <= $3 ORDER BY id LIMIT {DELETED_AT_ONCE}
        ) AND id >= $2 AND id <= $3 RETURNING 1) SELECT count(*) FROM gone"
    );
    let values = [
        Value::Time(time.as_micros()),
        Value::Id(ids.first),
        Value::Id(ids.last),
    ];
    let rows = query(client, &sql, &values).await?;
    let count = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
    Ok(count
        .map_err(failed(FAILED))?
        .unwrap_or_default()
        .unsigned_abs())
}
