//! Taking a partition off with everything in it that goes.
//!
//! # Operation
//!
//! Four steps, none of which makes a writer wait: the table is marked, detached concurrently, what stays and came meanwhile is
//! written back, and the table is dropped. A process that ends in between leaves the mark, by which the next one puts the entries back before it
//! begins its own work: it cannot know what was to go.

use std::collections::BTreeSet;

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::day::Day;
use super::error::failed;
use super::names::Names;
use super::outdated::{Gone, Whole};
use super::partition::{self, Known, Partition};
use super::read::{id, query};
use super::write::{columns, drift};
use crate::error::Error;
use crate::query::Filter;
use crate::store::sql::Value;

const FAILED: &str = "a partition cannot be taken off";

/// The comment on a table that is to be dropped, before the name of the table that it was part of.
const MARK: &str = "tower-api-log: detached to be dropped, from ";

/// What stays of a table.
struct Stays {
    sql: String,
    values: Vec<Value>,
}

impl Stays {
    /// Makes the condition of what stays of a partition. Once it is detached nobody writes to it, and what was written is within the drift that is read after.
    async fn of(
        client: &Client,
        names: &Names,
        it: &Partition,
        gone: &Gone,
    ) -> Result<Self, Error> {
        let goes_whole = match (gone.whole, it.to) {
            (Whole::Always, _) => true,
            (Whole::Before(time), Some(to)) => {
                let mut young = Filter::new();
                young.from = Some(time);
                *drift(client, names).await?.ids(&young).start() >= to
            }
            _ => false,
        };
        Ok(match goes_whole {
            true => Self {
                sql: format!(
                    "EXISTS (SELECT 1 FROM {} held WHERE held.id = kept.id)",
                    names.held()
                ),
                values: Vec::new(),
            },
            false => Self {
                sql: format!("NOT ({})", gone.sql),
                values: gone.values.clone(),
            },
        })
    }
}

/// Tells whether everything in a partition goes.
pub(super) async fn goes_whole(
    client: &Client,
    names: &Names,
    it: &Partition,
    gone: &Gone,
) -> Result<bool, Error> {
    let stays = Stays::of(client, names, it, gone).await?;
    let sql = format!("SELECT 1 FROM {} kept WHERE {} LIMIT 1", it.name, stays.sql);
    Ok(query(client, &sql, &stays.values).await?.is_empty())
}

/// Detaches a partition beside writers, drops it, and returns how many entries went.
pub(super) async fn take_off(
    client: &Client,
    names: &Names,
    it: &Partition,
    gone: &Gone,
) -> Result<u64, Error> {
    // It waits for every transaction that uses the table, and holds up nobody meanwhile.
    let prepare = format!(
        "SET statement_timeout = 0; COMMENT ON TABLE {} IS '{MARK}{}'",
        it.name,
        names.bare("")
    );
    client
        .batch_execute(&prepare)
        .await
        .map_err(failed(FAILED))?;
    // Not in one string with others: it must not be in a transaction.
    let detach = format!(
        "ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY",
        names.entry(),
        it.name
    );
    client
        .batch_execute(&detach)
        .await
        .map_err(failed(FAILED))?;
    let stays = Stays::of(client, names, it, gone).await?;
    let deleted = drop_detached(client, names, &it.name, &stays).await?;
    client
        .batch_execute("RESET statement_timeout")
        .await
        .map_err(failed(FAILED))?;
    Ok(deleted)
}

/// Puts back what a process that ended has detached and not dropped.
pub(super) async fn recover(client: &Client, names: &Names) -> Result<(), Error> {
    let entry = names.entry();
    for it in partition::list(client, names)
        .await?
        .iter()
        .filter(|it| it.is_leaving)
    {
        let sql = format!("ALTER TABLE {entry} DETACH PARTITION {} FINALIZE", it.name);
        client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    }
    let sql = "SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.oid = to_regnamespace($1) AND d.description = $2 AND NOT c.relispartition AND c.relkind = 'r'";
    let (schema, mark) = (names.schema(), format!("{MARK}{}", names.bare("")));
    let values: [(&(dyn ToSql + Sync), Type); 2] = [(&schema, Type::TEXT), (&mark, Type::TEXT)];
    let rows = client
        .query_typed(sql, &values)
        .await
        .map_err(failed(FAILED))?;
    let everything = Stays {
        sql: "true".to_owned(),
        values: Vec::new(),
    };
    for row in &rows {
        let table: &str = row.try_get(0).map_err(failed(FAILED))?;
        drop_detached(client, names, table, &everything).await?;
    }
    Ok(())
}

/// Drops a table that was detached, and writes back what stays.
async fn drop_detached(
    client: &Client,
    names: &Names,
    table: &str,
    stays: &Stays,
) -> Result<u64, Error> {
    let Stays { sql: stays, values } = stays;
    let sql = format!(
        "SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM {table} kept WHERE {stays})"
    );
    let rows = query(client, &sql, values).await?;
    let count = |column: usize| -> Result<u64, Error> {
        let count = rows
            .first()
            .map(|row| row.try_get::<_, i64>(column))
            .transpose();
        Ok(count
            .map_err(failed(FAILED))?
            .unwrap_or_default()
            .unsigned_abs())
    };
    let (all, staying) = (count(0)?, count(1)?);
    if staying > 0 {
        let sql = format!(
            "(SELECT id FROM {table} kept WHERE {stays} ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM {table} kept WHERE {stays} ORDER BY id DESC LIMIT 1)"
        );
        let ends = query(client, &sql, values).await?;
        let ends: Result<Vec<_>, Error> = ends.iter().map(id).collect();
        let ends: BTreeSet<_> = ends?.into_iter().filter_map(Day::of).collect();
        let days = ends.first().zip(ends.last());
        let days = days
            .into_iter()
            .flat_map(|(first, last)| first.up_to(*last));
        partition::make(client, names, &Known::default(), days.collect()).await?;
    }
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    if staying > 0 {
        let sql = format!(
            "INSERT INTO {} ({1}) SELECT {1} FROM {table} kept WHERE {stays} ORDER BY id ON CONFLICT (id) DO NOTHING",
            names.entry(),
            columns()
        );
        query(client, &sql, values).await?;
    }
    let sql = format!("DROP TABLE {table}; COMMIT");
    client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    Ok(all.saturating_sub(staying))
}
