//! Taking a person out: a new version of each entry, then a mask over the old one, so that none is missing in between. Day by day, as both
//! touch the parts of one partition then.

use super::condition::{Sql, Value};
use super::day;
use super::read::NAMES;
use super::retention::held;
use super::server::Server;
use super::write;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::store::Erasure;

const ERASING: &str = "a person cannot be erased";

/// How many entries are rewritten at once.
const ERASED_AT_ONCE: u64 = 250;

/// Takes a person out of every entry of theirs that is not held.
pub(super) async fn erase(server: &Server, actor_id: &str) -> Result<Erasure, Error> {
    let held = held(server).await?;
    let day = day::sql();
    let table = server.table();
    let mut sql = Sql::new(format!("SELECT {day} AS day FROM {table} WHERE "));
    sql.listed("actor", [actor_id].into_iter());
    sql.sql(" GROUP BY day ORDER BY day");
    let mut erasure = Erasure::default();
    for day in server.all::<u32>(ERASING, &sql).await? {
        erase_day(server, actor_id, &format!("{day}-0"), &held, &mut erasure).await?;
    }
    Ok(erasure)
}

async fn erase_day(
    server: &Server,
    actor_id: &str,
    partition: &str,
    held: &[EntryId],
    erasure: &mut Erasure,
) -> Result<(), Error> {
    let (_, ids) = day::ids(partition);
    let mut from = (" AND id >= ", *ids.start());
    loop {
        let (names, table) = (&*NAMES, server.table());
        let mut sql = Sql::new(format!("SELECT {names} FROM {table} FINAL WHERE "));
        sql.listed("actor", [actor_id].into_iter());
        sql.sql(from.0).bind(Value::Id(from.1));
        sql.sql(" AND id <= ").bind(Value::Id(*ids.end()));
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
            return Ok(());
        };
        from = (" AND id > ", last.id);
        let read = found.len() as u64;
        found.retain(|(entry, _)| !held.contains(&entry.id));
        erasure.held += read - found.len() as u64;
        replace(server, actor_id, partition, &mut found).await?;
        for (entry, _) in &found {
            *erasure = erasure.with(entry);
        }
        if read < ERASED_AT_ONCE {
            return Ok(());
        }
    }
}

/// Writes a new version of some entries of a partition without the person, and masks the old ones.
async fn replace(
    server: &Server,
    actor_id: &str,
    partition: &str,
    found: &mut [(LogEntry, u64)],
) -> Result<(), Error> {
    if found.is_empty() {
        return Ok(());
    }
    for (entry, version) in &mut *found {
        entry.erase_person();
        *version = write::next_version(*version);
    }
    write::replace(server, found).await?;
    let ids: Vec<EntryId> = found.iter().map(|(entry, _)| entry.id).collect();
    let mut delete = Sql::new(format!(
        "DELETE FROM {} IN PARTITION ID ",
        server.every_table()
    ));
    delete
        .bind(Value::Text(partition.to_owned()))
        .sql(" WHERE ");
    delete.ids(&ids).sql(" AND ");
    delete.listed("actor", [actor_id].into_iter());
    server.upkeep(ERASING, &delete).await
}
