use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use crate::error::{Error, ErrorKind};

/// Awaits a sink's call and turns a panic into an error that is not retried.
///
/// The sink is asked again with the next batch: what a panic leaves behind is the sink's own affair, and its state stays behind its own locks.
pub(super) async fn guarded(
    call: Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>>,
) -> Result<(), Error> {
    let mut call = Some(call);
    std::future::poll_fn(move |cx| {
        let Some(running) = call.as_mut() else {
            return Poll::Pending;
        };
        match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            Ok(polled) => polled,
            Err(_) => {
                // Dropping what panicked may panic again.
                let _ = catch_unwind(AssertUnwindSafe(|| call = None));
                Poll::Ready(Err(Error::new(ErrorKind::Panicked, "the sink panicked")))
            }
        }
    })
    .await
}
