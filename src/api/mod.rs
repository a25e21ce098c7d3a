//! Endpoints: the log given back over HTTP.
//!
//! Comes in: a reader's request. Goes out: a page, an entry or an export in a [`WireFormat`], or the vendor's own error.
//! Promises: there is no endpoint without an [`Access`]; the scope it gives goes into every question, and neither a parameter nor a cursor
//! changes it; no reply is kept by a cache, none is logged, none is read as anything but what its content type says; who holds the same reply already
//! is told so (304).
//! Cost: one question to the store for each reply, two where a total is asked for; one SHA-256 of the reply. Of an export one question for each 100
//! entries, as the reader takes them, and one before for their number where a part would not do. Of a tail, which is driven by its reader as well, one or two a
//! second and up to ten where hundreds of entries come in it.

mod access;
mod answer;
mod body;
mod builder;
mod conditional;
mod digest;
#[cfg(feature = "explorer")]
mod door;
mod export;
#[cfg(feature = "jwt")]
mod jwt;
mod ledger;
mod openapi;
#[cfg(feature = "rate-limit")]
mod rate;
mod read;
mod response;
mod routes;
mod tail;
#[cfg(test)]
mod tests;
mod tokens;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::clock::Clock;
use crate::entry::EntryIds;
use crate::format::WireFormat;
use crate::store::LogStore;
use ledger::Ledger;
use openapi::Document;
use read::OnRead;
use routes::Routes;

pub use access::{Access, AccessFn, Denial, Reader, access_fn};
pub use body::ApiBody;
pub use builder::{Builder, Unguarded};
#[cfg(feature = "explorer")]
pub(crate) use conditional::{etag, is_held};
#[cfg(feature = "explorer")]
pub(crate) use door::Visit;
#[cfg(feature = "jwt")]
pub use jwt::{JwtAccess, JwtAlgorithm, JwtBuilder, JwtKey};
pub use read::Read;
pub use tokens::{BearerTokens, HeaderTokens};

/// The read side: a tower service that answers `GET` and `HEAD` on the routes of its formats, and describes them at `/openapi.json`.
///
/// It reads no request body, so it takes any. Mount it outside the layer that records, or leave its own traffic to the mark
/// [`OwnEndpoint`](crate::entry::OwnEndpoint) that every response carries.
///
/// # Example: one reader who sees everything
///
/// ```
/// use tower_api_log::api::{BearerTokens, LogApi};
/// use tower_api_log::format::Native;
/// use tower_api_log::{LogStore, Scope};
///
/// fn endpoints(store: impl LogStore, token: &str) -> Result<LogApi, tower_api_log::Error> {
///     LogApi::new(store)
///         .format(Native)
///         .access(BearerTokens::new([(token, Scope::all())])?)
///         .build()
/// }
/// ```
///
/// # Example: without anybody who decides who may read, there is nothing to build
///
/// ```compile_fail
/// # use tower_api_log::{LogStore, api::LogApi, format::Native};
/// fn endpoints(store: impl LogStore) {
///     let api = LogApi::new(store).format(Native).build();
/// }
/// ```
#[derive(Clone)]
pub struct LogApi {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn LogStore>,
    formats: Vec<Box<dyn WireFormat>>,
    routes: Routes,
    openapi: Option<Document>,
    ledger: Option<Ledger>,
    access: Box<dyn Access>,
    #[cfg(feature = "rate-limit")]
    limiter: Option<rate::Limiter>,
    on_read: Option<OnRead>,
    clock: Arc<dyn Clock>,
    ids: EntryIds,
    /// The places of those who follow the log at a time.
    tails: Arc<Semaphore>,
}

impl LogApi {
    /// Begins the read side of a store.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a LogApi without an Access must not exist, so the start is another type"
    )]
    pub fn new(store: impl LogStore) -> Builder<Unguarded> {
        Builder::new(Arc::new(store))
    }

    /// Turns the service into a router with one route for each path of its formats and one for the OpenAPI document, to be merged into the
    /// application's. Needs the feature `axum`.
    ///
    /// Merge it and do not nest it: the links of pages and the document name the paths as the formats have them.
    ///
    /// # Panics
    ///
    /// Axum panics when a router is merged that has one of these paths already; [`Builder::openapi_at`] and [`Builder::without_openapi`] move the
    /// document out of the way.
    #[cfg(feature = "axum")]
    pub fn into_router(self) -> axum::Router {
        let templates = self.shared.routes.templates();
        let both = templates.flat_map(|template| [template.to_owned(), format!("{template}/")]);
        let document = self.shared.openapi.iter().map(|it| it.path.clone());
        let ledger = self.shared.ledger.iter().map(|it| it.path.clone());
        let both: Vec<String> = both.chain(document).chain(ledger).collect();
        both.iter().fold(axum::Router::new(), |router, template| {
            router.route_service(template, self.clone())
        })
    }
}

impl<B> Service<Request<B>> for LogApi {
    type Response = Response<ApiBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let (parts, _) = request.into_parts();
        Box::pin(async move { Ok(shared.respond(parts).await) })
    }
}

impl fmt::Debug for LogApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogApi")
            .field("routes", &self.shared.routes)
            .finish_non_exhaustive()
    }
}
