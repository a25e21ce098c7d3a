use std::time::Duration;

use crate::error::Error;

/// How entries travel from the request to the sink.
///
/// # Example: small batches for a service that is seldom called
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::recorder::Delivery;
///
/// let delivery = Delivery::default().batch_entries(50).batch_age(Duration::from_millis(50));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub(super) queue_entries: usize,
    pub(super) batch_entries: usize,
    pub(super) batch_bytes: usize,
    pub(super) batch_age: Duration,
    pub(super) retry_for: Duration,
    pub(super) write_timeout: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            queue_entries: 16_384,
            batch_entries: 1_000,
            batch_bytes: 8 * 1024 * 1024,
            batch_age: Duration::from_millis(200),
            retry_for: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
        }
    }
}

impl Delivery {
    /// Holds at most this many ended exchanges that the recorder has not come to; 16,384 by default. Past it the newest is dropped.
    #[must_use]
    pub fn queue_entries(mut self, entries: usize) -> Self {
        self.queue_entries = entries;
        self
    }

    /// Writes a batch at this many entries; 1,000 by default.
    #[must_use]
    pub fn batch_entries(mut self, entries: usize) -> Self {
        self.batch_entries = entries;
        self
    }

    /// Writes a batch at about this many bytes; 8 MiB by default.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Writes a batch when its first entry has waited this long; 200 ms by default.
    #[must_use]
    pub fn batch_age(mut self, age: Duration) -> Self {
        self.batch_age = age;
        self
    }

    /// Repeats a write whose error is retryable for this long before the batch is dropped; 60 s by default. The pause between two
    /// tries doubles from 50 ms to 5 s.
    #[must_use]
    pub fn retry_for(mut self, duration: Duration) -> Self {
        self.retry_for = duration;
        self
    }

    /// Gives up a write, or a flush, that has not returned after this long, as a retryable error; 30 s by default. A sink that blocks the
    /// recorder's thread instead of awaiting is not interrupted.
    #[must_use]
    pub fn write_timeout(mut self, duration: Duration) -> Self {
        self.write_timeout = duration;
        self
    }

    /// Refuses settings that cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Error> {
        const MOST_ENTRIES: usize = 1 << 20;
        let within = |value: usize, name: &str| match value {
            1..=MOST_ENTRIES => Ok(()),
            _ => Err(Error::configuration(format!(
                "{name} is from 1 to {MOST_ENTRIES}"
            ))),
        };
        within(self.queue_entries, "queue_entries")?;
        within(self.batch_entries, "batch_entries")?;
        if self.batch_bytes == 0 {
            return Err(Error::configuration("batch_bytes is at least 1"));
        }
        Ok(())
    }
}
