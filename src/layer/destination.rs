use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::error::Error;
use crate::recorder::{Delivery, Plan};
use crate::sink::LogSink;

/// A sink, and how entries travel to it.
///
/// Each has its own queue, thread, batches and retries, and its own ledger in [`Stats::sinks`](crate::recorder::Stats::sinks).
#[must_use = "a destination is given to `ApiLogLayerBuilder::and`"]
pub struct Destination {
    name: String,
    sink: Arc<dyn LogSink>,
    pub(super) delivery: Delivery,
}

impl Destination {
    /// Makes a destination. The name tells it from others in statistics and warnings; it is not empty, and no two of a layer have the same.
    pub fn new(name: impl Into<String>, sink: impl LogSink) -> Self {
        Self {
            name: name.into(),
            sink: Arc::new(sink),
            delivery: Delivery::default(),
        }
    }

    /// Makes the one that the builder is made with, whose name is `main`.
    pub(super) fn first(sink: Arc<dyn LogSink>) -> Self {
        Self {
            name: "main".to_owned(),
            sink,
            delivery: Delivery::default(),
        }
    }

    /// Says how entries travel to the sink.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Makes of them what the recorder starts.
    pub(super) fn plans(all: Vec<Self>, clock: &Arc<dyn Clock>) -> Result<Vec<Plan>, Error> {
        let mut names = HashSet::new();
        let are_told_apart = all
            .iter()
            .all(|it| !it.name.is_empty() && names.insert(it.name.as_str()));
        if !are_told_apart {
            return Err(Error::configuration(
                "each destination has a name of its own; that of the first is main",
            ));
        }
        let plan = |it: Self| Plan {
            name: it.name,
            sink: it.sink,
            delivery: it.delivery,
            refine: None,
            clock: clock.clone(),
        };
        Ok(all.into_iter().map(plan).collect())
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("name", &self.name)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}
