//! Letting entries go.
//!
//! Days that are wholly past are dropped, which costs next to nothing. What is left is deleted by a mask, which listings see at once and a merge
//! makes come true in the files.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::condition::{Sql, Value};
use super::server::Server;
use super::write::{FIRST_DAY, LAST_DAY, partition};
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
    #[derive(Row, Deserialize)]
    struct Id {
        id: String,
    }
    if size_bytes(server).await? <= bytes {
        return Ok(0);
    }
    let held = held(server).await?;
    let sql = Sql::new(format!(
        "SELECT DISTINCT _partition_id AS id FROM {} ORDER BY id",
        server.local_table()
    ));
    let mut deleted = 0;
    for partition in server.all::<Id>(DELETING, &sql).await? {
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
    let sql = Sql::new(format!(
        "SELECT _partition_id AS id, max(created_at) AS newest FROM {} GROUP BY id ORDER BY id",
        server.local_table()
    ));
    let last_day = time.minus(Duration::from_secs(86_400)).rfc3339(0);
    let last_day: String = last_day
        .chars()
        .take(10)
        .filter(char::is_ascii_digit)
        .collect();
    let mut partitions = server.all::<Partition>(DELETING, &sql).await?;
    partitions.retain(|partition| {
        let day = partition.id.split('-').next().unwrap_or_default();
        partition.newest < time.as_micros()
            && day < last_day.as_str()
            && ![FIRST_DAY, LAST_DAY].contains(&day)
    });
    Ok(partitions)
}

/// Drops a partition; where entries of it are held, deletes the others.
async fn drop_partition(server: &Server, id: &str, held: &[EntryId]) -> Result<u64, Error> {
    let mut condition = Sql::new("_partition_id = ");
    condition.bind(Value::Text(id.to_owned()));
    if held.iter().any(|it| id.starts_with(&partition(*it))) {
        return mask(server, condition, held).await;
    }
    let mut count = Sql::new(format!(
        "SELECT count() FROM {} FINAL WHERE ",
        server.local_table()
    ));
    count.append(condition);
    let counts = server.all::<u64>(DELETING, &count).await?;
    let mut drop = Sql::new(format!(
        "ALTER TABLE {} DROP PARTITION ID ",
        server.every_table()
    ));
    drop.bind(Value::Text(id.to_owned()));
    server.upkeep(DELETING, &drop).await?;
    Ok(counts.into_iter().sum())
}

/// Deletes what meets a condition and is not held, and returns how many entries there were.
async fn mask(server: &Server, mut condition: Sql, held: &[EntryId]) -> Result<u64, Error> {
    if !held.is_empty() {
        condition.sql(" AND NOT ").ids(held);
    }
    let mut count = Sql::new(format!(
        "SELECT count() FROM {} FINAL WHERE ",
        server.table()
    ));
    count.append(condition.clone());
    let count: u64 = server.all::<u64>(DELETING, &count).await?.into_iter().sum();
    if count > 0 {
        let mut delete = Sql::new(format!("DELETE FROM {} WHERE ", server.every_table()));
        delete.append(condition);
        server.upkeep(DELETING, &delete).await?;
    }
    Ok(count)
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
