use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "rate-limit")]
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Semaphore;

use super::access::Access;
use super::ledger::Ledger;
use super::openapi::Document;
#[cfg(feature = "rate-limit")]
use super::rate::Limiter;
use super::read::{OnRead, Read};
use super::routes::Routes;
use super::{LogApi, Shared};
use crate::clock::{Clock, SystemClock};
use crate::entry::EntryIds;
use crate::error::Error;
use crate::format::WireFormat;
use crate::store::LogStore;

/// A read side in the making. It can only be built once [`Builder::access`] has said who may read.
pub struct Builder<A> {
    store: Arc<dyn LogStore>,
    formats: Vec<Box<dyn WireFormat>>,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "rate-limit")]
    rate_limit: Option<(u32, Duration)>,
    on_read: Option<OnRead>,
    openapi: Option<Cow<'static, str>>,
    ledger: Option<Ledger>,
    max_tails: usize,
    access: A,
}

/// How many readers may follow the log at a time unless told otherwise.
const DEFAULT_TAILS: usize = 64;

/// Nobody has said yet who may read.
#[derive(Clone, Copy, Debug)]
pub struct Unguarded(());

impl Builder<Unguarded> {
    pub(super) fn new(store: Arc<dyn LogStore>) -> Self {
        Self {
            store,
            formats: Vec::new(),
            clock: Arc::new(SystemClock::default()),
            #[cfg(feature = "rate-limit")]
            rate_limit: None,
            on_read: None,
            openapi: Some("/openapi.json".into()),
            ledger: None,
            max_tails: DEFAULT_TAILS,
            access: Unguarded(()),
        }
    }

    /// Says who may read, and what.
    pub fn access(self, access: impl Access) -> Builder<Box<dyn Access>> {
        Builder {
            store: self.store,
            formats: self.formats,
            clock: self.clock,
            #[cfg(feature = "rate-limit")]
            rate_limit: self.rate_limit,
            on_read: self.on_read,
            openapi: self.openapi,
            ledger: self.ledger,
            max_tails: self.max_tails,
            access: Box::new(access),
        }
    }
}

impl<A> Builder<A> {
    /// Adds a format. Requests that no route matches are refused in the words of the first one.
    #[must_use]
    pub fn format(mut self, format: impl WireFormat) -> Self {
        self.formats.push(Box::new(format));
        self
    }

    /// Takes the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Serves the OpenAPI 3.1 document of what is mounted at another path than `/openapi.json`.
    ///
    /// Every reader who is known by the credential of one of the formats gets it; it counts as a request, and as no reading of the log.
    #[must_use]
    pub fn openapi_at(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.openapi = Some(path.into());
        self
    }

    /// Serves no OpenAPI document.
    #[must_use]
    pub fn without_openapi(mut self) -> Self {
        self.openapi = None;
        self
    }

    /// Serves what was recorded, stored and lost, and how each sink fares, as JSON at `/api-log/v1/ledger`, to readers whose scope is everything: it counts the
    /// calls of all tenants. Others find nothing there. Not served by default.
    ///
    /// # Example: the counts of a recorder
    ///
    /// ```
    /// # use tower_api_log::{ApiLogLayer, LogApi, MemoryStore, Scope, api::BearerTokens, format::Native};
    /// # let (store, access) = (MemoryStore::new(), BearerTokens::new([("a-token-of-your-own-making", Scope::all())])?);
    /// let layer = ApiLogLayer::new(store.clone());
    /// let recorder = layer.recorder();
    /// let api = LogApi::new(store).format(Native).access(access).ledger(move || recorder.stats());
    /// # api.build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    #[must_use]
    pub fn ledger<S: Serialize>(mut self, told: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.ledger = Some(Ledger::new(told));
        self
    }

    /// Calls a function with every reading of the log and every attempt at it, so that the log tells as well who read it.
    ///
    /// It is called once for each request that matches a route, when the reply is ready; for an export or a tail, when its body ends or is dropped. A request
    /// that its client gives up before the reply is ready has shown nothing and is not told. The function runs on the service's own thread: it hands
    /// on what it is told and does not wait. A panic in it is contained and harms no answer.
    ///
    /// # Example: readings as audit events
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_api_log::api::Read;
    /// use tower_api_log::{Actor, AuditEvent};
    ///
    /// fn reading(read: &Read) -> AuditEvent {
    ///     let failed = read.status.is_client_error() || read.status.is_server_error();
    ///     let action = if failed { "refused" } else { "read" };
    ///     let mut event = AuditEvent::new("log", action).data(&json!({
    ///         "route": read.route.template(),
    ///         "asked": read.request.uri.query(),
    ///         "status": read.status.as_u16(),
    ///         "entries": read.entries,
    ///         "complete": read.complete,
    ///     }));
    ///     if let Some(entry) = read.entry {
    ///         event = event.ref_id(entry);
    ///     }
    ///     let reader = read.reader.as_ref();
    ///     if let Some(id) = reader.and_then(|reader| reader.id.as_deref()) {
    ///         event = event.actor(Actor::user(id));
    ///     }
    ///     match reader.and_then(|reader| reader.scope.organisation_id()) {
    ///         Some(tenant) => event.organisation(tenant),
    ///         None => event,
    ///     }
    /// }
    ///
    /// # use tower_api_log::{ApiLogLayer, LogApi, MemoryStore, Scope, api::BearerTokens, format::Native};
    /// # let (store, access) = (MemoryStore::new(), BearerTokens::new([("a-token-of-your-own-making", Scope::all())])?);
    /// let layer = ApiLogLayer::new(store.clone());
    /// let recorder = layer.recorder();
    /// let api = LogApi::new(store).format(Native).access(access).on_read(move |read| {
    ///     recorder.event(reading(read));
    /// });
    /// # api.build()?;
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    #[must_use]
    pub fn on_read(mut self, told: impl Fn(&Read) + Send + Sync + 'static) -> Self {
        self.on_read = Some(Arc::new(told));
        self
    }

    /// Says how many readers may follow the log at a time, 64 by default: others get 503 with `Retry-After`. Each asks the store once or twice a second, and more
    /// often where much comes.
    #[must_use]
    pub fn max_tails(mut self, readers: usize) -> Self {
        self.max_tails = readers;
        self
    }

    /// Limits how often a reader may ask: at once at most `requests`, of which one comes back every `period / requests`. By default nobody is
    /// limited.
    ///
    /// A reader is who has the same [`Reader::id`](super::Reader::id); without one, who has the same token of
    /// [`BearerTokens`](super::BearerTokens) or [`HeaderTokens`](super::HeaderTokens); without either, who has the same scope. Every
    /// answer tells the reader how much is left, in the header fields of its format; over the limit it is 429 with `Retry-After`. Requests of readers who
    /// are not known are not counted.
    ///
    /// Needs the feature `rate-limit`.
    #[cfg(feature = "rate-limit")]
    #[must_use]
    pub fn rate_limit(mut self, requests: u32, period: Duration) -> Self {
        self.rate_limit = Some((requests, period));
        self
    }
}

impl Builder<Box<dyn Access>> {
    /// Builds the service.
    ///
    /// # Errors
    ///
    /// A configuration error when there is no format, when a template of a route is malformed, when a path has a route in two formats or is that of the
    /// OpenAPI document as well, when a format does not describe a route as an object, or when a rate limit allows no request or has a period that is
    /// zero or longer than a year.
    pub fn build(self) -> Result<LogApi, Error> {
        let routes = self.formats.iter().map(|format| format.routes());
        let routes = Routes::new(routes)?;
        #[cfg(feature = "rate-limit")]
        let limiter = match self.rate_limit {
            Some((requests, period)) => Some(Limiter::new(requests, period, self.clock.clone())?),
            None => None,
        };
        let openapi = match self.openapi {
            Some(path) => {
                routes.check_free(&path)?;
                Some(Document::new(path.into(), &self.formats, &*self.access)?)
            }
            None => None,
        };
        if let Some(ledger) = &self.ledger {
            routes.check_free(&ledger.path)?;
        }
        Ok(LogApi {
            shared: Arc::new(Shared {
                store: self.store,
                formats: self.formats,
                routes,
                access: self.access,
                #[cfg(feature = "rate-limit")]
                limiter,
                on_read: self.on_read,
                openapi,
                ledger: self.ledger,
                clock: self.clock,
                ids: EntryIds::default(),
                tails: Arc::new(Semaphore::new(self.max_tails.min(Semaphore::MAX_PERMITS))),
            }),
        })
    }

    /// Builds the service and turns it into a router; see [`LogApi::into_router`]. Needs the feature `axum`.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    #[cfg(feature = "axum")]
    pub fn into_router(self) -> Result<axum::Router, Error> {
        Ok(self.build()?.into_router())
    }
}

impl<A> fmt::Debug for Builder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("formats", &self.formats.len())
            .finish_non_exhaustive()
    }
}
