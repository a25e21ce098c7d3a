use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::query::LogQuery;

use super::columns::number;

/// Which way a part of a listing runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

const SECOND: i64 = 1000;
const DAY: i64 = 86_400 * SECOND;

/// A table that is no larger is looked at at once.
const FEW_ROWS: u64 = 100_000;
const FEW_PARTITIONS: u64 = 16;
/// How many rows, on average, the first step of a page of many organisations has for each entry of the page.
const ROWS_FOR_EACH: u64 = 20;
const GROWTH: i64 = 8;

/// What a table has, about: it says how a page is found soon, and never what is on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) rows: u64,
    pub(super) partitions: u64,
    /// The time in the smallest id, in milliseconds.
    pub(super) oldest: i64,
}

impl Extent {
    /// A table of which nothing is known.
    pub(super) const UNKNOWN: Self = Self {
        rows: u64::MAX,
        partitions: u64::MAX,
        oldest: 0,
    };
}

impl Order {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => "DESC",
            Self::OldestFirst => "ASC",
        }
    }

    pub(super) fn reversed(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }

    /// Returns the condition of the ids that lie behind a cursor.
    pub(super) fn behind(self) -> &'static str {
        match self {
            Self::NewestFirst => " AND id < ",
            Self::OldestFirst => " AND id > ",
        }
    }

    /// Returns the condition of the ids up to one.
    pub(super) fn up_to(self) -> &'static str {
        match self {
            Self::NewestFirst => " AND id >= ",
            Self::OldestFirst => " AND id <= ",
        }
    }

    pub(super) fn is_behind(self, id: EntryId, cursor: EntryId) -> bool {
        match self {
            Self::NewestFirst => id < cursor,
            Self::OldestFirst => id > cursor,
        }
    }

    /// Returns how far a page looks, step by step; the last one, and whatever reaches the end, looks at all that is left.
    ///
    /// The server opens every part that may have a row of the page, and reads a granule of each. With all of a year at once it reads a thousand granules
    /// for fifty rows.
    pub(super) fn steps(
        self,
        query: &LogQuery,
        cursor: Option<EntryId>,
        now: Timestamp,
        extent: Extent,
    ) -> Vec<Option<EntryId>> {
        let now = now.as_micros() / 1000;
        let cursor = match (self, cursor) {
            (_, Some(cursor)) => millis(cursor),
            (Self::NewestFirst, None) => now,
            (Self::OldestFirst, None) => extent.oldest,
        };
        let start = match (self, query.filter.to) {
            (Self::NewestFirst, Some(to)) => cursor.min(now).min(to.as_micros() / 1000 + DAY),
            (Self::NewestFirst, None) => cursor.min(now),
            (Self::OldestFirst, _) => cursor,
        };
        let mut steps = Vec::new();
        let mut length = match is_of_one(query) {
            true => self.rest_of_day(start),
            false => first_length(query, now, extent),
        };
        if extent.rows > FEW_ROWS || extent.partitions > FEW_PARTITIONS {
            while let Some(step) = self.step(start, length, now, extent) {
                steps.push(Some(step));
                length = match is_of_one(query) {
                    true => length.max(DAY / GROWTH).saturating_mul(GROWTH),
                    false => length.saturating_mul(GROWTH),
                };
            }
        }
        steps.push(None);
        steps
    }

    /// Returns how many milliseconds are left of the day of a time, which are one partition.
    fn rest_of_day(self, time: i64) -> i64 {
        match self {
            Self::NewestFirst => time.rem_euclid(DAY),
            Self::OldestFirst => DAY - 1 - time.rem_euclid(DAY),
        }
    }

    fn step(self, start: i64, length: i64, now: i64, extent: Extent) -> Option<EntryId> {
        let (at, rest) = match self {
            Self::NewestFirst => (start.saturating_sub(length), 0),
            Self::OldestFirst => (start.saturating_add(length), u128::MAX >> 48),
        };
        let is_within = match self {
            Self::NewestFirst => at > extent.oldest.max(0),
            Self::OldestFirst => at < now,
        };
        let at = u128::try_from(at).ok().filter(|_| is_within)?;
        Some(EntryId::from_bytes((at << 80 | rest).to_be_bytes()))
    }

    /// Returns an id a little before a cursor, next to which the entry before a page is looked for first.
    pub(super) fn near(self, cursor: EntryId) -> EntryId {
        let cursor = number(cursor);
        let minute = u128::from(60 * SECOND.unsigned_abs()) << 80;
        let near = match self {
            Self::NewestFirst => cursor.saturating_add(minute),
            Self::OldestFirst => cursor.saturating_sub(minute),
        };
        EntryId::from_bytes(near.to_be_bytes())
    }
}

fn is_of_one(query: &LogQuery) -> bool {
    query.scope.organisation_id().is_some() || query.filter.organisations.len() == 1
}

/// Returns how many milliseconds a page of many organisations looks at first.
fn first_length(query: &LogQuery, now: i64, extent: Extent) -> i64 {
    let wanted = u64::from(query.limit).saturating_mul(ROWS_FOR_EACH);
    let for_each = now.saturating_sub(extent.oldest).max(0).unsigned_abs() / extent.rows.max(1);
    let length = i64::try_from(wanted.saturating_mul(for_each)).unwrap_or(DAY);
    length.clamp(SECOND, DAY)
}

fn millis(id: EntryId) -> i64 {
    // 48 bits always fit.
    i64::try_from(number(id) >> 80).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Scope;

    const NOW: i64 = 1_800_000_000_000;

    const LARGE: Extent = Extent {
        rows: 10_000_000,
        partitions: 1000,
        oldest: NOW - 1000 * DAY,
    };

    fn steps(order: Order, scope: Scope, cursor: Option<EntryId>) -> Vec<Option<EntryId>> {
        let now = Timestamp::from_micros(NOW * 1000);
        order.steps(&LogQuery::new(scope), cursor, now, LARGE)
    }

    fn at(millis: i64) -> EntryId {
        EntryId::first_at(Timestamp::from_micros(millis * 1000))
    }

    #[test]
    fn steps_lead_away_from_the_cursor_and_the_last_has_no_end() {
        let one = || Scope::organisation("one").unwrap();
        let cursors = [
            None,
            Some(at(NOW - 900 * DAY)),
            Some(EntryId::MIN),
            Some(EntryId::MAX),
        ];
        for order in [Order::NewestFirst, Order::OldestFirst] {
            for scope in [one(), Scope::all()] {
                for cursor in cursors {
                    let steps = steps(order, scope.clone(), cursor);
                    assert_eq!(steps.last(), Some(&None));
                    let ids: Vec<_> = steps.iter().flatten().collect();
                    assert_eq!(ids.len() + 1, steps.len());
                    let leads = |pair: &[&EntryId]| order.is_behind(*pair[1], *pair[0]);
                    assert!(ids.windows(2).all(leads), "{order:?} {cursor:?} {steps:?}");
                    assert!(steps.len() < 12);
                }
            }
        }
        assert!((4..=7).contains(&steps(Order::NewestFirst, one(), None).len()));
        assert_eq!(steps(Order::OldestFirst, one(), Some(at(NOW))).len(), 1);
        assert_eq!(
            steps(Order::NewestFirst, one(), Some(EntryId::MIN)).len(),
            1
        );
    }

    #[test]
    fn small_table_is_looked_at_at_once() {
        let small = Extent {
            rows: 1000,
            partitions: 3,
            oldest: 0,
        };
        let query = LogQuery::new(Scope::all());
        let now = Timestamp::from_micros(NOW * 1000);
        let steps = Order::NewestFirst.steps(&query, None, now, small);
        assert_eq!(steps, [None]);
    }
}
