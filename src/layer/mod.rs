//! The middleware: what stands around a service and sees every exchange pass.
//!
//! Comes in: requests, and the service's responses. Goes out: the same, and to the recorder one capture an exchange and one an event.
//!
//! Promises:
//!
//! - **Transparent.** Frames, trailers, size hints and errors pass unchanged and at once; nothing is buffered before it is passed on. The one thing
//!   added is the response's `Request-Id`.
//! - **Exactly once.** A `Pending` owns the capture from the call to its end. It is finished by the response body's end, by
//!   an error, or by being dropped, and finishing takes the capture out of it: a second finish finds nothing. Where it is dropped tells how the
//!   exchange ended, and what is dropped while the service is being polled was dropped by a panic.
//! - **A satisfied length is not an abort.** HTTP/1 stops polling a body that has reached its declared length, and a HEAD response's body is never polled.
//!
//! Costs an exchange: see `benches/overhead.rs`.

mod body;
mod builder;
mod clock;
mod destination;
mod future;
mod gate;
mod hold;
mod hooks;
mod in_flight;
mod open;
mod outbox;
mod refusal;
mod request_id;
mod service;
mod switch;
mod warnings;

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use crate::recorder::Recorder;
use crate::sink::LogSink;

pub use crate::capture::{CaptureBudget, ForwardedHeader, MatchedRoute};
pub use body::{RequestBody, ResponseBody};
pub use builder::ApiLogLayerBuilder;
pub use destination::Destination;
pub use future::ResponseFuture;
pub use hooks::PeerAddr;
pub use request_id::RequestIdFormat;
pub use service::ApiLogService;

/// Records every exchange of the service that it is put around.
///
/// Put it outside of what it shall see: outermost, it sees what the client sees. Clones share one recorder, and an exchange that passes two
/// clones is recorded by the outer one.
///
/// The errors of the service and of its response's body must be [`Display`](std::fmt::Display): what they say is recorded, masked.
///
/// What stands inside gets a body of type [`RequestBody`], and what stands outside one of type [`ResponseBody`]. With axum use `Router::layer`,
/// once for each layer, which lets it know the matched route as well; within one `ServiceBuilder`, a layer that takes axum's own
/// body alone (`from_fn`, `map_request`) needs tower-http's `MapRequestBodyLayer::new(axum::body::Body::new)` before it.
///
/// # Example: the whole integration
///
/// ```
/// use tower_api_log::{ApiLogLayer, MemoryStore};
///
/// let store = MemoryStore::new();
/// let layer = ApiLogLayer::new(store.clone());
/// let recorder = layer.recorder();
/// # let _ = (layer, recorder);
/// ```
#[derive(Clone)]
pub struct ApiLogLayer {
    shared: Arc<service::Shared>,
}

impl ApiLogLayer {
    /// Makes a layer with the defaults: every exchange, up to 64 KiB of each textual body, the default masking rules, no trusted
    /// proxies.
    ///
    /// Starts the recorder's thread. Should the machine refuse one, the service runs all the same and the ledger counts every exchange as dropped; use
    /// [`ApiLogLayer::builder`] to get an error instead.
    ///
    /// Entries wait up to 200 ms for their batch: end a service with [`Recorder::shutdown`], or the last ones are lost with the process.
    pub fn new(sink: impl LogSink) -> Self {
        builder::with_defaults(Arc::new(sink))
    }

    /// Starts to configure a layer.
    pub fn builder(sink: impl LogSink) -> ApiLogLayerBuilder {
        ApiLogLayerBuilder::new(Arc::new(sink))
    }

    /// Returns the handle of the recorder.
    pub fn recorder(&self) -> Recorder {
        self.shared.recorder.clone()
    }
}

impl<S> Layer<S> for ApiLogLayer {
    type Service = ApiLogService<S>;

    fn layer(&self, inner: S) -> ApiLogService<S> {
        ApiLogService::new(inner, self.shared.clone())
    }
}

impl fmt::Debug for ApiLogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLogLayer")
            .field("recorder", &self.shared.recorder)
            .finish_non_exhaustive()
    }
}
