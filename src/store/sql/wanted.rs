use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::query::{Filter, PathPattern, StatusRange};

/// Returns a duration as a column holds it.
pub(in crate::store) fn micros(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// What a filter wants of one column. Where the column has no value, nothing is met.
#[derive(Clone, Debug)]
pub(in crate::store) enum Wanted<'f> {
    /// One of these texts, which are sorted; nothing is one of none.
    OneOf(Vec<Cow<'f, str>>),
    /// A path that matches one of these patterns, of which one has a star.
    Matching(&'f [PathPattern]),
    /// A status in one of these ranges.
    Status(&'f [StatusRange]),
    /// A number within this range.
    Within(RangeInclusive<i64>),
}

impl<'f> Wanted<'f> {
    /// Returns what a filter wants, column by column.
    pub(in crate::store) fn of(filter: &'f Filter) -> Vec<(&'static str, Self)> {
        // Taken apart field by field, so that a new one is a compile error and not one that stores pass over.
        let Filter {
            from,
            to,
            methods,
            statuses,
            paths,
            routes,
            actors,
            actor_kinds,
            sessions,
            api_keys,
            organisations,
            projects,
            environments,
            client_ips,
            user_agents,
            request_ids,
            api_versions,
            kinds,
            outcomes,
            min_micros,
            max_micros,
            categories,
            actions,
            ref_ids,
            exchanges,
            // No column has it: the entries are asked.
            text: _,
            nothing,
        } = filter;
        let mut made = Vec::new();
        if *nothing {
            made.push(("kind", Self::OneOf(Vec::new())));
        }
        if from.is_some() || to.is_some() {
            let from = from.map_or(i64::MIN, |it| it.as_micros());
            let to = to.map_or(i64::MAX, |it| it.as_micros());
            made.push(("created_at", Self::Within(from..=to)));
        }
        if min_micros.is_some() || max_micros.is_some() {
            let least = min_micros.map_or(0, micros);
            let most = max_micros.map_or(i64::MAX, micros);
            made.push(("micros", Self::Within(least..=most)));
        }
        if !statuses.is_empty() {
            made.push(("status", Self::Status(statuses)));
        }
        let mut exact = paths.as_slice();
        if paths.iter().any(PathPattern::is_wild) {
            made.push(("path", Self::Matching(paths)));
            exact = &[];
        }
        let mut one_of = |column, values: Vec<Cow<'f, str>>| {
            if !values.is_empty() {
                made.push((column, Self::one_of(values)));
            }
        };
        one_of("path", names(exact, PathPattern::as_str));
        one_of("kind", names(kinds, |it| it.as_str()));
        one_of("outcome", names(outcomes, |it| it.as_str()));
        one_of("actor_kind", names(actor_kinds, |it| it.as_str()));
        one_of("client_ip", printed(client_ips));
        one_of("exchange", printed(exchanges));
        for (column, values) in [
            ("organisation", organisations),
            ("project", projects),
            ("environment", environments),
            ("method", methods),
            ("route", routes),
            ("actor", actors),
            ("session", sessions),
            ("api_key", api_keys),
            ("user_agent", user_agents),
            ("request_id", request_ids),
            ("api_version", api_versions),
            ("category", categories),
            ("action", actions),
            ("ref_id", ref_ids),
        ] {
            one_of(column, names(values, String::as_str));
        }
        made
    }

    fn one_of(mut values: Vec<Cow<'f, str>>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self::OneOf(values)
    }
}

fn names<'f, T>(values: &'f [T], name: impl Fn(&'f T) -> &'f str) -> Vec<Cow<'f, str>> {
    values.iter().map(|value| name(value).into()).collect()
}

fn printed<'f>(values: &[impl ToString]) -> Vec<Cow<'f, str>> {
    values
        .iter()
        .map(|value| value.to_string().into())
        .collect()
}
