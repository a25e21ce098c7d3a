use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::cap::Cap;
use crate::entry::Context;

/// What caps the actor of an exchange, who is known once it is masked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorCap {
    pub(crate) per_second: u32,
    /// Which policy says so: each has buckets of its own.
    pub(crate) policy: u32,
    /// The monotonic clock when the exchange ended.
    pub(crate) ended: Duration,
}

/// The buckets of actors: of each its own for the first [`Actors::OWN`], and for more of them one for those whose keyed hashes meet. No actor's name is held.
pub(crate) struct Actors {
    pub(super) own: HashMap<u64, Cap>,
    pub(super) shared: Vec<Cap>,
    /// Its key is random, so that nobody can choose whom to share a bucket with.
    hasher: RandomState,
    swept_at: Option<Duration>,
}

impl Actors {
    /// The most actors that have buckets of their own.
    pub(super) const OWN: usize = 4_096;
    const SHARED: usize = 256;
    const SWEEP: Duration = Duration::from_secs(1);

    /// Returns what an exchange weighs with what was suppressed of its actor before it; `None` suppresses it. Without an actor the API key counts, and
    /// without both there is no cap.
    pub(crate) fn pass(
        &mut self,
        cap: ActorCap,
        context: &Context,
        has_failed: bool,
        weight: u32,
    ) -> Option<u32> {
        let actor = context.actor.as_ref();
        let key = match (actor, &context.api_key) {
            (Some(actor), _) => (cap.policy, actor.kind.as_str(), &actor.id),
            (None, Some(api_key)) => (cap.policy, "", api_key),
            (None, None) => return Some(weight),
        };
        let bucket = self.bucket(self.hasher.hash_one(key), cap.ended);
        bucket.pass(cap.per_second, cap.ended, has_failed, weight)
    }

    fn bucket(&mut self, key: u64, now: Duration) -> &Cap {
        if self.own.len() >= Self::OWN && !self.own.contains_key(&key) {
            self.sweep(now);
        }
        match self.own.len() < Self::OWN || self.own.contains_key(&key) {
            true => self.own.entry(key).or_default(),
            false => shared(&self.shared, key),
        }
    }

    /// Makes room, once a second at most: an actor whose buckets are full needs none. What is carried goes on with those that share.
    fn sweep(&mut self, now: Duration) {
        let is_early = |at: Duration| now < at.saturating_add(Self::SWEEP);
        if self.swept_at.is_some_and(is_early) {
            return;
        }
        self.swept_at = Some(now);
        let Self { own, shared, .. } = self;
        own.retain(|&key, cap| {
            let is_idle = cap.is_idle(now);
            if is_idle {
                self::shared(shared, key).inherit(cap);
            }
            !is_idle
        });
    }
}

impl Default for Actors {
    fn default() -> Self {
        Self {
            own: HashMap::new(),
            shared: std::iter::repeat_with(Cap::default)
                .take(Self::SHARED)
                .collect(),
            hasher: RandomState::new(),
            swept_at: None,
        }
    }
}

/// Returns the bucket of those whose hashes meet.
fn shared(caps: &[Cap], key: u64) -> &Cap {
    &caps[key as usize % caps.len()]
}
