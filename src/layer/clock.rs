use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::contain::contain;

/// The application's clock, read on the request's thread and by the recorder: its panics are contained.
pub(super) struct Contained<C> {
    clock: C,
    /// The last monotonic time that it told, in nanoseconds.
    last: AtomicU64,
}

impl<C: Clock> Contained<C> {
    pub(super) fn new(clock: C) -> Self {
        Self {
            clock,
            last: AtomicU64::new(0),
        }
    }
}

impl<C: Clock> Clock for Contained<C> {
    /// Returns the machine's time in the place of a panic.
    fn now(&self) -> Timestamp {
        contain(|| self.clock.now()).unwrap_or_else(|| SystemClock::default().now())
    }

    /// Returns the last time that was told in the place of a panic.
    fn monotonic(&self) -> Duration {
        match contain(|| self.clock.monotonic()) {
            Some(now) => {
                let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
                self.last.store(nanos, Ordering::Relaxed);
                now
            }
            None => Duration::from_nanos(self.last.load(Ordering::Relaxed)),
        }
    }
}
