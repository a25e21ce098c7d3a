use std::fmt;

use async_trait::async_trait;

use super::LogSink;
use crate::entry::LogEntry;
use crate::error::Error;

/// Passes on the entries for which a question is answered with yes, and takes the others without keeping them.
///
/// The question must give the same answer for the same entry, so that a batch that is written again stays the same.
///
/// # Example: failures into a file of their own
///
/// ```
/// use tower_api_log::MemoryStore;
/// use tower_api_log::sink::{Fanout, Ndjson, When};
///
/// let sink = Fanout::new()
///     .and(MemoryStore::new())
///     .and(When::failed(Ndjson::new(std::io::stdout())));
/// ```
pub struct When<S> {
    wanted: Box<dyn Fn(&LogEntry) -> bool + Send + Sync>,
    sink: S,
}

impl<S: LogSink> When<S> {
    /// Passes on what `wanted` says yes to.
    pub fn new(wanted: impl Fn(&LogEntry) -> bool + Send + Sync + 'static, sink: S) -> Self {
        Self {
            wanted: Box::new(wanted),
            sink,
        }
    }

    /// Passes on the exchanges that were answered with a status of 400 or more.
    pub fn status_from_400(sink: S) -> Self {
        Self::new(|entry| status(entry).is_some_and(|it| it >= 400), sink)
    }

    /// Passes on the exchanges that failed, as [`Exchange::has_failed`](crate::entry::Exchange::has_failed) says.
    pub fn failed(sink: S) -> Self {
        Self::new(
            |entry| entry.exchange().is_some_and(|it| it.has_failed()),
            sink,
        )
    }
}

fn status(entry: &LogEntry) -> Option<u16> {
    entry.exchange().and_then(|exchange| exchange.status())
}

#[async_trait]
impl<S: LogSink> LogSink for When<S> {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let wanted = batch.iter().filter(|entry| (self.wanted)(entry)).count();
        if wanted == batch.len() {
            return self.sink.write(batch).await;
        }
        if wanted == 0 {
            return Ok(());
        }
        let chosen: Vec<_> = batch
            .iter()
            .filter(|entry| (self.wanted)(entry))
            .cloned()
            .collect();
        self.sink.write(&chosen).await
    }

    async fn flush(&self) -> Result<(), Error> {
        self.sink.flush().await
    }
}

impl<S: fmt::Debug> fmt::Debug for When<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("sink", &self.sink)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::entry::Outcome;
    use crate::testing::{GateSink, sample};

    #[tokio::test]
    async fn only_wanted_entries_pass() {
        let sink = GateSink::open();
        let when = When::status_from_400(sink.clone());
        let (fine, failed, event) = (sample::plain(1), sample::exchange(2), sample::event(3));
        when.write(&[fine.clone(), failed.clone(), event])
            .await
            .unwrap();
        when.write(&[fine]).await.unwrap();
        when.write(std::slice::from_ref(&failed)).await.unwrap();
        assert_eq!(sink.batches(), [[failed.clone()], [failed]]);
    }

    #[tokio::test]
    async fn exchange_that_did_not_end_has_failed() {
        let sink = GateSink::open();
        let mut left = sample::plain(1);
        sample::change(&mut left, |it| it.outcome = Outcome::LeftInBody);
        let batch = [left.clone(), sample::plain(2)];
        When::failed(sink.clone()).write(&batch).await.unwrap();
        assert_eq!(sink.entries(), [left]);
    }
}
