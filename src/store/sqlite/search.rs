use std::ops::{ControlFlow, RangeInclusive};

use rusqlite::{Connection, params_from_iter};

use super::error::failed;
use super::read::Sql;
use super::segment::{Mask, Question, Segment, tail};
use super::write::drift;
use crate::entry::EntryId;
use crate::error::Error;
use crate::query::Filter;
use crate::store::sql::Value;

const FAILED: &str = "entries cannot be searched";

/// Which way a part of a listing runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

/// A range of ids, both ends included; empty where the first is above the last.
pub(super) type Ids = RangeInclusive<EntryId>;

/// Every id.
pub(super) const ALL: Ids = EntryId::MIN..=EntryId::MAX;

/// An id that passes, or may: then the entry has to be asked.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) id: EntryId,
    pub(super) is_sure: bool,
}

/// What takes the ids of a search, and says when it has enough.
type Visit<'v> = dyn FnMut(Found) -> Result<ControlFlow<()>, Error> + 'v;

/// The ids that pass some filters, but for the text, which no column has: asked of the segments, and of the table for rows that are in none.
///
/// It belongs to one transaction, so that both tell of one state.
pub(super) struct Search<'s> {
    db: &'s Connection,
    filters: &'s [&'s Filter],
    question: Question<'s>,
    /// What the filters' ranges of time leave.
    ids: Ids,
    /// What no segment has.
    tail: Ids,
}

impl<'s> Search<'s> {
    pub(super) fn new(db: &'s Connection, filters: &'s [&'s Filter]) -> Result<Self, Error> {
        let mut ids = ALL;
        for filter in filters {
            if filter.from.is_some() || filter.to.is_some() {
                ids = within(&ids, &drift(db)?.ids(filter));
            }
        }
        let (tail, seed) = tail(db)?;
        Ok(Self {
            db,
            filters,
            question: Question::new(filters, seed),
            ids,
            tail,
        })
    }

    /// Returns the range of ids that the filters' ranges of time leave.
    pub(super) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Visits the ids within a range in an order, but for the first few, until told to break.
    pub(super) fn each(
        &self,
        order: Order,
        ids: &Ids,
        mut skip: u64,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let ids = within(&self.ids, ids);
        if order == Order::NewestFirst
            && self.each_of_tail(order, &ids, &mut skip, visit)?.is_break()
        {
            return Ok(());
        }
        let mut has_broken = false;
        self.each_segment(order, &ids, &mut |segment| {
            let flow = self.each_of_segment(segment, order, &ids, &mut skip, visit)?;
            has_broken = flow.is_break();
            Ok(flow)
        })?;
        if order == Order::OldestFirst && !has_broken {
            _ = self.each_of_tail(order, &ids, &mut skip, visit)?;
        }
        Ok(())
    }

    /// Returns how many ids there are.
    pub(super) fn count(&self) -> Result<u64, Error> {
        let mut count = self.count_by_sql("entry", &within(&self.tail, &self.ids))?;
        self.each_segment(Order::OldestFirst, &self.ids, &mut |segment| {
            let mask = self.question.ask(self.db, segment, true)?;
            count += match self.count_of(segment, &mask, &self.ids)? {
                Some(count) => count,
                None => self.ids_of(segment, &mask, &self.ids, true)?.len() as u64,
            };
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    fn each_of_tail(
        &self,
        order: Order,
        ids: &Ids,
        skip: &mut u64,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let ids = within(&self.tail, ids);
        self.each_by_sql("entry", order, &ids, &mut |found| {
            if *skip > 0 {
                *skip -= 1;
                return Ok(ControlFlow::Continue(()));
            }
            visit(found)
        })
    }

    /// Calls `visit` with the segments that a range touches.
    fn each_segment(
        &self,
        order: Order,
        ids: &Ids,
        visit: &mut dyn FnMut(&Segment) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let sql = match order {
            Order::NewestFirst => {
                "SELECT first, last, number, rows, late FROM segment
                WHERE last >= ?1 AND first <= ?2 ORDER BY last DESC"
            }
            Order::OldestFirst => {
                "SELECT first, last, number, rows, late FROM segment
                WHERE last >= ?1 AND first <= ?2 ORDER BY last"
            }
        };
        let mut statement = self.db.prepare_cached(sql).map_err(failed(FAILED))?;
        let mut rows = statement
            .query([ids.start().as_bytes(), ids.end().as_bytes()])
            .map_err(failed(FAILED))?;
        while let Some(row) = rows.next().map_err(failed(FAILED))? {
            if visit(&Segment::read(row)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn each_of_segment(
        &self,
        segment: &Segment,
        order: Order,
        ids: &Ids,
        skip: &mut u64,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let exact = *skip > 0;
        let mask = self.question.ask(self.db, segment, exact)?;
        if exact
            && let Some(count) = self.count_of(segment, &mask, ids)?
            && count <= *skip
        {
            *skip -= count;
            return Ok(ControlFlow::Continue(()));
        }
        let mut found = self.ids_of(segment, &mask, ids, exact)?;
        if order == Order::NewestFirst {
            found.reverse();
        }
        for found in found {
            if *skip > 0 {
                *skip -= 1;
            } else if visit(found)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns how many ids of a segment there are, if that is known without reading them.
    fn count_of(&self, segment: &Segment, mask: &Mask, ids: &Ids) -> Result<Option<u64>, Error> {
        if *ids.start() > segment.first || *ids.end() < segment.last {
            return Ok(None);
        }
        let Some(sealed) = mask.count() else {
            return Ok(None);
        };
        let late = match segment.late {
            0 => 0,
            _ => self.count_by_sql(LATE, &segment.ids())?,
        };
        Ok(Some(sealed + late))
    }

    /// Returns the ids of a segment, the oldest first; where they are to be `exact`, those that may pass are asked.
    fn ids_of(
        &self,
        segment: &Segment,
        mask: &Mask,
        ids: &Ids,
        exact: bool,
    ) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        for (id, is_sure) in segment.marked_ids(self.db, mask)? {
            let is_asked = exact && !is_sure;
            if ids.contains(&id) && (!is_asked || self.count_by_sql("entry", &(id..=id))? > 0) {
                all.push(Found { id, is_sure });
            }
        }
        if segment.late > 0 {
            let ids = within(&segment.ids(), ids);
            _ = self.each_by_sql(LATE, Order::OldestFirst, &ids, &mut |found| {
                all.push(found);
                Ok(ControlFlow::Continue(()))
            })?;
            all.sort_unstable_by_key(|found| found.id);
        }
        Ok(all)
    }

    fn each_by_sql(
        &self,
        source: &str,
        order: Order,
        ids: &Ids,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut condition = self.condition(ids)?;
        condition.push_sql(order.sql());
        let (text, values) = condition.into_parts();
        let sql = format!("SELECT id FROM {source} WHERE {text}");
        let mut statement = self.db.prepare_cached(&sql).map_err(failed(FAILED))?;
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(failed(FAILED))?;
        while let Some(row) = rows.next().map_err(failed(FAILED))? {
            let id = EntryId::from_bytes(row.get(0).map_err(failed(FAILED))?);
            if visit(Found { id, is_sure: true })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn count_by_sql(&self, source: &str, ids: &Ids) -> Result<u64, Error> {
        let (text, values) = self.condition(ids)?.into_parts();
        self.db
            .prepare_cached(&format!("SELECT count(*) FROM {source} WHERE {text}"))
            .and_then(|mut statement| {
                statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))
            })
            .map(i64::unsigned_abs)
            .map_err(failed(FAILED))
    }

    fn condition(&self, ids: &Ids) -> Result<Sql, Error> {
        let mut condition = Sql::new(self.filters.iter().copied())?;
        condition.and("id >= ", Value::Id(*ids.start()));
        condition.and("id <= ", Value::Id(*ids.end()));
        Ok(condition)
    }
}

/// The rows that came late, in their order.
pub(super) const LATE: &str = "late CROSS JOIN entry USING (id)";

impl Order {
    fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => " ORDER BY id DESC",
            Self::OldestFirst => " ORDER BY id",
        }
    }
}

/// Returns what two ranges share.
fn within(a: &Ids, b: &Ids) -> Ids {
    *a.start().max(b.start())..=*a.end().min(b.end())
}

/// Returns the ids from one on; none without one.
pub(super) fn from(first: Option<EntryId>) -> Ids {
    first.map_or(NONE, |first| first..=EntryId::MAX)
}

/// Returns the ids up to one; none without one.
pub(super) fn to(last: Option<EntryId>) -> Ids {
    last.map_or(NONE, |last| EntryId::MIN..=last)
}

const NONE: Ids = EntryId::MAX..=EntryId::MIN;

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
