//! Wall and monotonic time, injected: the only place that reads a clock.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Prints as RFC 3339 in UTC with milliseconds (`2026-11-22T15:46:00.125Z`) and parses any RFC 3339 text with an offset.
///
/// # Example: reading and printing
///
/// ```
/// use tower_api_log::Timestamp;
///
/// let at: Timestamp = "2026-11-22T16:46:00.125+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-11-22T15:46:00.125Z");
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time that prints with four digits of the year, 0000-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_167_219_200_000_000);
    /// The latest time that prints with four digits of the year, 9999-12-30T22:00:00Z.
    pub const MAX: Self = Self(253_402_207_200_000_000);

    /// Makes a timestamp of microseconds since the Unix epoch, held between [`Timestamp::MIN`] and [`Timestamp::MAX`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros).clamp(Self::MIN, Self::MAX)
    }

    /// Returns the microseconds since the Unix epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the time `by` later, or [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros(by)))
    }

    /// Returns the time `by` earlier, or [`Timestamp::MIN`].
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros(by)))
    }

    /// Prints RFC 3339 in UTC with `digits` (0 to 6) of the second's fraction, cut and not rounded.
    pub fn rfc3339(self, digits: u8) -> String {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{time:.*}", usize::from(digits.min(6)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(3))
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self::from_micros(time.as_microsecond()))
            .map_err(|_| {
                Error::invalid_query(
                    "a time must be RFC 3339 with an offset, as 2026-01-31T12:00:00Z",
                )
            })
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::from_micros(micros(after)),
            Err(before) => Self::from_micros(-micros(before.duration())),
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Where the time comes from.
///
/// [`SystemClock`] by default; tests inject one that they move by hand.
pub trait Clock: Send + Sync + 'static {
    /// Returns the wall time, which may jump.
    fn now(&self) -> Timestamp;

    /// Returns the time since an arbitrary start that stays the same for this clock; it never goes back.
    fn monotonic(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_with_the_asked_digits() {
        let at = Timestamp::from_micros(1_695_241_203_485_999);
        assert_eq!(at.rfc3339(0), "2023-09-20T20:20:03Z");
        assert_eq!(at.rfc3339(3), "2023-09-20T20:20:03.485Z");
        assert_eq!(at.rfc3339(6), "2023-09-20T20:20:03.485999Z");
    }

    #[test]
    fn absurd_times_are_held_within_four_digits_of_the_year() {
        assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
        assert!(Timestamp::MAX.to_string().starts_with("9999-"));
        assert_eq!(Timestamp::from_micros(i64::MIN), Timestamp::MIN);
        assert!(Timestamp::MIN.to_string().starts_with("0000-"));
    }

    #[test]
    fn time_without_an_offset_is_refused() {
        assert!("2026-01-31T12:00:00".parse::<Timestamp>().is_err());
    }
}
