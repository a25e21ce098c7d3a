//! Questions: what a reader asks of a store, and the reference evaluator that every store is checked against.
//!
//! Comes in: a wire format's parameters and a reader's [`Scope`]. Goes out: a [`LogQuery`] to a store, a [`Page`] back; or a [`StatsQuery`], and [`Stats`] back.
//! Promises: every filter is defined once, by [`Filter::matches`]; the scope is part of the query, so that no store can forget it.

mod debug;
mod filter;
mod latencies;
mod page;
mod scope;
mod stats;
#[cfg(test)]
mod tests;

use crate::entry::LogEntry;

pub use crate::pattern::PathPattern;
pub use filter::{Filter, StatusRange};
pub use latencies::Latencies;
pub use page::{Page, Position};
pub use scope::Scope;
#[cfg(any(feature = "clickhouse", feature = "postgres", feature = "sqlite"))]
pub(crate) use stats::Alike;
pub use stats::{Field, Group, GroupBy, Stats, StatsQuery, Summary, Sums};

/// One listing asked of a store: newest first, within a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuery {
    /// What the reader may see.
    pub scope: Scope,
    /// What the reader wants to see of it.
    pub filter: Filter,
    /// Where the page begins.
    pub position: Position,
    /// The most entries of a page, from 1 to [`LogQuery::MAX_LIMIT`].
    pub limit: u32,
}

impl LogQuery {
    /// The most entries that a page may ask for.
    pub const MAX_LIMIT: u32 = 1000;

    /// Makes a query for the newest 100 entries of a scope.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            filter: Filter::default(),
            position: Position::First,
            limit: 100,
        }
    }

    /// Narrows what is wanted.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Says where the page begins.
    #[must_use]
    pub fn position(mut self, position: Position) -> Self {
        self.position = position;
        self
    }

    /// Says how many entries a page has, held between 1 and [`LogQuery::MAX_LIMIT`].
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, Self::MAX_LIMIT);
        self
    }

    /// Tells whether an entry belongs to the listing, whatever the page: the definition that stores are checked against.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        self.scope.allows(entry) && self.filter.matches(entry)
    }
}
