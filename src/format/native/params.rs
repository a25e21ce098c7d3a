use super::View;
use crate::clock::Timestamp;
use crate::entry::{ActorKind, EntryId, Kind, Outcome};
use crate::format::params::whole_number;
use crate::format::{Export, Listing, Parameters, Refusal};
use crate::query::{Filter, LogQuery, PathPattern, Position, StatusRange};

pub(super) const DEFAULT_LIMIT: u32 = 50;
pub(super) const MAX_EXPORT: u64 = 1_000_000;
pub(super) const MAX_PAGE: u64 = u32::MAX as u64;
/// The longest text that is searched for, in bytes.
pub(super) const MAX_SEARCH: usize = 256;

/// The parameters that a listing and an export have in common.
const SHARED: [&str; 28] = [
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
    "search",
    "limit",
    "after",
];

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

/// Reads how much of an entry is shown.
pub(super) fn view(parameters: &Parameters) -> Result<View, Refusal> {
    match parameters.get("view")? {
        Some("summary") => Ok(View::Summary),
        None | Some("full") => Ok(View::Full),
        Some(_) => Err(Refusal::parameter("view", "must be full or summary")),
    }
}

fn known(parameters: &Parameters, more: &[&str]) -> Result<(), Refusal> {
    parameters.only(&[&SHARED, more].concat())
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

fn filter(parameters: &Parameters, now: Timestamp) -> Result<Filter, Refusal> {
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
fn micros(text: &str) -> Option<u64> {
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
