//! Dates as the parameters of vendors' formats have them.

use std::time::Duration;

use super::params::read_time;
use crate::clock::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A day in UTC, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Date {
    /// The day's first instant.
    Day(Timestamp),
    Time(Timestamp),
}

impl Date {
    /// Reads a day (`2022-08-09`) or an ISO 8601 time, which is in UTC where it has no offset.
    pub(super) fn read(text: &str) -> Option<Self> {
        let time = || format!("{text}Z").parse().ok();
        let day = || format!("{text}T00:00:00Z").parse().ok();
        let time = read_time(text).or_else(time).map(Self::Time);
        time.or_else(|| day().map(Self::Day))
    }

    /// Returns the time, or the day's first instant.
    pub(super) fn first(self) -> Timestamp {
        match self {
            Self::Day(at) | Self::Time(at) => at,
        }
    }

    /// Returns the last instant of the day, or the last one that a format shows as it shows the time, where it cuts times to a unit.
    pub(super) fn last(self, unit: Duration) -> Timestamp {
        match self {
            Self::Day(at) => last_of(at, DAY),
            Self::Time(at) => last_of(at, unit),
        }
    }
}

/// Returns the last instant of the unit of time that an instant lies in: a limit that is told in cut times includes all that it shows.
pub(super) fn last_of(at: Timestamp, unit: Duration) -> Timestamp {
    let unit = i64::try_from(unit.as_micros()).unwrap_or(i64::MAX).max(1);
    let micros = at.as_micros();
    let into = micros.rem_euclid(unit);
    Timestamp::from_micros((micros - into).saturating_add(unit - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_times_with_and_without_an_offset_are_read() {
        let day = Date::Day(time("2022-08-09T00:00:00Z"));
        assert_eq!(Date::read("2022-08-09"), Some(day));
        let at = Date::Time(time("2022-08-09T10:00:00.5Z"));
        for text in [
            "2022-08-09T10:00:00.5",
            "2022-08-09T12:00:00.5+02:00",
            "2022-08-09T12:00:00.5 02:00",
        ] {
            assert_eq!(Date::read(text), Some(at), "{text}");
        }
        for text in ["", "today", "1", "2022-13-01", "2022-08-09T", "2022-08-09 "] {
            assert_eq!(Date::read(text), None, "{text}");
        }
    }

    #[test]
    fn last_instant_is_of_the_day_or_of_the_unit() {
        let unit = Duration::from_millis(1);
        for (text, last) in [
            ("2022-08-09", "2022-08-09T23:59:59.999999Z"),
            ("1969-12-31", "1969-12-31T23:59:59.999999Z"),
            ("2022-08-09T10:00:00Z", "2022-08-09T10:00:00.000999Z"),
            ("2022-08-09T10:00:00.1255Z", "2022-08-09T10:00:00.125999Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500999Z"),
        ] {
            assert_eq!(Date::read(text).unwrap().last(unit), time(last), "{text}");
        }
        assert_eq!(last_of(Timestamp::MAX, DAY), Timestamp::MAX);
    }
}
