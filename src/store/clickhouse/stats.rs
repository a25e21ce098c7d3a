//! Sums: one question, of which groups count and of what is in them, so that both see the same entries.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;

use super::columns::loaded;
use super::condition::{Sql, Value};
use super::server::Server;
use crate::clock::Timestamp;
use crate::entry::{Kind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::query::{Alike, Field, Group, GroupBy, Stats, StatsQuery};

const FAILED: &str = "entries cannot be summed up";

/// The bucket of `Latencies`: the bits of a duration behind its first, of which three count.
const LATENCY: &str =
    "if(micros < 8, micros, (shift + 1) * 8 + bitAnd(bitShiftRight(micros, shift), 7))";
const SHIFT: &str = "toUInt8(greatest(round(log2(roundToExp2(greatest(micros, 8)))), 3) - 3)";

/// What the server has summed up of alike entries of one group.
#[derive(Row, Deserialize)]
struct Sum {
    group: String,
    is_call: u8,
    status_class: u8,
    has_failed: u8,
    latency: u16,
    entries: u64,
    calls: u64,
}

/// Sums a listing up.
pub(super) async fn stats(server: &Server, query: &StatsQuery) -> Result<Stats, Error> {
    let sql = question(server, query)?;
    let mut groups = BTreeMap::new();
    for sum in server.all::<Sum>(FAILED, &sql).await? {
        let summary: &mut crate::query::Summary =
            groups.entry(group(query, &sum.group)?).or_default();
        summary.entries += sum.entries;
        if sum.is_call == 1 {
            summary.add_alike(Alike {
                status_class: sum.status_class,
                has_failed: sum.has_failed == 1,
                latency: sum.latency,
                calls: sum.calls,
            });
        }
    }
    Ok(query.stats(groups))
}

fn question(server: &Server, query: &StatsQuery) -> Result<Sql, Error> {
    let table = server.table();
    let key = match query.group_by {
        GroupBy::All => "''".to_owned(),
        GroupBy::Time(length) => {
            let width = GroupBy::width_micros(length);
            format!("created_at - positiveModulo(created_at, {width})")
        }
        GroupBy::Field(Field::Status) => "if(status < 0, '', toString(status))".to_owned(),
        GroupBy::Field(field) => field.as_str().to_owned(),
    };
    let mut condition = Sql::matching([query.scope.as_filter(), &query.filter])?;
    condition.has_text(&query.filter)?;
    let [completed, upgraded] = [Outcome::Completed, Outcome::Upgraded].map(Outcome::as_str);
    let exchange = Kind::Exchange.as_str();
    let mut sql = Sql::new(format!(
        "WITH {SHIFT} AS shift SELECT toString({key}) AS group, kind = '{exchange}' AS is_call,
        toUInt8(intDiv(greatest(status, 0), 100)) AS status_class,
        is_call AND (outcome NOT IN ('{completed}', '{upgraded}') OR status >= 400) AS has_failed,
        toUInt16(if(is_call, {LATENCY}, 0)) AS latency, count() AS entries, sum(toUInt64(weight)) AS calls
        FROM {table} FINAL WHERE "
    ));
    sql.append(condition.clone());
    let order = match query.group_by {
        GroupBy::All => None,
        GroupBy::Time(_) => Some("key DESC"),
        // Nothing before any value, and values byte by byte: without what escapes them.
        GroupBy::Field(_) => {
            Some("count() DESC, key != '', if(startsWith(key, '\\x01'), substring(key, 2), key)")
        }
    };
    if let Some(order) = order {
        let within = server.within();
        sql.sql(format!(
            " AND {key} {within} (SELECT key FROM (SELECT {key} AS key FROM {table} FINAL WHERE "
        ));
        sql.append(condition)
            .sql(format!(" GROUP BY key ORDER BY {order} LIMIT "));
        let limit = query.limit.clamp(1, StatsQuery::MAX_LIMIT);
        sql.bind(Value::Natural(u64::from(limit) + 1)).sql("))");
    }
    sql.sql(" GROUP BY group, is_call, status_class, has_failed, latency");
    Ok(sql)
}

fn group(query: &StatsQuery, key: &str) -> Result<Group, Error> {
    Ok(match query.group_by {
        GroupBy::All => Group::All,
        GroupBy::Time(_) => {
            let micros = key.parse().map_err(|_| {
                Error::new(ErrorKind::Corrupt, "the time of a group cannot be read")
            })?;
            Group::Time(Timestamp::from_micros(micros))
        }
        GroupBy::Field(_) => Group::Value(loaded(key.into()).map(Into::into)),
    })
}
