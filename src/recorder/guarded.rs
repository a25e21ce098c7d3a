use std::pin::Pin;
use std::task::{Context, Poll};

use crate::contain::contain;
use crate::error::{Error, ErrorKind};

type Call<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// A sink's call whose panics, when it is made, polled or dropped, become an error that is not retried.
///
/// The sink is asked again with the next batch: what a panic leaves behind is the sink's own affair, behind its own locks.
pub(super) struct Guarded<'a>(Option<Call<'a>>);

impl<'a> Guarded<'a> {
    pub(super) fn new(call: impl FnOnce() -> Call<'a>) -> Self {
        Self(contain(call))
    }
}

impl Future for Guarded<'_> {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let panicked = || Error::new(ErrorKind::Panicked, "the sink panicked");
        let Some(call) = &mut self.0 else {
            return Poll::Ready(Err(panicked()));
        };
        let polled =
            contain(|| call.as_mut().poll(cx)).unwrap_or_else(|| Poll::Ready(Err(panicked())));
        if polled.is_ready() {
            let call = self.0.take();
            contain(|| drop(call));
        }
        polled
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        let call = self.0.take();
        contain(|| drop(call));
    }
}
