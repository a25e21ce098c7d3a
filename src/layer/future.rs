use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::in_flight::Pending;
use crate::entry::Outcome;

pin_project! {
    /// The future of [`ApiLogService`](crate::layer::ApiLogService).
    pub struct ResponseFuture<F: Future> {
        #[pin]
        inner: F,
        pending: Pending,
        // What waits until its entry is where it should be.
        held: Option<Box<F::Output>>,
    }
}

impl<F: Future> ResponseFuture<F> {
    pub(super) fn new(inner: F, pending: Pending) -> Self {
        Self {
            inner,
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
        let (inner, pending) = (this.inner, this.pending);
        let output = match this.held.take() {
            Some(held) => *held,
            None => {
                let mut output = ready!(pending.polling(|| inner.poll(cx)));
                match &mut output {
                    Ok(response) => pending.respond(response),
                    Err(error) => pending.fail(Outcome::ServiceError, error),
                }
                output
            }
        };
        if pending.poll_hold(cx).is_pending() {
            *this.held = Some(Box::new(output));
            return Poll::Pending;
        }
        let pending = std::mem::take(pending);
        Poll::Ready(output.map(|response| response.map(|body| ResponseBody::new(body, pending))))
    }
}

impl<F: Future> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
