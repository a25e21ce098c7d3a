//! Taking a person out: row by row, in small transactions.

use tokio_postgres::Client;

use super::error::failed;
use super::names::Names;
use super::outdated::Gone;
use super::partition;
use super::pool::Lease;
use super::read::{self, Postgres, query};
use super::retention::vacuum;
use super::schema;
use super::write::{Batch, columns, send};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::store::Erasure;
use crate::store::sql::{Dialect, Value};

const FAILED: &str = "a person cannot be erased";

/// How many entries one transaction rewrites.
const ERASED_AT_ONCE: usize = 100;

/// Takes the person out of every entry of an actor that is not held.
pub(super) async fn erase(lease: &Lease, names: &Names, actor: &str) -> Result<Erasure, Error> {
    let mut erasure = Erasure::default();
    let mut behind = None;
    loop {
        let some = lease
            .run(FAILED, |client| erase_some(client, names, actor, behind))
            .await?;
        erasure = some.iter().fold(erasure, Erasure::with);
        behind = some.get(ERASED_AT_ONCE - 1).map(|it| it.id);
        if behind.is_none() {
            break;
        }
    }
    erasure.held = lease
        .run(FAILED, |client| count_held(client, names, actor))
        .await?;
    if erasure.entries() > 0 {
        // The rows from before are in the files until then.
        for it in lease
            .run(FAILED, |client| partition::list(client, names))
            .await?
        {
            let patience = std::time::Duration::from_secs(3600);
            lease
                .run_for(patience, FAILED, |client| vacuum(client, &it))
                .await?;
        }
    }
    Ok(erasure)
}

fn theirs(actor: &str) -> String {
    let hint = Postgres::hint("actor", &[actor.into()]);
    format!("actor = $1{}", hint.unwrap_or_default())
}

/// Takes the person out of the first few entries of an actor behind an id, and returns what they are now.
async fn erase_some(
    client: &Client,
    names: &Names,
    actor: &str,
    behind: Option<EntryId>,
) -> Result<Vec<LogEntry>, Error> {
    let mut values = vec![Value::Text(actor.to_owned())];
    let mut sql = format!(
        "SELECT {} FROM {} kept WHERE {} AND {}",
        columns(),
        names.entry(),
        theirs(actor),
        Gone::unheld(names).sql
    );
    if let Some(id) = behind {
        sql.push_str(" AND id > $2");
        values.push(Value::Id(id));
    }
    sql.push_str(&format!(
        " ORDER BY id LIMIT {ERASED_AT_ONCE} FOR UPDATE OF kept"
    ));
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    let rows = query(client, &sql, &values).await?;
    let mut entries: Vec<LogEntry> = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut entry = read::join(row)?;
        entry.erase_person();
        entries.push(entry);
    }
    if !entries.is_empty() {
        rewrite(client, names, &entries).await?;
    }
    client
        .batch_execute("COMMIT")
        .await
        .map_err(failed(FAILED))?;
    Ok(entries)
}

/// Puts entries in the place of those of their ids, within a transaction.
async fn rewrite(client: &Client, names: &Names, entries: &[LogEntry]) -> Result<(), Error> {
    let (entry, batch) = (names.entry(), Batch::new(entries)?);
    let staging = format!(
        "CREATE TEMPORARY TABLE api_log_erased ON COMMIT DROP AS SELECT {} FROM {entry} WITH NO DATA",
        columns()
    );
    client
        .batch_execute(&staging)
        .await
        .map_err(failed(FAILED))?;
    let sent = send(client, "pg_temp.api_log_erased", &batch).await;
    sent.map_err(failed(FAILED))?;
    let pairs: Vec<_> = schema::columns()
        .filter(|name| *name != "id")
        .map(|name| format!("{name} = new.{name}"))
        .collect();
    // The bounds once more, so that the other partitions are not looked at.
    let sql = format!(
        "UPDATE {entry} old SET {} FROM pg_temp.api_log_erased new WHERE old.id = new.id AND old.id >= $1 AND old.id <= $2",
        pairs.join(", ")
    );
    let ends = [entries.first(), entries.last()];
    let values: Vec<_> = ends
        .into_iter()
        .flatten()
        .map(|it| Value::Id(it.id))
        .collect();
    query(client, &sql, &values).await.map(drop)
}

async fn count_held(client: &Client, names: &Names, actor: &str) -> Result<u64, Error> {
    let sql = format!(
        "SELECT count(*) FROM {} kept WHERE {} AND NOT ({})",
        names.entry(),
        theirs(actor),
        Gone::unheld(names).sql
    );
    let rows = query(client, &sql, &[Value::Text(actor.to_owned())]).await?;
    let count = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
    Ok(count
        .map_err(failed(FAILED))?
        .unwrap_or_default()
        .unsigned_abs())
}
