use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::error::failed;
use super::pool::{snapshot, transaction};
use super::read::entry;
use super::search::{Order, Search, after, from};
use super::segment::Upkeep;
use super::write::{delete, last_number, replace};
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::query::Filter;
use crate::store::{Erasure, Organisations, Outdated};

/// How many entries one transaction deletes: about 20 ms, after which writers get their turn.
const DELETED_AT_ONCE: usize = 1000;
/// How many entries go before the size is looked at again.
const SHRUNK_BY: usize = 100;
/// How many entries one transaction rewrites.
const ERASED_AT_ONCE: usize = 100;
/// How many segments one transaction seals anew for what it rewrites: about 15 ms each.
const SEALED_AT_ONCE: usize = 4;

/// What one transaction did, and the id from which the next one goes on.
pub(super) struct Step {
    pub(super) deleted: u64,
    pub(super) next: Option<EntryId>,
}

/// Deletes those of the first few entries from an id on that are outdated.
pub(super) fn delete_some(
    writer: &mut Connection,
    outdated: &Outdated,
    from: EntryId,
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    let mut old = Filter::new();
    old.to = Some(outdated.before.minus(Duration::from_micros(1)));
    old.nothing = outdated.before == Timestamp::MIN;
    if let Organisations::Only(these) = &outdated.organisations {
        old.nothing |= these.is_empty();
        old.organisations.clone_from(these);
    }
    let ids = ids(&transaction, &old, from, DELETED_AT_ONCE)?;
    let goes = |organisation: Option<&str>| outdated.organisations.contain(organisation);
    delete_these(transaction, &ids, DELETED_AT_ONCE, &goes)
}

/// Deletes the first few entries from an id on, if the file has more in use than so many bytes.
pub(super) fn shrink_some(
    writer: &mut Connection,
    bytes: u64,
    from: EntryId,
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    if size_bytes(&transaction)? <= bytes {
        let (deleted, next) = (0, None);
        return Ok(Step { deleted, next });
    }
    let ids = ids(&transaction, &Filter::new(), from, SHRUNK_BY)?;
    delete_these(transaction, &ids, SHRUNK_BY, &|_| true)
}

/// Deletes those of the entries that may go; where there are as many as were asked for, there are more behind them.
fn delete_these(
    transaction: Transaction<'_>,
    ids: &[EntryId],
    most: usize,
    goes: &dyn Fn(Option<&str>) -> bool,
) -> Result<Step, Error> {
    let mut upkeep = Upkeep::begin(&transaction)?;
    let mut deleted = 0;
    for id in ids {
        if may_go(&transaction, *id, goes)? {
            delete(&transaction, id.as_bytes())?;
            upkeep.changed(*id)?;
            deleted += 1;
        }
    }
    upkeep.finish(last_number(&transaction)?)?;
    transaction
        .commit()
        .map_err(failed("old entries cannot be deleted"))?;
    let next = ids.get(most - 1).and_then(|id| after(*id));
    Ok(Step { deleted, next })
}

/// Tells whether an entry may go: it is not held, and its organisation says so.
fn may_go(
    db: &Connection,
    id: EntryId,
    goes: &dyn Fn(Option<&str>) -> bool,
) -> Result<bool, Error> {
    let sql = "SELECT organisation FROM entry WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM held WHERE held.id = entry.id)";
    let goes = |row: &rusqlite::Row<'_>| Ok(goes(row.get_ref(0)?.as_str_or_null()?));
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([id.as_bytes()], goes).optional())
        .map(Option::unwrap_or_default)
        .map_err(failed("old entries cannot be deleted"))
}

/// Returns how many bytes of the file are in use.
pub(super) fn size_bytes(db: &Connection) -> Result<u64, Error> {
    let sql = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    db.query_row(sql, [], |row| row.get(0))
        .map(i64::unsigned_abs)
        .map_err(failed("the size of the SQLite file cannot be read"))
}

pub(super) fn hold(writer: &mut Connection, ids: &[EntryId]) -> Result<(), Error> {
    change_held(writer, ids, "INSERT OR IGNORE INTO held (id) VALUES (?1)")
}

pub(super) fn release(writer: &mut Connection, ids: &[EntryId]) -> Result<(), Error> {
    change_held(writer, ids, "DELETE FROM held WHERE id = ?1")
}

fn change_held(writer: &mut Connection, ids: &[EntryId], sql: &str) -> Result<(), Error> {
    let failed = failed("what is held cannot be changed");
    let transaction = transaction(writer)?;
    for id in ids {
        transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([id.as_bytes()]))
            .map_err(&failed)?;
    }
    transaction.commit().map_err(failed)
}

pub(super) fn held(db: &Connection) -> Result<Vec<EntryId>, Error> {
    let read = |row: &rusqlite::Row<'_>| Ok(EntryId::from_bytes(row.get(0)?));
    db.prepare_cached("SELECT id FROM held ORDER BY id DESC")
        .and_then(|mut statement| statement.query_map([], read)?.collect())
        .map_err(failed("what is held cannot be read"))
}

/// Finds the first few entries of an actor whose ids are `from` or larger.
pub(super) fn find_some(
    reader: &mut Connection,
    actor_id: &str,
    from: EntryId,
) -> Result<Vec<EntryId>, Error> {
    let mut theirs = Filter::new();
    theirs.actors = vec![actor_id.to_owned()];
    let snapshot = snapshot(reader)?;
    ids(&snapshot, &theirs, from, ERASED_AT_ONCE)
}

/// Takes the person out of those of the entries that are still an actor's, as far as one transaction goes, adds to what was done, and returns the id from which the next one
/// goes on.
pub(super) fn erase_these(
    writer: &mut Connection,
    actor_id: &str,
    ids: &[EntryId],
    mut erasure: Erasure,
) -> Result<(Erasure, Option<EntryId>), Error> {
    let transaction = transaction(writer)?;
    let mut upkeep = Upkeep::begin(&transaction)?;
    let theirs = |entry: &LogEntry| {
        let actor = entry.context.actor.as_ref();
        actor.is_some_and(|actor| actor.id == actor_id)
    };
    let mut last = None;
    for id in ids {
        if let Some(mut entry) = entry(&transaction, *id)?.filter(theirs) {
            if may_go(&transaction, *id, &|_| true)? {
                entry.erase_person();
                replace(&transaction, &entry)?;
                upkeep.changed(*id)?;
                erasure = erasure.with(&entry);
            } else {
                erasure.held += 1;
            }
        }
        last = Some(*id);
        if upkeep.stale_segments() == SEALED_AT_ONCE {
            break;
        }
    }
    upkeep.finish(last_number(&transaction)?)?;
    transaction
        .commit()
        .map_err(failed("a person cannot be erased"))?;
    Ok((erasure, last.and_then(after)))
}

/// Returns the smallest ids that pass a filter, or may, from one on.
fn ids(
    db: &Connection,
    filter: &Filter,
    first: EntryId,
    limit: usize,
) -> Result<Vec<EntryId>, Error> {
    let mut found = Vec::new();
    let ids = from(Some(first));
    Search::new(db, &[filter])?.each(Order::OldestFirst, &ids, 0, &mut |it| {
        found.push(it.id);
        Ok(match found.len() == limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    })?;
    Ok(found)
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
