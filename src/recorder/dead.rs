use std::sync::Arc;

use tokio::sync::oneshot;

use super::Recorder;
use super::lane::Shared;
use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};

/// An entry that a sink refused for good, and that its spool keeps.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its place among the others: what [`Recorder::dead_letters`] goes on from.
    pub number: i64,
    /// The entry's id.
    pub id: EntryId,
    /// The entry; `None` where it was written by a newer version.
    pub entry: Option<Arc<LogEntry>>,
    /// Its text as it lies in the spool, where there is no entry.
    pub text: Option<String>,
    /// What the sink said, without its cause.
    pub error: String,
    /// When it was set aside.
    pub at: Timestamp,
    /// How many times it has been set aside.
    pub attempts: u32,
}

impl Recorder {
    /// Returns entries that a sink refused, the oldest first: at most `limit`, from behind a number on.
    ///
    /// # Errors
    ///
    /// A configuration error where no destination of that name has a spool; otherwise the spool's.
    ///
    /// # Example: what a store does not take
    ///
    /// ```no_run
    /// # async fn look(recorder: tower_api_log::Recorder) -> Result<(), tower_api_log::Error> {
    /// for letter in recorder.dead_letters("main", 100, None).await? {
    ///     eprintln!("{} at {}: {}", letter.id, letter.at, letter.error);
    /// }
    /// // Once the store has been mended:
    /// recorder.replay_dead_letters("main", None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dead_letters(
        &self,
        sink: &str,
        limit: usize,
        after: Option<i64>,
    ) -> Result<Vec<DeadLetter>, Error> {
        let lane = self.lane_with_spool(sink)?;
        apart(move || lane.dead_letters(limit, after)).await
    }

    /// Gives entries that a sink refused to it again: those with these ids, or all. Returns how many they are.
    ///
    /// # Errors
    ///
    /// As [`Recorder::dead_letters`]; some may be on their way then, and the same call may be made again.
    pub async fn replay_dead_letters(
        &self,
        sink: &str,
        ids: Option<&[EntryId]>,
    ) -> Result<u64, Error> {
        let lane = self.lane_with_spool(sink)?;
        let ids = ids.map(<[EntryId]>::to_vec);
        apart(move || lane.replay_dead_letters(ids.as_deref())).await
    }

    fn lane_with_spool(&self, sink: &str) -> Result<Arc<Shared>, Error> {
        let mut lanes = self.shared.lanes.iter().map(|lane| &lane.shared);
        let lane = lanes.find(|it| it.name == sink && it.has_spool());
        let unknown = || Error::configuration("no destination of this name has a spool");
        lane.cloned().ok_or_else(unknown)
    }
}

/// Runs what waits for the disk on a thread of its own.
async fn apart<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (reply, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("api-log-letters".to_owned());
    let started = thread.spawn(move || drop(reply.send(run())));
    let failed = "a thread of the recorder could not be started";
    started.map_err(|cause| Error::new(ErrorKind::Unavailable, failed).with_source(cause))?;
    let gone = |_| Error::new(ErrorKind::Closed, "the recorder has been shut down");
    answer.await.map_err(gone)?
}
