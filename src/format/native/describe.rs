use serde_json::{Value, json};

use super::params::{ALL, DEFAULT_GROUPS, DEFAULT_LIMIT, MAX_EXPORT, MAX_PAGE, MAX_SEARCH, TIME};
use super::{CSV, FACETS, HAR, LIST, NDJSON, STATS, TAIL, facets, schema, tail};
use crate::entry::{ActorKind, Kind, Outcome};
use crate::format::Parameters;
use crate::format::openapi::{self, object, query};
use crate::query::{Field, LogQuery, StatsQuery};

/// Describes the route of a template.
pub(super) fn operation(template: &str) -> Value {
    match template {
        LIST => openapi::operation(
            "nativeListEntries",
            "Gives a page of entries",
            list_parameters(),
            responses("A page of entries", "application/json", schema::list()),
        ),
        NDJSON => openapi::operation(
            "nativeExportNdjson",
            "Exports entries, one JSON document a line",
            with(export_parameters(), [view()]),
            text_file("application/x-ndjson"),
        ),
        CSV => openapi::operation(
            "nativeExportCsv",
            "Exports entries, one row each",
            export_parameters(),
            text_file("text/csv"),
        ),
        HAR => openapi::operation(
            "nativeExportHar",
            "Exports exchanges as HAR 1.2",
            export_parameters(),
            file("application/json", schema::har()),
        ),
        STATS => openapi::operation(
            "nativeSumEntries",
            "Sums entries up, by time or by a field",
            stats_parameters(),
            responses("The sums", "application/json", schema::stats()),
        ),
        FACETS => facets::operation(),
        TAIL => tail::operation(),
        _ => retrieve(),
    }
}

fn retrieve() -> Value {
    let mut responses = responses("The entry", "application/json", schema::entry());
    responses.push((404, problem("No such entry within the reader's scope", &[])));
    openapi::operation(
        "nativeRetrieveEntry",
        "Gives one entry",
        vec![openapi::path("id", "The entry's UUID", uuid())],
        responses,
    )
}

pub(super) fn responses(description: &str, media_type: &str, schema: Value) -> Vec<(u16, Value)> {
    vec![
        (200, openapi::response(description, media_type, schema)),
        (
            400,
            problem(
                "A parameter is unknown, repeated or not of the accepted form",
                &[],
            ),
        ),
        (
            401,
            problem(
                "No credential, or one that nobody holds",
                &["WWW-Authenticate"],
            ),
        ),
        (403, problem("The reader may not read the log", &[])),
        (
            429,
            problem("The reader has asked too often", &["Retry-After"]),
        ),
        (500, problem("The store failed", &[])),
        (
            503,
            problem(
                "The store, or what knows the readers, cannot be reached now",
                &[],
            ),
        ),
    ]
}

fn file(media_type: &str, schema: Value) -> Vec<(u16, Value)> {
    let mut responses = responses(
        "The file, streamed; it breaks off where the store fails",
        media_type,
        schema,
    );
    if let Some((_, found)) = responses.first_mut() {
        found["headers"] = required_headers(&["Content-Disposition"]);
    }
    responses
}

fn text_file(media_type: &str) -> Vec<(u16, Value)> {
    let schema = json!({ "type": "string", "contentMediaType": media_type });
    file(media_type, schema)
}

fn problem(description: &str, headers: &[&str]) -> Value {
    let mut schema = object(json!({
        "title": { "type": "string" },
        "status": { "type": "integer" },
        "request_id": { "type": "string", "format": "uuid" },
    }));
    for (name, description) in [
        ("detail", "One sentence"),
        ("parameter", "The name of the parameter"),
    ] {
        schema["properties"][name] = json!({ "type": "string", "description": description });
    }
    let mut response = openapi::response(description, "application/problem+json", schema);
    response["headers"] = required_headers(headers);
    response
}

fn required_headers(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!({ "required": true, "schema": { "type": "string" } }),
            )
        })
        .collect::<serde_json::Map<String, Value>>()
        .into()
}

fn list_parameters() -> Vec<Value> {
    let number = |most: u64, default: Option<u64>| match default {
        Some(default) => {
            json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default })
        }
        None => json!({ "type": "integer", "minimum": 1, "maximum": most }),
    };
    let limit = number(LogQuery::MAX_LIMIT.into(), Some(DEFAULT_LIMIT.into()));
    with(
        shared_parameters(),
        [
            query("limit", "The most entries of the page", limit),
            query(
                "before",
                "The page of the entries newer than this id; not together with after",
                uuid(),
            ),
            query(
                "page",
                "The page of this number; not together with after or before",
                number(MAX_PAGE, None),
            ),
            query(
                "order",
                "The order; oldest goes by page number, not with after or before",
                json!({ "enum": ["newest", "oldest"], "default": "newest" }),
            ),
            query(
                "count",
                "Whether to count the entries over all pages",
                json!({ "type": "boolean", "default": false }),
            ),
            view(),
        ],
    )
}

fn export_parameters() -> Vec<Value> {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_EXPORT });
    with(
        shared_parameters(),
        [query("limit", "The most entries of the file", limit)],
    )
}

fn view() -> Value {
    let views = json!({ "enum": ["full", "summary"], "default": "full" });
    query("view", "How much of each entry is shown", views)
}

fn with<const N: usize>(mut parameters: Vec<Value>, more: [Value; N]) -> Vec<Value> {
    parameters.extend(more);
    parameters
}

/// Describes what a listing and an export have in common, but for the limit.
pub(super) fn shared_parameters() -> Vec<Value> {
    let mut parameters = filter_parameters();
    let search = json!({ "type": "string", "minLength": 1, "maxLength": MAX_SEARCH });
    parameters.extend([
        query(
            "search",
            "A text in bodies and events, at most 256 bytes long",
            search,
        ),
        query("after", "The entries older than this id", uuid()),
    ]);
    parameters
}

fn stats_parameters() -> Vec<Value> {
    let fields = Field::ALL.map(Field::as_str);
    let ways: Vec<_> = [ALL, TIME].into_iter().chain(fields).collect();
    let limit = stats_limit(StatsQuery::MAX_LIMIT, DEFAULT_GROUPS);
    with(
        filter_parameters(),
        [
            query(
                "by",
                "What makes a group",
                json!({ "enum": ways, "default": ALL }),
            ),
            query(
                "width",
                "How long groups of time are, 1h by default; not with another by",
                json!({ "type": "string", "pattern": "^[0-9]{1,9}[smhdw]$" }),
            ),
            query("limit", "The most groups", limit),
        ],
    )
}

/// Describes how many groups there are at most.
pub(super) fn stats_limit(most: u32, default: u32) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default })
}

/// Describes what narrows a listing, but for the text.
pub(super) fn filter_parameters() -> Vec<Value> {
    [
        exchange_parameters(),
        context_parameters(),
        event_parameters(),
    ]
    .concat()
}

fn exchange_parameters() -> Vec<Value> {
    let time = || {
        json!({ "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "string", "format": "date" },
            { "type": "string", "pattern": "^(now|-[0-9]{1,9}[smhdw])$" },
        ] })
    };
    let duration = || {
        let pattern = r"^[0-9]{1,12}(us|(\.[0-9]{1,3})?ms|(\.[0-9]{1,6})?s)$";
        json!({ "type": "string", "pattern": pattern })
    };
    let method = json!({ "type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" });
    let status = json!({ "type": "string", "pattern": "^([0-9]{3}(-[0-9]{3})?|[1-5][xX]{2})$" });
    let outcome = json!({ "enum": Outcome::ALL.map(Outcome::as_str) });
    vec![
        query("from", "Begun not before", time()),
        query("to", "Begun not after; a date counts to its end", time()),
        query(
            "method",
            "The method, in any case; also separated by commas",
            list(method),
        ),
        query(
            "status",
            "The status, a class or a range; also separated by commas",
            list(status),
        ),
        query(
            "path",
            "The path; * stands for any run of characters",
            list(text()),
        ),
        query("route", "The route's template", list(text())),
        query(
            "outcome",
            "How it ended; also separated by commas",
            list(outcome),
        ),
        query("min_duration", "The least time to the end", duration()),
        query("max_duration", "The most time to the end", duration()),
    ]
}

fn context_parameters() -> Vec<Value> {
    let actor_kind = json!({ "enum": ActorKind::ALL.map(ActorKind::as_str) });
    let address = json!({ "anyOf": [
        { "type": "string", "format": "ipv4" },
        { "type": "string", "format": "ipv6" },
    ] });
    [
        ("actor", "The actor's id", text()),
        (
            "actor_kind",
            "The kind of the actor; also separated by commas",
            actor_kind,
        ),
        ("session", "The actor's session", text()),
        (
            "api_key",
            "The fingerprint or record id of the API key",
            text(),
        ),
        ("organisation", "The organisation", text()),
        ("project", "The project", text()),
        ("environment", "The environment", text()),
        (
            "client_ip",
            "The client's address; also separated by commas",
            address,
        ),
        ("user_agent", "The user agent, whole", text()),
        (
            "request_id",
            "The client's own request id; also separated by commas",
            text(),
        ),
        (
            "api_version",
            "The API's version; also separated by commas",
            text(),
        ),
    ]
    .map(|(name, description, items)| query(name, description, list(items)))
    .to_vec()
}

fn event_parameters() -> Vec<Value> {
    let kind = json!({ "enum": Kind::ALL.map(Kind::as_str) });
    [
        (
            "kind",
            "The kind of the entry; also separated by commas",
            kind,
        ),
        ("category", "The category of an event", text()),
        ("action", "The action of an event", text()),
        ("ref_id", "The id of the object that it is about", text()),
        (
            "exchange",
            "The exchange in which an event happened; also separated by commas",
            uuid(),
        ),
    ]
    .map(|(name, description, items)| query(name, description, list(items)))
    .to_vec()
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": Parameters::MAX_VALUE_BYTES })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items, "maxItems": Parameters::MAX_VALUES })
}
