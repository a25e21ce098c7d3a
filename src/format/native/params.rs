use std::time::Duration;

use super::View;
use crate::clock::Timestamp;
use crate::entry::{ActorKind, EntryId, Kind, Outcome};
use crate::format::params::whole_number;
use crate::format::{Export, Listing, Parameters, Refusal, Sums};
use crate::query::{
    Field, Filter, GroupBy, LogQuery, PathPattern, Position, StatsQuery, StatusRange,
};

pub(super) const DEFAULT_LIMIT: u32 = 50;
pub(super) const MAX_EXPORT: u64 = 1_000_000;
pub(super) const MAX_PAGE: u64 = u32::MAX as u64;
/// How many groups sums have unless told otherwise.
pub(super) const DEFAULT_GROUPS: u32 = 100;
/// What sums are by unless told otherwise: one group.
pub(super) const ALL: &str = "all";
pub(super) const TIME: &str = "time";
/// How long groups of time are unless told otherwise.
const DEFAULT_WIDTH: Duration = Duration::from_secs(3600);
/// The longest text that is searched for, in bytes.
pub(super) const MAX_SEARCH: usize = 256;

/// The parameters that narrow what is asked for, but for the text.
const FILTERS: [&str; 25] = [
    "from",
    "to",
    "method",
    "status",
    "path",
    "route",
    "outcome",
    "min_duration",
    "max_duration",
    "actor",
    "actor_kind",
    "session",
    "api_key",
    "organisation",
    "project",
    "environment",
    "client_ip",
    "user_agent",
    "request_id",
    "api_version",
    "kind",
    "category",
    "action",
    "ref_id",
    "exchange",
];
/// What a listing and an export have in common beside them.
const SHARED: [&str; 3] = ["search", "limit", "after"];

/// Refuses all parameters but the filters and a few.
pub(super) fn only_filters_and(parameters: &Parameters, more: &[&str]) -> Result<(), Refusal> {
    parameters.only(&[&FILTERS[..], more].concat())
}

pub(super) fn listing(parameters: &Parameters, now: Timestamp) -> Result<Listing, Refusal> {
    known(parameters, &["before", "page", "order", "count", "view"])?;
    view(parameters)?;
    let limit = parameters.size("limit", LogQuery::MAX_LIMIT, DEFAULT_LIMIT)?;
    let (filter, position) = (filter(parameters, now)?, position(parameters)?);
    let count = match parameters.get("count")? {
        Some("true") => true,
        None | Some("false") => false,
        Some(_) => return Err(Refusal::parameter("count", "must be true or false")),
    };
    let by_cursor = matches!(position, Position::First | Position::After(_));
    if filter.text.is_some() && (count || !by_cursor) {
        return Err(Refusal::parameter(
            "search",
            "must not go with before, page, order=oldest or count=true: a search goes on with after",
        ));
    }
    let listing = Listing::new(filter, position, limit);
    Ok(if count { listing.with_total() } else { listing })
}

/// Reads an export; `more` are the parameters that only it has.
pub(super) fn export(
    parameters: &Parameters,
    now: Timestamp,
    more: &[&str],
) -> Result<Export, Refusal> {
    known(parameters, more)?;
    view(parameters)?;
    let limit = parameters.integer("limit", 1..=MAX_EXPORT)?;
    let filter = filter(parameters, now)?;
    let is_searched = filter.text.is_some();
    let export = Export::new(filter, limit.unwrap_or(MAX_EXPORT));
    Ok(match (id(parameters, "after")?, limit) {
        (Some(id), _) => export.after(id),
        // To count what a search finds would be to search twice.
        (None, None) if !is_searched => export.whole(),
        (None, _) => export,
    })
}

/// Reads what is to be summed up.
pub(super) fn sums(parameters: &Parameters, now: Timestamp) -> Result<Sums, Refusal> {
    only_filters_and(parameters, &["by", "width", "limit"])?;
    let limit = parameters.size("limit", StatsQuery::MAX_LIMIT, DEFAULT_GROUPS)?;
    let group_by = group_by(parameters)?;
    Ok(Sums::new(filter(parameters, now)?, group_by, limit))
}

fn group_by(parameters: &Parameters) -> Result<GroupBy, Refusal> {
    let width = parameters.get("width")?;
    let by = parameters.get("by")?;
    let by = by.unwrap_or(if width.is_some() { TIME } else { ALL });
    if by == TIME {
        let length = width.map_or(Some(DEFAULT_WIDTH), length);
        let wrong = || Refusal::parameter("width", "must be as 30s, 5m, 1h, 1d or 2w");
        return length.map(GroupBy::Time).ok_or_else(wrong);
    }
    if width.is_some() {
        return Err(Refusal::parameter(
            "width",
            "must go with by=time, or without by",
        ));
    }
    let field = Field::ALL.into_iter().find(|it| it.as_str() == by);
    match field.map(GroupBy::Field) {
        Some(group_by) => Ok(group_by),
        None if by == ALL => Ok(GroupBy::All),
        None => Err(Refusal::parameter(
            "by",
            "must be all, time or the name of a field, as route",
        )),
    }
}

/// Reads a number with its unit: seconds, minutes, hours, days or weeks.
fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let number = (number.len() <= 9).then(|| whole_number(number))??;
    (number > 0).then(|| Duration::from_secs(number * seconds))
}

/// Reads how much of an entry is shown.
pub(super) fn view(parameters: &Parameters) -> Result<View, Refusal> {
    match parameters.get("view")? {
        Some("summary") => Ok(View::Summary),
        None | Some("full") => Ok(View::Full),
        Some(_) => Err(Refusal::parameter("view", "must be full or summary")),
    }
}

fn known(parameters: &Parameters, more: &[&str]) -> Result<(), Refusal> {
    parameters.only(&[&FILTERS[..], &SHARED, more].concat())
}

fn id(parameters: &Parameters, name: &str) -> Result<Option<EntryId>, Refusal> {
    let id = parameters.get(name)?.map(str::parse);
    id.transpose()
        .map_err(|_| Refusal::parameter(name, "must be the UUID of an entry"))
}

fn position(parameters: &Parameters) -> Result<Position, Refusal> {
    let number = parameters.integer("page", 1..=MAX_PAGE)?;
    let oldest_first = match parameters.get("order")? {
        Some("oldest") => true,
        None | Some("newest") => false,
        Some(_) => return Err(Refusal::parameter("order", "must be newest or oldest")),
    };
    match (id(parameters, "after")?, id(parameters, "before")?, number) {
        (Some(_), Some(_), _) => Err(Refusal::parameter("before", "must not go with after")),
        (None, None, number) if oldest_first => Ok(Position::FromOldest(number.unwrap_or(1))),
        (None, None, Some(number)) => Ok(Position::Number(number)),
        (.., Some(_)) => Err(Refusal::parameter(
            "page",
            "must not go with after or before",
        )),
        (Some(_), ..) | (_, Some(_), _) if oldest_first => Err(Refusal::parameter(
            "order",
            "must not be oldest with after or before",
        )),
        (Some(id), None, None) => Ok(Position::After(id)),
        (None, Some(id), None) => Ok(Position::Before(id)),
        (None, None, None) => Ok(Position::First),
    }
}

pub(super) fn filter(parameters: &Parameters, now: Timestamp) -> Result<Filter, Refusal> {
    let (from, to) = parameters.period("from", "to", now)?;
    let (min_micros, max_micros) = durations(parameters)?;
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let paths = parameters.texts("path")?;
    Ok(Filter {
        from,
        to,
        methods: parameters.list("method", "must be methods, as GET,POST", method)?,
        statuses: parameters.list(
            "status",
            "must be as 404, 4xx or 400-499",
            StatusRange::parse,
        )?,
        paths: paths.into_iter().map(PathPattern::new).collect(),
        routes: parameters.texts("route")?,
        outcomes: parameters.list(
            "outcome",
            "must be completed, service_error, panic, left_before_response, left_in_body, body_error, upgraded or process_died",
            |text| Outcome::ALL.into_iter().find(|it| it.as_str() == text),
        )?,
        min_micros,
        max_micros,
        actors: parameters.texts("actor")?,
        actor_kinds: parameters.list("actor_kind", "must be user or service", |text| {
            ActorKind::ALL.into_iter().find(|it| it.as_str() == text)
        })?,
        sessions: parameters.texts("session")?,
        api_keys: parameters.texts("api_key")?,
        organisations: parameters.texts("organisation")?,
        projects: parameters.texts("project")?,
        environments: parameters.texts("environment")?,
        client_ips: parameters.list("client_ip", "must be IP addresses", |text| {
            text.parse().ok()
        })?,
        user_agents: parameters.texts("user_agent")?,
        request_ids: parameters.list("request_id", "must not be empty", word)?,
        api_versions: parameters.list("api_version", "must not be empty", word)?,
        kinds: parameters.list("kind", "must be exchange or event", |text| {
            Kind::ALL.into_iter().find(|it| it.as_str() == text)
        })?,
        categories: parameters.texts("category")?,
        actions: parameters.texts("action")?,
        ref_ids: parameters.texts("ref_id")?,
        exchanges: parameters.list("exchange", "must be UUIDs of entries", |text| {
            text.parse().ok()
        })?,
        text: search(parameters)?,
        ..Filter::default()
    })
}

fn method(text: &str) -> Option<String> {
    let method = http::Method::from_bytes(text.as_bytes()).ok()?;
    Some(method.as_str().to_ascii_uppercase())
}

fn search(parameters: &Parameters) -> Result<Option<String>, Refusal> {
    match parameters.get("search")? {
        Some(text) if (1..=MAX_SEARCH).contains(&text.len()) => Ok(Some(text.to_owned())),
        None => Ok(None),
        Some(_) => Err(Refusal::parameter("search", "must be 1 to 256 bytes long")),
    }
}

fn durations(parameters: &Parameters) -> Result<(Option<u64>, Option<u64>), Refusal> {
    let duration = |name: &str| -> Result<Option<u64>, Refusal> {
        let micros = parameters.get(name)?.map(|text| {
            micros(text).ok_or_else(|| {
                Refusal::parameter(
                    name,
                    "must be a number of whole microseconds with its unit, as 200us, 250ms or 1.5s",
                )
            })
        });
        micros.transpose()
    };
    match (duration("min_duration")?, duration("max_duration")?) {
        (Some(least), Some(most)) if least > most => Err(Refusal::parameter(
            "max_duration",
            "must not be below min_duration",
        )),
        both => Ok(both),
    }
}

/// Reads a decimal number of `us`, `ms` or `s` that is a whole number of microseconds: up to twelve digits before the point, and behind it as many as
/// the unit has room for.
pub(super) fn micros(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let places = match unit {
        "us" => 0,
        "ms" => 3,
        "s" => 6,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let fits = |digits: &str, most: usize| (1..=most).contains(&digits.len());
    if !fits(whole, 12) || fraction.is_some_and(|it| !fits(it, places)) {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    whole_number(&format!("{whole}{fraction:0<places$}"))
}
