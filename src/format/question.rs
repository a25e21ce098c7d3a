use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::elided::Elided;
use crate::entry::EntryId;
use crate::query::{Field, Filter, GroupBy, LogQuery, Position, StatsQuery};

/// A path that a format answers, and what it does there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    template: Cow<'static, str>,
    operation: Operation,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Gives a page of a listing.
    List,
    /// Gives one entry.
    Retrieve,
    /// Gives a whole listing, streamed.
    Export,
    /// Sums a listing up.
    Stats,
    /// Sums a listing up by several fields at once.
    Facets,
    /// Follows a listing as its entries come, streamed.
    Tail,
}

impl Route {
    /// Makes a route of a template: segments of letters, digits and `-._~`, or `{name}` for a parameter of one segment.
    pub fn new(template: impl Into<Cow<'static, str>>, operation: Operation) -> Self {
        Self {
            template: template.into(),
            operation,
        }
    }

    /// Returns the template.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Returns what the route does.
    pub fn operation(&self) -> Operation {
        self.operation
    }
}

/// What a format asks of the store. The scope is joined by the endpoint, from what `Access` said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// A page of a listing.
    List(Listing),
    /// One entry.
    Retrieve(Lookup),
    /// A whole listing.
    Export(Export),
    /// The sums over a listing.
    Stats(Sums),
    /// The sums over a listing by several fields, one after the other.
    Facets(Facets),
    /// A listing that goes on.
    Tail(Tail),
}

/// The sums that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sums {
    /// What the listing is narrowed to.
    pub filter: Filter,
    /// What makes a group.
    pub group_by: GroupBy,
    /// The most groups.
    pub limit: u32,
}

impl Sums {
    /// Makes a question; the limit is held between 1 and [`StatsQuery::MAX_LIMIT`].
    pub fn new(filter: Filter, group_by: GroupBy, limit: u32) -> Self {
        let limit = limit.clamp(1, StatsQuery::MAX_LIMIT);
        Self {
            filter,
            group_by,
            limit,
        }
    }
}

/// The fields by which a listing is summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facets {
    /// What the listing is narrowed to.
    pub filter: Filter,
    /// The fields, at most [`Facets::MAX_FIELDS`] of them: each is a question of its own to the store.
    pub fields: Vec<Field>,
    /// The most groups of each field.
    pub limit: u32,
}

impl Facets {
    /// The most fields.
    pub const MAX_FIELDS: usize = 8;

    /// Makes a question; fields past the most are left out, and the limit is held between 1 and [`StatsQuery::MAX_LIMIT`].
    pub fn new(filter: Filter, mut fields: Vec<Field>, limit: u32) -> Self {
        fields.truncate(Self::MAX_FIELDS);
        let limit = limit.clamp(1, StatsQuery::MAX_LIMIT);
        Self {
            filter,
            fields,
            limit,
        }
    }
}

/// The listing that is to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tail {
    /// What the listing is narrowed to.
    pub filter: Filter,
    /// The newest id that the reader has seen; where there is none, it begins with what comes from now on.
    pub after: Option<EntryId>,
    /// How often entries are looked for.
    pub interval: Duration,
}

impl Tail {
    /// Makes a tail that begins now.
    pub fn new(filter: Filter, interval: Duration) -> Self {
        Self {
            filter,
            after: None,
            interval,
        }
    }

    /// Begins right after an id, with the next newer entries.
    #[must_use]
    pub fn after(mut self, id: EntryId) -> Self {
        self.after = Some(id);
        self
    }
}

/// The listing that is to be exported, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// What the listing is narrowed to.
    pub filter: Filter,
    /// Where it begins: [`Position::First`] or [`Position::After`].
    pub position: Position,
    /// The most entries that are written.
    pub max_entries: u64,
    /// Whether a listing of more entries is refused, so that its newest part is not taken for the whole.
    pub is_whole: bool,
}

impl Export {
    /// Makes an export from the newest entry on.
    pub fn new(filter: Filter, max_entries: u64) -> Self {
        Self {
            filter,
            position: Position::First,
            max_entries,
            is_whole: false,
        }
    }

    /// Refuses a listing of more entries than may be written. Does not go with [`Export::after`].
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// Begins right after an id.
    #[must_use]
    pub fn after(mut self, id: EntryId) -> Self {
        self.position = Position::After(id);
        self
    }
}

/// The page of a listing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// What the listing is narrowed to.
    pub filter: Filter,
    /// Where the page begins.
    pub position: Position,
    /// The most entries of the page.
    pub limit: u32,
    /// Whether the number of entries over all pages is needed.
    pub with_total: bool,
}

impl Listing {
    /// Makes a listing without a total; the limit is held between 1 and [`LogQuery::MAX_LIMIT`].
    pub fn new(filter: Filter, position: Position, limit: u32) -> Self {
        Self {
            filter,
            position,
            limit: limit.clamp(1, LogQuery::MAX_LIMIT),
            with_total: false,
        }
    }

    /// Asks for the total as well.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        self.with_total = true;
        self
    }
}

/// The entry that is asked for: by its id, else the newest with a client's request id; in either case only if it passes the filter.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup {
    /// The id, looked for first.
    pub id: Option<EntryId>,
    /// The client's own request id, looked for when there is no entry of the id.
    pub request_id: Option<String>,
    /// What the entry must pass.
    pub filter: Filter,
}

impl Lookup {
    /// Makes a lookup that finds nothing until it is told an id.
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }

    /// Looks for an entry's id. `None` is an id that no entry can have.
    #[must_use]
    pub fn id(mut self, id: Option<EntryId>) -> Self {
        self.id = id;
        self
    }

    /// Looks for a client's request id when there is no entry of the id.
    #[must_use]
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("id", &self.id)
            .field("request_id", &self.request_id.as_ref().map(Elided::of))
            .field("filter", &self.filter)
            .finish()
    }
}
