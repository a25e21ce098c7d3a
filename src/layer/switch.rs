use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::ApiLogLayer;
use crate::capture::{InForce, Policy};
use crate::error::Error;

/// What changes while the service runs. An exchange goes by what it finds when it begins.
pub(super) struct Switch {
    policy: RwLock<Arc<InForce>>,
    is_paused: AtomicBool,
}

impl Switch {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy: RwLock::new(Arc::new(InForce::new(policy))),
            is_paused: AtomicBool::new(false),
        }
    }

    /// Returns the policy in force.
    pub(super) fn policy(&self) -> Arc<InForce> {
        let policy = self.policy.read();
        policy.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Relaxed)
    }
}

impl ApiLogLayer {
    /// Records no exchanges from now on, until [`ApiLogLayer::resume`]: they pass as those do that the policy leaves out, and count as filtered.
    ///
    /// Holds for all clones of the layer and for the services that they were put around. Exchanges that have begun are recorded to their end. Events go on, those
    /// that handlers tell and those that audit routes make: what is kept of a request while the layer pauses is what tells the caller of its events, and a body
    /// only where an audit route reads it.
    ///
    /// # Example: a switch for whoever runs the service
    ///
    /// ```
    /// # use tower_api_log::ApiLogLayer;
    /// fn switch(layer: &ApiLogLayer, is_on: bool) {
    ///     match is_on {
    ///         true => layer.resume(),
    ///         false => layer.pause(),
    ///     }
    /// }
    /// ```
    pub fn pause(&self) {
        self.shared.switch.is_paused.store(true, Ordering::SeqCst);
    }

    /// Records exchanges again that begin from now on.
    pub fn resume(&self) {
        self.shared.switch.is_paused.store(false, Ordering::SeqCst);
    }

    /// Tells whether the layer pauses.
    pub fn is_paused(&self) -> bool {
        self.shared.switch.is_paused()
    }

    /// Goes by another policy from now on. Exchanges that have begun go by the one that they began under.
    ///
    /// Holds for all clones of the layer and for the services that they were put around. The caps of the new policy start afresh; what those of routes and of the
    /// base had suppressed and no later entry carries yet is not carried over.
    ///
    /// # Errors
    ///
    /// A setting that cannot be meant, as in [`ApiLogLayerBuilder::build`](super::ApiLogLayerBuilder::build); the policy in force then stays.
    pub fn set_policy(&self, policy: Policy) -> Result<(), Error> {
        policy.check()?;
        let next = Arc::new(InForce::new(policy));
        let slot = &self.shared.switch.policy;
        let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *slot, next);
        drop(slot);
        // Large ones are taken apart outside of the lock.
        drop(last);
        Ok(())
    }
}
