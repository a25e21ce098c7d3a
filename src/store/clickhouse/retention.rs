//! Letting entries go.
//!
//! Days that are wholly past are dropped, which costs next to nothing. What is left is deleted by a mask, and erased by a new version of each
//! entry before the mask of the old one, so that none is missing in between.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::condition::{Sql, Value};
use super::read::NAMES;
use super::server::Server;
use super::write;
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;

const DELETING: &str = "old entries cannot be deleted";
const ERASING: &str = "a person cannot be erased";

/// How many entries are rewritten at once.
const ERASED_AT_ONCE: u64 = 500;

/// The partitions of ids that are of no day.
const ENDS: [&str; 2] = ["20200101", "20991231"];

#[derive(Row, Deserialize)]
struct Partition {
    id: String,
    newest: i64,
}

/// Deletes every entry created before a time.
pub(super) async fn delete_before(server: &Server, time: Timestamp) -> Result<u64, Error> {
    let mut deleted = 0;
    for partition in wholly_before(server, time).await? {
        let mut count = Sql::new(format!(
            "SELECT count() FROM {} FINAL WHERE _partition_id = ",
            server.local_table()
        ));
        count.bind(Value::Text(partition.id.clone()));
        let counts = server.all::<u64>(DELETING, &count).await?;
        let mut drop = Sql::new(format!(
            "ALTER TABLE {} DROP PARTITION ID ",
            server.every_table()
        ));
        drop.bind(Value::Text(partition.id));
        server.upkeep(DELETING, &drop).await?;
        deleted += counts.into_iter().sum::<u64>();
    }
    let mut count = Sql::new(format!(
        "SELECT count() FROM {} FINAL WHERE created_at < ",
        server.table()
    ));
    count.bind(Value::Integer(time.as_micros()));
    let rest: u64 = server.all::<u64>(DELETING, &count).await?.into_iter().sum();
    if rest > 0 {
        let mut delete = Sql::new(format!(
            "DELETE FROM {} WHERE created_at < ",
            server.every_table()
        ));
        delete.bind(Value::Integer(time.as_micros()));
        server.upkeep(DELETING, &delete).await?;
    }
    Ok(deleted + rest)
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
        partition.newest < time.as_micros() && day < last_day.as_str() && !ENDS.contains(&day)
    });
    Ok(partitions)
}

/// Takes a person out of every entry of theirs.
pub(super) async fn erase(server: &Server, actor_id: &str) -> Result<u64, Error> {
    let (mut erased, mut from) = (0, EntryId::MIN);
    loop {
        let mut sql = Sql::new(format!(
            "SELECT {} FROM {} FINAL WHERE ",
            *NAMES,
            server.table()
        ));
        sql.actor(actor_id)?
            .sql(" AND id >= ")
            .bind(Value::Id(from));
        sql.sql(" ORDER BY id LIMIT ")
            .bind(Value::Natural(ERASED_AT_ONCE));
        let mut found = Vec::new();
        let read = server.read(ERASING, &sql, |row| {
            let version = row.version();
            found.push((row.join()?, version));
            Ok(())
        });
        read.await?;
        let Some((last, _)) = found.last() else {
            break;
        };
        from = last.id;
        replace(server, actor_id, &mut found).await?;
        erased += found.len() as u64;
        if (found.len() as u64) < ERASED_AT_ONCE {
            break;
        }
    }
    Ok(erased)
}

/// Writes a new version of some entries without the person, and masks the old ones.
async fn replace(
    server: &Server,
    actor_id: &str,
    found: &mut [(LogEntry, u64)],
) -> Result<(), Error> {
    for (entry, version) in &mut *found {
        entry.erase_person();
        *version = write::next_version(*version);
    }
    write::replace(server, found).await?;
    let ids = found.iter().map(|(entry, _)| entry.id).collect();
    let mut delete = Sql::new(format!("DELETE FROM {} WHERE id IN ", server.every_table()));
    delete.bind(Value::Ids(ids)).sql(" AND ").actor(actor_id)?;
    server.upkeep(ERASING, &delete).await
}
