use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::ending::TooLate;
use super::guarded::Guarded;
use super::ledger::DropReason;
use super::worker::{Made, Worker};
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

impl<T, G, M> Worker<T, G, M>
where
    M: FnMut(T) -> Made<G>,
{
    /// Writes the batch until the sink takes it, refuses it for good, or has failed for too long.
    pub(super) async fn write(&mut self) -> Result<(), TooLate> {
        let entries = std::mem::take(&mut self.batch.entries);
        let settled = self.write_entries(&entries).await;
        let count = entries.len();
        match &settled {
            Ok(Ok(())) => self.shared.ledger.stored(count),
            Ok(Err(reason)) => self.shared.ledger.dropped(*reason, count),
            Err(TooLate) => self.shared.ledger.dropped(DropReason::Deadline, count),
        }
        self.shared.batched.store(0, Ordering::Relaxed);
        self.batch.reset(entries);
        settled.map(|_| ())
    }

    async fn write_entries(
        &mut self,
        entries: &[LogEntry],
    ) -> Result<Result<(), DropReason>, TooLate> {
        let sink = Arc::clone(&self.sink);
        let begun = Instant::now();
        let mut pause = FIRST_RETRY;
        loop {
            let call = Guarded::new(|| (*sink).write(entries));
            let Err(error) = self.in_time(call).await? else {
                return Ok(Ok(()));
            };
            let ledger = &self.shared.ledger;
            ledger.sink_errors.fetch_add(1, Ordering::Relaxed);
            if error.kind() == ErrorKind::Panicked {
                ledger.sink_panics.fetch_add(1, Ordering::Relaxed);
            }
            if !error.is_retryable() || begun.elapsed() + pause > self.delivery.retry_for {
                return Ok(Err(DropReason::Sink));
            }
            self.unless_too_late(tokio::time::sleep(pause)).await?;
            self.shared.ledger.retries.fetch_add(1, Ordering::Relaxed);
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    /// Answers the flushes whose entries have all been taken; the batch is empty here.
    pub(super) async fn answer_flushes(&mut self) -> Result<(), TooLate> {
        let taken = self.shared.taken.load(Ordering::SeqCst);
        let is_empty = self.shared.queued() == 0;
        let done = self
            .flushes
            .iter()
            .take_while(|(up_to, _)| is_empty || taken >= *up_to)
            .count();
        if done == 0 {
            return Ok(());
        }
        let mut result = self.flush_sink().await?;
        for (_, reply) in self.flushes.drain(..done) {
            // The first to ask gets the error with its cause, the others its kind.
            let again = result
                .as_ref()
                .map_err(|error| Error::new(error.kind(), "the sink's flush failed"))
                .copied();
            let _ = reply.send(std::mem::replace(&mut result, again));
        }
        Ok(())
    }

    pub(super) async fn flush_sink(&mut self) -> Result<Result<(), Error>, TooLate> {
        let sink = Arc::clone(&self.sink);
        let call = Guarded::new(|| (*sink).flush());
        self.in_time(call).await
    }

    /// Gives a sink's call the time that it may take.
    async fn in_time(&mut self, call: Guarded<'_>) -> Result<Result<(), Error>, TooLate> {
        let limit = self.delivery.write_timeout;
        let result = self
            .unless_too_late(tokio::time::timeout(limit, call))
            .await?;
        let timed_out =
            |_| Error::new(ErrorKind::Unavailable, "the sink did not answer in time").retryable();
        Ok(result.map_err(timed_out).flatten())
    }
}
