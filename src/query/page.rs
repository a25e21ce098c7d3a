use crate::entry::{EntryId, LogEntry};

/// Where a page of a listing begins. Listings run from the newest id to the oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// At the newest entry.
    #[default]
    First,
    /// Right after an id, with the next older entries. The id need not exist.
    After(EntryId),
    /// Right before an id: the page ends with the next newer entry. The id need not exist.
    Before(EntryId),
    /// At a page number from 1, for formats that page so. Its cost grows with the number, and pages shift under writes.
    Number(u64),
    /// At a page number from 1, counted from the oldest entry on, the entries of the page oldest first.
    FromOldest(u64),
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The entries, newest first, but for [`Position::FromOldest`].
    pub entries: Vec<LogEntry>,
    /// Whether older entries follow.
    pub has_older: bool,
    /// Whether newer entries precede.
    pub has_newer: bool,
    /// How far a search for text came, where it stopped before the page was full because it had looked at as much as it does for one page:
    /// older entries, from right after this id on, have not been looked at yet, and `has_older` is true.
    pub searched_to: Option<EntryId>,
}

impl Page {
    /// Makes a page.
    pub fn new(entries: Vec<LogEntry>, has_older: bool, has_newer: bool) -> Self {
        Self {
            entries,
            has_older,
            has_newer,
            searched_to: None,
        }
    }
}
