use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::clock::Clock;
use crate::error::Error;
use crate::mask::{Masker, Rules, Warning};
use crate::recorder::{Delivery, Plan, Refine};
use crate::sink::LogSink;

/// A sink, and how entries travel to it.
///
/// Each has its own queue, thread, batches and retries, and its own ledger in [`Stats::sinks`](crate::recorder::Stats::sinks).
#[must_use = "a destination is given to `ApiLogLayerBuilder::and`"]
pub struct Destination {
    name: String,
    sink: Arc<dyn LogSink>,
    pub(super) delivery: Delivery,
    rules: Option<Rules>,
}

/// What destinations are made into.
pub(super) struct Planned {
    pub(super) plans: Vec<Plan>,
    /// What of their rules cannot be meant.
    pub(super) warnings: Vec<Warning>,
    /// The counts of values that were withheld because a callback of theirs failed.
    pub(super) withheld: Vec<Arc<AtomicU64>>,
}

impl Destination {
    /// Makes a destination. The name tells it from others in statistics and warnings; it is not empty, and no two of a layer have the same.
    pub fn new(name: impl Into<String>, sink: impl LogSink) -> Self {
        Self {
            name: name.into(),
            sink: Arc::new(sink),
            delivery: Delivery::default(),
            rules: None,
        }
    }

    /// Makes the one that the builder is made with, whose name is `main`.
    pub(super) fn first(sink: Arc<dyn LogSink>) -> Self {
        Self {
            name: "main".to_owned(),
            sink,
            delivery: Delivery::default(),
            rules: None,
        }
    }

    /// Says how entries travel to the sink.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Masks more for this sink than [`ApiLogLayerBuilder::mask`](super::ApiLogLayerBuilder::mask) does for all of them. Without it the sink is given what they
    /// let show.
    ///
    /// The rules are asked about entries that are masked already, all parts of them: of each value the sink is given what both let show, and nothing that
    /// another destination's rules say. They are rules of their own, defaults included. What opens, [`Rules::ignore`] and [`Rules::plain_text`], takes back
    /// what these rules would hide beyond the common ones and never what the common ones hid, which is gone: where the common rules keep a type of plain text, say
    /// so here as well, or it is withheld from this sink.
    ///
    /// - Of what the common rules replaced in part, as the token `sk_live_****`, [`Replacement::LastFour`] and [`Replacement::Pseudonym`] leave the mark.
    ///   A pseudonym under the same [`Rules::hash_key`] stays.
    /// - A body is read by the `content-type` of the entry. Where the common [`Rules::only_headers`] leave that out, only JSON and forms are recognised, and other
    ///   bodies are withheld.
    /// - A rule for a field hides who called as well, as `email` does the actor's, and so do detectors that are turned on and patterns. An address that is
    ///   hidden is left out.
    /// - A rule for a route counts for every event, since an event does not say the route of its call.
    ///
    /// # Example: a provider that is told no names
    ///
    /// ```
    /// use tower_api_log::layer::Destination;
    /// use tower_api_log::mask::{Detector, Rules};
    /// use tower_api_log::sink::Ndjson;
    /// use tower_api_log::{ApiLogLayer, MemoryStore};
    ///
    /// let outside = Rules::default().field("name").detect(Detector::Email);
    /// let layer = ApiLogLayer::builder(MemoryStore::new())
    ///     .mask(Rules::default().field("internal_code"))
    ///     .and(Destination::new("provider", Ndjson::new(std::io::stderr())).mask(outside))
    ///     .build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    ///
    /// [`Replacement::LastFour`]: crate::mask::Replacement::LastFour
    /// [`Replacement::Pseudonym`]: crate::mask::Replacement::Pseudonym
    pub fn mask(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Makes of them what the recorder starts.
    pub(super) fn plans(all: Vec<Self>, clock: &Arc<dyn Clock>) -> Result<Planned, Error> {
        let mut names = HashSet::new();
        let are_told_apart = all
            .iter()
            .all(|it| !it.name.is_empty() && names.insert(it.name.as_str()));
        if !are_told_apart {
            return Err(Error::configuration(
                "each destination has a name of its own; that of the first is main",
            ));
        }
        let mut planned = Planned {
            plans: Vec::with_capacity(all.len()),
            warnings: Vec::new(),
            withheld: Vec::new(),
        };
        for it in all {
            let refine = match &it.rules {
                Some(rules) => Some(planned.refine(&it.name, rules)?),
                None => None,
            };
            planned.plans.push(Plan {
                name: it.name,
                sink: it.sink,
                delivery: it.delivery,
                refine,
                clock: clock.clone(),
            });
        }
        Ok(planned)
    }
}

impl Planned {
    /// Makes the masking of one destination.
    fn refine(&mut self, name: &str, rules: &Rules) -> Result<Refine, Error> {
        let mut masker =
            Masker::new(rules).map_err(|error| error.of(&format!("destination {name}")))?;
        let warnings = rules.lint().into_iter();
        self.warnings
            .extend(warnings.map(|it| it.of_destination(name)));
        self.withheld.extend(masker.withheld_by_callbacks());
        Ok(Box::new(move |entry| masker.again(entry)))
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("name", &self.name)
            .field("delivery", &self.delivery)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
