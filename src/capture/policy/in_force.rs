use std::cell::OnceCell;
use std::time::Duration;

use http::{HeaderMap, Method};

use super::{Chosen, Plan, Policy};
use crate::capture::sampling::{ActorCap, Cap, Lot};
use crate::entry::EntryId;

/// A policy at work: with the buckets of its caps, which every exchange that began under it shares.
pub(crate) struct InForce {
    policy: Policy,
    /// Of the base, and then of each route.
    caps: Vec<Cap>,
    /// Whether any of its exchanges is sampled.
    is_sampling: bool,
    /// Whether every exchange is kept that it wants when it begins.
    keeps_all: bool,
}

/// Why an exchange is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// The policy or the application does not want it.
    Filtered,
    /// Others stand for it.
    Sampled,
}

/// An exchange that has ended, as far as it decides on being kept.
pub(crate) struct Ended<F> {
    pub(crate) chosen: Chosen,
    pub(crate) id: EntryId,
    pub(crate) lot: Option<Lot>,
    pub(crate) took: Duration,
    /// The monotonic clock.
    pub(crate) at: Duration,
    pub(crate) has_failed: F,
}

/// What an exchange that is kept stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) weight: u32,
    /// What decides once its actor is known.
    pub(crate) actor_cap: Option<ActorCap>,
}

impl InForce {
    pub(crate) fn new(policy: Policy) -> Self {
        let keeps_all = policy.all().all(|it| it.plan.keeps_all());
        let is_sampling = policy.all().any(|it| it.plan.sampling.is_some());
        Self {
            caps: policy.all().map(|_| Cap::default()).collect(),
            is_sampling,
            keeps_all,
            policy,
        }
    }

    pub(crate) fn decide(
        &self,
        method: &Method,
        path: &str,
        route: Option<&str>,
    ) -> Result<Chosen, LeftOut> {
        let chosen = self.policy.decide(method, path, route);
        chosen.ok_or(LeftOut::Filtered)
    }

    pub(crate) fn of(&self, chosen: Chosen) -> &Policy {
        self.policy.of(chosen)
    }

    /// Draws the lot of a request, where any are sampled.
    pub(crate) fn draw(&self, headers: &HeaderMap) -> Option<Lot> {
        self.is_sampling.then(|| Lot::of(headers))
    }

    /// Tells whether a request is not of the sample however it ends. A route that the response may tell could want it.
    pub(crate) fn leaves_out_at_once(
        &self,
        chosen: Chosen,
        is_route_known: bool,
        lot: Option<Lot>,
        id: EntryId,
    ) -> bool {
        let sampling = self.of(chosen).plan.sampling;
        (is_route_known || self.policy.routes.is_empty())
            && sampling
                .zip(lot)
                .is_some_and(|(sampling, lot)| sampling.leaves_out_at_once(lot, id))
    }

    /// Decides on an exchange that has ended.
    pub(crate) fn settle(&self, ended: Ended<impl Fn() -> bool>) -> Result<Share, LeftOut> {
        if self.keeps_all {
            return Ok(Share::default());
        }
        let Ended {
            chosen,
            id,
            lot,
            took,
            at,
            has_failed,
        } = ended;
        let policy = self.of(chosen);
        let known = OnceCell::new();
        let has_failed = || *known.get_or_init(&has_failed);
        if !policy.keeps(has_failed, took) {
            return Err(LeftOut::Filtered);
        }
        let mut weight = 1;
        if let (Some(sampling), Some(lot)) = (policy.plan.sampling, lot) {
            let drawn = sampling.weigh((lot, id), has_failed, took);
            weight = drawn.ok_or(LeftOut::Sampled)?;
        }
        let cap = self.caps.get(chosen.0 as usize);
        if let (Some(per_second), Some(cap)) = (policy.plan.per_second, cap) {
            let passed = cap.pass(per_second, at, has_failed(), weight);
            weight = passed.ok_or(LeftOut::Sampled)?;
        }
        let actor_cap = policy
            .plan
            .per_second_each_actor
            .map(|per_second| ActorCap {
                per_second,
                policy: chosen.0,
                ended: at,
            });
        Ok(Share { weight, actor_cap })
    }
}

impl Default for Share {
    fn default() -> Self {
        Self {
            weight: 1,
            actor_cap: None,
        }
    }
}

impl Plan {
    fn keeps_all(&self) -> bool {
        !self.only_errors
            && self.only_slower_than.is_none()
            && self.sampling.is_none()
            && self.per_second.is_none()
            && self.per_second_each_actor.is_none()
    }
}

impl Policy {
    /// Returns the base and then each route's.
    fn all(&self) -> impl Iterator<Item = &Policy> {
        let routes = self.routes.iter().map(|(_, policy)| policy);
        std::iter::once(self).chain(routes)
    }
}
