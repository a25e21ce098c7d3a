use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Extensions;

use super::ApiLogLayer;
use super::clock::Contained;
use super::destination::{Destination, Planned};
use super::gate::{Gate, Passed};
use super::hooks::Hooks;
use super::request_id::{RequestIdFormat, RequestIds};
use super::service::Shared;
use super::switch::Switch;
use super::warnings::Warnings;
use crate::annotate::{AuditRoutes, CompiledRoutes};
use crate::capture::{
    Actors, Budget, CaptureBudget, Desk, ForwardedHeader, Item, LeftOut, Policy, TrustedNetworks,
};
use crate::clock::{Clock, SystemClock};
use crate::entry::{Context, EntryIds};
use crate::error::Error;
use crate::mask::{Masker, Rules};
use crate::recorder::{self, Delivery, Intake, Made, Recorder};
use crate::sink::LogSink;

/// Configures an [`ApiLogLayer`].
///
/// # Example: behind a proxy, with short bodies
///
/// ```
/// use tower_api_log::{ApiLogLayer, MemoryStore, Policy};
///
/// let layer = ApiLogLayer::builder(MemoryStore::new())
///     .policy(Policy::default().without_health_checks().max_body_bytes(16 * 1024))
///     .trusted_networks(["10.0.0.0/8"])
///     .build()?;
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[must_use = "a builder does nothing until `build()`"]
pub struct ApiLogLayerBuilder {
    destinations: Vec<Destination>,
    policy: Policy,
    rules: Rules,
    networks: Vec<String>,
    forwarded_header: ForwardedHeader,
    hooks: Hooks,
    request_ids: RequestIds,
    audit: Option<AuditRoutes>,
    clock: Arc<dyn Clock>,
    max_captured_bytes: usize,
    budget: Option<CaptureBudget>,
}

/// What the request path and the recorder's thread share.
struct Parts {
    audit: Option<Arc<CompiledRoutes>>,
    budget: Arc<Budget>,
    warnings: Warnings,
}

impl ApiLogLayerBuilder {
    /// The most bytes that captures hold by default, 64 MiB.
    pub const DEFAULT_MAX_CAPTURED_BYTES: usize = 64 * 1024 * 1024;

    pub(super) fn new(sink: Arc<dyn LogSink>) -> Self {
        Self {
            destinations: vec![Destination::first(sink)],
            policy: Policy::default(),
            rules: Rules::default(),
            networks: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            hooks: Hooks::default(),
            request_ids: RequestIds::default(),
            audit: None,
            clock: Arc::new(SystemClock::default()),
            max_captured_bytes: Self::DEFAULT_MAX_CAPTURED_BYTES,
            budget: None,
        }
    }

    /// Says which exchanges are recorded, and how much of their bodies.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Says what is masked, beside what always is. What of it cannot be meant is told by [`ApiLogLayer::warnings`], and by `build` to who
    /// subscribes to `tracing` (feature `tracing`).
    pub fn mask(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Says how entries travel to the sink that the builder was made with.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        if let Some(first) = self.destinations.first_mut() {
            first.delivery = delivery;
        }
        self
    }

    /// Sends entries to another sink as well, on a way of its own: neither slows the other, nor loses an entry for it.
    ///
    /// # Example: a store, and failures as lines
    ///
    /// ```
    /// use tower_api_log::layer::Destination;
    /// use tower_api_log::sink::{Ndjson, When};
    /// use tower_api_log::{ApiLogLayer, MemoryStore};
    ///
    /// let failures = When::failed(Ndjson::new(std::io::stderr()));
    /// let layer = ApiLogLayer::builder(MemoryStore::new())
    ///     .and(Destination::new("failures", failures))
    ///     .build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn and(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
        self
    }

    /// Adds the networks of the service's own proxies, as addresses or CIDR blocks. Only what comes from them is believed to tell the client's
    /// address in `Forwarded` or `X-Forwarded-For`. None by default.
    pub fn trusted_networks<N: Into<String>>(
        mut self,
        networks: impl IntoIterator<Item = N>,
    ) -> Self {
        self.networks.extend(networks.into_iter().map(Into::into));
        self
    }

    /// Says which of `Forwarded` and `X-Forwarded-For` the service's own proxies write, so that the other, which they pass on as the client
    /// sent it, is not looked at. By default either will do, and where both are there they must agree: a client that sends the other one then
    /// hides its address behind the proxy's. Say which one it is.
    pub fn forwarded_header(mut self, header: ForwardedHeader) -> Self {
        self.forwarded_header = header;
        self
    }

    /// Answers with the client's own `X-Request-Id` or `Request-Id` where it sent a harmless one. The entry's id stays ours.
    pub fn trust_client_request_ids(mut self) -> Self {
        self.request_ids.are_trusted = true;
        self
    }

    /// Says how our request id prints in the response's `Request-Id`; as a UUID by default.
    pub fn request_id_format(mut self, format: RequestIdFormat) -> Self {
        self.request_ids.format = format;
        self
    }

    /// Leaves responses without a `Request-Id`.
    pub fn without_request_id_header(mut self) -> Self {
        self.request_ids.are_hidden = true;
        self
    }

    /// Finds the matched route in the request's extensions, for routers other than axum's. Where it returns `None`, axum's `MatchedPath` (feature
    /// `axum`) and [`MatchedRoute`](super::MatchedRoute) are looked for.
    pub fn route_from(
        mut self,
        hook: impl for<'a> Fn(&'a Extensions) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.route = Some(Arc::new(hook));
        self
    }

    /// Finds the peer's address in the request's extensions, for servers other than axum's. Where it returns `None`, axum's
    /// `ConnectInfo<SocketAddr>` (feature `axum`) and [`PeerAddr`](super::PeerAddr) are looked for.
    pub fn peer_from(
        mut self,
        hook: impl Fn(&Extensions) -> Option<SocketAddr> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.peer = Some(Arc::new(hook));
        self
    }

    /// Finds out who calls from what the application's own middleware put into the request's extensions before the layer. What it does not say is
    /// looked for in a [`Context`] and then an [`Actor`](crate::Actor) among the extensions; what a handler says on [`ApiLog`](crate::ApiLog) wins. Its
    /// panics are contained and counted.
    ///
    /// # Example: the service's own user
    ///
    /// ```
    /// use http::Extensions;
    /// use tower_api_log::entry::Context;
    /// use tower_api_log::{Actor, ApiLogLayer, MemoryStore};
    ///
    /// #[derive(Clone)]
    /// struct CurrentUser { id: String, tenant: String }
    ///
    /// fn caller(extensions: &Extensions) -> Option<Context> {
    ///     let user: &CurrentUser = extensions.get()?;
    ///     let mut context = Context::default();
    ///     context.actor = Some(Actor::user(&user.id));
    ///     context.organisation = Some(user.tenant.clone());
    ///     Some(context)
    /// }
    ///
    /// let layer = ApiLogLayer::builder(MemoryStore::new()).context_from(caller).build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn context_from(
        mut self,
        hook: impl Fn(&Extensions) -> Option<Context> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.context = Some(Arc::new(hook));
        self
    }

    /// Makes events of the calls of certain routes. A pattern or a text of theirs that cannot be meant is an error of [`build`](Self::build).
    pub fn audit(mut self, routes: AuditRoutes) -> Self {
        self.audit = Some(routes);
        self
    }

    /// Tells the time; [`SystemClock`] by default. Its panics are contained: the machine's time, or the last that was told, stands in.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(Contained::new(clock));
        self
    }

    /// Holds at most this many captured bytes at a time, from the first header until the entry is stored; 64 MiB by default, at least 64 KiB.
    ///
    /// At seven eighths bodies are cut to prefixes and then left out; past the whole, exchanges are dropped and counted. A masked entry may be
    /// larger than what was captured of it, so that one batch may stand above the limit for as long as it is being written.
    ///
    /// The limit is the layer's; for one of the whole process see [`budget`](Self::budget).
    pub fn max_captured_bytes(mut self, bytes: usize) -> Self {
        self.max_captured_bytes = bytes;
        self
    }

    /// Holds no more than is left of a budget that several layers share, and within it no more than [`max_captured_bytes`](Self::max_captured_bytes). The layers of
    /// one process should share one. None by default.
    pub fn budget(mut self, budget: CaptureBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Compiles the settings and starts the recorder's thread.
    ///
    /// # Errors
    ///
    /// A wrong setting, or a machine that gives no thread or no randomness: [`ErrorKind::Configuration`](crate::ErrorKind).
    pub fn build(mut self) -> Result<ApiLogLayer, Error> {
        self.policy.check()?;
        let shared = self.budget.as_ref().map(CaptureBudget::max_bytes);
        if self.max_captured_bytes.min(shared.unwrap_or(usize::MAX)) < 64 * 1024 {
            return Err(Error::configuration(
                "max_captured_bytes, and the budget that is shared, are at least 65536",
            ));
        }
        let networks = self.networks.iter().map(String::as_str);
        let networks = TrustedNetworks::parse(networks, self.forwarded_header)?;
        let masker = Masker::behind(&self.rules, networks)?;
        let audit = self.audit.clone().map(AuditRoutes::compile).transpose()?;
        let Planned {
            plans,
            warnings,
            mut withheld,
        } = Destination::plans(std::mem::take(&mut self.destinations), &self.clock)?;
        withheld.extend(masker.withheld_by_callbacks());
        let parts = Parts {
            audit: audit.map(Arc::new),
            budget: Budget::within(self.max_captured_bytes, self.budget.clone()),
            warnings: Warnings::of(&self.rules, warnings),
        };
        let mut gate = Gate {
            masker,
            audit: parts.audit.clone(),
            ids: EntryIds::default(),
            actors: Actors::default(),
        };
        let mask = move |item: Item| {
            let Passed {
                own,
                found,
                expanding_bodies,
                reservation,
            } = gate.pass(item);
            Made {
                is_sampled_out: own.as_ref().err() == Some(&LeftOut::Sampled),
                own: own.ok(),
                found,
                expanding_bodies,
                guard: reservation,
            }
        };
        let gauge = parts.budget.clone();
        let (intake, recorder) = recorder::start(plans, move || gauge.used(), mask)?;
        let recorder = recorder.counting_withheld(withheld);
        parts.warnings.say();
        Ok(self.assemble(intake, recorder, parts))
    }

    fn assemble(self, intake: Intake<Item>, recorder: Recorder, parts: Parts) -> ApiLogLayer {
        let Self {
            policy,
            hooks,
            request_ids,
            clock,
            ..
        } = self;
        let Parts {
            audit,
            budget,
            warnings,
        } = parts;
        let desk = Arc::new(Desk::new(clock, budget, Box::new(intake.clone())));
        let teller = desk.clone();
        let shared = Shared {
            intake,
            recorder: recorder.with_teller(move |event| teller.tell(event.draft)),
            switch: Switch::new(policy),
            hooks,
            request_ids,
            desk,
            audit,
            warnings,
        };
        ApiLogLayer {
            shared: Arc::new(shared),
        }
    }
}

/// Makes a layer that works, or one that drops and counts everything.
pub(super) fn with_defaults(sink: Arc<dyn LogSink>) -> ApiLogLayer {
    ApiLogLayerBuilder::new(sink.clone())
        .build()
        .unwrap_or_else(|_| {
            let (intake, recorder) = recorder::dead();
            let parts = Parts {
                audit: None,
                budget: Budget::new(0),
                warnings: Warnings::none(),
            };
            ApiLogLayerBuilder::new(sink).assemble(intake, recorder, parts)
        })
}

impl fmt::Debug for ApiLogLayerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLogLayerBuilder")
            .field("policy", &self.policy)
            .field("destinations", &self.destinations)
            .finish_non_exhaustive()
    }
}
