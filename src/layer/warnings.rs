use super::ApiLogLayer;
use crate::mask::{Rules, Warning};

/// What of the masking rules cannot be meant.
pub(super) struct Warnings(Vec<Warning>);

impl Warnings {
    pub(super) fn of(rules: &Rules) -> Self {
        Self(rules.lint())
    }

    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Says them to whoever subscribes to `tracing`.
    pub(super) fn say(&self) {
        #[cfg(feature = "tracing")]
        for warning in &self.0 {
            tracing::warn!(target: "tower_api_log::mask", "{warning}");
        }
    }
}

impl ApiLogLayer {
    /// Returns what of the masking rules cannot be meant, and what to do about it: [`Rules::lint`]. Nothing, for the defaults.
    ///
    /// # Example: a test that the rules are sound
    ///
    /// ```
    /// use tower_api_log::mask::Rules;
    /// use tower_api_log::{ApiLogLayer, MemoryStore};
    ///
    /// let rules = Rules::default().field("internal_code");
    /// let layer = ApiLogLayer::builder(MemoryStore::new()).mask(rules).build()?;
    /// assert!(layer.warnings().is_empty(), "{:#?}", layer.warnings());
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Warning] {
        &self.shared.warnings.0
    }
}
