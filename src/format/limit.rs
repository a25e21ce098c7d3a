use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::entry::EntryId;
use crate::query::Scope;

/// How much a reader may still ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many requests a period allows.
    pub limit: u32,
    /// The period.
    pub period: Duration,
    /// How many requests are left.
    pub remaining: u32,
    /// How long until the next request is allowed, where none is left, and otherwise until all of them are there again.
    pub reset: Duration,
}

impl RateLimit {
    /// Makes a state.
    pub fn new(limit: u32, period: Duration, remaining: u32, reset: Duration) -> Self {
        Self {
            limit,
            period,
            remaining,
            reset,
        }
    }

    /// Returns the whole seconds until the reset, rounded up.
    pub fn reset_seconds(&self) -> u64 {
        self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)
    }
}

/// What is known of a request when its reply goes out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Answered<'a> {
    /// The id of the request.
    pub id: EntryId,
    /// What the reader may see; `None` for a reader who is not known.
    pub scope: Option<&'a Scope>,
    /// How much the reader may still ask, where that is limited.
    pub rate_limit: Option<RateLimit>,
}

impl Answered<'_> {
    /// Adds `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, where the reader is limited.
    pub fn rate_limit_headers(&self, headers: &mut HeaderMap) {
        let Some(rate) = self.rate_limit else { return };
        for (name, number) in [
            ("ratelimit-limit", rate.limit.into()),
            ("ratelimit-remaining", rate.remaining.into()),
            ("ratelimit-reset", rate.reset_seconds()),
        ] {
            headers.insert(HeaderName::from_static(name), number.into());
        }
    }
}
