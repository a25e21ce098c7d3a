use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::Connection;

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

/// How many entries one transaction deletes: about 20 ms, after which writers get their turn.
const DELETED_AT_ONCE: usize = 1000;
/// How many entries one transaction rewrites.
const ERASED_AT_ONCE: usize = 100;
/// How many segments one transaction seals anew for what it rewrites: about 15 ms each.
const SEALED_AT_ONCE: usize = 4;

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
    let mut old = Filter::new();
    old.to = Some(time.minus(Duration::from_micros(1)));
    old.nothing = time == Timestamp::MIN;
    // A time is compared itself: every id is sure.
    let ids = ids(&transaction, &old, from, DELETED_AT_ONCE)?;
    let mut upkeep = Upkeep::begin(&transaction)?;
    for id in &ids {
        delete(&transaction, id.as_bytes())?;
        upkeep.changed(*id)?;
    }
    upkeep.finish(last_number(&transaction)?)?;
    transaction
        .commit()
        .map_err(failed("old entries cannot be deleted"))?;
    let next = ids.get(DELETED_AT_ONCE - 1).and_then(|id| after(*id));
    let changed = ids.len() as u64;
    Ok(Step { changed, next })
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

/// Takes the person out of those of the entries that are still an actor's, as far as one transaction goes.
pub(super) fn erase_these(
    writer: &mut Connection,
    actor_id: &str,
    ids: &[EntryId],
) -> Result<Step, Error> {
    let transaction = transaction(writer)?;
    let mut upkeep = Upkeep::begin(&transaction)?;
    let theirs = |entry: &LogEntry| {
        let actor = entry.context.actor.as_ref();
        actor.is_some_and(|actor| actor.id == actor_id)
    };
    let (mut changed, mut last) = (0, None);
    for id in ids {
        if let Some(mut entry) = entry(&transaction, *id)?.filter(theirs) {
            entry.erase_person();
            replace(&transaction, &entry)?;
            upkeep.changed(*id)?;
            changed += 1;
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
    let next = last.and_then(after);
    Ok(Step { changed, next })
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
