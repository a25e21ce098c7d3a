mod in_force;
mod share;

#[cfg(test)]
mod tests;

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use super::coding::Codings;
use super::sampling::Sampling;
use crate::entry::SkipReason;
use crate::error::Error;
use crate::pattern::PathPattern;

pub(crate) use in_force::{Ended, InForce, LeftOut, Share};

/// Which exchanges are recorded, and how much of their bodies.
///
/// By default every exchange is recorded, with up to 64 KiB of each body of a textual type. Bodies of binary types, and
/// those with a content coding, are counted and not kept; with the feature `decompress` those under `gzip`, `deflate`, `br` and `zstd` are kept as well,
/// and decoded for the log.
///
/// # Example: nothing of health checks, no bodies of uploads, and downloads only when they fail
///
/// ```
/// use tower_api_log::Policy;
///
/// let policy = Policy::default()
///     .without_health_checks()
///     .route("/uploads/*", Policy::default().without_bodies())
///     .route("/downloads/*", Policy::default().only_errors());
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    excluded_paths: Vec<PathPattern>,
    excluded_methods: Vec<Method>,
    without_health_checks: bool,
    plan: Plan,
    skipped_types: Vec<String>,
    routes: Vec<(PathPattern, Policy)>,
}

/// Which policy applies to an exchange: 0 is the base, and the routes' count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen(u32);

#[derive(Clone, Copy, Debug)]
struct Plan {
    max_body_bytes: usize,
    request_bodies: bool,
    response_bodies: bool,
    only_errors: bool,
    only_slower_than: Option<Duration>,
    sampling: Option<Sampling>,
    per_second: Option<u32>,
    per_second_each_actor: Option<u32>,
}

/// Paths that orchestrators and load balancers ask for, compared with the whole path.
const HEALTH_CHECKS: [&str; 12] = [
    "/health",
    "/healthz",
    "/health/live",
    "/health/ready",
    "/live",
    "/livez",
    "/ready",
    "/readyz",
    "/up",
    "/ping",
    "/status",
    "/metrics",
];

impl Default for Policy {
    fn default() -> Self {
        Self {
            excluded_paths: Vec::new(),
            excluded_methods: Vec::new(),
            without_health_checks: false,
            plan: Plan {
                max_body_bytes: Self::DEFAULT_MAX_BODY_BYTES,
                request_bodies: true,
                response_bodies: true,
                only_errors: false,
                only_slower_than: None,
                sampling: None,
                per_second: None,
                per_second_each_actor: None,
            },
            skipped_types: Vec::new(),
            routes: Vec::new(),
        }
    }
}

impl Policy {
    /// The most bytes that are kept of a body by default, 64 KiB.
    pub const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024;

    /// Leaves out requests whose path matches: exact, but for `*`, which stands for any run of characters.
    ///
    /// The path is compared as it was sent: `/internal` is neither `/internal/` nor `/INTERNAL` nor `/%69nternal`.
    #[must_use]
    pub fn without_path(mut self, pattern: impl Into<String>) -> Self {
        self.excluded_paths.push(PathPattern::new(pattern));
        self
    }

    /// Leaves out requests of a method.
    #[must_use]
    pub fn without_method(mut self, method: Method) -> Self {
        self.excluded_methods.push(method);
        self
    }

    /// Leaves out health checks: `GET` and `HEAD` of `/health`, `/healthz`, `/health/live`, `/health/ready`, `/live`, `/livez`, `/ready`,
    /// `/readyz`, `/up`, `/ping`, `/status` and `/metrics`. What a client says of itself does not count, or it could hide its calls.
    #[must_use]
    pub fn without_health_checks(mut self) -> Self {
        self.without_health_checks = true;
        self
    }

    /// Records only exchanges that failed: a status from 400, an outcome that is neither completed nor upgraded, or a `grpc-status` other
    /// than 0 in the head or the trailers.
    ///
    /// Together with [`Policy::only_slower_than`], either suffices.
    #[must_use]
    pub fn only_errors(mut self) -> Self {
        self.plan.only_errors = true;
        self
    }

    /// Records only exchanges whose last byte came later than this after the request.
    ///
    /// Together with [`Policy::only_errors`], either suffices.
    #[must_use]
    pub fn only_slower_than(mut self, duration: Duration) -> Self {
        self.plan.only_slower_than = Some(duration);
        self
    }

    /// Keeps at most this many bytes of each body; 65,536 by default, at most 16 MiB. Of a body with a content coding that many are kept as it
    /// came, and that many once it is decoded.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.plan.max_body_bytes = bytes;
        self
    }

    /// Counts request bodies and keeps nothing of them.
    #[must_use]
    pub fn without_request_bodies(mut self) -> Self {
        self.plan.request_bodies = false;
        self
    }

    /// Counts response bodies and keeps nothing of them.
    #[must_use]
    pub fn without_response_bodies(mut self) -> Self {
        self.plan.response_bodies = false;
        self
    }

    /// Counts all bodies and keeps nothing of them.
    #[must_use]
    pub fn without_bodies(self) -> Self {
        self.without_request_bodies().without_response_bodies()
    }

    /// Counts bodies of a content type, such as `text/html`, and keeps nothing of them.
    #[must_use]
    pub fn without_body_type(mut self, essence: impl Into<String>) -> Self {
        self.skipped_types.push(essence.into().to_ascii_lowercase());
        self
    }

    /// Uses another policy where the route's template, or the path where no template is known, matches the pattern.
    ///
    /// The first pattern that matches wins. What this policy leaves out by path, method and as health checks stays left out; for the rest the
    /// other policy stands alone. It cannot have routes of its own.
    #[must_use]
    pub fn route(mut self, pattern: impl Into<String>, policy: Policy) -> Self {
        self.routes.push((PathPattern::new(pattern), policy));
        self
    }

    /// The most bytes that any policy keeps of a body.
    pub(crate) const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;

    /// Refuses settings that cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.plan.max_body_bytes > Self::MOST_BODY_BYTES {
            return Err(Error::configuration("max_body_bytes is at most 16 MiB"));
        }
        self.check_share()?;
        if self
            .excluded_paths
            .iter()
            .any(|pattern| pattern.as_str().is_empty())
        {
            return Err(Error::configuration(
                "without_path needs a path, as /internal/*",
            ));
        }
        if self
            .skipped_types
            .iter()
            .any(|essence| !essence.contains('/'))
        {
            return Err(Error::configuration(
                "without_body_type needs a content type, as text/html",
            ));
        }
        for (pattern, policy) in &self.routes {
            if pattern.as_str().is_empty() {
                return Err(Error::configuration("route needs a pattern, as /uploads/*"));
            }
            if !policy.routes.is_empty() {
                return Err(Error::configuration(
                    "the policy of a route cannot have routes of its own",
                ));
            }
            policy.check()?;
        }
        Ok(())
    }

    /// Decides on a request before anything is kept. `None` leaves it out.
    pub(crate) fn decide(
        &self,
        method: &Method,
        path: &str,
        route: Option<&str>,
    ) -> Option<Chosen> {
        if self.leaves_out(method, path) {
            return None;
        }
        let template = route.unwrap_or(path);
        let chosen = self
            .routes
            .iter()
            .position(|(pattern, _)| pattern.matches(template));
        let out = chosen.is_some_and(|index| self.routes[index].1.leaves_out(method, path));
        let number = chosen.map_or(Ok(0), |index| u32::try_from(index + 1));
        number.ok().filter(|_| !out).map(Chosen)
    }

    /// Returns the policy that was chosen.
    pub(crate) fn of(&self, chosen: Chosen) -> &Policy {
        let index = (chosen.0 as usize).checked_sub(1);
        index
            .and_then(|index| self.routes.get(index))
            .map_or(self, |(_, policy)| policy)
    }

    /// Says how many bytes of a request's body are kept, or why none.
    pub(crate) fn request_body_limit(&self, headers: &HeaderMap) -> Result<usize, SkipReason> {
        self.body_limit(self.plan.request_bodies, headers)
    }

    /// Says how many bytes of a response's body are kept, or why none.
    pub(crate) fn response_body_limit(&self, headers: &HeaderMap) -> Result<usize, SkipReason> {
        self.body_limit(self.plan.response_bodies, headers)
    }

    /// Decides on an exchange that has ended.
    pub(crate) fn keeps(&self, has_failed: impl FnOnce() -> bool, took: Duration) -> bool {
        let slow = self.plan.only_slower_than.is_some_and(|than| took > than);
        match (self.plan.only_errors, self.plan.only_slower_than) {
            (false, None) => true,
            (false, Some(_)) => slow,
            (true, _) => slow || has_failed(),
        }
    }

    fn leaves_out(&self, method: &Method, path: &str) -> bool {
        self.excluded_methods.contains(method)
            || self
                .excluded_paths
                .iter()
                .any(|pattern| pattern.matches(path))
            || (self.without_health_checks && is_health_check(method, path))
    }

    fn body_limit(&self, wanted: bool, headers: &HeaderMap) -> Result<usize, SkipReason> {
        if !wanted || self.plan.max_body_bytes == 0 {
            return Err(SkipReason::Policy);
        }
        if Codings::of(headers).is_none() {
            return Err(SkipReason::ContentCoding);
        }
        let Some(content_type) = headers.get(CONTENT_TYPE) else {
            return Ok(self.plan.max_body_bytes);
        };
        let text = content_type.to_str().map_err(|_| SkipReason::ContentType)?;
        let essence = text.split(';').next().unwrap_or_default().trim();
        let skipped = self
            .skipped_types
            .iter()
            .any(|known| known.eq_ignore_ascii_case(essence));
        if skipped || !is_textual(essence) {
            return Err(SkipReason::ContentType);
        }
        Ok(self.plan.max_body_bytes)
    }
}

fn is_health_check(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && HEALTH_CHECKS.contains(&path)
}

/// Tells whether a body of this type is text that the masker may know how to read. Multipart is, for its fields.
fn is_textual(essence: &str) -> bool {
    let is = |known: &str| essence.eq_ignore_ascii_case(known);
    let ends = |suffix: &str| {
        let at = essence.len().checked_sub(suffix.len());
        at.and_then(|at| essence.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    essence
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("text/"))
        || [
            "json",
            "xml",
            "yaml",
            "json-seq",
            "ndjson",
            "jsonl",
            "graphql",
            "javascript",
        ]
        .iter()
        .any(|kind| ends(kind))
        || is("application/x-www-form-urlencoded")
        || [
            "multipart/form-data",
            "multipart/mixed",
            "multipart/related",
        ]
        .iter()
        .any(|kind| is(kind))
}
