use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::in_flight::Pending;
use super::refusal::{instead_of, refusal};
use crate::entry::Outcome;

pin_project! {
    /// The future of [`ApiLogService`](crate::layer::ApiLogService).
    pub struct ResponseFuture<F: Future> {
        // `None` where the service is not asked.
        #[pin]
        inner: Option<F>,
        pending: Pending,
        // What waits until its entry is where it should be.
        held: Option<Box<F::Output>>,
    }
}

impl<F: Future> ResponseFuture<F> {
    pub(super) fn new(inner: F, pending: Pending) -> Self {
        Self {
            inner: Some(inner),
            pending,
            held: None,
        }
    }

    /// Makes the future of a request that is refused before the service sees it.
    pub(super) fn refused(pending: Pending) -> Self {
        Self {
            inner: None,
            pending,
            held: None,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: fmt::Display,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let pending = this.pending;
        let output = match (this.held.take(), this.inner.as_pin_mut()) {
            (Some(held), _) => *held,
            (None, Some(inner)) => {
                // Until its start is on the disk, where that is asked for.
                if !ready!(pending.poll_hold(cx)) {
                    return Poll::Ready(Ok(refused(pending)));
                }
                let mut output = ready!(pending.polling(|| inner.poll(cx)));
                match &mut output {
                    Ok(response) => pending.respond(response),
                    Err(error) => pending.fail(Outcome::ServiceError, error),
                }
                output
            }
            (None, None) => return Poll::Ready(Ok(refused(pending))),
        };
        let Poll::Ready(is_kept) = pending.poll_hold(cx) else {
            *this.held = Some(Box::new(output));
            return Poll::Pending;
        };
        let pending = std::mem::take(pending);
        Poll::Ready(output.map(|response| match is_kept {
            true => response.map(|body| ResponseBody::new(body, pending)),
            false => instead_of(response.headers()).map(|_| ResponseBody::empty()),
        }))
    }
}

/// Answers a request in the place of the service.
fn refused<B>(pending: &mut Pending) -> Response<ResponseBody<B>> {
    let mut response = refusal();
    pending.respond(&mut response);
    response.map(|_| ResponseBody::empty())
}

impl<F: Future> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
