//! The partitions: one for each UTC day in which ids were made, from 2020 to 2099. Other ids go to the days at the two ends.

use std::ops::RangeInclusive;

use super::columns::number;
use crate::clock::Timestamp;
use crate::entry::EntryId;

/// The days at the ends.
const FIRST: &str = "20200101";
const LAST: &str = "20991231";

const FIRST_SECOND: u64 = 1_577_836_800;
const LAST_SECOND: u64 = 4_102_444_799;
const DAY_SECONDS: u64 = 86_400;

/// Returns the day of an id in SQL, as the table is partitioned by.
pub(super) fn sql() -> String {
    format!(
        "toYYYYMMDD(toDateTime(least(greatest(intDiv(toUInt64(bitShiftRight(id, 80)), 1000), {FIRST_SECOND}), {LAST_SECOND}), 'UTC'))"
    )
}

/// Returns the day of an id, counted from 1970.
pub(super) fn day(id: EntryId) -> u64 {
    let seconds = u64::try_from(number(id) >> 80).unwrap_or(u64::MAX) / 1000;
    seconds.clamp(FIRST_SECOND, LAST_SECOND) / DAY_SECONDS
}

/// Returns the day of a time, as the names of partitions begin.
pub(super) fn name(time: Timestamp) -> String {
    let day = time.rfc3339(0);
    day.chars().take(10).filter(char::is_ascii_digit).collect()
}

/// Tells whether the ids of a partition are of one day, and which ids there can be.
pub(super) fn ids(partition: &str) -> (bool, RangeInclusive<EntryId>) {
    let start = start(partition);
    let day = partition.get(..8).unwrap_or_default();
    let edge = |millis: i64, rest: u128| {
        let millis = u128::from(millis.max(0).unsigned_abs());
        EntryId::from_bytes((millis << 80 | rest).to_be_bytes())
    };
    let last = match day {
        LAST => EntryId::MAX,
        FIRST => edge(
            FIRST_SECOND.cast_signed() * 1000 + 86_399_999,
            u128::MAX >> 48,
        ),
        _ => edge(start + 86_399_999, u128::MAX >> 48),
    };
    (![FIRST, LAST].contains(&day), edge(start, 0)..=last)
}

/// Returns when the day of a partition begins, in milliseconds; 0 where its ids may be of any time before.
pub(super) fn start(partition: &str) -> i64 {
    let is_day = |day: &&str| day.bytes().all(|it| it.is_ascii_digit()) && *day > FIRST;
    let day = partition.get(..8).filter(is_day);
    let time = day.and_then(|day| {
        let text = format!("{}-{}-{}T00:00:00Z", &day[..4], &day[4..6], &day[6..]);
        text.parse::<Timestamp>().ok()
    });
    time.map_or(0, |time| time.as_micros() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(day: u64) -> String {
        let seconds = i64::try_from(day * DAY_SECONDS).unwrap();
        format!("{}-0", name(Timestamp::from_micros(seconds * 1_000_000)))
    }

    const NOON: i64 = 1_795_348_800_000_000;

    fn at(micros: i64) -> EntryId {
        EntryId::first_at(Timestamp::from_micros(micros))
    }

    #[test]
    fn ids_of_any_time_go_to_a_few_partitions() {
        let ids = [EntryId::MIN, at(0), EntryId::MAX];
        let [least, early, largest] = ids.map(|id| partition(day(id)));
        assert_eq!(
            (least.as_str(), early.as_str()),
            ("20200101-0", "20200101-0")
        );
        assert_eq!(largest, "20991231-0");
        assert_eq!(partition(day(at(NOON))), "20261122-0");
    }

    #[test]
    fn partition_has_the_ids_of_its_day_and_no_others() {
        let partition = partition(day(at(NOON)));
        assert_eq!(start(&partition), NOON / 1000 - 43_200_000);
        let (is_one, range) = ids(&partition);
        assert!(is_one);
        for (id, is_in) in [
            (at(NOON), true),
            (at(NOON - 43_200_000_000), true),
            (at(NOON - 43_200_001_000), false),
            (at(NOON + 43_199_999_000), true),
            (at(NOON + 43_200_000_000), false),
        ] {
            assert_eq!(range.contains(&id), is_in, "{id}");
            assert_eq!(day(id) == day(at(NOON)), is_in, "{id}");
        }
        for (id, name) in [(EntryId::MIN, FIRST), (EntryId::MAX, LAST)] {
            let (is_one, range) = ids(&format!("{name}-0"));
            assert!(!is_one && range.contains(&id));
        }
        assert_eq!(start(""), 0);
        assert_eq!(start("2026é1122"), 0);
    }
}
