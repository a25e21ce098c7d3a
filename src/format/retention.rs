use std::time::Duration;

use crate::clock::Timestamp;
use crate::query::Filter;

/// How far back a reader sees, whatever the store still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retention(Option<Duration>);

impl Retention {
    pub(super) const fn days(days: u64) -> Self {
        Self(Some(Duration::from_secs(days * 24 * 3600)))
    }

    pub(super) fn new(period: Option<Duration>) -> Self {
        Self(period)
    }

    /// Narrows a filter to what the reader still sees.
    pub(super) fn narrow(self, filter: &mut Filter, now: Timestamp) {
        let Some(period) = self.0 else { return };
        let micros = i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_micros(now.as_micros().saturating_sub(micros));
        filter.from = filter.from.max(Some(oldest));
    }
}
