//! Which exchanges stand for the others.
//!
//! Invariants:
//!
//! - What decides is [`Lot`]: 56 bits that every service finds alike that sees the same trace. An exchange is kept where they are at least
//!   `2^56 - 2^56 / n`, so that a sample of one in 20 is a part of one in 10.
//! - Weights are right on average, and whatever the lots have to do with the callers' own sampling: those of the sample weigh `n` each, what is kept
//!   for what it is (a failure, a slow call) weighs 1 and is never of the sample, and what is kept beside the sample weighs 0.
//! - What a [`Cap`] suppresses is carried by the next that it lets pass, so that the sum of weights goes on counting.

mod actors;
mod cap;
mod lot;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::entry::EntryId;
use crate::error::Error;

pub(crate) use actors::{ActorCap, Actors};
pub(crate) use cap::Cap;
pub(crate) use lot::Lot;

/// Keeps one of so many exchanges, beside those that are always kept.
///
/// Failures ([`Exchange::has_failed`](crate::entry::Exchange::has_failed)) are all kept unless [`Sampling::failures_too`] says otherwise. The others
/// are kept or not by 56 bits that are the same in every service that sees the same trace, so that they keep the same calls; and of two rates the
/// rarer one's sample is a part of the other's. The bits are the first of these that there is:
///
/// 1. the explicit randomness of the trace, `rv` of OpenTelemetry's member `ot` of `tracestate`;
/// 2. the last seven bytes of the trace id of a valid `traceparent`, which W3C Trace Context level 2 asks to be random, section 3.2.2.3; OpenTelemetry's
///    "TraceState: Probability Sampling" takes both in this order, compares them in the same way, and takes a trace id for random where its flag does not say so;
/// 3. a hash of the client's `X-Request-Id` or `Request-Id`, if it has 1 to 128 characters of letters, digits and `-_.:/+=`;
/// 4. a hash of our own id, printed as a UUID: of which a service that is sent it as `X-Request-Id` makes the same.
///
/// The hash is FNV-1a of 64 bits, mixed by MurmurHash3's `fmix64`, of which the upper 56 bits count. It stays the same across versions and machines.
///
/// The entry of an exchange that was kept says how many it stands for: [`Exchange::weight`](crate::entry::Exchange::weight).
///
/// A client that chooses its trace ids chooses which of its calls are kept. Where clients are not to be trusted with that, say [`Sampling::by_own_ids`].
///
/// # Example: one in ten, all failures, all slow calls, and all of the payments
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::{Policy, Sampling};
///
/// let policy = Policy::default()
///     .sample(Sampling::one_in(10).always_slower_than(Duration::from_secs(1)))
///     .route("/payments/*", Policy::default());
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    one_in: u32,
    failures_too: bool,
    always_slower_than: Option<Duration>,
    always_sampled_traces: bool,
    by_own_ids: bool,
}

impl Sampling {
    /// Keeps one in this many exchanges; 1 keeps all. Zero is an error of the layer's `build`.
    #[must_use]
    pub fn one_in(exchanges: u32) -> Self {
        Self {
            one_in: exchanges,
            failures_too: false,
            always_slower_than: None,
            always_sampled_traces: false,
            by_own_ids: false,
        }
    }

    /// Samples failures as the others. Where nothing else is always kept either, the choice is made when the request comes, and nothing is captured of
    /// the bodies of those that are not of the sample.
    #[must_use]
    pub fn failures_too(mut self) -> Self {
        self.failures_too = true;
        self
    }

    /// Keeps all exchanges whose last byte came later than this after the request.
    #[must_use]
    pub fn always_slower_than(mut self, duration: Duration) -> Self {
        self.always_slower_than = Some(duration);
        self
    }

    /// Keeps all exchanges whose `traceparent` says that the caller recorded the trace. Those that are not of the sample weigh 0: the sample stands for them.
    #[must_use]
    pub fn always_sampled_traces(mut self) -> Self {
        self.always_sampled_traces = true;
        self
    }

    /// Goes by our own ids alone, so that no client can choose which of its calls are kept. Several services then do not keep the same calls.
    #[must_use]
    pub fn by_own_ids(mut self) -> Self {
        self.by_own_ids = true;
        self
    }

    /// Refuses settings that cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.one_in {
            0 => Err(Error::configuration("one_in is at least 1")),
            _ => Ok(()),
        }
    }

    /// Returns what an exchange that has ended weighs; `None` leaves it out.
    pub(crate) fn weigh(
        &self,
        (lot, id): (Lot, EntryId),
        has_failed: impl FnOnce() -> bool,
        took: Duration,
    ) -> Option<u32> {
        let is_slow = self.always_slower_than.is_some_and(|than| took > than);
        if is_slow || (!self.failures_too && has_failed()) {
            return Some(1);
        }
        if self.includes(lot, id) {
            return Some(self.one_in);
        }
        self.is_beside(lot).then_some(0)
    }

    /// Tells whether an exchange is left out however it ends.
    pub(crate) fn leaves_out_at_once(&self, lot: Lot, id: EntryId) -> bool {
        self.failures_too
            && self.always_slower_than.is_none()
            && !self.is_beside(lot)
            && !self.includes(lot, id)
    }

    fn is_beside(&self, lot: Lot) -> bool {
        self.always_sampled_traces && lot.is_trace_sampled()
    }

    fn includes(&self, lot: Lot, id: EntryId) -> bool {
        let bits = match self.by_own_ids {
            true => Lot::own_bits(id),
            false => lot.bits(id),
        };
        bits >= Lot::COUNT - Lot::COUNT / u64::from(self.one_in.max(1))
    }
}
