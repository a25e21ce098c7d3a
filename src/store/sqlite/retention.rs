use rusqlite::{Connection, params_from_iter};

use super::error::failed;
use super::pool::transaction;
use super::read::{Order, Sql, entries};
use super::write::{delete, drift, replace};
use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};
use crate::query::Filter;
use crate::store::sql::Value;

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
    let mut condition = Sql::new([], Default::default())?;
    condition.and("id >= ", Value::Id(from));
    condition.and("id <= ", Value::Id(last));
    condition.and("created_at < ", Value::Integer(time.as_micros()));
    condition.push(" ORDER BY id LIMIT ", Value::Integer(DELETED_AT_ONCE));
    let (text, values) = condition.into_parts();
    let read = failed("old entries cannot be found");
    let ids: Vec<[u8; 16]> = transaction
        .prepare_cached(&format!("SELECT id FROM entry WHERE {text}"))
        .and_then(|mut statement| {
            let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
            rows.collect()
        })
        .map_err(read)?;
    for id in &ids {
        delete(&transaction, id)?;
    }
    transaction
        .commit()
        .map_err(failed("old entries cannot be deleted"))?;
    let ids = ids.into_iter().map(EntryId::from_bytes);
    Ok(Step::new(ids, DELETED_AT_ONCE))
}

/// Takes the person out of the first few entries of an actor whose ids are `from` or larger.
pub(super) fn erase_some(
    writer: &mut Connection,
    actor_id: &str,
    from: EntryId,
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    let mut filter = Filter::new();
    filter.actors = vec![actor_id.to_owned()];
    let mut condition = Sql::new([&filter], Default::default())?;
    condition.and("id >= ", Value::Id(from));
    let mut found = entries(
        &transaction,
        condition,
        Order::OldestFirst,
        ERASED_AT_ONCE,
        0,
    )?;
    for entry in &mut found {
        entry.erase_person();
        replace(&transaction, entry)?;
    }
    transaction
        .commit()
        .map_err(failed("a person cannot be erased"))?;
    let ids = found.iter().rev().map(|entry| entry.id);
    Ok(Step::new(ids, ERASED_AT_ONCE))
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
    fn new(ids: impl ExactSizeIterator<Item = EntryId>, at_once: i64) -> Self {
        let changed = ids.len() as u64;
        let last = if changed == at_once.unsigned_abs() {
            ids.last()
        } else {
            None
        };
        Self {
            changed,
            next: last.and_then(after),
        }
    }
}

fn after(id: EntryId) -> Option<EntryId> {
    let next = u128::from_be_bytes(*id.as_bytes()).checked_add(1)?;
    Some(EntryId::from_bytes(next.to_be_bytes()))
}
