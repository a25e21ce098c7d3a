//! Partitions: which there are, and how they are made.
//!
//! # Layout
//!
//! One for each day in UTC of the ids' own time, and two for ids before 2020 and after 2099. Made ahead, when the first batch
//! of a day comes, and for any other day when a batch has an id of it. They are made as tables of their own and then attached, which neither
//! waits for readers and writers nor lets them wait.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::day::Day;
use super::error::failed;
use super::names::Names;
use super::schema;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};

const FAILED: &str = "a partition cannot be made";

/// The days that this process has seen a partition of.
#[derive(Debug, Default)]
pub(super) struct Known {
    days: Mutex<BTreeSet<Day>>,
}

impl Known {
    /// Returns those of the days that no partition is known of.
    pub(super) fn missing(&self, days: impl IntoIterator<Item = Day>) -> BTreeSet<Day> {
        let known = self.days();
        days.into_iter()
            .filter(|day| !known.contains(day))
            .collect()
    }

    /// Forgets every day: somebody has taken a partition away.
    pub(super) fn forget(&self) {
        self.days().clear();
    }

    fn add(&self, days: impl IntoIterator<Item = Day>) {
        self.days().extend(days);
    }

    fn days(&self) -> MutexGuard<'_, BTreeSet<Day>> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A partition that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// The name without its schema.
    pub(super) bare: String,
    /// The name as SQL names it.
    pub(super) name: String,
    /// The smallest id in it; `None` for the first of all.
    pub(super) from: Option<EntryId>,
    /// The smallest id behind it; `None` for the last of all.
    pub(super) to: Option<EntryId>,
    /// Whether it is being detached, or was to be when a process ended.
    pub(super) is_leaving: bool,
}

impl Partition {
    fn has(&self, id: EntryId) -> bool {
        self.from.is_none_or(|from| from <= id) && self.to.is_none_or(|to| id < to)
    }
}

/// Makes the partitions of days that have none.
pub(super) async fn make(
    client: &Client,
    names: &Names,
    known: &Known,
    days: BTreeSet<Day>,
) -> Result<(), Error> {
    client
        .batch_execute("BEGIN")
        .await
        .map_err(failed(FAILED))?;
    schema::lock(client, names).await?;
    // Looked at under the lock: another process may have made them.
    let there = list(client, names).await?;
    for day in &days {
        let (from, to) = day.ids();
        if let Some(it) = there.iter().find(|it| it.has(from)) {
            if it.is_leaving {
                let message =
                    "the partition of a day is being taken off, after which it can be made again";
                return Err(Error::new(ErrorKind::Unavailable, message).retryable());
            }
            continue;
        }
        let bare = free_name(client, names, *day).await?;
        for sql in schema::partition_statements(names, &bare, from, to) {
            client.batch_execute(&sql).await.map_err(failed(FAILED))?;
        }
    }
    client
        .batch_execute("COMMIT")
        .await
        .map_err(failed(FAILED))?;
    known.add(days);
    Ok(())
}

/// Returns every partition, in the order of their ids.
pub(super) async fn list(client: &Client, names: &Names) -> Result<Vec<Partition>, Error> {
    let sql = "SELECT c.relname::text, format('%I.%I', n.nspname, c.relname), pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.inhparent = to_regclass($1)";
    let entry = names.entry();
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&entry, Type::TEXT)];
    let rows = client.query_typed(sql, &values).await;
    let rows = rows.map_err(failed("the partitions cannot be listed"))?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let read = || -> Result<Partition, tokio_postgres::Error> {
            let (from, to) = bounds(row.try_get(2)?);
            Ok(Partition {
                bare: row.try_get(0)?,
                name: row.try_get(1)?,
                from,
                to,
                is_leaving: row.try_get(3)?,
            })
        };
        found.push(read().map_err(failed("the partitions cannot be listed"))?);
    }
    found.sort_by_key(|it| it.from);
    Ok(found)
}

/// Reads `FOR VALUES FROM ('…') TO ('…')`, where either may be `MINVALUE` or `MAXVALUE`.
fn bounds(text: &str) -> (Option<EntryId>, Option<EntryId>) {
    let mut parts = text.split('(').skip(1).map(|part| {
        let value = part.split(')').next().unwrap_or_default();
        value.trim_matches('\'').parse().ok()
    });
    (parts.next().flatten(), parts.next().flatten())
}

/// Returns a name for a day's partition that no table has: one that was detached may still be there.
async fn free_name(client: &Client, names: &Names, day: Day) -> Result<String, Error> {
    let mut bare = names.bare(&format!("_{}", day.digits()));
    let first = bare.clone();
    for number in 2..100 {
        let full = names.of(&bare);
        let values: [(&(dyn ToSql + Sync), Type); 1] = [(&full, Type::TEXT)];
        let sql = "SELECT to_regclass($1) IS NULL";
        let row = client.query_typed_one(sql, &values).await;
        if row.and_then(|row| row.try_get(0)).map_err(failed(FAILED))? {
            break;
        }
        bare = format!("{first}_{number}");
    }
    Ok(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_the_server_prints_them() {
        let (from, to) = Day::FIRST.ids();
        let text = format!("FOR VALUES FROM ('{from}') TO ('{to}')");
        assert_eq!(bounds(&text), (Some(from), Some(to)));
        let text = format!("FOR VALUES FROM (MINVALUE) TO ('{to}')");
        assert_eq!(bounds(&text), (None, Some(to)));
        let text = format!("FOR VALUES FROM ('{from}') TO (MAXVALUE)");
        assert_eq!(bounds(&text), (Some(from), None));
        assert_eq!(bounds("DEFAULT"), (None, None));
    }
}
