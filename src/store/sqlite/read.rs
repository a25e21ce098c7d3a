use std::borrow::Cow;
use std::sync::LazyLock;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::error::failed;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{PathPattern, Scope};
use crate::store::sql::{COLUMNS, Condition, Dialect, Row, Value};

const FAILED: &str = "entries cannot be read";

/// SQLite's SQL.
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    const MAX_VALUES: usize = 32_766;

    fn placeholder(_: usize, _: &Value, text: &mut String) {
        text.push('?');
    }

    fn path_matches(condition: &mut Condition<Self>, pattern: &PathPattern) {
        condition.push("path_matches(", Value::Text(pattern.as_str().to_owned()));
        condition.push_sql(", path)");
    }
}

pub(super) type Sql = Condition<Sqlite>;

/// Returns an entry, if a scope has it.
pub(super) fn get(db: &Connection, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
    Ok(entry(db, id)?.filter(|entry| scope.allows(entry)))
}

/// Returns the entry of an id.
pub(super) fn entry(db: &Connection, id: EntryId) -> Result<Option<LogEntry>, Error> {
    let mut statement = db.prepare_cached(&ENTRY).map_err(failed(FAILED))?;
    let mut rows = statement.query([Value::Id(id)]).map_err(failed(FAILED))?;
    match rows.next().map_err(failed(FAILED))? {
        Some(row) => read(row).map_err(failed(FAILED))?.join().map(Some),
        None => Ok(None),
    }
}

static ENTRY: LazyLock<String> = LazyLock::new(|| {
    let columns = COLUMNS.join(", ");
    format!(
        "SELECT {columns}, head, request_text, response_text
        FROM entry LEFT JOIN detail ON number = detail_number WHERE id = ?"
    )
});

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
        weight: row.get(24)?,
        head: needed(25)?,
        request_text: text(26)?,
        response_text: text(27)?,
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            #[cfg(feature = "postgres")]
            Self::Time(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
        })
    }
}
