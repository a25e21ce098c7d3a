use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::access::Reader;
use super::digest::Digest;
use crate::clock::Clock;
use crate::error::Error;
use crate::format::RateLimit;

/// The longest period.
const MAX_PERIOD: Duration = Duration::from_secs(366 * 24 * 3600);

/// Counts what each reader asks.
///
/// A reader who has all requests back is as one who never asked. Once a period those are forgotten, so that the memory is that of the readers
/// of two periods, however many subjects a token's issuer makes up.
pub(super) struct Limiter {
    limiter: RateLimiter<Digest, HashMapStateStore<Digest>, Follows, StateInformationMiddleware>,
    requests: u32,
    period: Duration,
    clock: Follows,
    /// When readers were last forgotten, in nanoseconds of the clock.
    swept: AtomicU64,
}

impl Limiter {
    pub(super) fn new(
        requests: u32,
        period: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let wrong = || {
            Error::configuration(
                "a rate limit must allow a request in a period of at most a year, and not more than one a nanosecond",
            )
        };
        let burst = NonZeroU32::new(requests).ok_or_else(wrong)?;
        let quota = Quota::with_period(period / requests).ok_or_else(wrong)?;
        if period > MAX_PERIOD {
            return Err(wrong());
        }
        let clock = Follows(clock);
        let quota = quota.allow_burst(burst);
        Ok(Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            requests,
            period,
            swept: AtomicU64::new(clock.nanos()),
            clock,
        })
    }

    /// Counts a request and tells what is left, or that there was nothing left.
    pub(super) fn count(&self, reader: &Reader) -> Result<RateLimit, RateLimit> {
        self.sweep();
        let state = |left, reset| RateLimit::new(self.requests, self.period, left, reset);
        match self.limiter.check_key(&key(reader)) {
            Ok(snapshot) => {
                let left = snapshot.remaining_burst_capacity().min(self.requests);
                let each = self.period / self.requests;
                let missing = match left {
                    0 => 1,
                    _ => self.requests - left,
                };
                Ok(state(left, each * missing))
            }
            Err(until) => Err(state(0, until.wait_time_from(self.now()))),
        }
    }

    #[cfg(test)]
    pub(super) fn readers(&self) -> usize {
        self.limiter.len()
    }

    fn now(&self) -> Nanos {
        governor::clock::Clock::now(&self.clock)
    }

    fn sweep(&self) {
        let (now, swept) = (self.clock.nanos(), self.swept.load(Ordering::Relaxed));
        if u128::from(now.saturating_sub(swept)) < self.period.as_nanos() {
            return;
        }
        let ours = self
            .swept
            .compare_exchange(swept, now, Ordering::Relaxed, Ordering::Relaxed);
        if ours.is_ok() {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// What tells one reader from the others. A credential that nobody here has checked does not: a client may send another with each request.
fn key(reader: &Reader) -> Digest {
    match (&reader.id, reader.token) {
        (Some(id), _) => Digest::of(format!("id {id}")),
        (None, Some(token)) => token,
        (None, None) => Digest::of(format!("scope {}", reader.scope.key())),
    }
}

/// The crate's clock, as governor reads one.
#[derive(Clone)]
struct Follows(Arc<dyn Clock>);

impl Follows {
    /// Returns the clock's nanoseconds, held where governor can add a period to them.
    fn nanos(&self) -> u64 {
        let nanos = u64::try_from(self.0.monotonic().as_nanos()).unwrap_or(u64::MAX);
        nanos.min(u64::MAX / 2)
    }
}

impl governor::clock::Clock for Follows {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.nanos().into()
    }
}
