//! Letting entries go.
//!
//! Days that are wholly past are dropped, which costs next to nothing. What is left is deleted by a mask, which listings see at once and a merge
//! makes come true in the files.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::condition::{Sql, Value};
use super::day;
use super::server::Server;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::entry::EntryId;
use crate::error::Error;
use crate::store::{Organisations, Outdated};

const DELETING: &str = "old entries cannot be deleted";
const HOLDING: &str = "what is held cannot be changed";
const MEASURING: &str = "the size of the table cannot be read";

#[derive(Row, Deserialize)]
struct Partition {
    id: String,
    newest: i64,
}

/// Deletes every entry that is outdated and not held.
pub(super) async fn delete(server: &Server, outdated: &Outdated) -> Result<u64, Error> {
    let held = held(server).await?;
    let mut deleted = 0;
    if outdated.organisations == Organisations::All {
        for partition in wholly_before(server, outdated.before).await? {
            deleted += drop_partition(server, &partition.id, &held).await?;
        }
    }
    let mut condition = Sql::new("created_at < ");
    condition.bind(Value::Integer(outdated.before.as_micros()));
    match &outdated.organisations {
        Organisations::All => {}
        Organisations::Only(these) => {
            condition
                .sql(" AND ")
                .listed("organisation", these.iter().map(String::as_str));
        }
        Organisations::AllBut(these) => {
            condition
                .sql(" AND NOT ")
                .listed("organisation", these.iter().map(String::as_str));
        }
    }
    Ok(deleted + mask(server, condition, &held).await?)
}

/// Deletes the days of the smallest ids until the table takes at most so many bytes.
pub(super) async fn shrink(server: &Server, bytes: u64) -> Result<u64, Error> {
    if size_bytes(server).await? <= bytes {
        return Ok(0);
    }
    let held = held(server).await?;
    let mut deleted = 0;
    for partition in partitions(server).await? {
        deleted += drop_partition(server, &partition.id, &held).await?;
        if size_bytes(server).await? <= bytes {
            break;
        }
    }
    Ok(deleted)
}

/// Returns how many bytes the parts of the table have on disk, over all shards.
pub(super) async fn size_bytes(server: &Server) -> Result<u64, Error> {
    let mut sql = Sql::new(format!(
        "SELECT sum(bytes_on_disk) FROM {} WHERE active AND database = currentDatabase() AND table = ",
        server.system("parts")
    ));
    sql.bind(Value::Text(
        server.local_table().trim_matches('`').to_owned(),
    ));
    Ok(server.all::<u64>(MEASURING, &sql).await?.into_iter().sum())
}

/// Returns the partitions of days that ended a day before a time or earlier, and that have nothing younger.
async fn wholly_before(server: &Server, time: Timestamp) -> Result<Vec<Partition>, Error> {
    // What is written meanwhile is not of such a day, unless clocks are a day apart.
    let last = day::name(time.minus(Duration::from_secs(86_400)));
    let mut partitions = partitions(server).await?;
    partitions.retain(|partition| {
        let is_past = partition.newest < time.as_micros() && partition.id < last;
        is_past && day::ids(&partition.id).0
    });
    Ok(partitions)
}

/// Returns the partitions that there are, the one of the smallest ids first.
async fn partitions(server: &Server) -> Result<Vec<Partition>, Error> {
    let sql = Sql::new(format!(
        "SELECT _partition_id AS id, max(created_at) AS newest FROM {} GROUP BY id ORDER BY id",
        server.rows()
    ));
    server.all(DELETING, &sql).await
}

/// Drops a partition; where entries of it are held, deletes the others.
async fn drop_partition(server: &Server, id: &str, held: &[EntryId]) -> Result<u64, Error> {
    let (_, ids) = day::ids(id);
    let mut condition = Sql::new("id BETWEEN ");
    condition.bind(Value::Id(*ids.start()));
    condition.sql(" AND ").bind(Value::Id(*ids.end()));
    if held.iter().any(|it| ids.contains(it)) {
        return mask(server, condition, held).await;
    }
    let count = count(server, condition).await?;
    let mut drop = Sql::new(format!(
        "ALTER TABLE {} DROP PARTITION ID ",
        server.every_table()
    ));
    drop.bind(Value::Text(id.to_owned()));
    server.upkeep(DELETING, &drop).await?;
    Ok(count)
}

/// Deletes what meets a condition and is not held, and returns how many entries there were.
async fn mask(server: &Server, mut condition: Sql, held: &[EntryId]) -> Result<u64, Error> {
    if !held.is_empty() {
        condition.sql(" AND NOT ").ids(held);
    }
    let count = count(server, condition.clone()).await?;
    if count > 0 {
        let mut delete = Sql::new(format!("DELETE FROM {} WHERE ", server.every_table()));
        delete.append(condition);
        server.upkeep(DELETING, &delete).await?;
    }
    Ok(count)
}

async fn count(server: &Server, condition: Sql) -> Result<u64, Error> {
    let table = server.table();
    let mut sql = Sql::new(format!("SELECT count() FROM {table} FINAL WHERE "));
    sql.append(condition);
    Ok(server.all::<u64>(DELETING, &sql).await?.into_iter().sum())
}

/// Holds entries, or holds them no longer.
pub(super) async fn change_held(server: &Server, ids: &[EntryId], held: bool) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let now = SystemClock::default()
        .now()
        .as_micros()
        .max(0)
        .unsigned_abs();
    server.insert_held(HOLDING, ids, now, held).await
}

/// Returns the ids that are held.
pub(super) async fn held(server: &Server) -> Result<Vec<EntryId>, Error> {
    let sql = Sql::new(format!(
        "SELECT id FROM {} FINAL WHERE held = 1 ORDER BY id DESC",
        server.held_table()
    ));
    let ids = server
        .all::<u128>("what is held cannot be read", &sql)
        .await?;
    Ok(ids
        .into_iter()
        .map(|it| EntryId::from_bytes(it.to_be_bytes()))
        .collect())
}
