//! Where entries go: the [`LogSink`] trait and the sinks that keep nothing themselves.
//!
//! Comes in: batches of masked entries from the recorder. Goes out: whatever the sink writes to.

mod fanout;
mod ndjson;
mod when;

use async_trait::async_trait;

use crate::entry::LogEntry;
use crate::error::Error;

pub use fanout::Fanout;
pub use ndjson::Ndjson;
pub use when::When;

/// Takes entries.
///
/// # Contract
///
/// - **All or nothing.** `Ok` means that every entry of the batch is stored; an error means that the caller may write the same batch again.
/// - **Idempotent.** Writing an id a second time leaves one entry, and is not an error.
/// - **May be cancelled.** The future may be dropped at any await; a later write of the same batch must still leave one copy of each entry.
/// - **Errors tell.** [`Error::is_retryable`] is true for what may pass: a time-out, a lock, a full disk. The recorder retries these
///   and drops the batch, counted, on all others.
/// - **No logging about logging.** Calls that a sink makes in its own thread through a layer, and events that it tells there, are left out and counted as
///   filtered, by every layer of the process: a sink that calls its own service is not asked to store that again. This holds for what it spawns on its
///   thread's runtime. It does not for threads and runtimes of its own, nor for calls over the network, which come to the service like any others:
///   leave their route out with a [`Policy`](crate::Policy).
///
/// The recorder calls one sink from one thread, a batch at a time. A sink may block its caller there; the request path never waits for it.
///
/// # Example: counting entries
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use tower_api_log::{Error, LogEntry, LogSink, async_trait};
///
/// struct Count(AtomicUsize);
///
/// #[async_trait]
/// impl LogSink for Count {
///     async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
///         self.0.fetch_add(batch.len(), Ordering::Relaxed);
///         Ok(())
///     }
///
///     async fn flush(&self) -> Result<(), Error> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait LogSink: Send + Sync + 'static {
    /// Stores a batch; see the contract above.
    ///
    /// # Errors
    ///
    /// Any; nothing of the batch counts as stored.
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error>;

    /// Makes everything written so far durable, as far as the sink knows durability.
    ///
    /// # Errors
    ///
    /// Any; entries already written stay written.
    async fn flush(&self) -> Result<(), Error>;
}

#[async_trait]
impl<S: LogSink + ?Sized> LogSink for std::sync::Arc<S> {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        (**self).write(batch).await
    }

    async fn flush(&self) -> Result<(), Error> {
        (**self).flush().await
    }
}

#[async_trait]
impl<S: LogSink + ?Sized> LogSink for Box<S> {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        (**self).write(batch).await
    }

    async fn flush(&self) -> Result<(), Error> {
        (**self).flush().await
    }
}
