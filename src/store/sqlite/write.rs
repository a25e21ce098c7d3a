use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::failed;
use super::pool::transaction;
use super::segment::Upkeep;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::store::sql::{Drift, Row};

const FAILED: &str = "entries cannot be written";

/// Writes a batch in one transaction; entries whose ids are there already are left as they are.
pub(super) fn write(writer: &mut Connection, batch: &[LogEntry]) -> Result<(), Error> {
    let transaction = transaction(writer)?;
    widen_drift(&transaction, batch)?;
    let mut number = last_number(&transaction)?;
    let mut upkeep = Upkeep::begin(&transaction)?;
    for entry in batch {
        let row = Row::split(entry)?;
        if insert_columns(&transaction, &row, number + 1)? {
            number += 1;
            insert_detail(&transaction, &row, number)?;
            upkeep.added(row.id)?;
        }
    }
    upkeep.finish(number)?;
    transaction.commit().map_err(failed(FAILED))
}

/// Puts an entry in the place of the one of its id.
pub(super) fn replace(transaction: &Transaction<'_>, entry: &LogEntry) -> Result<(), Error> {
    let row = Row::split(entry)?;
    let number = delete_columns(transaction, entry.id.as_bytes())?;
    delete_detail(transaction, number)?;
    insert_columns(transaction, &row, number)?;
    insert_detail(transaction, &row, number)
}

/// Deletes an entry with its texts.
pub(super) fn delete(transaction: &Transaction<'_>, id: &[u8; 16]) -> Result<(), Error> {
    let number = delete_columns(transaction, id)?;
    delete_detail(transaction, number)
}

/// Makes everything that was committed durable: a transaction whose end waits for the disk takes the ones before along.
pub(super) fn flush(writer: &mut Connection) -> Result<(), Error> {
    let failed = failed("entries cannot be made durable");
    let synchronous = |mode| writer.pragma_update(None, "synchronous", mode);
    synchronous("FULL").map_err(&failed)?;
    let flushed = writer.execute("UPDATE drift SET ahead_millis = ahead_millis", []);
    synchronous("NORMAL").map_err(&failed)?;
    flushed.map(|_| ()).map_err(&failed)
}

pub(super) fn drift(db: &Connection) -> Result<Drift, Error> {
    let sql = "SELECT ahead_millis, behind_millis FROM drift";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Drift {
            ahead_millis: row.get(0)?,
            behind_millis: row.get(1)?,
        })
    };
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([], read))
        .map_err(failed("the times of the store cannot be read"))
}

fn widen_drift(transaction: &Transaction<'_>, batch: &[LogEntry]) -> Result<(), Error> {
    let known = drift(transaction)?;
    let wanted = batch.iter().fold(known, Drift::with);
    if wanted != known {
        let values = (wanted.ahead_millis, wanted.behind_millis);
        transaction
            .execute(
                "UPDATE drift SET ahead_millis = ?1, behind_millis = ?2",
                values,
            )
            .map_err(failed(FAILED))?;
    }
    Ok(())
}

pub(super) fn last_number(transaction: &Transaction<'_>) -> Result<i64, Error> {
    transaction
        .prepare_cached("SELECT max(number) FROM detail")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, Option<i64>>(0)))
        .map(Option::unwrap_or_default)
        .map_err(failed(FAILED))
}

fn insert_columns(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    number: i64,
) -> Result<bool, Error> {
    let sql = "INSERT INTO entry (id, created_at, kind, method, path, route, status, organisation, project, environment,
            actor, client_ip, user_agent, request_id, api_version, actor_kind, session, api_key, outcome, micros,
            category, action, ref_id, exchange, weight, detail_number)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)
        ON CONFLICT (id) DO NOTHING";
    let Row {
        id,
        created_at,
        kind,
        method,
        path,
        route,
        status,
        organisation,
        project,
        environment,
        actor,
        client_ip,
        user_agent,
        request_id,
        api_version,
        actor_kind,
        session,
        api_key,
        outcome,
        micros,
        category,
        action,
        ref_id,
        exchange,
        weight,
        head: _,
        request_text: _,
        response_text: _,
    } = row;
    let values = params![
        id.as_bytes(),
        created_at,
        kind,
        method,
        path,
        route,
        status,
        organisation,
        project,
        environment,
        actor,
        client_ip,
        user_agent,
        request_id,
        api_version,
        actor_kind,
        session,
        api_key,
        outcome,
        micros,
        category,
        action,
        ref_id,
        exchange,
        weight,
        number
    ];
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|inserted| inserted == 1)
        .map_err(failed(FAILED))
}

fn insert_detail(transaction: &Transaction<'_>, row: &Row<'_>, number: i64) -> Result<(), Error> {
    let sql =
        "INSERT INTO detail (number, head, request_text, response_text) VALUES (?1, ?2, ?3, ?4)";
    let values = params![number, row.head, row.request_text, row.response_text];
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .map_err(failed(FAILED))
}

fn delete_columns(transaction: &Transaction<'_>, id: &[u8; 16]) -> Result<i64, Error> {
    let number = transaction
        .prepare_cached("DELETE FROM entry WHERE id = ?1 RETURNING detail_number")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional());
    number
        .map(Option::unwrap_or_default)
        .map_err(failed("an entry cannot be deleted"))
}

fn delete_detail(transaction: &Transaction<'_>, number: i64) -> Result<(), Error> {
    transaction
        .prepare_cached("DELETE FROM detail WHERE number = ?1")
        .and_then(|mut statement| statement.execute([number]))
        .map(|_| ())
        .map_err(failed("an entry cannot be deleted"))
}
