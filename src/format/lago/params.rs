use std::time::Duration;

use super::{CHANGING, Lago, Methods};
use crate::clock::Timestamp;
use crate::entry::Kind;
use crate::format::dates::{Date, last_of};
use crate::format::params::whole_number;
use crate::format::{Listing, Parameters, Refusal, Request};
use crate::query::{Filter, LogQuery, PathPattern, Position, StatusRange};

const DEFAULT_PER_PAGE: u64 = 100;
/// Lago's clients read page numbers as 32-bit integers.
const MAX_PAGE: u64 = i32::MAX as u64;

const KNOWN: &[&str] = &[
    "page",
    "per_page",
    "from_date",
    "to_date",
    "http_methods",
    "http_methods[]",
    "http_statuses",
    "http_statuses[]",
    "api_version",
    "request_paths",
    "request_paths[]",
    "clients",
    "clients[]",
];

/// Makes the filter of everything that the format serves.
pub(super) fn served(methods: Methods) -> Filter {
    let methods = match methods {
        Methods::Changing => CHANGING.iter().map(|it| it.to_ascii_uppercase()).collect(),
        Methods::All => Vec::new(),
    };
    Filter {
        kinds: vec![Kind::Exchange],
        methods,
        ..Filter::default()
    }
}

pub(super) fn listing(request: &Request<'_>, lago: &Lago) -> Result<Listing, Refusal> {
    let parameters = request.parameters();
    parameters.only(KNOWN)?;
    let page = positive(parameters, "page")?.unwrap_or(1);
    if page > MAX_PAGE {
        return Err(Refusal::parameter("page", "must be at most 2147483647"));
    }
    let per_page = positive(parameters, "per_page")?.unwrap_or(DEFAULT_PER_PAGE);
    let per_page = u32::try_from(per_page).unwrap_or(LogQuery::MAX_LIMIT);
    let mut filter = filter(parameters, lago.methods)?;
    lago.retention.narrow(&mut filter, request.now());
    Ok(Listing::new(filter, Position::Number(page), per_page).with_total())
}

/// Reads a positive number as Kaminari does, to which anything else is as good as nothing.
fn positive(parameters: &Parameters, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(text) = parameters.get(name)? else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| whole_number(text).unwrap_or(u64::MAX));
    Ok(number.filter(|&number| number > 0))
}

fn filter(parameters: &Parameters, methods: Methods) -> Result<Filter, Refusal> {
    let mut filter = served(methods);
    filter.from = date(parameters, "from_date")?;
    let second = Duration::from_secs(1);
    filter.to = date(parameters, "to_date")?.map(|at| last_of(at, second));
    if let Some(asked) = list(parameters, "http_methods")? {
        filter.methods = asked.iter().filter_map(|it| method(it, methods)).collect();
        filter.nothing |= filter.methods.is_empty();
    }
    if let Some(asked) = list(parameters, "http_statuses")? {
        filter.statuses = statuses(&asked);
        filter.nothing |= filter.statuses.is_empty();
    }
    if let Some(version) = parameters.get("api_version")?.filter(|it| !it.is_empty()) {
        filter.api_versions = vec![version.to_owned()];
    }
    if let Some(paths) = list(parameters, "request_paths")? {
        filter.paths = paths.into_iter().map(PathPattern::new).collect();
    }
    if let Some(clients) = list(parameters, "clients")? {
        filter.user_agents = clients.into_iter().map(str::to_owned).collect();
    }
    Ok(filter)
}

/// Reads a list in its scalar and in its bracketed form. Without a value that is not blank there is no list, as with Rails' `presence`.
fn list<'p>(parameters: &'p Parameters, name: &str) -> Result<Option<Vec<&'p str>>, Refusal> {
    let bracketed = format!("{name}[]");
    let values = parameters
        .iter()
        .filter(|(known, _)| *known == name || *known == bracketed);
    let values: Vec<&str> = values
        .map(|(_, value)| value)
        .filter(|it| !it.is_empty())
        .collect();
    Ok((!values.is_empty()).then_some(values))
}

fn method(text: &str, methods: Methods) -> Option<String> {
    let served = match methods {
        Methods::Changing => CHANGING.contains(&text),
        Methods::All => !text.bytes().any(|byte| byte.is_ascii_uppercase()),
    };
    served.then(|| text.to_ascii_uppercase())
}

/// Reads statuses and the two words. An empty result matches nothing.
fn statuses(asked: &[&str]) -> Vec<StatusRange> {
    let succeeded = StatusRange { from: 0, to: 399 };
    let failed = StatusRange {
        from: 400,
        to: u16::MAX,
    };
    match (asked.contains(&"succeeded"), asked.contains(&"failed")) {
        (true, true) => Vec::new(),
        (true, false) => vec![succeeded],
        (false, true) => vec![failed],
        (false, false) => {
            let numbers = asked
                .iter()
                .filter_map(|text| u16::try_from(whole_number(text)?).ok());
            numbers.map(StatusRange::exact).collect()
        }
    }
}

fn date(parameters: &Parameters, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = parameters.get(name)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match Date::read(text) {
        Some(date) => Ok(Some(date.first())),
        None => Err(Refusal::Unprocessable {
            name: name.into(),
            code: "invalid_date".into(),
        }),
    }
}
