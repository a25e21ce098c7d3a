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
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        pending: Pending,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, pending: Pending) -> Self {
        Self { inner, pending }
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
        let inner = this.inner;
        Poll::Ready(match ready!(this.pending.polling(|| inner.poll(cx))) {
            Ok(mut response) => {
                let mut pending = std::mem::take(this.pending);
                pending.respond(&mut response);
                Ok(response.map(|body| ResponseBody::new(body, pending)))
            }
            Err(error) => {
                this.pending.fail(Outcome::ServiceError, &error);
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
