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
use super::outdated::Gone;
use super::partition::{self, Known, Partition};
use super::read::{id, query};
use super::write::columns;
use crate::error::Error;

const FAILED: &str = "a partition cannot be taken off";

/// The comment on a table that is to be dropped, before the name of the table that it was part of.
const MARK: &str = "tower-api-log: detached to be dropped, from ";

/// Tells whether everything in a partition goes.
pub(super) async fn goes_whole(
    client: &Client,
    it: &Partition,
    gone: &Gone,
) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 FROM {} kept WHERE NOT ({}) LIMIT 1",
        it.name, gone.sql
    );
    Ok(query(client, &sql, &gone.values).await?.is_empty())
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
    let deleted = drop_detached(client, names, &it.name, gone).await?;
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
    let nothing = Gone {
        sql: "false".to_owned(),
        values: Vec::new(),
    };
    for row in &rows {
        let table: &str = row.try_get(0).map_err(failed(FAILED))?;
        drop_detached(client, names, table, &nothing).await?;
    }
    Ok(())
}

/// Drops a table that was detached, and writes back what stays.
async fn drop_detached(
    client: &Client,
    names: &Names,
    table: &str,
    gone: &Gone,
) -> Result<u64, Error> {
    let Gone { sql: goes, values } = gone;
    let sql = format!("SELECT id FROM {table} kept WHERE NOT ({goes})");
    let stays = query(client, &sql, values).await?;
    let days = stays.iter().map(|row| Ok(Day::of(id(row)?)));
    let days: BTreeSet<_> = days
        .collect::<Result<Vec<_>, Error>>()?
        .into_iter()
        .flatten()
        .collect();
    if !days.is_empty() {
        partition::make(client, names, &Known::default(), days).await?;
    }
    let count = format!("SELECT count(*) FROM {table}");
    let rows = query(client, &count, &[]).await?;
    let count = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
    let count = count
        .map_err(failed(FAILED))?
        .unwrap_or_default()
        .unsigned_abs();
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    if !stays.is_empty() {
        let sql = format!(
            "INSERT INTO {} ({1}) SELECT {1} FROM {table} kept WHERE NOT ({goes}) ORDER BY id ON CONFLICT (id) DO NOTHING",
            names.entry(),
            columns()
        );
        query(client, &sql, values).await?;
    }
    let sql = format!("DROP TABLE {table}; COMMIT");
    client.batch_execute(&sql).await.map_err(failed(FAILED))?;
    Ok(count.saturating_sub(stays.len() as u64))
}
