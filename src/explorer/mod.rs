//! The explorer: a page to see an API's traffic with.
//!
//! Comes in: a browser's requests for the page and its files. Goes out: the same for everyone. The page holds no data: it asks the [`LogApi`] beside it for
//! what its reader may see, with the reader's own credential. Promises: the browser runs and loads nothing that is not of the same origin, by a
//! `Content-Security-Policy` without exceptions; what was logged is shown as text and never as markup; no setting of the application can break out of
//! its place in the page.
//! Cost: the files are part of the program, 217 KiB in all; one that the browser holds already is not sent again.

mod answer;
mod assets;
mod builder;
mod replay;
mod settings;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::api::{ApiBody, LogApi};
use assets::Served;

pub use builder::Builder;
pub use replay::{Replay, ReplayBody};

/// Where the page is.
const PAGE_PATH: &str = "/api-log/";
/// What the paths of its files begin with.
const ASSETS_PATH: &str = "/api-log/assets/";

/// The page: a tower service that answers `/api-log/` and what is below `/api-log/assets/`.
///
/// It shows what the [`LogApi`] beside it gives, in the format [`Native`](crate::format::Native), and asks for it by paths relative to its own: mount both under the same prefix, or
/// none. Everybody gets the page, which tells nothing; the log is given to whom the API's [`Access`](crate::api::Access) admits. A token is typed in and
/// kept in the page's memory; cookies of the same origin go along by themselves.
///
/// # Example: beside the API
///
/// ```
/// use tower_api_log::api::BearerTokens;
/// use tower_api_log::explorer::Explorer;
/// use tower_api_log::format::Native;
/// use tower_api_log::{LogApi, LogStore, Scope};
///
/// # #[cfg(feature = "axum")]
/// fn read_side(store: impl LogStore, token: &str) -> Result<axum::Router, tower_api_log::Error> {
///     let readers = BearerTokens::new([(token, Scope::all())])?;
///     let api = LogApi::new(store).format(Native).access(readers).build()?;
///     Ok(Explorer::new(api.clone()).into_router()?.merge(api.into_router()))
/// }
/// ```
#[derive(Clone)]
pub struct Explorer {
    shared: Arc<Shared>,
}

struct Shared {
    page: Bytes,
    assets: Vec<Served>,
    api: LogApi,
    replay: Option<Replay>,
}

impl Explorer {
    /// Begins the page of an API.
    #[expect(
        clippy::new_ret_no_self,
        reason = "the settings are checked when it is built"
    )]
    pub fn new(api: LogApi) -> Builder {
        Builder::new(api)
    }

    /// Turns the service into a router with one route for each of its paths, to be merged into the application's beside that of the API. Needs the
    /// feature `axum`.
    ///
    /// # Panics
    ///
    /// Axum panics when a router is merged that has one of these paths already.
    #[cfg(feature = "axum")]
    pub fn into_router(self) -> axum::Router {
        let replay = self.shared.replay.as_ref().map(|_| replay::PATH);
        let paths = ["/api-log", PAGE_PATH, "/api-log/assets/{name}"];
        paths
            .into_iter()
            .chain(replay)
            .fold(axum::Router::new(), |router, path| {
                router.route_service(path, self.clone())
            })
    }
}

impl<B> Service<Request<B>> for Explorer
where
    B: Body<Data: Send, Error: Send> + Send + 'static,
{
    type Response = Response<ApiBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let (parts, body) = request.into_parts();
        Box::pin(async move {
            Ok(match &shared.replay {
                Some(replay) if parts.uri.path() == replay::PATH => {
                    shared.respond_to_replay(replay, parts, body).await
                }
                _ => shared.respond(&parts),
            })
        })
    }
}

impl fmt::Debug for Explorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer").finish_non_exhaustive()
    }
}
