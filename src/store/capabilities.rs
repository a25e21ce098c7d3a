/// What an engine does well and what not, for who serves any store.
///
/// By default a store is taken to read the whole listing for everything but [`get`](super::LogStore::get).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// A page by cursor of the entries of one organisation.
    pub page_of_organisation: Cost,
    /// A page by cursor of the entries of all.
    pub page_of_all: Cost,
    /// A page by number, which skips the pages before it.
    pub page_by_number: Cost,
    /// A filter that few entries pass.
    pub rare_filter: Cost,
    /// A filter of text.
    pub text: Cost,
    /// [`count`](super::LogStore::count).
    pub count: Cost,
    /// [`stats`](super::LogStore::stats).
    pub stats: Cost,
    /// [`delete`](super::Retention::delete) of everything before a time.
    pub delete: Cost,
    /// Whether processes on several machines may write at the same time.
    pub has_many_writers: bool,
}

/// What a question costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// About what the answer is large.
    Answer,
    /// Less than reading the listing: some columns of it, say, or parts that have an index.
    Part,
    /// Reading every entry of the listing within its range of time.
    Listing,
    /// The engine cannot do it, and answers with an error.
    Impossible,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            page_of_organisation: Cost::Listing,
            page_of_all: Cost::Listing,
            page_by_number: Cost::Listing,
            rare_filter: Cost::Listing,
            text: Cost::Listing,
            count: Cost::Listing,
            stats: Cost::Listing,
            delete: Cost::Listing,
            has_many_writers: false,
        }
    }
}
