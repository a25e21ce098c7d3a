//! The filters that are measured, and the values that they are asked for.

use tower_api_log::LogEntry;
use tower_api_log::query::{Filter, PathPattern, StatusRange};

use crate::traffic;

/// Narrows a filter to what an entry has.
pub(crate) type By = fn(&LogEntry, &mut Filter);

macro_rules! by {
    ($field:ident: |$entry:ident| $value:expr) => {
        |$entry, filter| filter.$field = $value.into_iter().collect()
    };
}

pub(crate) const FILTERS: [(&str, By); 25] = [
    ("none", |_, _| {}),
    (
        "method",
        by!(methods: |it| it.exchange().map(|it| it.request.method.clone())),
    ),
    (
        "status",
        by!(statuses: |it| it.exchange().and_then(|it| it.status()).map(StatusRange::exact)),
    ),
    (
        "status class",
        by!(statuses: |it| it.exchange().and_then(|it| it.status()).and_then(|it| StatusRange::class(it / 100))),
    ),
    (
        "path",
        by!(paths: |it| it.exchange().map(|it| PathPattern::new(&it.request.path))),
    ),
    (
        "path with a star",
        by!(paths: |it| it.exchange().map(|it| PathPattern::new(format!("{}*", &it.request.path[..it.request.path.len().min(16)])))),
    ),
    (
        "route",
        by!(routes: |it| it.exchange().and_then(|it| it.request.route.clone())),
    ),
    (
        "organisation",
        by!(organisations: |it| it.context.organisation.clone()),
    ),
    ("project", by!(projects: |it| it.context.project.clone())),
    (
        "environment",
        by!(environments: |it| it.context.environment.clone()),
    ),
    (
        "actor",
        by!(actors: |it| it.context.actor.as_ref().map(|it| it.id.clone())),
    ),
    (
        "actor kind",
        by!(actor_kinds: |it| it.context.actor.as_ref().map(|it| it.kind)),
    ),
    ("session", by!(sessions: |it| it.context.session.clone())),
    ("API key", by!(api_keys: |it| it.context.api_key.clone())),
    ("client address", by!(client_ips: |it| it.context.client_ip)),
    (
        "user agent",
        by!(user_agents: |it| it.context.user_agent.clone()),
    ),
    (
        "request id",
        by!(request_ids: |it| it.context.request_id.clone()),
    ),
    (
        "API version",
        by!(api_versions: |it| it.context.api_version.clone()),
    ),
    ("kind", by!(kinds: |it| [it.kind()])),
    (
        "outcome",
        by!(outcomes: |it| it.exchange().map(|it| it.outcome)),
    ),
    ("least time", |it, filter| {
        filter.min_micros = it.exchange().map(|it| it.timing.to_last_byte_micros)
    }),
    (
        "category",
        by!(categories: |it| it.event().map(|it| it.category.clone())),
    ),
    (
        "action",
        by!(actions: |it| it.event().map(|it| it.action.clone())),
    ),
    (
        "object",
        by!(ref_ids: |it| it.event().and_then(|it| it.ref_id.clone())),
    ),
    (
        "exchange",
        by!(exchanges: |it| it.event().and_then(|it| it.exchange)),
    ),
];

/// Makes a filter by what an entry has of all that is named. `None` if it lacks any.
pub(crate) fn filter(names: &[&str], entry: &LogEntry) -> Option<Filter> {
    let mut made = Filter::new();
    for name in names.iter().filter(|name| **name != "none") {
        let before = made.clone();
        let by = FILTERS.iter().find(|it| it.0 == *name).unwrap().1;
        by(entry, &mut made);
        if made == before {
            return None;
        }
    }
    Some(made)
}

/// Values that many entries have, that ten of a million have, and that none has.
#[derive(Clone, Copy)]
pub(crate) enum Values {
    Common,
    Rare,
    Absent,
}

impl Values {
    pub(crate) const ALL: [Self; 3] = [Self::Common, Self::Rare, Self::Absent];

    pub(crate) fn entry(self, sample: u64, rows: u64) -> LogEntry {
        match self {
            Self::Common => traffic::entry(mix(sample) % rows),
            Self::Rare => traffic::named("rare", sample),
            Self::Absent => traffic::named("absent", sample),
        }
    }
}

/// Returns a number that looks random.
pub(crate) fn mix(number: u64) -> u64 {
    tower_api_log::testing::Random::new(number).number()
}
