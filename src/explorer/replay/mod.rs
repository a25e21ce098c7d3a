//! Replay: a recorded request sent once more, through the application's own service and within the process.
//!
//! Promises: only who may read the entry may send it again, and unless told otherwise only who may read everything; a browser that another site steers cannot; nothing
//! that was masked is sent, the reader puts it in; methods that change something are sent where the application allows it; the exchange is recorded
//! by the application's own layer as any other, with a note of what it repeats, and the reader sees of it what the layer has masked; a replay starts no other one, and
//! the log's own endpoints are not replayed.
//! Cost: at most [`MAX_AT_A_TIME`] at a time, each of them half a minute and a mebibyte of the answer.

mod answer;
mod posted;
mod request;
mod run;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Method, Request, Response};
use http_body::Body;
use tokio::sync::Semaphore;
use tower_service::Service;

use run::Run;

pub use run::ReplayBody;

/// Where replays are asked for.
pub(super) const PATH: &str = "/api-log/replay";
/// The header field that no other site's form or image can send.
const ASKED: HeaderName = HeaderName::from_static("x-api-log-replay");
/// How many replays run at a time.
pub(super) const MAX_AT_A_TIME: usize = 4;
/// What changes nothing, as RFC 9110 has it, but for `TRACE`.
const SAFE: [Method; 3] = [Method::GET, Method::HEAD, Method::OPTIONS];

/// How recorded requests are sent once more.
///
/// # Example: the application's own routes, with its layer
///
/// ```
/// use http::Method;
/// use tower_api_log::LogApi;
/// use tower_api_log::explorer::{Explorer, Replay};
///
/// # #[cfg(feature = "axum")]
/// fn explorer(api: LogApi, app: &axum::Router) -> Result<Explorer, tower_api_log::Error> {
///     // `app` has the layer and not yet the log's own routes.
///     let replay = Replay::new(app.clone()).allow_methods([Method::PUT]);
///     Explorer::new(api).replay(replay).build()
/// }
/// ```
pub struct Replay {
    run: Arc<Run>,
    methods: Vec<Method>,
    is_for_scoped: bool,
    places: Arc<Semaphore>,
}

impl Replay {
    /// Makes the replay of a service's requests: the application's, with its [`ApiLogLayer`](crate::ApiLogLayer) around it, so that replays are recorded.
    ///
    /// What stands outside of it, a gateway that says who the caller is among it, is not asked: the reader says in header fields what it would have said. A
    /// service of another body is adapted with tower's `map_request`.
    pub fn new<S, R>(service: S) -> Self
    where
        S: Service<Request<ReplayBody>, Response = Response<R>> + Clone + Send + 'static,
        S::Future: Send,
        R: Body<Data: Send, Error: Send> + Send + 'static,
    {
        Self {
            run: run::of(service),
            methods: SAFE.into(),
            is_for_scoped: false,
            places: Arc::new(Semaphore::new(MAX_AT_A_TIME)),
        }
    }

    /// Allows methods beside `GET`, `HEAD` and `OPTIONS`: what they change is changed again. `CONNECT` and `TRACE` are never sent.
    #[must_use]
    pub fn allow_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        let never = [Method::CONNECT, Method::TRACE];
        let methods = methods.into_iter().filter(|it| !never.contains(it));
        self.methods.extend(methods);
        self
    }

    /// Allows readers as well who may read a part of the log only. By default who sends a request again may read everything.
    ///
    /// Such a reader says the header fields of a request that no gateway has looked at: allow it where the service itself checks who calls.
    #[must_use]
    pub fn for_scoped_readers(mut self) -> Self {
        self.is_for_scoped = true;
        self
    }

    /// Says to the page which methods are sent.
    pub(super) fn told(&self) -> &'static str {
        match self.methods.iter().all(|it| SAFE.contains(it)) {
            true => "safe",
            false => "all",
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// Reads a body to its end; `None` where it is longer than it may be, or breaks off.
async fn read_whole<B: Body>(body: B, max_bytes: usize) -> Option<Vec<u8>> {
    let mut body = std::pin::pin!(body);
    let mut whole = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            let data: Bytes = copied(data);
            if whole.len() + data.len() > max_bytes {
                return None;
            }
            whole.extend_from_slice(&data);
        }
    }
    Some(whole)
}

fn copied(mut data: impl bytes::Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}
