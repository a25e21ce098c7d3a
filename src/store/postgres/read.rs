use std::borrow::Cow;
use std::fmt;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Client;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::copy::{own_time, server_time};
use super::error::failed;
use super::index;
use super::names::Names;
use super::text::{decode, encode};
use super::write::columns;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};
use crate::query::PathPattern;
use crate::store::sql::{Condition, Dialect, Row, Value};

pub(super) const FAILED: &str = "entries cannot be read";

/// Postgres's SQL.
pub(super) struct Postgres;

impl Dialect for Postgres {
    // The protocol counts them in 16 bits.
    const MAX_VALUES: usize = 65_535;

    fn placeholder(number: usize, _: &Value, text: &mut String) {
        text.push('$');
        text.push_str(&number.to_string());
    }

    fn time(micros: i64) -> Value {
        Value::Time(micros)
    }

    fn hint(column: &'static str, values: &[Cow<'_, str>]) -> Option<&'static str> {
        let is_short = |value: &Cow<'_, str>| encode(value).len() <= index::MAX_INDEXED_BYTES;
        values
            .iter()
            .all(is_short)
            .then(|| index::condition(column))?
    }

    fn slower(least_micros: i64) -> Option<&'static str> {
        index::slower(least_micros)
    }

    fn path_matches(condition: &mut Condition<Self>, pattern: &PathPattern) {
        // Of paths short and long, so that each finds its index.
        let like = || Value::Text(like(pattern));
        condition.push("(octet_length(path) <= 512 AND path LIKE ", like());
        condition.push(" OR octet_length(path) > 512 AND path LIKE ", like());
        condition.push_sql(")");
    }
}

pub(super) type Sql = Condition<Postgres>;

/// Writes a pattern as `LIKE` has it, which compares by character and knows `%`, `_` and `\`.
fn like(pattern: &PathPattern) -> String {
    let mut text = String::with_capacity(pattern.as_str().len() + 8);
    for letter in pattern.as_str().chars() {
        match letter {
            // A run of stars says what one does, and takes the server longer.
            '*' if text.ends_with('%') && !text.ends_with("\\%") => {}
            '*' => text.push('%'),
            '%' | '_' | '\\' => text.extend(['\\', letter]),
            letter => text.push(letter),
        }
    }
    text
}

/// A value as the driver binds it; the driver prints values to the log of the `log` crate.
pub(super) struct Bound<'v>(pub(super) &'v Value);

impl Bound<'_> {
    /// Returns the type that the value is bound as.
    pub(super) fn type_of(&self) -> Type {
        match self.0 {
            Value::Text(_) => Type::TEXT,
            Value::Integer(_) => Type::INT8,
            Value::Time(_) => Type::TIMESTAMPTZ,
            Value::Id(_) => Type::UUID,
        }
    }
}

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Text(text) => out.put_slice(encode(text).as_bytes()),
            Value::Integer(number) => out.put_i64(*number),
            Value::Time(micros) => out.put_i64(server_time(*micros)),
            Value::Id(id) => out.put_slice(id.as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// An id as the server sends it.
struct Id(EntryId);

impl<'r> FromSql<'r> for Id {
    fn from_sql(
        _: &Type,
        bytes: &'r [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(EntryId::from_bytes(bytes.try_into()?)))
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::UUID
    }
}

/// A time as the server sends it, in our microseconds.
pub(super) struct Micros(pub(super) i64);

impl<'r> FromSql<'r> for Micros {
    fn from_sql(
        _: &Type,
        bytes: &'r [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(own_time(i64::from_be_bytes(bytes.try_into()?))))
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::TIMESTAMPTZ
    }
}

/// Asks with values.
pub(super) async fn query(
    client: &Client,
    sql: &str,
    values: &[Value],
) -> Result<Vec<tokio_postgres::Row>, Error> {
    let bound: Vec<_> = values.iter().map(Bound).collect();
    let params: Vec<_> = bound
        .iter()
        .map(|it| (it as &(dyn ToSql + Sync), it.type_of()))
        .collect();
    client
        .query_typed(sql, &params)
        .await
        .map_err(failed(FAILED))
}

/// Returns the entry of an id.
pub(super) async fn entry(
    client: &Client,
    names: &Names,
    id: EntryId,
) -> Result<Option<LogEntry>, Error> {
    let sql = format!("SELECT {} FROM {} WHERE id = $1", columns(), names.entry());
    let rows = query(client, &sql, &[Value::Id(id)]).await?;
    rows.first().map(join).transpose()
}

/// Puts an entry together from a row with every column.
pub(super) fn join(row: &tokio_postgres::Row) -> Result<LogEntry, Error> {
    split(row)?.join()
}

/// Returns the id of a row that begins with it.
pub(super) fn id(row: &tokio_postgres::Row) -> Result<EntryId, Error> {
    let Id(id) = row.try_get(0).map_err(failed(FAILED))?;
    Ok(id)
}

fn split(row: &tokio_postgres::Row) -> Result<Row<'_>, Error> {
    let failed = failed(FAILED);
    let text = |column: usize| -> Result<Option<Cow<'_, str>>, Error> {
        let code: Option<&str> = row.try_get(column).map_err(&failed)?;
        code.map(decode).transpose()
    };
    let needed = |column: usize| -> Result<Cow<'_, str>, Error> {
        decode(row.try_get(column).map_err(&failed)?)
    };
    let number =
        |column: usize| -> Result<Option<i64>, Error> { row.try_get(column).map_err(&failed) };
    let status: Option<i32> = row.try_get(6).map_err(&failed)?;
    let Micros(created_at) = row.try_get(1).map_err(&failed)?;
    Ok(Row {
        id: id(row)?,
        created_at,
        kind: needed(2)?,
        method: text(3)?,
        path: text(4)?,
        route: text(5)?,
        status: status.map(u16::try_from).transpose().map_err(corrupt)?,
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
        micros: number(19)?,
        category: text(20)?,
        action: text(21)?,
        ref_id: text(22)?,
        exchange: text(23)?,
        weight: number(24)?
            .map(u32::try_from)
            .transpose()
            .map_err(corrupt)?,
        head: needed(25)?,
        request_text: text(26)?,
        response_text: text(27)?,
    })
}

fn corrupt(_: std::num::TryFromIntError) -> Error {
    Error::new(ErrorKind::Corrupt, "a stored number is out of its range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_with_the_wildcards_of_like() {
        for (pattern, wanted) in [
            ("/api/*", "/api/%"),
            ("**", "%"),
            ("*%*", "%\\%%"),
            ("a_b\\%", "a\\_b\\\\\\%"),
            ("\\*", "\\\\%"),
        ] {
            assert_eq!(like(&PathPattern::new(pattern)), wanted, "{pattern}");
        }
    }

    #[test]
    fn bound_values_are_not_printed() {
        let value = Value::Text("jane@example.com".into());
        assert!(!format!("{:?}", Bound(&value)).contains("jane"));
    }
}
