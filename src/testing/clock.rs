use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};

/// A clock that stands still until it is moved.
///
/// # Example: an hour passes
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::testing::ManualClock;
/// use tower_api_log::{Clock, Timestamp};
///
/// let clock = ManualClock::new(Timestamp::from_micros(0));
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now().to_string(), "1970-01-01T01:00:00.000Z");
/// assert_eq!(clock.monotonic(), Duration::from_secs(3600));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    times: Mutex<(Timestamp, Duration)>,
}

impl ManualClock {
    /// Makes a clock whose wall time is `now` and whose monotonic time is zero.
    pub fn new(now: Timestamp) -> Self {
        Self {
            times: Mutex::new((now, Duration::ZERO)),
        }
    }

    /// Moves both times on.
    pub fn advance(&self, by: Duration) {
        let mut times = self.times();
        *times = (times.0.plus(by), times.1.saturating_add(by));
    }

    /// Sets the wall time, as an operator or a time server does; the monotonic time stays.
    pub fn set_wall(&self, now: Timestamp) {
        self.times().0 = now;
    }

    fn times(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.times().0
    }

    fn monotonic(&self) -> Duration {
        self.times().1
    }
}
