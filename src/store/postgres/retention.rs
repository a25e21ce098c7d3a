//! Letting go of entries: whole partitions where everything in them goes, row by row in the others.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::day::Day;
use super::detach;
use super::error::{failed, too_late};
use super::names::Names;
use super::outdated::Gone;
use super::partition::{self, Partition};
use super::pool::Lease;
use super::read::{self, query};
use super::search::{Ids, Order};
use super::write::drift;
use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::error::Error;
use crate::query::Filter;
use crate::store::Outdated;
use crate::store::sql::Value;

const FAILED: &str = "old entries cannot be deleted";

/// How many entries one statement deletes.
const DELETED_AT_ONCE: i64 = 5000;
/// How long the server may take to detach a partition, and to read all of it before.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Deletes what is outdated and not held, and returns how many entries there were.
pub(super) async fn delete(
    lease: &Lease,
    names: &Names,
    outdated: &Outdated,
) -> Result<u64, Error> {
    let Some(gone) = Gone::outdated(names, outdated)? else {
        return Ok(0);
    };
    begin(lease, names).await?;
    let drift = lease.run(FAILED, |client| drift(client, names)).await?;
    let mut old = Filter::new();
    old.to = Some(outdated.before);
    let last = *drift.ids(&old).end();
    let today = Day::today().ids().0;
    let mut deleted = 0;
    for it in lease
        .run(FAILED, |client| partition::list(client, names))
        .await?
    {
        if outdated.before == Timestamp::MIN || it.from.is_some_and(|from| from > last) {
            continue;
        }
        // The ends stay, and so do days that writers are on or that were made ahead.
        let may_go = it.from.is_some() && it.to.is_some_and(|to| to <= today);
        if may_go
            && lease
                .run_for(PATIENCE, FAILED, |client| {
                    detach::goes_whole(client, names, &it, &gone)
                })
                .await?
        {
            let gone = lease.run_for(PATIENCE, FAILED, |client| {
                detach::take_off(client, names, &it, &gone)
            });
            deleted += gone.await?;
        } else {
            deleted += delete_rows(lease, names, &it, last, &gone).await?;
        }
    }
    end(lease, names).await?;
    Ok(deleted)
}

/// Lets the first partitions go until the tables have at most so many bytes, and returns how many entries there were.
pub(super) async fn shrink(lease: &Lease, names: &Names, bytes: u64) -> Result<u64, Error> {
    begin(lease, names).await?;
    let gone = Gone::unheld(names);
    let mut deleted = 0;
    for it in lease
        .run(FAILED, |client| partition::list(client, names))
        .await?
    {
        if lease
            .run(FAILED, |client| size_bytes(client, names))
            .await?
            <= bytes
        {
            break;
        }
        let doing = |client| detach::take_off(client, names, &it, &gone);
        if it.from.is_none() || it.to.is_none() {
            deleted += delete_rows(lease, names, &it, EntryId::MAX, &gone).await?;
            lease
                .run_for(PATIENCE, FAILED, |client| vacuum(client, &it))
                .await?;
        } else if lease.run(FAILED, |client| has_any(client, &it)).await? {
            deleted += lease.run_for(PATIENCE, FAILED, doing).await?;
        }
    }
    end(lease, names).await?;
    Ok(deleted)
}

/// Returns how many bytes the entries take, with their indexes.
pub(super) async fn size_bytes(client: &Client, names: &Names) -> Result<u64, Error> {
    let sql = "SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::int8 FROM pg_partition_tree(to_regclass($1))";
    let entry = names.entry();
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&entry, Type::TEXT)];
    let row = client.query_typed_one(sql, &values).await;
    let bytes = row.and_then(|row| row.try_get::<_, i64>(0));
    let bytes = bytes.map_err(failed("the size of the tables cannot be read"))?;
    Ok(bytes.unsigned_abs())
}

pub(super) async fn hold(client: &Client, names: &Names, ids: &[EntryId]) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {} (id) SELECT unnest($1::text[])::uuid ON CONFLICT (id) DO NOTHING",
        names.held()
    );
    change_held(client, &sql, ids).await
}

pub(super) async fn release(client: &Client, names: &Names, ids: &[EntryId]) -> Result<(), Error> {
    let sql = format!(
        "DELETE FROM {} WHERE id = ANY ($1::text[]::uuid[])",
        names.held()
    );
    change_held(client, &sql, ids).await
}

async fn change_held(client: &Client, sql: &str, ids: &[EntryId]) -> Result<(), Error> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&ids, Type::TEXT_ARRAY)];
    let changed = client.execute_typed(sql, &values).await;
    changed
        .map(drop)
        .map_err(failed("what is held cannot be changed"))
}

pub(super) async fn held(client: &Client, names: &Names) -> Result<Vec<EntryId>, Error> {
    let sql = format!("SELECT id FROM {} ORDER BY id DESC", names.held());
    query(client, &sql, &[])
        .await?
        .iter()
        .map(read::id)
        .collect()
}

/// Waits until no other process lets go of partitions, and mends what one has left that ended.
async fn begin(lease: &Lease, names: &Names) -> Result<(), Error> {
    lease
        .run_for(PATIENCE, FAILED, |client| lock(client, names))
        .await?;
    lease
        .run_for(PATIENCE, FAILED, |client| detach::recover(client, names))
        .await
}

/// Asked again and again: one that waits in a statement would hold up the detaching.
async fn lock(client: &Client, names: &Names) -> Result<(), Error> {
    for _ in 0..600 {
        if ask_lock(client, names, "pg_try_advisory_lock").await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(too_late("another process is letting go of old entries"))
}

async fn end(lease: &Lease, names: &Names) -> Result<(), Error> {
    let unlock = lease.run(FAILED, |client| {
        ask_lock(client, names, "pg_advisory_unlock")
    });
    unlock.await.map(drop)
}

async fn ask_lock(client: &Client, names: &Names, function: &'static str) -> Result<bool, Error> {
    let name = format!("tower-api-log retention {}", names.entry());
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&name, Type::TEXT)];
    let sql = format!("SELECT {function}(hashtextextended($1, 0))");
    let row = client.query_typed_one(&sql, &values).await;
    row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))
}

async fn has_any(client: &Client, it: &Partition) -> Result<bool, Error> {
    let sql = format!("SELECT 1 FROM {} LIMIT 1", it.name);
    Ok(!query(client, &sql, &[]).await?.is_empty())
}

/// Gives the pages at the end of a table back, and overwrites what was in the others.
pub(super) async fn vacuum(client: &Client, it: &Partition) -> Result<(), Error> {
    let sql = format!("VACUUM {}", it.name);
    for sql in ["SET statement_timeout = 0", &sql, "RESET statement_timeout"] {
        client
            .batch_execute(sql)
            .await
            .map_err(failed("the room of deleted entries cannot be made free"))?;
    }
    Ok(())
}

/// Deletes what goes of a partition's ids up to one, some at a time.
async fn delete_rows(
    lease: &Lease,
    names: &Names,
    it: &Partition,
    last: EntryId,
    gone: &Gone,
) -> Result<u64, Error> {
    let mut ids = Ids {
        first: it.from.unwrap_or(EntryId::MIN),
        last,
    };
    if let Some(to) = it.to {
        ids = ids.behind(Order::NewestFirst, to);
    }
    let mut deleted = 0;
    while !ids.is_empty() {
        let (some, reached) = lease
            .run(FAILED, |client| delete_some(client, names, ids, gone))
            .await?;
        deleted += some;
        match reached {
            Some(reached) if some == DELETED_AT_ONCE.unsigned_abs() => {
                ids = ids.behind(Order::OldestFirst, reached)
            }
            _ => break,
        }
    }
    Ok(deleted)
}

/// Deletes the first few that go of a range, and returns how many and the last one.
async fn delete_some(
    client: &Client,
    names: &Names,
    ids: Ids,
    gone: &Gone,
) -> Result<(u64, Option<EntryId>), Error> {
    let (entry, goes) = (names.entry(), &gone.sql);
    let mut values = gone.values.clone();
    values.extend([Value::Id(ids.first), Value::Id(ids.last)]);
    let (first, last) = (values.len() - 1, values.len());
    let sql = format!(
        "WITH found AS MATERIALIZED (
            SELECT id FROM {entry} kept WHERE {goes} AND id >= ${first} AND id <= ${last} ORDER BY id LIMIT {DELETED_AT_ONCE}
        ), gone AS (
            DELETE FROM {entry} WHERE id IN (SELECT id FROM found) AND id >= ${first} AND id <= ${last} RETURNING id
        ) SELECT id, (SELECT count(*) FROM gone) FROM found ORDER BY id DESC LIMIT 1"
    );
    let rows = query(client, &sql, &values).await?;
    let Some(row) = rows.first() else {
        return Ok((0, None));
    };
    let count: i64 = row.try_get(1).map_err(failed(FAILED))?;
    Ok((count.unsigned_abs(), Some(read::id(row)?)))
}
