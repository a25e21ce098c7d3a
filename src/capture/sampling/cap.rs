use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// At most so many exchanges a second: one bucket of tokens for failures and one for the rest, so that neither drowns the other.
#[derive(Debug, Default)]
pub(crate) struct Cap {
    failures: Bucket,
    rest: Bucket,
}

/// A token bucket by the generic cell rate algorithm: one moment tells how full it is. Shared by threads without a lock.
#[derive(Debug, Default)]
struct Bucket {
    /// When it will be full again, in nanoseconds.
    full_at: AtomicU64,
    /// What was suppressed since the last that passed.
    carried: AtomicU64,
}

const SECOND: u64 = 1_000_000_000;

impl Cap {
    /// The most exchanges a second that can be told apart from no cap.
    pub(crate) const MOST: u32 = 1_000_000;

    /// Returns what an exchange weighs with what was suppressed before it; `None` suppresses it.
    pub(crate) fn pass(
        &self,
        per_second: u32,
        now: Duration,
        has_failed: bool,
        weight: u32,
    ) -> Option<u32> {
        let bucket = if has_failed {
            &self.failures
        } else {
            &self.rest
        };
        match bucket.takes(per_second, nanos(now)) {
            true => Some(bucket.unload(weight)),
            false => {
                bucket.carry(u64::from(weight));
                None
            }
        }
    }

    /// Tells whether both buckets are full, so that nothing is known by them.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        let full = |bucket: &Bucket| bucket.full_at.load(Ordering::Relaxed) <= nanos(now);
        full(&self.failures) && full(&self.rest)
    }

    /// Takes over what another carries.
    pub(super) fn inherit(&self, other: &Self) {
        let carried = |bucket: &Bucket| bucket.carried.load(Ordering::Relaxed);
        self.failures.carry(carried(&other.failures));
        self.rest.carry(carried(&other.rest));
    }
}

impl Bucket {
    fn takes(&self, per_second: u32, now: u64) -> bool {
        let token = SECOND / u64::from(per_second.max(1));
        let latest = now.saturating_add(token * u64::from(per_second));
        let spent = |full_at: u64| {
            let after = full_at.max(now).saturating_add(token);
            (after <= latest).then_some(after)
        };
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.full_at.fetch_update(set, fetch, spent).is_ok()
    }

    fn carry(&self, weight: u64) {
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let more = |carried: u64| Some(carried.saturating_add(weight));
        let _ = self.carried.fetch_update(set, fetch, more);
    }

    /// Adds what is carried to a weight; what does not fit is carried on.
    fn unload(&self, weight: u32) -> u32 {
        if self.carried.load(Ordering::Relaxed) == 0 {
            return weight;
        }
        let sum = self.carried.swap(0, Ordering::Relaxed);
        let sum = sum.saturating_add(u64::from(weight));
        u32::try_from(sum).unwrap_or_else(|_| {
            self.carry(sum - u64::from(u32::MAX));
            u32::MAX
        })
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
