//! Sums: two questions of one state of the table, which groups there are, and what is in those that count.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tokio_postgres::{Client, Row};

use super::error::failed;
use super::names::Names;
use super::read::{Micros, Sql, query};
use super::search::{Ids, Order, Search};
use super::text::decode;
use crate::clock::Timestamp;
use crate::entry::{Kind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::query::{Alike, Field, Group, GroupBy, Latencies, Stats, StatsQuery, Summary};
use crate::store::sql::Value;

const FAILED: &str = "entries cannot be summed up";

/// How many entries that may have a text are fetched at once.
const FETCHED: usize = 100;

pub(super) async fn stats(
    client: &Client,
    names: &Names,
    asked: &StatsQuery,
) -> Result<Stats, Error> {
    let filters = vec![asked.scope.as_filter(), &asked.filter];
    let search = Search::new(client, names, filters).await?;
    let mut groups = BTreeMap::new();
    if let Some(text) = &asked.filter.text {
        let mut ids = Ids::ALL;
        loop {
            let found = search
                .entries(Order::OldestFirst, ids, FETCHED, Some(text))
                .await?;
            for entry in &found {
                asked.add(&mut groups, entry);
            }
            match found.get(FETCHED - 1) {
                Some(last) => ids = ids.behind(Order::OldestFirst, last.id),
                None => return Ok(asked.stats(groups)),
            }
        }
    }
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    client.batch_execute(begin).await.map_err(failed(FAILED))?;
    let sums = Sums {
        client,
        names,
        asked,
        search,
        group: group_sql(asked.group_by),
    };
    let has_more = sums.count(&mut groups).await?;
    sums.add_exchanges(&mut groups, has_more).await?;
    client
        .batch_execute("COMMIT")
        .await
        .map_err(failed(FAILED))?;
    let mut stats = asked.stats(groups);
    stats.has_more = has_more;
    Ok(stats)
}

/// Returns the group of a row.
fn group_sql(group_by: GroupBy) -> String {
    match group_by {
        GroupBy::All => "NULL::text".to_owned(),
        GroupBy::Time(length) => time_sql(GroupBy::width_micros(length)),
        GroupBy::Field(field) => text_of(field).to_owned(),
    }
}

/// Returns the beginning of a row's group of time: one of those that begin at multiples of a width since 1970.
fn time_sql(width: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    let (days, seconds, micros) = (width / DAY, width % DAY / 1_000_000, width % 1_000_000);
    let stride = format!("interval '{days} days {seconds} seconds {micros} microseconds'");
    // The server counts from 4713 BC on, and rounds towards the origin in some versions: an origin before all entries.
    if width < 100_000_000_000_000_000 {
        let first = Timestamp::MIN.as_micros().div_euclid(width) * width;
        let (seconds, micros) = (first.div_euclid(1_000_000), first.rem_euclid(1_000_000));
        return format!(
            "date_bin({stride}, created_at, to_timestamp({seconds}) + interval '{micros} microseconds')"
        );
    }
    // Thousands of years: all before 1970 are one group.
    format!(
        "CASE WHEN created_at < to_timestamp(0) THEN to_timestamp({}) ELSE date_bin({stride}, created_at, to_timestamp(0)) END",
        Timestamp::MIN.as_micros() / 1_000_000
    )
}

/// Returns the text of a field in a row.
fn text_of(field: Field) -> &'static str {
    match field {
        Field::Status => "(status::text COLLATE \"C\")",
        field => field.as_str(),
    }
}

struct Sums<'s> {
    client: &'s Client,
    names: &'s Names,
    asked: &'s StatsQuery,
    search: Search<'s>,
    group: String,
}

impl Sums<'_> {
    /// Finds the groups that count, with their entries, and tells whether there are more.
    async fn count(&self, groups: &mut BTreeMap<Group, Summary>) -> Result<bool, Error> {
        let limit = self.asked.limit.clamp(1, StatsQuery::MAX_LIMIT) as usize;
        let order = match self.asked.group_by {
            GroupBy::Field(_) => "count(*) DESC, 1 NULLS FIRST",
            _ => "1 DESC",
        };
        let (text, values) = self.search.condition(self.search.ids)?.into_parts();
        let sql = format!(
            "SELECT {}, count(*) FROM {} WHERE {text} GROUP BY 1 ORDER BY {order} LIMIT {}",
            self.group,
            self.names.entry(),
            limit + 1
        );
        for row in &query(self.client, &sql, &values).await? {
            if groups.len() == limit {
                return Ok(true);
            }
            let entries: i64 = row.try_get(1).map_err(failed(FAILED))?;
            let summary = Summary {
                entries: entries.unsigned_abs(),
                ..Summary::default()
            };
            groups.insert(self.group_of(row)?, summary);
        }
        Ok(false)
    }

    /// Adds the exchanges of the groups.
    async fn add_exchanges(
        &self,
        groups: &mut BTreeMap<Group, Summary>,
        has_more: bool,
    ) -> Result<(), Error> {
        let mut condition = self.search.condition(self.search.ids)?;
        condition.and("kind = ", Value::Text(Kind::Exchange.as_str().to_owned()));
        if has_more {
            self.hold_to(groups, &mut condition);
        }
        let (text, values) = condition.into_parts();
        let [completed, upgraded] = [Outcome::Completed, Outcome::Upgraded].map(Outcome::as_str);
        let sql = format!(
            "SELECT {}, coalesce(status, 0) / 100, outcome NOT IN ('{completed}', '{upgraded}') OR coalesce(status, 0) >= 400,
                width_bucket(micros, '{{{}}}'::int8[]), least(sum(weight), 9223372036854775807)::int8
            FROM {} WHERE {text} GROUP BY 1, 2, 3, 4",
            self.group,
            *BUCKETS,
            self.names.entry()
        );
        for row in &query(self.client, &sql, &values).await? {
            if let Some(summary) = groups.get_mut(&self.group_of(row)?) {
                summary.add_alike(alike(row)?);
            }
        }
        Ok(())
    }

    /// Leaves out most of what is in no group that counts.
    fn hold_to(&self, groups: &BTreeMap<Group, Summary>, condition: &mut Sql) {
        match self.asked.group_by {
            GroupBy::All => {}
            GroupBy::Time(_) => {
                if let Some((Group::Time(first), _)) = groups.first_key_value() {
                    condition.and("created_at >= ", Value::Time(first.as_micros()));
                }
            }
            GroupBy::Field(field) => {
                condition.push_sql(" AND (");
                condition.push_sql(text_of(field));
                condition.push_sql(" IS NULL");
                let mut before = " IN (";
                condition.push_sql(" OR ");
                condition.push_sql(text_of(field));
                // Never an empty list.
                for group in groups.keys().chain([&Group::Value(Some(String::new()))]) {
                    if let Group::Value(Some(value)) = group {
                        condition.push(before, Value::Text(value.clone()));
                        before = ", ";
                    }
                }
                condition.push_sql("))");
            }
        }
    }

    fn group_of(&self, row: &Row) -> Result<Group, Error> {
        Ok(match self.asked.group_by {
            GroupBy::All => Group::All,
            GroupBy::Time(_) => {
                let Micros(micros) = row.try_get(0).map_err(failed(FAILED))?;
                Group::Time(Timestamp::from_micros(micros))
            }
            GroupBy::Field(_) => {
                let code: Option<&str> = row.try_get(0).map_err(failed(FAILED))?;
                let text = code.map(decode).transpose()?;
                Group::Value(text.map(Into::into))
            }
        })
    }
}

/// Where the buckets of durations begin, but for the first.
static BUCKETS: LazyLock<String> = LazyLock::new(|| {
    let last = Latencies::bucket(u64::MAX);
    let first: Vec<_> = (1..=last)
        .map(|bucket| Latencies::first_micros(bucket).to_string())
        .collect();
    first.join(",")
});

fn alike(row: &Row) -> Result<Alike, Error> {
    let read = || -> Result<(i32, bool, i32, i64), tokio_postgres::Error> {
        Ok((
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
            row.try_get(4)?,
        ))
    };
    let (status_class, has_failed, latency, calls) = read().map_err(failed(FAILED))?;
    let corrupt = |_| Error::new(ErrorKind::Corrupt, "a stored number is out of its range");
    Ok(Alike {
        status_class: u8::try_from(status_class).unwrap_or(u8::MAX),
        has_failed,
        latency: u16::try_from(latency).map_err(corrupt)?,
        calls: calls.unsigned_abs(),
    })
}
