use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use crate::entry::OwnEndpoint;

/// How long a replay may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// How much of the answer is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The body of a replayed request.
pub struct ReplayBody(Full<Bytes>);

impl ReplayBody {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(Full::new(bytes))
    }
}

impl Body for ReplayBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for ReplayBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").finish_non_exhaustive()
    }
}

/// How a replay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a response of this status.
    Answered(u16),
    /// With one of the log's own, which is not shown.
    Own,
    /// The service failed or panicked.
    Failed,
    /// It took too long.
    TimedOut,
}

/// What is known of a replay that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran {
    pub(super) ending: Ending,
    pub(super) took: Duration,
}

/// Sends a request through the service.
pub(super) type Run =
    dyn Fn(Request<ReplayBody>) -> Pin<Box<dyn Future<Output = Ending> + Send>> + Send + Sync;

pub(super) fn of<S, R>(service: S) -> Arc<Run>
where
    S: Service<Request<ReplayBody>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    R: Body<Data: Send, Error: Send> + Send + 'static,
{
    let service = Mutex::new(service);
    Arc::new(move |request| {
        let service = service.lock();
        let service = service.unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(send(service, request))
    })
}

async fn send<S, R>(mut service: S, request: Request<ReplayBody>) -> Ending
where
    S: Service<Request<ReplayBody>, Response = Response<R>>,
    R: Body,
{
    if poll_fn(|cx| service.poll_ready(cx)).await.is_err() {
        return Ending::Failed;
    }
    let Ok(response) = service.call(request).await else {
        return Ending::Failed;
    };
    if response.extensions().get::<OwnEndpoint>().is_some() {
        return Ending::Own;
    }
    let status = response.status().as_u16();
    let mut body = pin!(response.into_body());
    let mut bytes = 0;
    // Read as a client does, so that it is recorded; what it holds is told by the entry, masked.
    while bytes <= MAX_ANSWER_BYTES {
        match poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, Buf::remaining),
            Some(Err(_)) | None => break,
        }
    }
    Ending::Answered(status)
}

/// Runs a replay to its end. It goes on when the reader leaves: what was begun is not broken off in the middle.
pub(super) async fn run(run: &Run, request: Request<ReplayBody>) -> Ran {
    let begun = Instant::now();
    let sent = tokio::spawn(timeout(DEADLINE, run(request)));
    let ending = match sent.await {
        Ok(Ok(ending)) => ending,
        Ok(Err(_)) => Ending::TimedOut,
        Err(_) => Ending::Failed,
    };
    Ran {
        ending,
        took: begun.elapsed(),
    }
}
