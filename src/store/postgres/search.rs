//! Finding entries: the conditions of a question, asked of one range of days after the other.
//!
//! A question over all partitions takes the server longer to plan than to answer, and a page is nearly always full after the first
//! days. The ranges grow fivefold, so that a listing of years without a match costs a handful of questions. Where they are cut is a matter of
//! speed alone: together they are the whole range.

use tokio_postgres::Client;

use super::day::Day;
use super::names::Names;
use super::read::{self, Sql, query};
use super::write::{columns, drift};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::Filter;
use crate::store::sql::{Drift, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

/// Ids from the first to the last, both among them; none where the first is the larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) first: EntryId,
    pub(super) last: EntryId,
}

impl Ids {
    pub(super) const ALL: Self = Self {
        first: EntryId::MIN,
        last: EntryId::MAX,
    };

    /// Returns what lies in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        }
    }

    /// Returns what lies behind an id in an order.
    pub(super) fn behind(self, order: Order, id: EntryId) -> Self {
        let number = u128::from_be_bytes(*id.as_bytes());
        let near = match order {
            Order::NewestFirst => number.checked_sub(1),
            Order::OldestFirst => number.checked_add(1),
        };
        let none = Self {
            first: EntryId::MAX,
            last: EntryId::MIN,
        };
        let Some(near) = near else { return none };
        let near = EntryId::from_bytes(near.to_be_bytes());
        self.and(match order {
            Order::NewestFirst => Self {
                last: near,
                ..Self::ALL
            },
            Order::OldestFirst => Self {
                first: near,
                ..Self::ALL
            },
        })
    }

    /// Returns what lies before an id in an order, and the id.
    pub(super) fn up_to(self, order: Order, id: EntryId) -> Self {
        self.and(match order {
            Order::NewestFirst => Self {
                first: id,
                ..Self::ALL
            },
            Order::OldestFirst => Self {
                last: id,
                ..Self::ALL
            },
        })
    }

    pub(super) fn is_empty(self) -> bool {
        self.first > self.last
    }

    /// Cuts the range at days, the part that comes first in an order first: a day and the one before, then fivefold.
    fn parts(self, order: Order) -> Vec<Self> {
        let (begin, direction) = match order {
            Order::NewestFirst => (self.last, -1),
            Order::OldestFirst => (self.first, 1),
        };
        let begin = match (Day::of(begin), order) {
            (Some(day), _) => day,
            (None, Order::NewestFirst) => Day::today(),
            // The oldest partition is not known.
            (None, Order::OldestFirst) => return vec![self],
        };
        let (mut rest, mut parts) = (self, Vec::new());
        for days in [1, 6, 31, 156] {
            let (first, behind) = begin.after(direction * days).ids();
            let edge = match order {
                Order::NewestFirst => first,
                // The last one of the day: the next would open the next day's partition.
                Order::OldestFirst => Self::ALL.behind(Order::NewestFirst, behind).last,
            };
            let part = rest.up_to(order, edge);
            let left = rest.behind(order, edge);
            if left.is_empty() {
                break;
            }
            if !part.is_empty() {
                parts.push(part);
            }
            rest = left;
        }
        parts.push(rest);
        parts
    }
}

/// What is looked for.
pub(super) struct Search<'s> {
    client: &'s Client,
    names: &'s Names,
    filters: Vec<&'s Filter>,
    /// The ids that the filters' times leave.
    pub(super) ids: Ids,
}

impl<'s> Search<'s> {
    /// Makes a search for what passes all filters, but for their texts.
    pub(super) async fn new(
        client: &'s Client,
        names: &'s Names,
        filters: Vec<&'s Filter>,
    ) -> Result<Self, Error> {
        let mut ids = Ids::ALL;
        if filters
            .iter()
            .any(|it| it.from.is_some() || it.to.is_some())
        {
            // Asked each time: another process may have widened it.
            let drift: Drift = drift(client, names).await?;
            for filter in &filters {
                let (first, last) = drift.ids(filter).into_inner();
                ids = ids.and(Ids { first, last });
            }
        }
        Ok(Self {
            client,
            names,
            filters,
            ids,
        })
    }

    /// Returns the first entries of a range in an order.
    pub(super) async fn entries(
        &self,
        order: Order,
        ids: Ids,
        limit: usize,
        text: Option<&str>,
    ) -> Result<Vec<LogEntry>, Error> {
        let mut found = Vec::new();
        for part in ids.and(self.ids).parts(order) {
            let left = limit - found.len();
            let rows = self.rows(&columns(), order, part, left, 0, text).await?;
            for row in &rows {
                found.push(read::join(row)?);
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the first entries of everything in an order, behind some that are skipped.
    pub(super) async fn numbered(
        &self,
        order: Order,
        skip: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        let rows = self
            .rows(&columns(), order, self.ids, limit, skip, None)
            .await?;
        rows.iter().map(read::join).collect()
    }

    /// Returns the first ids of a range in an order, each with about how many bytes its entry has.
    pub(super) async fn sizes(
        &self,
        order: Order,
        ids: Ids,
        limit: usize,
    ) -> Result<Vec<(EntryId, usize)>, Error> {
        // Of texts that are stored apart, the length stands in the row.
        let wanted = "id, (octet_length(head) + coalesce(octet_length(request_text), 0) + coalesce(octet_length(response_text), 0))::int8";
        let mut found = Vec::new();
        for part in ids.and(self.ids).parts(order) {
            let rows = self
                .rows(wanted, order, part, limit - found.len(), 0, None)
                .await?;
            for row in &rows {
                let bytes: i64 = row.try_get(1).map_err(super::error::failed(read::FAILED))?;
                found.push((read::id(row)?, usize::try_from(bytes).unwrap_or_default()));
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// Tells whether there is any entry in a range.
    pub(super) async fn has_any(&self, order: Order, ids: Ids) -> Result<bool, Error> {
        for part in ids.and(self.ids).parts(order) {
            if !self.rows("id", order, part, 1, 0, None).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts; with a text the exchanges only, whose bodies are columns.
    pub(super) async fn count(&self, text: Option<&str>) -> Result<u64, Error> {
        if self.ids.is_empty() {
            return Ok(0);
        }
        let mut sql = self.condition(self.ids)?;
        if let Some(text) = text {
            sql.push_sql(" AND kind = 'exchange'");
            with_text(&mut sql, text);
        }
        let (condition, values) = sql.into_parts();
        let sql = format!(
            "SELECT count(*) FROM {} WHERE {condition}",
            self.names.entry()
        );
        let rows = query(self.client, &sql, &values).await?;
        let count = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
        let count = count.map_err(super::error::failed(read::FAILED))?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    async fn rows(
        &self,
        wanted: &str,
        order: Order,
        ids: Ids,
        limit: usize,
        skip: i64,
        text: Option<&str>,
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        if ids.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut sql = self.condition(ids)?;
        if let Some(text) = text {
            with_text(&mut sql, text);
        }
        sql.push_sql(match order {
            Order::NewestFirst => " ORDER BY id DESC",
            Order::OldestFirst => " ORDER BY id",
        });
        sql.push(
            " LIMIT ",
            Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)),
        );
        if skip > 0 {
            sql.push(" OFFSET ", Value::Integer(skip));
        }
        let (condition, values) = sql.into_parts();
        let sql = format!(
            "SELECT {wanted} FROM {} WHERE {condition}",
            self.names.entry()
        );
        query(self.client, &sql, &values).await
    }

    pub(super) fn condition(&self, ids: Ids) -> Result<Sql, Error> {
        let mut sql = Sql::new(self.filters.iter().copied())?;
        if ids.first > EntryId::MIN {
            sql.and("id >= ", Value::Id(ids.first));
        }
        if ids.last < EntryId::MAX {
            sql.and("id <= ", Value::Id(ids.last));
        }
        Ok(sql)
    }
}

/// Adds that a body has a text, or that the entry is an event, whose text no column has. `lower` of the collation `C` lowers ASCII alone.
fn with_text(sql: &mut Sql, text: &str) {
    let text = || Value::Text(text.to_ascii_lowercase());
    sql.and(
        "(kind <> 'exchange' OR strpos(lower(request_text), ",
        text(),
    );
    sql.push(") > 0 OR strpos(lower(response_text), ", text());
    sql.push_sql(") > 0)");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn parts_of_a_range_are_the_whole_of_it_in_order() {
        let ranges = [
            Ids::ALL,
            Ids {
                first: sample::id(1),
                last: EntryId::MAX,
            },
            Ids {
                first: EntryId::MIN,
                last: sample::id(1),
            },
            Ids {
                first: sample::id(1),
                last: sample::id(2),
            },
            Ids {
                first: EntryId::MIN,
                last: EntryId::MIN,
            },
            Ids {
                first: EntryId::MAX,
                last: EntryId::MAX,
            },
            Ids {
                first: sample::id(2),
                last: sample::id(1),
            },
        ];
        for range in ranges {
            for order in [Order::NewestFirst, Order::OldestFirst] {
                let parts = range.parts(order);
                let (begin, end) = (parts[0], parts[parts.len() - 1]);
                let (newest, oldest) = match order {
                    Order::NewestFirst => (begin, end),
                    Order::OldestFirst => (end, begin),
                };
                assert_eq!((oldest.first, newest.last), (range.first, range.last));
                for pair in parts.windows(2) {
                    let near = match order {
                        Order::NewestFirst => pair[0].first,
                        Order::OldestFirst => pair[0].last,
                    };
                    assert_eq!(range.behind(order, near).and(pair[1]), pair[1]);
                    assert!(!pair[0].is_empty() && pair[0].and(pair[1]).is_empty());
                }
            }
        }
    }
}
