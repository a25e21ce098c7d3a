use std::time::Duration;

#[cfg(feature = "spool")]
use super::spool::Spool;
use crate::error::Error;

/// How entries travel from the request to a sink.
///
/// # Example: small batches for a service that is seldom called
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::recorder::Delivery;
///
/// let delivery = Delivery::default().batch_entries(50).batch_age(Duration::from_millis(50));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(super) queue_entries: usize,
    pub(super) queue_bytes: usize,
    pub(super) when_full: WhenFull,
    pub(super) batch_entries: usize,
    pub(super) batch_bytes: usize,
    pub(super) batch_age: Duration,
    pub(super) retry_for: Duration,
    pub(super) write_timeout: Duration,
    pub(super) hold_at_most: Duration,
    #[cfg(feature = "spool")]
    pub(super) guarantee: Guarantee,
    #[cfg(feature = "spool")]
    pub(super) on_failure: OnFailure,
    #[cfg(feature = "spool")]
    pub(super) journal_starts: bool,
    #[cfg(feature = "spool")]
    pub(super) spool: Option<Spool>,
}

/// What happens to an entry for which a sink's queue has no room.
///
/// Whatever the choice, events and failed exchanges outlive the others: they take the place of exchanges that went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is dropped, and what waits stays.
    #[default]
    DropNewest,
    /// It takes the place of the entry that has waited longest.
    DropOldest,
    /// What waits goes to the spool, which [`Delivery::spool`] names.
    #[cfg(feature = "spool")]
    SpillToSpool,
    /// The end of its response waits for room, at most this long; then it is dropped. An exchange whose client has left waits alone.
    WaitAtMost(Duration),
}

/// What is promised of an entry, beside that it is counted.
#[cfg(feature = "spool")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guarantee {
    /// It waits in memory for the sink: lost with the process.
    #[default]
    BestEffort,
    /// It waits in the spool, from a few milliseconds after its exchange ended until the sink has confirmed it. Survives the end of the process, however it
    /// comes; the last few milliseconds may be lost with the machine's power.
    Spooled,
    /// It is on the disk before its response ends: the last frame of a body, or the head where there is none, is held back until then.
    BeforeResponse,
}

/// What becomes of a response whose entry could not be made safe, under [`Guarantee::BeforeResponse`].
#[cfg(feature = "spool")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// It goes out as it is. The entry waits in memory, and the ledger tells if it is lost.
    #[default]
    Pass,
    /// It is answered with 503 instead, without a body. While the spool is known to fail, where the budget of captured bytes has no room and after the shutdown
    /// of the recorder, requests are answered so before the service sees them; those that the policy leaves out are not. A body whose head has gone out
    /// cannot be taken back: it ends as it would have.
    Refuse,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            queue_entries: 16_384,
            queue_bytes: 32 * 1024 * 1024,
            when_full: WhenFull::default(),
            batch_entries: 1_000,
            batch_bytes: 8 * 1024 * 1024,
            batch_age: Duration::from_millis(200),
            retry_for: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            hold_at_most: Duration::from_secs(30),
            #[cfg(feature = "spool")]
            guarantee: Guarantee::default(),
            #[cfg(feature = "spool")]
            on_failure: OnFailure::default(),
            #[cfg(feature = "spool")]
            journal_starts: false,
            #[cfg(feature = "spool")]
            spool: None,
        }
    }
}

impl Delivery {
    /// Holds at most this many entries that wait for the sink; 16,384 by default. What comes then, [`Delivery::when_full`] says.
    ///
    /// As many ended exchanges, of the first destination's number, may wait to be masked; its last eighth is kept for events and failures. Past it the newest
    /// is dropped, whatever `when_full` says: that queue is full only where the machine has no time to mask.
    #[must_use]
    pub fn queue_entries(mut self, entries: usize) -> Self {
        self.queue_entries = entries;
        self
    }

    /// Holds at most about this many bytes of entries that wait for the sink; 32 MiB by default. They count as captured as well, until they are settled.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// Says what happens to entries for which the queue has no room; the newest is dropped by default.
    #[must_use]
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
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

    /// Repeats a write whose error may pass for this long before the batch is dropped; 60 s by default. The pause between two
    /// tries doubles from 50 ms to 5 s, less up to a half by chance. A batch that is in a spool is repeated for ever.
    #[must_use]
    pub fn retry_for(mut self, duration: Duration) -> Self {
        self.retry_for = duration;
        self
    }

    /// Gives up a write, or a flush, that has not returned after this long, as a retryable error; 30 s by default. A sink that blocks its
    /// thread instead of awaiting is not interrupted; it keeps nobody else waiting.
    #[must_use]
    pub fn write_timeout(mut self, duration: Duration) -> Self {
        self.write_timeout = duration;
        self
    }

    /// Holds back the end of a response for at most this long, whatever [`WhenFull::WaitAtMost`] and [`Guarantee::BeforeResponse`] wait for; 30 s by default. A
    /// disk that never answers is then a failure to make the entry safe. Of several destinations that wait the longest time counts.
    #[must_use]
    pub fn hold_at_most(mut self, duration: Duration) -> Self {
        self.hold_at_most = duration;
        self
    }

    /// Says what is promised of an entry; best effort by default. All else needs a [`Delivery::spool`].
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn guarantee(mut self, guarantee: Guarantee) -> Self {
        self.guarantee = guarantee;
        self
    }

    /// Says what becomes of a response whose entry could not be made safe; it passes by default.
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Writes down in the spool that an exchange has started, so that one whose handler takes the process down with it is in the log as well: at the
    /// next start, with the request's head and the outcome [`ProcessDied`](crate::entry::Outcome::ProcessDied). Needs a guarantee above best effort.
    ///
    /// Under [`Guarantee::BeforeResponse`] the service is called once the start is on the disk. It costs a second masking of the head, and a second row in the
    /// spool.
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn journal_starts(mut self) -> Self {
        self.journal_starts = true;
        self
    }

    /// Gives the sink a spool: what waits for it there is lost neither with the process nor by an outage of the sink.
    ///
    /// Without more, it takes what a write cannot store and what is left at a shutdown; [`WhenFull::SpillToSpool`] and [`Delivery::guarantee`] give it more.
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn spool(mut self, spool: Spool) -> Self {
        self.spool = Some(spool);
        self
    }

    /// Tells whether the end of a response may have to wait.
    pub(crate) fn may_hold(&self) -> bool {
        let waits = matches!(self.when_full, WhenFull::WaitAtMost(_));
        waits || self.is_before_response()
    }

    /// Tells whether a response is refused whose entry is not safe.
    pub(super) fn refuses(&self) -> bool {
        #[cfg(feature = "spool")]
        return self.is_before_response() && self.on_failure == OnFailure::Refuse;
        #[cfg(not(feature = "spool"))]
        false
    }

    /// Tells whether starts are written down.
    pub(crate) fn journals(&self) -> bool {
        #[cfg(feature = "spool")]
        return self.journal_starts;
        #[cfg(not(feature = "spool"))]
        false
    }

    /// Tells whether a response's end waits until its entry is safe, and not only until it has room.
    pub(super) fn is_before_response(&self) -> bool {
        #[cfg(feature = "spool")]
        return self.guarantee == Guarantee::BeforeResponse;
        #[cfg(not(feature = "spool"))]
        false
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
        for (bytes, name) in [
            (self.batch_bytes, "batch_bytes"),
            (self.queue_bytes, "queue_bytes"),
        ] {
            if bytes == 0 {
                return Err(Error::configuration(format!("{name} is at least 1")));
            }
        }
        #[cfg(feature = "spool")]
        self.check_spool()?;
        Ok(())
    }

    #[cfg(feature = "spool")]
    fn check_spool(&self) -> Result<(), Error> {
        let is_needed =
            self.guarantee != Guarantee::BestEffort || self.when_full == WhenFull::SpillToSpool;
        if self.journal_starts && self.guarantee == Guarantee::BestEffort {
            return Err(Error::configuration(
                "journal_starts needs a guarantee: Delivery::guarantee(Guarantee::Spooled)",
            ));
        }
        match (&self.spool, is_needed) {
            (None, true) => Err(Error::configuration(
                "this guarantee, or spilling, needs a spool: Delivery::spool(Spool::at(folder))",
            )),
            _ => Ok(()),
        }
    }
}
