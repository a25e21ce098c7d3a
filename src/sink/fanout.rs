use std::fmt;

use async_trait::async_trait;

use super::LogSink;
use crate::entry::LogEntry;
use crate::error::Error;

/// Writes every batch to several sinks, one after another.
///
/// An error of one sink does not keep the batch from the others. When the batch is written again, those that took it take
/// it again, which leaves one copy, because every sink is idempotent. One that stays broken therefore makes the others work
/// again with every retry; given to the layer as destinations, each has a way of its own instead.
///
/// # Example: a store and a file
///
/// ```
/// use tower_api_log::MemoryStore;
/// use tower_api_log::sink::{Fanout, Ndjson};
///
/// let sink = Fanout::new().and(MemoryStore::new()).and(Ndjson::new(std::io::stdout()));
/// ```
#[derive(Default)]
pub struct Fanout {
    sinks: Vec<Box<dyn LogSink>>,
}

impl Fanout {
    /// Makes a fanout without a sink, which takes everything and keeps nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sink.
    #[must_use]
    pub fn and(mut self, sink: impl LogSink) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }
}

/// Keeps the first error, but for a retryable one, which outweighs others: the batch is then written again.
#[derive(Default)]
struct Worst(Option<Error>);

impl Worst {
    fn see(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            let outweighs = self
                .0
                .as_ref()
                .is_none_or(|known| error.is_retryable() && !known.is_retryable());
            if outweighs {
                self.0 = Some(error);
            }
        }
    }

    fn into_result(self) -> Result<(), Error> {
        self.0.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl LogSink for Fanout {
    /// # Errors
    ///
    /// The first error of a sink, or the first retryable one if there is one.
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let mut worst = Worst::default();
        for sink in &self.sinks {
            worst.see(sink.write(batch).await);
        }
        worst.into_result()
    }

    async fn flush(&self) -> Result<(), Error> {
        let mut worst = Worst::default();
        for sink in &self.sinks {
            worst.see(sink.flush().await);
        }
        worst.into_result()
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout")
            .field("sinks", &self.sinks.len())
            .finish()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{GateSink, sample};

    #[tokio::test]
    async fn error_of_one_sink_does_not_stop_the_others() {
        let sinks = [GateSink::open(), GateSink::open(), GateSink::open()];
        let [refusing, busy, sound] = &sinks;
        refusing.fail_next(1, || Error::new(ErrorKind::Storage, "refused"));
        busy.fail_next(1, || Error::new(ErrorKind::Unavailable, "busy").retryable());
        let fanout = sinks
            .iter()
            .fold(Fanout::new(), |fanout, sink| fanout.and(sink.clone()));

        let batch = [sample::plain(1)];
        let error = fanout.write(&batch).await.unwrap_err();
        assert!(error.is_retryable());
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(sound.entries(), batch);

        fanout.write(&batch).await.unwrap();
        assert_eq!(refusing.entries(), batch);
        assert_eq!(busy.entries(), batch);
    }

    #[tokio::test]
    async fn error_that_does_not_pass_is_told_as_such() {
        let sink = GateSink::open();
        sink.fail_next(1, || Error::new(ErrorKind::Storage, "refused"));
        let fanout = Fanout::new().and(sink).and(GateSink::open());
        let error = fanout.write(&[sample::plain(1)]).await.unwrap_err();
        assert!(!error.is_retryable());
    }

    #[tokio::test]
    async fn every_sink_is_flushed() {
        let (one, two) = (GateSink::open(), GateSink::open());
        let fanout = Fanout::new().and(one.clone()).and(two.clone());
        fanout.flush().await.unwrap();
        assert_eq!((one.flushes(), two.flushes()), (1, 1));
    }
}
