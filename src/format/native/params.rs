use crate::entry::{EntryId, Kind};
use crate::format::{Listing, Parameters, Refusal};
use crate::query::{Filter, LogQuery, PathPattern, Position, StatusRange};

const DEFAULT_LIMIT: u32 = 50;

const KNOWN: &[&str] = &[
    "from",
    "to",
    "method",
    "status",
    "path",
    "route",
    "actor",
    "organisation",
    "project",
    "environment",
    "client_ip",
    "user_agent",
    "request_id",
    "api_version",
    "kind",
    "limit",
    "after",
    "before",
    "page",
    "count",
];

pub(super) fn listing(parameters: &Parameters) -> Result<Listing, Refusal> {
    parameters.only(KNOWN)?;
    let limit = parameters
        .integer("limit", 1..=u64::from(LogQuery::MAX_LIMIT))?
        .and_then(|limit| u32::try_from(limit).ok())
        .unwrap_or(DEFAULT_LIMIT);
    let listing = Listing::new(filter(parameters)?, position(parameters)?, limit);
    match parameters.get("count")? {
        Some("true") => Ok(listing.with_total()),
        None | Some("false") => Ok(listing),
        Some(_) => Err(Refusal::parameter("count", "must be true or false")),
    }
}

fn position(parameters: &Parameters) -> Result<Position, Refusal> {
    let id = |name: &str| -> Result<Option<EntryId>, Refusal> {
        let id = parameters.get(name)?.map(str::parse);
        id.transpose()
            .map_err(|_| Refusal::parameter(name, "must be the UUID of an entry"))
    };
    let number = parameters.integer("page", 1..=u64::from(u32::MAX))?;
    match (id("after")?, id("before")?, number) {
        (None, None, None) => Ok(Position::First),
        (Some(id), None, None) => Ok(Position::After(id)),
        (None, Some(id), None) => Ok(Position::Before(id)),
        (None, None, Some(number)) => Ok(Position::Number(number)),
        (Some(_), Some(_), _) => Err(Refusal::parameter("before", "must not go with after")),
        (.., Some(_)) => Err(Refusal::parameter(
            "page",
            "must not go with after or before",
        )),
    }
}

fn filter(parameters: &Parameters) -> Result<Filter, Refusal> {
    let (from, to) = (parameters.time("from")?, parameters.time("to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Refusal::parameter("to", "must not be before from"));
    }
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let kind = |text: &str| match text {
        "exchange" => Some(Kind::Exchange),
        "event" => Some(Kind::Event),
        _ => None,
    };
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
        actors: parameters.texts("actor")?,
        organisations: parameters.texts("organisation")?,
        projects: parameters.texts("project")?,
        environments: parameters.texts("environment")?,
        client_ips: parameters.list("client_ip", "must be IP addresses", |text| {
            text.parse().ok()
        })?,
        user_agents: parameters.texts("user_agent")?,
        request_ids: parameters.list("request_id", "must not be empty", word)?,
        api_versions: parameters.list("api_version", "must not be empty", word)?,
        kinds: parameters.list("kind", "must be exchange or event", kind)?,
        ..Filter::default()
    })
}

fn method(text: &str) -> Option<String> {
    let method = http::Method::from_bytes(text.as_bytes()).ok()?;
    Some(method.as_str().to_ascii_uppercase())
}
