use super::ApiLogLayer;
use crate::mask::{Rules, Warning};

/// What of the masking rules cannot be meant.
pub(super) struct Warnings(Vec<Warning>);

impl Warnings {
    /// Those of the common rules, and those that destinations have of their own.
    pub(super) fn of(rules: &Rules, destinations: Vec<Warning>) -> Self {
        Self(rules.lint().into_iter().chain(destinations).collect())
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

#[cfg(all(test, feature = "tracing"))]
mod tests {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;
    use crate::store::MemoryStore;

    /// Keeps what is said.
    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    impl Visit for Heard {
        fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }

    impl Subscriber for Heard {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn building_a_layer_says_its_warnings_and_keeps_them() {
        let heard = Heard::default();
        let layer = tracing::subscriber::with_default(heard.clone(), || {
            let rules = Rules::default().field("id").field("internal_code");
            ApiLogLayer::builder(MemoryStore::new()).mask(rules).build()
        });
        let layer = layer.unwrap();
        let kept: Vec<_> = layer.warnings().iter().map(Warning::to_string).collect();
        assert!(
            kept.len() == 1 && kept[0].contains("field(\"id\")"),
            "{kept:?}"
        );
        assert_eq!(*heard.0.lock().unwrap(), kept);
    }
}
