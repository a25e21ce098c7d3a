use std::sync::{Arc, PoisonError, RwLock};

use crate::capture::{InForce, Policy};

/// What changes while the service runs. An exchange goes by what it finds when it begins.
pub(super) struct Switch {
    policy: RwLock<Arc<InForce>>,
}

impl Switch {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy: RwLock::new(Arc::new(InForce::new(policy))),
        }
    }

    /// Returns the policy in force.
    pub(super) fn policy(&self) -> Arc<InForce> {
        let policy = self.policy.read();
        policy.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
