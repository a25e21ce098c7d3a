use std::time::Duration;

use super::{Categories, GoRules, TYPES};
use crate::entry::Kind;
use crate::format::dates::Date;
use crate::format::{Export, Listing, Parameters, Refusal, Request};
use crate::query::{Filter, LogQuery, Position};

pub(super) const DEFAULT_PER_PAGE: u32 = 10;
pub(super) const MAX_PER_PAGE: u32 = LogQuery::MAX_LIMIT;
pub(super) const MAX_PAGE: u32 = u32::MAX;
pub(super) const COLUMNS: [&str; 2] = ["createdAt", "id"];

const FILTERS: [&str; 6] = [
    "projectId",
    "userId",
    "fromDate",
    "toDate",
    "type",
    "action",
];
const PAGING: [&str; 4] = ["orderBy", "sort", "page", "perPage"];

/// Makes the filter of everything that the format serves.
pub(super) fn served(categories: Categories) -> Filter {
    Filter {
        kinds: vec![Kind::Event],
        categories: match categories {
            Categories::Known => TYPES.map(str::to_owned).to_vec(),
            Categories::All => Vec::new(),
        },
        ..Filter::default()
    }
}

pub(super) fn listing(request: &Request<'_>, gorules: &GoRules) -> Result<Listing, Refusal> {
    let parameters = request.parameters();
    parameters.only(&[&FILTERS[..], &PAGING[..]].concat())?;
    let filter = filter(request, gorules)?;
    if !matches!(parameters.get("orderBy")?, None | Some("createdAt" | "id")) {
        let must = "must be createdAt or id, by which the log is in order";
        return Err(Refusal::parameter("orderBy", must));
    }
    let page = parameters.integer("page", 1..=MAX_PAGE.into())?;
    let page = page.unwrap_or(1);
    let position = match parameters.get("sort")? {
        None | Some("DESC") => Position::Number(page),
        Some("ASC") => Position::FromOldest(page),
        Some(_) => return Err(Refusal::parameter("sort", "must be ASC or DESC")),
    };
    let per_page = parameters.size("perPage", MAX_PER_PAGE, DEFAULT_PER_PAGE)?;
    Ok(Listing::new(filter, position, per_page).with_total())
}

pub(super) fn export(request: &Request<'_>, gorules: &GoRules) -> Result<Export, Refusal> {
    request.parameters().only(&FILTERS)?;
    let filter = filter(request, gorules)?;
    Ok(Export::new(filter, gorules.max_export_entries).whole())
}

fn filter(request: &Request<'_>, gorules: &GoRules) -> Result<Filter, Refusal> {
    let parameters = request.parameters();
    let mut filter = served(gorules.categories);
    filter.projects = text(parameters, "projectId")?;
    filter.actors = text(parameters, "userId")?;
    filter.actions = text(parameters, "action")?;
    let asked = text(parameters, "type")?;
    if let Some(category) = asked.first() {
        if gorules.categories == Categories::Known && !TYPES.contains(&&**category) {
            let must = format!("must be one of {}", TYPES.join(", "));
            return Err(Refusal::parameter("type", must));
        }
        filter.categories = asked;
    }
    let millisecond = Duration::from_millis(1);
    filter.from = date(parameters, "fromDate")?.map(Date::first);
    filter.to = date(parameters, "toDate")?.map(|date| date.last(millisecond));
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to)
    {
        return Err(Refusal::parameter("toDate", "must not be before fromDate"));
    }
    gorules.retention.narrow(&mut filter, request.now());
    Ok(filter)
}

/// Reads a text that may be there once, as the values of a filter's field.
fn text(parameters: &Parameters, name: &str) -> Result<Vec<String>, Refusal> {
    match parameters.get(name)? {
        Some("") => Err(Refusal::parameter(name, "must not be empty")),
        text => Ok(text.map(str::to_owned).into_iter().collect()),
    }
}

fn date(parameters: &Parameters, name: &str) -> Result<Option<Date>, Refusal> {
    let Some(text) = parameters.get(name)? else {
        return Ok(None);
    };
    let must = "must be a day, as 2026-01-31, or a time, as 2026-01-31T12:00:00Z";
    let date = Date::read(text).ok_or_else(|| Refusal::parameter(name, must))?;
    Ok(Some(date))
}
