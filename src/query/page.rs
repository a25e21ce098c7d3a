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
    /// Whether older entries follow. With a [`Filter::text`](super::Filter::text), `true` can mean that nobody has looked yet; `false` is certain.
    pub has_older: bool,
    /// Whether newer entries precede; with a text like `has_older`.
    pub has_newer: bool,
    /// How far a search for text came, where it stopped because it had looked at as much as it does for one page by cursor: the entries right
    /// behind this id have not been looked at yet. For [`Position::First`] and [`Position::After`] those are older, `has_older` is true, and the
    /// walk goes on with `After` this id; for [`Position::Before`] they are newer, `has_newer` is true, and it goes on with `Before` this id.
    /// The page can have any number of entries up to the limit, and none.
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
