//! Taking a person out: row by row, in small transactions.

use tokio_postgres::Client;

use super::error::failed;
use super::names::Names;
use super::partition;
use super::read::{self, query};
use super::write::{Batch, columns, send};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::store::sql::Value;

const FAILED: &str = "a person cannot be erased";

/// How many entries one transaction rewrites.
const ERASED_AT_ONCE: usize = 100;

/// What one transaction did, and the last id that it looked at where more may follow.
pub(super) struct Step {
    pub(super) changed: u64,
    pub(super) last: Option<EntryId>,
}

/// Takes the person out of the first few entries of an actor behind an id.
pub(super) async fn erase_some(
    client: &Client,
    names: &Names,
    actor: &str,
    behind: Option<EntryId>,
) -> Result<Step, Error> {
    let entry = names.entry();
    let mut values = vec![Value::Text(actor.to_owned())];
    let mut sql = format!("SELECT {} FROM {entry} WHERE actor = $1", columns());
    if let Some(id) = behind {
        sql.push_str(" AND id > $2");
        values.push(Value::Id(id));
    }
    sql.push_str(&format!(" ORDER BY id LIMIT {ERASED_AT_ONCE} FOR UPDATE"));
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
    Ok(Step {
        changed: entries.len() as u64,
        last: entries.get(ERASED_AT_ONCE - 1).map(|it| it.id),
    })
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
    let pairs: Vec<_> = super::schema::columns()
        .filter(|name| *name != "id")
        .map(|name| format!("{name} = new.{name}"))
        .collect();
    let sql = format!(
        "UPDATE {entry} old SET {} FROM pg_temp.api_log_erased new WHERE old.id = new.id",
        pairs.join(", ")
    );
    client.batch_execute(&sql).await.map_err(failed(FAILED))
}

/// Lets the server overwrite what it has of the rows from before.
pub(super) async fn vacuum(client: &Client, names: &Names) -> Result<(), Error> {
    let failed = failed("a person is erased, but the rows from before wait for a vacuum");
    for it in partition::list(client, names)
        .await
        .map_err(|_| ())
        .unwrap_or_default()
    {
        client
            .batch_execute(&format!("VACUUM {}", it.name))
            .await
            .map_err(&failed)?;
    }
    Ok(())
}
