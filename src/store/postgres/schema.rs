//! The tables: their statements, their versions, and how they are checked.
//!
//! # Invariants
//!
//! - Only one process at a time creates or changes anything, under an advisory lock that is the tables' own.
//! - A newer version, and a table that differs from what this version writes, are refused before anything is written.
//! - No partition is a `DEFAULT` one: it would refuse partitions for what it holds, and cannot be detached beside writers.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::day::Day;
use super::error::failed;
use super::index;
use super::names::Names;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};
use crate::store::sql::COLUMNS;

/// The version of the tables that this version of the crate writes.
const VERSION: i32 = 1;

/// The least version of the server: it tells of partitions that are being detached.
const MIN_SERVER: i32 = 140_000;

/// The columns behind those of [`COLUMNS`].
pub(super) const TEXTS: [&str; 3] = ["head", "request_text", "response_text"];

const FAILED: &str = "the tables of the store cannot be made or checked";

/// Returns every column, in the order of a [`Row`](crate::store::sql::Row).
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.into_iter().chain(TEXTS)
}

/// Returns the type of a column, as `format_type` prints it, and whether it always has a value.
fn type_of(column: &str) -> (&'static str, bool) {
    match column {
        "id" => ("uuid", true),
        "created_at" => ("timestamp with time zone", true),
        "kind" | "head" => ("text", true),
        "status" => ("integer", false),
        "micros" | "weight" => ("bigint", false),
        _ => ("text", false),
    }
}

/// How the server packs long texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// Half the time that a row takes otherwise.
    Lz4,
    /// For servers that were built without it.
    Pglz,
}

/// Returns the statements that make everything from nothing, one after the other.
pub(super) fn statements(names: &Names, compression: Compression) -> Vec<String> {
    let (entry, about) = (names.entry(), names.about());
    let columns: Vec<_> = columns()
        .map(|name| {
            let (type_name, is_needed) = type_of(name);
            let collation = if type_name == "text" {
                " COLLATE \"C\""
            } else {
                ""
            };
            let packed = match compression {
                Compression::Lz4 if TEXTS.contains(&name) => " COMPRESSION lz4",
                _ => "",
            };
            let needed = if is_needed { " NOT NULL" } else { "" };
            format!("    {name} {type_name}{packed}{collation}{needed},\n")
        })
        .collect();
    let mut made = vec![
        format!(
            "CREATE TABLE {about} (\n    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),\n    version integer NOT NULL,\n    \
             ahead_millis bigint NOT NULL,\n    behind_millis bigint NOT NULL\n)"
        ),
        format!(
            "CREATE TABLE {entry} (\n{}    PRIMARY KEY (id)\n) PARTITION BY RANGE (id)",
            columns.concat()
        ),
    ];
    made.push(format!(
        "CREATE TABLE {} (\n    id uuid PRIMARY KEY\n)",
        names.held()
    ));
    made.extend(index::statements(names));
    let (before, _) = Day::FIRST.ids();
    let (_, after) = Day::LAST.ids();
    for (name, from, to) in [
        ("_before", "MINVALUE".to_owned(), format!("'{before}'")),
        ("_after", format!("'{after}'"), "MAXVALUE".to_owned()),
    ] {
        let partition = names.of(&names.bare(name));
        made.push(format!(
            "CREATE TABLE {partition} PARTITION OF {entry} FOR VALUES FROM ({from}) TO ({to})"
        ));
    }
    made.push(format!(
        "INSERT INTO {about} (version, ahead_millis, behind_millis) VALUES ({VERSION}, 0, 0)"
    ));
    made
}

/// Returns the statements that make a partition for a range of ids, beside readers and writers: `PARTITION OF` would wait for all of them.
pub(super) fn partition_statements(
    names: &Names,
    bare: &str,
    from: EntryId,
    to: EntryId,
) -> [String; 2] {
    let (entry, partition) = (names.entry(), names.of(bare));
    [
        format!("CREATE TABLE {partition} (LIKE {entry} INCLUDING ALL)"),
        format!(
            "ALTER TABLE {entry} ATTACH PARTITION {partition} FOR VALUES FROM ('{from}') TO ('{to}')"
        ),
    ]
}

/// Takes the lock of the tables until the transaction ends.
pub(super) async fn lock(client: &Client, names: &Names) -> Result<(), Error> {
    let name = format!("tower-api-log {}", names.entry());
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&name, Type::TEXT)];
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    client
        .query_typed(sql, &values)
        .await
        .map_err(failed(FAILED))?;
    Ok(())
}

/// Makes what is missing.
pub(super) async fn migrate(client: &Client, names: &Names) -> Result<(), Error> {
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    lock(client, names).await?;
    if version(client, names).await?.is_none() {
        let exists = "SELECT to_regnamespace($1) IS NOT NULL";
        let schema = names.schema();
        let values: [(&(dyn ToSql + Sync), Type); 1] = [(&schema, Type::TEXT)];
        let row = client.query_typed_one(exists, &values).await;
        // Asked first: the statement with IF NOT EXISTS needs the right to make one, even where it makes none.
        if !row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))? {
            let sql = format!("CREATE SCHEMA {schema}");
            client.batch_execute(&sql).await.map_err(failed(FAILED))?;
        }
        let sql = statements(names, compression(client).await?).join(";\n");
        client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    }
    client.batch_execute("COMMIT").await.map_err(failed(FAILED))
}

async fn compression(client: &Client) -> Result<Compression, Error> {
    let sql = "SELECT coalesce(bool_or('lz4' = ANY (enumvals)), false) FROM pg_settings WHERE name = 'default_toast_compression'";
    let row = client.query_typed_one(sql, &[]).await;
    let has_lz4 = row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))?;
    Ok(if has_lz4 {
        Compression::Lz4
    } else {
        Compression::Pglz
    })
}

/// Checks that the server and the tables are what this version writes.
pub(super) async fn check(client: &Client, names: &Names) -> Result<(), Error> {
    match version(client, names).await? {
        Some(VERSION) => {}
        Some(version) if version > VERSION => {
            let message = "the tables were made by a newer version of this crate; use that one, or tables of other names";
            return Err(Error::new(ErrorKind::Schema, message));
        }
        Some(_) => {
            let message = "the tables were made by an older version of this crate; connect once with migrate(true)";
            return Err(Error::new(ErrorKind::Schema, message));
        }
        None => {
            let message = "the tables of the store do not exist; connect once with migrate(true), or run what ddl() prints";
            return Err(Error::new(ErrorKind::Schema, message));
        }
    }
    check_columns(client, names).await
}

pub(super) async fn check_server(client: &Client) -> Result<(), Error> {
    let sql =
        "SELECT current_setting('server_version_num')::int4, current_setting('server_encoding')";
    let row = client
        .query_typed_one(sql, &[])
        .await
        .map_err(failed(FAILED))?;
    let version: i32 = row.try_get(0).map_err(failed(FAILED))?;
    let encoding: &str = row.try_get(1).map_err(failed(FAILED))?;
    if version < MIN_SERVER {
        return Err(Error::configuration(
            "the store needs PostgreSQL 14 or later",
        ));
    }
    if encoding != "UTF8" {
        return Err(Error::configuration(
            "the database must have the encoding UTF8; create it with ENCODING 'UTF8' TEMPLATE template0",
        ));
    }
    Ok(())
}

/// Returns the version of the tables, if there are any.
async fn version(client: &Client, names: &Names) -> Result<Option<i32>, Error> {
    let about = names.about();
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&about, Type::TEXT)];
    let sql = "SELECT to_regclass($1) IS NOT NULL";
    let row = client.query_typed_one(sql, &values).await;
    if !row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))? {
        return Ok(None);
    }
    let sql = format!("SELECT version FROM {about}");
    let row = client
        .query_typed_opt(&sql, &[])
        .await
        .map_err(failed(FAILED))?;
    let version = row.map(|row| row.try_get(0)).transpose();
    version.map_err(failed(FAILED))
}

async fn check_columns(client: &Client, names: &Names) -> Result<(), Error> {
    let sql = "SELECT attname::text, format_type(atttypid, NULL), attnotnull, attcollation = 0 OR attcollation = '\"C\"'::regcollation,
            attidentity <> '' OR attgenerated <> '' OR atthasdef
        FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
    let entry = names.entry();
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&entry, Type::TEXT)];
    let found = client
        .query_typed(sql, &values)
        .await
        .map_err(failed(FAILED))?;
    let mut missing: Vec<_> = columns().collect();
    for row in &found {
        let column = Column::read(row).map_err(failed(FAILED))?;
        let known = missing.iter().position(|name| *name == column.name);
        match known {
            Some(at) => column.check(missing.swap_remove(at))?,
            // Somebody else's column does no harm where it may be empty.
            None if column.is_needed && !column.has_value => {
                return Err(altered(&format!(
                    "has a column of somebody else's, {:?}, that must have a value",
                    column.name
                )));
            }
            None => {}
        }
    }
    match missing.first() {
        Some(name) => Err(altered(&format!("has no column {name}"))),
        None => Ok(()),
    }
}

struct Column<'r> {
    name: &'r str,
    type_name: &'r str,
    is_needed: bool,
    is_bytewise: bool,
    has_value: bool,
}

impl<'r> Column<'r> {
    fn read(row: &'r Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            name: row.try_get(0)?,
            type_name: row.try_get(1)?,
            is_needed: row.try_get(2)?,
            is_bytewise: row.try_get(3)?,
            has_value: row.try_get(4)?,
        })
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        let (wanted, is_needed) = type_of(name);
        if self.type_name != wanted {
            return Err(altered(&format!(
                "has a column {name} that is not {wanted}"
            )));
        }
        if self.is_needed && !is_needed {
            return Err(altered(&format!(
                "has a column {name} that must have a value"
            )));
        }
        if !self.is_bytewise {
            return Err(altered(&format!(
                "has a column {name} that is not COLLATE \"C\""
            )));
        }
        Ok(())
    }
}

fn altered(what: &str) -> Error {
    let message = format!("the table of the entries {what}; compare it with what ddl() prints");
    Error::new(ErrorKind::Schema, message)
}
