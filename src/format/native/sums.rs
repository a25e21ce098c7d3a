//! How sums are written.

use std::time::Duration;

use crate::format::fields::{Field, Object};
use crate::format::question::Sums;
use crate::query::{Group, GroupBy, Stats, Summary};

/// The groups of statuses, by name; the rest are those from 600.
pub(super) const CLASSES: [&str; 7] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"];
/// The quantiles that are told, in hundredths.
pub(super) const QUANTILES: [(&str, u8); 4] = [
    ("p50_micros", 50),
    ("p90_micros", 90),
    ("p95_micros", 95),
    ("p99_micros", 99),
];

/// Makes the document of what was summed up.
pub(super) fn document<'a>(asked: &Sums, stats: &'a Stats) -> Object<'a> {
    let groups: Vec<Field<'_>> = stats.groups.iter().map(group).map(Field::from).collect();
    let (by, width) = match asked.group_by {
        GroupBy::All => ("all", None),
        GroupBy::Time(length) => ("time", Some(micros(length))),
        GroupBy::Field(field) => (field.as_str(), None),
    };
    Object::new()
        .with("by", by)
        .with("width_micros", width)
        .with("groups", groups)
        .with("has_more", Field::data(&stats.has_more))
}

pub(super) fn group((group, sums): &(Group, Summary)) -> Object<'_> {
    let value = match group {
        Group::All => None,
        Group::Time(time) => Some(time.rfc3339(6)),
        Group::Value(value) => value.clone(),
    };
    let latency = QUANTILES
        .into_iter()
        .fold(Object::new(), |latency, (name, hundredths)| {
            let share = f64::from(hundredths) / 100.0;
            latency.with(name, sums.latencies.quantile(share).map(micros))
        });
    Object::new()
        .with("value", value)
        .with("entries", sums.entries)
        .with("calls", sums.calls)
        .with("failed", sums.failed)
        .with("classes", classes(sums))
        .with("latency", latency)
}

fn classes(sums: &Summary) -> Object<'static> {
    let (named, others) = sums.classes.split_at(CLASSES.len() - 1);
    let others = others
        .iter()
        .fold(0, |sum: u64, it| sum.saturating_add(*it));
    let counts = named.iter().copied().chain([others]);
    CLASSES
        .into_iter()
        .zip(counts)
        .fold(Object::new(), |object, (name, count)| {
            object.with(name, count)
        })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
