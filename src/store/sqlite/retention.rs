use rusqlite::{Connection, params_from_iter};

use super::error::failed;
use super::pool::transaction;
use super::read::{Sql, entry};
use super::search::after;
use super::write::{delete, drift, replace};
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::query::Filter;
use crate::store::sql::{Drift, Value};

/// How many entries one transaction deletes: about 5 ms, after which writers get their turn.
const DELETED_AT_ONCE: i64 = 500;
/// How many entries one transaction rewrites.
const ERASED_AT_ONCE: i64 = 100;

/// What one transaction did, and the id from which the next one goes on.
pub(super) struct Step {
    pub(super) changed: u64,
    pub(super) next: Option<EntryId>,
}

/// Deletes the first few entries created before a time whose ids are `from` or larger.
pub(super) fn delete_some(
    writer: &mut Connection,
    time: Timestamp,
    from: EntryId,
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    let last = drift(&transaction)?.last_to(time);
    let mut condition = Sql::new([], Drift::default())?;
    condition.and("id >= ", Value::Id(from));
    condition.and("id <= ", Value::Id(last));
    condition.and("created_at < ", Value::Integer(time.as_micros()));
    let ids = ids(&transaction, condition, DELETED_AT_ONCE)?;
    for id in &ids {
        delete(&transaction, id.as_bytes())?;
    }
    transaction
        .commit()
        .map_err(failed("old entries cannot be deleted"))?;
    Ok(Step::new(ids.len() as u64, &ids, DELETED_AT_ONCE))
}

/// Finds the first few entries of an actor whose ids are `from` or larger. It may read the whole table, and so is not done by the writer.
pub(super) fn find_some(
    reader: &Connection,
    actor_id: &str,
    from: EntryId,
) -> Result<Vec<EntryId>, Error> {
    let mut condition = of_actor(actor_id)?;
    condition.and("id >= ", Value::Id(from));
    ids(reader, condition, ERASED_AT_ONCE)
}

/// Takes the person out of those of the entries that are still an actor's.
pub(super) fn erase_these(
    writer: &mut Connection,
    actor_id: &str,
    ids: &[EntryId],
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    let mut changed = 0;
    for id in ids {
        let found = entry(&transaction, *id)?;
        let theirs = |entry: &LogEntry| {
            let actor = entry.context.actor.as_ref();
            actor.is_some_and(|actor| actor.id == actor_id)
        };
        if let Some(mut entry) = found.filter(theirs) {
            entry.erase_person();
            replace(&transaction, &entry)?;
            changed += 1;
        }
    }
    transaction
        .commit()
        .map_err(failed("a person cannot be erased"))?;
    Ok(Step::new(changed, ids, ERASED_AT_ONCE))
}

fn of_actor(actor_id: &str) -> Result<Sql, Error> {
    let mut filter = Filter::new();
    filter.actors = vec![actor_id.to_owned()];
    Sql::new([&filter], Drift::default())
}

/// Returns the smallest ids of a condition.
fn ids(db: &Connection, mut condition: Sql, limit: i64) -> Result<Vec<EntryId>, Error> {
    condition.push(" ORDER BY id LIMIT ", Value::Integer(limit));
    let (text, values) = condition.into_parts();
    db.prepare_cached(&format!("SELECT id FROM entry WHERE {text}"))
        .and_then(|mut statement| {
            let id = |row: &rusqlite::Row<'_>| row.get(0).map(EntryId::from_bytes);
            statement.query_map(params_from_iter(values), id)?.collect()
        })
        .map_err(failed("entries cannot be found"))
}

/// Moves the write-ahead log into the file and empties it, so that it holds no page from before.
pub(super) fn empty_log(writer: &mut Connection) -> Result<(), Error> {
    let busy: bool = writer
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(failed("the write-ahead log cannot be emptied"))?;
    if busy {
        let message = "a reader holds the write-ahead log, which still has what was erased; erase again to empty it";
        return Err(Error::new(ErrorKind::Unavailable, message).retryable());
    }
    Ok(())
}

impl Step {
    fn new(changed: u64, ids: &[EntryId], at_once: i64) -> Self {
        let is_full = ids.len() as u64 == at_once.unsigned_abs();
        let last = ids.last().filter(|_| is_full);
        Self {
            changed,
            next: last.copied().and_then(after),
        }
    }
}
