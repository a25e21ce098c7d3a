//! Taking a person out: a new version of each entry, then a mask over the old one, so that none is missing in between.

use super::condition::{Sql, Value};
use super::read::NAMES;
use super::retention::held;
use super::server::Server;
use super::write;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::store::Erasure;

const ERASING: &str = "a person cannot be erased";

/// How many entries are rewritten at once.
const ERASED_AT_ONCE: u64 = 500;

/// Takes a person out of every entry of theirs that is not held.
pub(super) async fn erase(server: &Server, actor_id: &str) -> Result<Erasure, Error> {
    let held = held(server).await?;
    let (mut erasure, mut from) = (Erasure::default(), None);
    loop {
        let mut sql = Sql::new(format!(
            "SELECT {} FROM {} FINAL WHERE ",
            *NAMES,
            server.table()
        ));
        sql.listed("actor", [actor_id].into_iter());
        if let Some(from) = from {
            sql.sql(" AND id > ").bind(Value::Id(from));
        }
        sql.sql(" ORDER BY id LIMIT ")
            .bind(Value::Natural(ERASED_AT_ONCE));
        let mut found = Vec::new();
        let read = server.read(ERASING, &sql, |row| {
            let version = row.version();
            found.push((row.join()?, version));
            Ok(())
        });
        read.await?;
        let read = found.len() as u64;
        from = found.last().map(|(last, _)| last.id);
        found.retain(|(entry, _)| !held.contains(&entry.id));
        erasure.held += read - found.len() as u64;
        replace(server, actor_id, &mut found).await?;
        erasure = found
            .iter()
            .fold(erasure, |sum, (entry, _)| sum.with(entry));
        if read < ERASED_AT_ONCE {
            return Ok(erasure);
        }
    }
}

/// Writes a new version of some entries without the person, and masks the old ones.
async fn replace(
    server: &Server,
    actor_id: &str,
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
    let mut delete = Sql::new(format!("DELETE FROM {} WHERE ", server.every_table()));
    delete
        .ids(&ids)
        .sql(" AND ")
        .listed("actor", [actor_id].into_iter());
    server.upkeep(ERASING, &delete).await
}
