use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, Transaction, params_from_iter};

use super::error::failed;
use super::pool::snapshot;
use super::write::drift;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, PathPattern, Position, Scope};
use crate::store::sql::{COLUMNS, Condition, Dialect, Drift, Row, Value};

const FAILED: &str = "entries cannot be read";

/// SQLite's SQL.
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    const MAX_VALUES: usize = 32_766;
    const NOT_BY_INDEX: &'static str = "+";

    fn placeholder(_: usize, text: &mut String) {
        text.push('?');
    }

    fn path_matches(condition: &mut Condition<Self>, pattern: &PathPattern) {
        condition.push("path_matches(", Value::Text(pattern.as_str().to_owned()));
        condition.push_sql(", path)");
    }
}

pub(super) type Sql = Condition<Sqlite>;

/// Which way a part of a listing runs.
#[derive(Clone, Copy)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

pub(super) fn get(db: &Connection, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
    let mut condition = Sql::new([scope.as_filter()], Drift::default())?;
    condition.and("id = ", Value::Id(id));
    Ok(entries(db, condition, Order::NewestFirst, 1, 0)?.pop())
}

pub(super) fn list(db: &mut Connection, query: &LogQuery) -> Result<Page, Error> {
    let db = snapshot(db)?;
    let drift = drift_for(&db, &query.filter)?;
    let limit = query.limit.clamp(1, LogQuery::MAX_LIMIT);
    // With neither a position nor a limit; asked once more than once.
    let condition = || Sql::new([query.scope.as_filter(), &query.filter], drift);
    let one_more = i64::from(limit) + 1;

    let (mut found, has_older, has_newer);
    let wanted = limit as usize;
    match query.position {
        Position::First => {
            found = entries(&db, condition()?, Order::NewestFirst, one_more, 0)?;
            has_newer = false;
            has_older = found.len() > wanted;
            found.truncate(wanted);
        }
        Position::After(id) => {
            let (mut older, mut newer) = (condition()?, condition()?);
            older.and("id < ", Value::Id(id));
            newer.and("id >= ", Value::Id(id));
            found = entries(&db, older, Order::NewestFirst, one_more, 0)?;
            has_newer = any(&db, newer, Order::OldestFirst)?;
            has_older = found.len() > wanted;
            found.truncate(wanted);
        }
        Position::Before(id) => {
            let (mut older, mut newer) = (condition()?, condition()?);
            older.and("id <= ", Value::Id(id));
            newer.and("id > ", Value::Id(id));
            found = entries(&db, newer, Order::OldestFirst, one_more, 0)?;
            has_newer = found.len() > wanted;
            has_older = any(&db, older, Order::NewestFirst)?;
            // The one more that was asked for is the newest.
            found.drain(..found.len().saturating_sub(wanted));
        }
        Position::Number(number) => {
            let before = number.saturating_sub(1).checked_mul(limit.into());
            found = match before.and_then(|rows| i64::try_from(rows).ok()) {
                Some(rows) => entries(&db, condition()?, Order::NewestFirst, one_more, rows)?,
                None => Vec::new(),
            };
            has_newer =
                number > 1 && (!found.is_empty() || any(&db, condition()?, Order::NewestFirst)?);
            has_older = found.len() > wanted;
            found.truncate(wanted);
        }
        Position::FromOldest(number) => {
            let before = number.saturating_sub(1).checked_mul(limit.into());
            found = match before.and_then(|rows| i64::try_from(rows).ok()) {
                Some(rows) => entries(&db, condition()?, Order::OldestFirst, one_more, rows)?,
                None => Vec::new(),
            };
            found.reverse();
            has_older =
                number > 1 && (!found.is_empty() || any(&db, condition()?, Order::OldestFirst)?);
            has_newer = found.len() > wanted;
            found.truncate(wanted);
        }
    }
    Ok(Page::new(found, has_older, has_newer))
}

pub(super) fn count(db: &mut Connection, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    let db = snapshot(db)?;
    let drift = drift_for(&db, filter)?;
    let (text, values) = Sql::new([scope.as_filter(), filter], drift)?.into_parts();
    let sql = format!("SELECT count(*) FROM entry WHERE {text}");
    db.prepare_cached(&sql)
        .and_then(|mut statement| {
            statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))
        })
        .map(i64::unsigned_abs)
        .map_err(failed(FAILED))
}

/// Returns the entries of a condition, the newest first whatever the order of the search.
pub(super) fn entries(
    db: &Connection,
    condition: Sql,
    order: Order,
    limit: i64,
    offset: i64,
) -> Result<Vec<LogEntry>, Error> {
    let (sql, values) = page_sql(condition, order, limit, offset);
    let mut statement = db.prepare_cached(&sql).map_err(failed(FAILED))?;
    let mut rows = statement
        .query(params_from_iter(values))
        .map_err(failed(FAILED))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed(FAILED))? {
        found.push(read(row).map_err(failed(FAILED))?.join()?);
    }
    found.sort_unstable_by_key(|entry: &LogEntry| std::cmp::Reverse(entry.id));
    Ok(found)
}

/// Finds the rows of a page by the narrow table alone and then their details, so that neither the filter nor the offset reads a body.
pub(super) fn page_sql(
    mut condition: Sql,
    order: Order,
    limit: i64,
    offset: i64,
) -> (String, Vec<Value>) {
    condition.push_sql(order.sql());
    condition.push(" LIMIT ", Value::Integer(limit));
    condition.push(" OFFSET ", Value::Integer(offset));
    let (text, values) = condition.into_parts();
    let columns = COLUMNS.join(", ");
    let sql = format!(
        "SELECT {columns}, head, request_text, response_text
        FROM (SELECT * FROM entry WHERE {text}) LEFT JOIN detail ON number = detail_number"
    );
    (sql, values)
}

fn any(db: &Transaction<'_>, mut condition: Sql, order: Order) -> Result<bool, Error> {
    condition.push_sql(order.sql());
    let (text, values) = condition.into_parts();
    db.prepare_cached(&format!("SELECT 1 FROM entry WHERE {text} LIMIT 1"))
        .and_then(|mut statement| statement.exists(params_from_iter(values)))
        .map_err(failed(FAILED))
}

fn drift_for(db: &Connection, filter: &Filter) -> Result<Drift, Error> {
    match (filter.from, filter.to) {
        (None, None) => Ok(Drift::default()),
        _ => drift(db),
    }
}

fn read<'a>(row: &'a rusqlite::Row<'_>) -> rusqlite::Result<Row<'a>> {
    let text = |column| {
        let text = row.get_ref(column)?.as_str_or_null()?;
        Ok::<_, rusqlite::Error>(text.map(Cow::Borrowed))
    };
    let needed = |column| Ok::<_, rusqlite::Error>(Cow::Borrowed(row.get_ref(column)?.as_str()?));
    Ok(Row {
        id: EntryId::from_bytes(row.get(0)?),
        created_at: row.get(1)?,
        kind: needed(2)?,
        method: text(3)?,
        path: text(4)?,
        route: text(5)?,
        status: row.get(6)?,
        organisation: text(7)?,
        project: text(8)?,
        environment: text(9)?,
        actor: text(10)?,
        client_ip: text(11)?,
        user_agent: text(12)?,
        request_id: text(13)?,
        api_version: text(14)?,
        actor_kind: text(15)?,
        session: text(16)?,
        api_key: text(17)?,
        outcome: text(18)?,
        micros: row.get(19)?,
        category: text(20)?,
        action: text(21)?,
        ref_id: text(22)?,
        exchange: text(23)?,
        head: needed(24)?,
        request_text: text(25)?,
        response_text: text(26)?,
    })
}

impl Order {
    fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => " ORDER BY id DESC",
            Self::OldestFirst => " ORDER BY id",
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
        })
    }
}
