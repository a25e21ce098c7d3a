//! How much of what is recorded is kept.

use super::Policy;
use crate::capture::sampling::{Cap, Sampling};
use crate::error::Error;

impl Policy {
    /// Keeps a sample of the exchanges that this policy records, and tells in each how many it stands for. All of them by default.
    ///
    /// What is not of the sample is counted in [`Balance::sampled_out`](crate::recorder::Balance::sampled_out). Events are never sampled: neither those that
    /// handlers tell nor those that audit routes make of exchanges.
    #[must_use]
    pub fn sample(mut self, sampling: Sampling) -> Self {
        self.plan.sampling = Some(sampling);
        self
    }

    /// Keeps at most this many exchanges a second, and apart from them as many failures: up to so many at once, and so many a second from then on.
    ///
    /// One route's policy counts for all of its calls together, as does the base for all routes without their own. What is suppressed is counted as sampled
    /// out, and the next that is kept carries its weight. Events are never suppressed.
    #[must_use]
    pub fn at_most_per_second(mut self, exchanges: u32) -> Self {
        self.plan.per_second = Some(exchanges);
        self
    }

    /// Keeps at most this many exchanges a second of each actor, and apart from them as many failures, as [`Policy::at_most_per_second`] does.
    ///
    /// The actor is the entry's; where it has none, the API key counts, and calls without both are not capped. Beyond 4,096 actors that call within the same
    /// seconds, those who came last share buckets.
    #[must_use]
    pub fn at_most_per_second_each_actor(mut self, exchanges: u32) -> Self {
        self.plan.per_second_each_actor = Some(exchanges);
        self
    }

    pub(super) fn check_share(&self) -> Result<(), Error> {
        let caps = [self.plan.per_second, self.plan.per_second_each_actor];
        if caps
            .iter()
            .flatten()
            .any(|cap| !(1..=Cap::MOST).contains(cap))
        {
            return Err(Error::configuration(
                "at_most_per_second takes 1 to 1000000 exchanges",
            ));
        }
        self.plan.sampling.as_ref().map_or(Ok(()), Sampling::check)
    }
}
