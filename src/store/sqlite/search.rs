use std::ops::{ControlFlow, RangeInclusive};

use rusqlite::{Connection, params_from_iter};

use super::error::failed;
use super::read::Sql;
use super::write::drift;
use crate::entry::EntryId;
use crate::error::Error;
use crate::query::Filter;
use crate::store::sql::{Drift, Value};

const FAILED: &str = "entries cannot be searched";

/// Which way a part of a listing runs.
#[derive(Clone, Copy)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

/// A range of ids, both ends included.
pub(super) type Ids = RangeInclusive<EntryId>;

/// Every id.
pub(super) const ALL: Ids = EntryId::MIN..=EntryId::MAX;

/// The ids that pass some filters, but for the text, which no column has.
pub(super) struct Search<'s> {
    db: &'s Connection,
    filters: &'s [&'s Filter],
    drift: Drift,
}

impl<'s> Search<'s> {
    pub(super) fn new(db: &'s Connection, filters: &'s [&'s Filter]) -> Result<Self, Error> {
        let is_timed = |filter: &&Filter| filter.from.is_some() || filter.to.is_some();
        let drift = match filters.iter().any(is_timed) {
            true => drift(db)?,
            false => Drift::default(),
        };
        Ok(Self { db, filters, drift })
    }

    /// Visits the ids within a range in an order, but for the first few, until told to break.
    pub(super) fn each(
        &self,
        order: Order,
        ids: Ids,
        skip: u64,
        visit: &mut dyn FnMut(EntryId) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let mut condition = self.condition(ids)?;
        condition.push_sql(order.sql());
        // As SQL can say it: no store has as many entries.
        let skip = i64::try_from(skip).unwrap_or(i64::MAX);
        condition.push(" LIMIT -1 OFFSET ", Value::Integer(skip));
        let (text, values) = condition.into_parts();
        let sql = format!("SELECT id FROM entry WHERE {text}");
        let mut statement = self.db.prepare_cached(&sql).map_err(failed(FAILED))?;
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(failed(FAILED))?;
        while let Some(row) = rows.next().map_err(failed(FAILED))? {
            let id = row.get(0).map_err(failed(FAILED))?;
            if visit(EntryId::from_bytes(id))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Returns how many ids there are.
    pub(super) fn count(&self) -> Result<u64, Error> {
        let (text, values) = self.condition(ALL)?.into_parts();
        self.db
            .prepare_cached(&format!("SELECT count(*) FROM entry WHERE {text}"))
            .and_then(|mut statement| {
                statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))
            })
            .map(i64::unsigned_abs)
            .map_err(failed(FAILED))
    }

    fn condition(&self, ids: Ids) -> Result<Sql, Error> {
        let mut condition = Sql::new(self.filters.iter().copied(), self.drift)?;
        condition.and("id >= ", Value::Id(*ids.start()));
        condition.and("id <= ", Value::Id(*ids.end()));
        Ok(condition)
    }
}

impl Order {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => " ORDER BY id DESC",
            Self::OldestFirst => " ORDER BY id",
        }
    }
}

/// Returns the id right after one, if there is any.
pub(super) fn after(id: EntryId) -> Option<EntryId> {
    let next = u128::from_be_bytes(*id.as_bytes()).checked_add(1)?;
    Some(EntryId::from_bytes(next.to_be_bytes()))
}

/// Returns the id right before one, if there is any.
pub(super) fn before(id: EntryId) -> Option<EntryId> {
    let previous = u128::from_be_bytes(*id.as_bytes()).checked_sub(1)?;
    Some(EntryId::from_bytes(previous.to_be_bytes()))
}
