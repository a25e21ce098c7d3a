use std::fmt;
use std::sync::{Arc, OnceLock};

use super::EntryId;

/// Marks a request that a reader of the log sends once more, in its extensions: the layer notes on its exchange `replay_of`, and `replayed_by` where the reader is
/// known by an id.
///
/// A service that does more for a replay than for a client, or less, looks for it.
#[derive(Clone)]
pub struct Replayed {
    of: EntryId,
    by: Option<String>,
    recorded: Arc<OnceLock<EntryId>>,
}

impl Replayed {
    pub(crate) fn new(of: EntryId, by: Option<String>) -> Self {
        Self {
            of,
            by,
            recorded: Arc::default(),
        }
    }

    /// Returns the entry whose request it is.
    pub fn of(&self) -> EntryId {
        self.of
    }

    /// Returns the id of who sends it once more, where the application tells who reads.
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Says under which id it is recorded; the outermost layer is the one that counts.
    pub(crate) fn record(&self, id: EntryId) {
        let _ = self.recorded.set(id);
    }

    /// Returns the id under which it is recorded; `None` where no layer does.
    pub(crate) fn recorded(&self) -> Option<EntryId> {
        self.recorded.get().copied()
    }
}

impl fmt::Debug for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayed")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}
