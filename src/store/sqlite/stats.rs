//! Sums: two questions of one state of the table, which groups there are, and what is in those that count.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::{Connection, params_from_iter};

use super::error::failed;
use super::pool::snapshot;
use super::read::{Sql, entry};
use super::search::{ALL, Ids, Order, Search};
use crate::clock::Timestamp;
use crate::entry::{Kind, Outcome};
use crate::error::Error;
use crate::query::{Alike, Field, Group, GroupBy, Stats, StatsQuery, Summary};
use crate::store::sql::Value;

const FAILED: &str = "entries cannot be summed up";

pub(super) fn stats(db: &mut Connection, query: &StatsQuery) -> Result<Stats, Error> {
    let db = snapshot(db)?;
    let filters = [query.scope.as_filter(), &query.filter];
    let search = Search::new(&db, &filters)?;
    let mut groups = BTreeMap::new();
    if query.filter.text.is_some() {
        search.each(Order::OldestFirst, &ALL, 0, &mut |found| {
            if let Some(entry) = entry(&db, found.id)? {
                query.add(&mut groups, &entry);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        return Ok(query.stats(groups));
    }
    let sums = Sums {
        db: &db,
        query,
        ids: search.ids(),
        group: group_sql(query.group_by),
    };
    let has_more = sums.count(&mut groups)?;
    sums.add_exchanges(&mut groups, has_more)?;
    let mut stats = query.stats(groups);
    stats.has_more = has_more;
    Ok(stats)
}

/// Returns the group of a row.
fn group_sql(group_by: GroupBy) -> String {
    match group_by {
        GroupBy::All => "NULL".into(),
        GroupBy::Time(length) => {
            let width = GroupBy::width_micros(length);
            format!("created_at - ((created_at % {width}) + {width}) % {width}")
        }
        GroupBy::Field(field) => text_of(field).into(),
    }
}

/// Returns the text of a field in a row.
fn text_of(field: Field) -> &'static str {
    match field {
        Field::Status => "CAST(status AS TEXT)",
        field => field.as_str(),
    }
}

struct Sums<'s> {
    db: &'s Connection,
    query: &'s StatsQuery,
    /// The ids that the filters' ranges of time leave.
    ids: &'s Ids,
    group: String,
}

impl Sums<'_> {
    /// Finds the groups that count, with their entries, and tells whether there are more.
    fn count(&self, groups: &mut BTreeMap<Group, Summary>) -> Result<bool, Error> {
        let (group, limit) = (&self.group, self.query.limit.max(1) as usize);
        let order = match self.query.group_by {
            GroupBy::Field(_) => "count(*) DESC, 1",
            _ => "1 DESC",
        };
        let (text, values) = self.condition()?.into_parts();
        let sql = format!(
            "SELECT {group}, count(*) FROM entry WHERE {text} GROUP BY 1 ORDER BY {order} LIMIT {}",
            limit + 1
        );
        let mut statement = self.db.prepare_cached(&sql).map_err(failed(FAILED))?;
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(failed(FAILED))?;
        while let Some(row) = rows.next().map_err(failed(FAILED))? {
            if groups.len() == limit {
                return Ok(true);
            }
            let summary = Summary {
                entries: row.get::<_, i64>(1).map_err(failed(FAILED))?.unsigned_abs(),
                ..Summary::default()
            };
            groups.insert(self.group_of(row).map_err(failed(FAILED))?, summary);
        }
        Ok(false)
    }

    /// Adds the exchanges of the groups.
    fn add_exchanges(
        &self,
        groups: &mut BTreeMap<Group, Summary>,
        has_more: bool,
    ) -> Result<(), Error> {
        let mut condition = self.condition()?;
        condition.and("kind = ", Value::Text(Kind::Exchange.as_str().to_owned()));
        if has_more {
            self.hold_to(groups, &mut condition);
        }
        let (text, values) = condition.into_parts();
        let group = &self.group;
        let [completed, upgraded] = [Outcome::Completed, Outcome::Upgraded].map(Outcome::as_str);
        let sql = format!(
            "SELECT {group}, ifnull(status, 0) / 100,
                outcome NOT IN ('{completed}', '{upgraded}') OR ifnull(status, 0) >= 400, latency_bucket(micros), sum(weight)
            FROM entry WHERE {text} GROUP BY 1, 2, 3, 4"
        );
        let mut statement = self.db.prepare_cached(&sql).map_err(failed(FAILED))?;
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(failed(FAILED))?;
        while let Some(row) = rows.next().map_err(failed(FAILED))? {
            let group = self.group_of(row).map_err(failed(FAILED))?;
            if let Some(summary) = groups.get_mut(&group) {
                summary.add_alike(alike(row).map_err(failed(FAILED))?);
            }
        }
        Ok(())
    }

    /// Leaves out most of what is in no group that counts.
    fn hold_to(&self, groups: &BTreeMap<Group, Summary>, condition: &mut Sql) {
        match self.query.group_by {
            GroupBy::All => {}
            GroupBy::Time(_) => {
                if let Some((Group::Time(first), _)) = groups.first_key_value() {
                    condition.and("created_at >= ", Value::Integer(first.as_micros()));
                }
            }
            GroupBy::Field(field) => {
                condition.push_sql(" AND (");
                condition.push_sql(text_of(field));
                condition.push_sql(" IS NULL");
                for group in groups.keys() {
                    if let Group::Value(Some(value)) = group {
                        condition.push_sql(" OR ");
                        condition.push_sql(text_of(field));
                        condition.push(" = ", Value::Text(value.clone()));
                    }
                }
                condition.push_sql(")");
            }
        }
    }

    fn condition(&self) -> Result<Sql, Error> {
        let mut condition = Sql::new([self.query.scope.as_filter(), &self.query.filter])?;
        condition.and("id >= ", Value::Id(*self.ids.start()));
        condition.and("id <= ", Value::Id(*self.ids.end()));
        Ok(condition)
    }

    fn group_of(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<Group> {
        Ok(match self.query.group_by {
            GroupBy::All => Group::All,
            GroupBy::Time(_) => Group::Time(Timestamp::from_micros(row.get(0)?)),
            GroupBy::Field(_) => Group::Value(row.get(0)?),
        })
    }
}

fn alike(row: &rusqlite::Row<'_>) -> rusqlite::Result<Alike> {
    Ok(Alike {
        status_class: row.get(1)?,
        has_failed: row.get(2)?,
        latency: row.get(3)?,
        calls: row.get::<_, i64>(4)?.unsigned_abs(),
    })
}
