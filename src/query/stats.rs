use std::collections::BTreeMap;
use std::time::Duration;

use super::latencies::Latencies;
use super::{Filter, Scope};
use crate::clock::Timestamp;
use crate::entry::{LogEntry, Outcome};

/// Sums asked of a store: over a listing within a scope, group by group.
///
/// # Example: how an organisation's calls went, hour by hour
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::Scope;
/// use tower_api_log::query::{GroupBy, StatsQuery};
///
/// let hours = GroupBy::Time(Duration::from_secs(3600));
/// let query = StatsQuery::new(Scope::organisation("org_1")?).group_by(hours);
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatsQuery {
    /// What the reader may see.
    pub scope: Scope,
    /// What the reader wants summed up of it.
    pub filter: Filter,
    /// What makes a group.
    pub group_by: GroupBy,
    /// The most groups, from 1 to [`StatsQuery::MAX_LIMIT`].
    pub limit: u32,
}

/// What makes a group of [`Stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupBy {
    /// All entries are one group, also where there is none.
    #[default]
    All,
    /// The time of creation: groups that are so long, each beginning at a multiple of that since 1970, and hold an entry.
    ///
    /// The newest ones count where there are more than the limit; they come oldest first. Shorter than a millisecond counts as one.
    Time(Duration),
    /// The value of a field, or that there is none. The groups of the most entries count, and come first; among equals the one of
    /// the smaller value, byte by byte, and nothing before any value.
    Field(Field),
}

/// A field whose values are groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "as the fields of `Filter`, which tells of each"
)]
pub enum Field {
    Method,
    Route,
    Path,
    Status,
    Actor,
    ApiKey,
    Organisation,
    Project,
    Environment,
    ClientIp,
    UserAgent,
    ApiVersion,
    Outcome,
    Kind,
    Category,
    Action,
}

/// Sums that are being made; see [`StatsQuery::sums`].
#[derive(Clone, Debug)]
pub struct Sums<'q> {
    query: &'q StatsQuery,
    groups: BTreeMap<Group, Summary>,
}

/// What a store sums up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The groups with their sums.
    pub groups: Vec<(Group, Summary)>,
    /// Whether there are more groups than the limit.
    pub has_more: bool,
}

/// What the entries of a group share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Group {
    /// Nothing: [`GroupBy::All`].
    All,
    /// The time in which they were created begins here.
    Time(Timestamp),
    /// The value of the field; `None` where they have none.
    Value(Option<String>),
}

/// The sums over some entries.
///
/// Each exchange counts as many calls as it stands for, [`Exchange::weight`](crate::entry::Exchange::weight), but in `entries`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The entries that are stored, exchanges and events.
    pub entries: u64,
    /// The calls.
    pub calls: u64,
    /// Those whose status is 400 or more, or whose outcome is neither completed nor upgraded.
    pub failed: u64,
    /// The calls by the first digit of their status; those without a response at 0.
    pub classes: [u64; 10],
    /// How long the calls took to their ends.
    pub latencies: Latencies,
}

/// Exchanges of one group that are alike to a [`Summary`]: what stores count and hand over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alike {
    pub(crate) status_class: u8,
    pub(crate) has_failed: bool,
    /// The bucket of [`Latencies`].
    pub(crate) latency: u16,
    pub(crate) calls: u64,
}

impl StatsQuery {
    /// The most groups that may be asked for.
    pub const MAX_LIMIT: u32 = 1000;

    /// Makes a query for the sums over everything in a scope, as one group.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            filter: Filter::default(),
            group_by: GroupBy::All,
            limit: 100,
        }
    }

    /// Narrows what is summed up.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Says what makes a group.
    #[must_use]
    pub fn group_by(mut self, group_by: GroupBy) -> Self {
        self.group_by = group_by;
        self
    }

    /// Says how many groups there are at most, held between 1 and [`StatsQuery::MAX_LIMIT`].
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, Self::MAX_LIMIT);
        self
    }

    /// Sums up the entries that the scope and the filter let through: the definition that stores are checked against.
    pub fn sum<'e>(&self, entries: impl IntoIterator<Item = &'e LogEntry>) -> Stats {
        let mut sums = self.sums();
        for entry in entries {
            sums.add(entry);
        }
        sums.end()
    }

    /// Sums up as [`StatsQuery::sum`] does, entry by entry: for a store that cannot have all of them in memory.
    pub fn sums(&self) -> Sums<'_> {
        Sums {
            query: self,
            groups: BTreeMap::new(),
        }
    }

    /// Adds an entry to its group, if it passes.
    pub(crate) fn add(&self, groups: &mut BTreeMap<Group, Summary>, entry: &LogEntry) {
        if self.scope.allows(entry) && self.filter.matches(entry) {
            let group = self.group_by.group(entry);
            groups.entry(group).or_default().add(entry);
        }
    }

    /// Chooses and orders the groups.
    pub(crate) fn stats(&self, mut groups: BTreeMap<Group, Summary>) -> Stats {
        let limit = self.limit.clamp(1, Self::MAX_LIMIT) as usize;
        if self.group_by == GroupBy::All {
            groups.entry(Group::All).or_default();
        }
        let has_more = groups.len() > limit;
        let mut groups: Vec<_> = groups.into_iter().collect();
        match self.group_by {
            GroupBy::Field(_) => {
                groups.sort_by_key(|(_, it)| std::cmp::Reverse(it.entries));
                groups.truncate(limit);
            }
            _ => drop(groups.drain(..groups.len().saturating_sub(limit))),
        }
        Stats { groups, has_more }
    }
}

impl Sums<'_> {
    /// Adds an entry, if the scope and the filter let it through.
    pub fn add(&mut self, entry: &LogEntry) {
        self.query.add(&mut self.groups, entry);
    }

    /// Returns the sums over what was added.
    pub fn end(self) -> Stats {
        self.query.stats(self.groups)
    }
}

impl GroupBy {
    /// Returns how long groups of time are, in microseconds.
    pub(crate) fn width_micros(length: Duration) -> i64 {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        // Ten thousand years: engines add it to a time.
        micros.clamp(1000, 10_000 * 366 * 86_400 * 1_000_000)
    }

    fn group(self, entry: &LogEntry) -> Group {
        match self {
            Self::All => Group::All,
            Self::Time(length) => {
                let at = entry.created_at.as_micros();
                let into = at.rem_euclid(Self::width_micros(length));
                Group::Time(Timestamp::from_micros(at.saturating_sub(into)))
            }
            Self::Field(field) => Group::Value(field.value(entry)),
        }
    }
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 16] = [
        Self::Method,
        Self::Route,
        Self::Path,
        Self::Status,
        Self::Actor,
        Self::ApiKey,
        Self::Organisation,
        Self::Project,
        Self::Environment,
        Self::ClientIp,
        Self::UserAgent,
        Self::ApiVersion,
        Self::Outcome,
        Self::Kind,
        Self::Category,
        Self::Action,
    ];

    /// Returns the name: snake case, as columns have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Route => "route",
            Self::Path => "path",
            Self::Status => "status",
            Self::Actor => "actor",
            Self::ApiKey => "api_key",
            Self::Organisation => "organisation",
            Self::Project => "project",
            Self::Environment => "environment",
            Self::ClientIp => "client_ip",
            Self::UserAgent => "user_agent",
            Self::ApiVersion => "api_version",
            Self::Outcome => "outcome",
            Self::Kind => "kind",
            Self::Category => "category",
            Self::Action => "action",
        }
    }

    fn value(self, entry: &LogEntry) -> Option<String> {
        let context = &entry.context;
        let exchange = entry.exchange();
        let request = exchange.map(|it| &it.request);
        let event = entry.event();
        match self {
            Self::Method => request.map(|it| it.method.clone()),
            Self::Route => request.and_then(|it| it.route.clone()),
            Self::Path => request.map(|it| it.path.clone()),
            Self::Status => exchange?.status().map(|it| it.to_string()),
            Self::Actor => context.actor.as_ref().map(|it| it.id.clone()),
            Self::ApiKey => context.api_key.clone(),
            Self::Organisation => context.organisation.clone(),
            Self::Project => context.project.clone(),
            Self::Environment => context.environment.clone(),
            Self::ClientIp => context.client_ip.map(|it| it.to_string()),
            Self::UserAgent => context.user_agent.clone(),
            Self::ApiVersion => context.api_version.clone(),
            Self::Outcome => exchange.map(|it| it.outcome.as_str().to_owned()),
            Self::Kind => Some(entry.kind().as_str().to_owned()),
            Self::Category => event.map(|it| it.category.clone()),
            Self::Action => event.map(|it| it.action.clone()),
        }
    }
}

impl Summary {
    fn add(&mut self, entry: &LogEntry) {
        self.entries += 1;
        let Some(exchange) = entry.exchange() else {
            return;
        };
        let status = exchange.status();
        let ended = matches!(exchange.outcome, Outcome::Completed | Outcome::Upgraded);
        self.add_alike(Alike {
            status_class: u8::try_from(status.unwrap_or_default() / 100).unwrap_or(u8::MAX),
            has_failed: !ended || status.is_some_and(|it| it >= 400),
            latency: Latencies::bucket(exchange.timing.to_last_byte_micros),
            calls: exchange.weight.into(),
        });
    }

    /// Adds calls, which `entries` does not count.
    pub(crate) fn add_alike(&mut self, it: Alike) {
        self.calls = self.calls.saturating_add(it.calls);
        if it.has_failed {
            self.failed = self.failed.saturating_add(it.calls);
        }
        let class = usize::from(it.status_class).min(self.classes.len() - 1);
        self.classes[class] = self.classes[class].saturating_add(it.calls);
        self.latencies.add(it.latency, it.calls);
    }
}
