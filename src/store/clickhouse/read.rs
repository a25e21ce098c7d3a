use std::sync::LazyLock;

use super::columns::Columns;
use super::condition::{Sql, Value};
use super::schema::COLUMNS;
use super::server::Server;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, Scope};

pub(super) const FAILED: &str = "entries cannot be read";

/// The columns of [`Columns`], as a question names them.
pub(super) static NAMES: LazyLock<String> = LazyLock::new(|| {
    let names = COLUMNS.map(|(name, ..)| name);
    names.join(", ")
});

/// Returns an entry, if a scope has it.
pub(super) async fn get(
    server: &Server,
    scope: &Scope,
    id: EntryId,
) -> Result<Option<LogEntry>, Error> {
    let mut sql = Sql::new(format!(
        "SELECT {} FROM {} WHERE id = ",
        *NAMES,
        server.table()
    ));
    sql.bind(Value::Id(id));
    if let Some(organisation) = scope.organisation_id() {
        // What the rows are sorted by first.
        sql.sql(" AND ")
            .listed("organisation", [organisation].into_iter());
    }
    let mut newest = Newest::default();
    server.read(FAILED, &sql, |row| newest.take(row)).await?;
    Ok(newest.entries.pop().filter(|entry| scope.allows(entry)))
}

/// Counts the entries of a listing.
pub(super) async fn count(server: &Server, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    let mut condition = Sql::matching([scope.as_filter(), filter])?;
    condition.has_text(filter)?;
    let mut sql = Sql::new(format!(
        "SELECT count() FROM {} FINAL WHERE ",
        server.table()
    ));
    sql.append(condition);
    let counts = server.all::<u64>(FAILED, &sql).await?;
    Ok(counts.into_iter().sum())
}

/// The entries of rows that come by id: of each the highest version.
#[derive(Default)]
pub(super) struct Newest {
    pub(super) entries: Vec<LogEntry>,
    /// How many rows there were, with those of lower versions.
    pub(super) rows: usize,
    version: u64,
}

impl Newest {
    /// Takes a row in.
    pub(super) fn take(&mut self, row: Columns<'_>) -> Result<(), Error> {
        self.rows += 1;
        let is_another = self.entries.last().is_none_or(|last| last.id != row.id());
        if is_another {
            self.version = row.version();
            self.entries.push(row.join()?);
        } else if row.version() > self.version {
            self.version = row.version();
            self.entries.pop();
            self.entries.push(row.join()?);
        }
        Ok(())
    }
}
