//! What the OpenAPI document says of a reply, held against the reply.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jsonschema::Validator;

use super::served::{REF, Served, document, mount, parameters, rich, served};
use super::*;
use crate::format::{Operation, Route};
use crate::testing::sample;

/// A reader in the environment of which some formats show entries alone.
const LIVE: &str = "token-of-production-01";

/// The document, with its schemas ready.
pub(super) struct Truth {
    document: Value,
    schemas: BTreeMap<(String, u16), Validator>,
}

impl Truth {
    pub(super) async fn of(api: &LogApi) -> Self {
        Self::new(document(api, ALL).await)
    }

    fn new(document: Value) -> Self {
        Self {
            document,
            schemas: BTreeMap::new(),
        }
    }

    /// Tells in what a reply differs from what the document says of it.
    pub(super) fn check(&mut self, template: &str, got: &Got) -> Result<(), String> {
        let status = got.status.as_u16();
        let responses = &self.document["paths"][template]["get"]["responses"];
        let documented = responses.get(status.to_string());
        let Some(response) = documented.or_else(|| responses.get("default")) else {
            return match status {
                // Of another method, which the description of GET need not tell; it looks as other refusals do.
                405 => refuses_alike(&responses["400"], got),
                _ => Err(format!("{status} is not documented")),
            };
        };
        if status == 304 {
            return match got.text.is_empty() && response.get("content").is_none() {
                true => Ok(()),
                false => Err("304 has a body".into()),
            };
        }
        let essence = got.header("content-type").split(';').next().unwrap();
        let Some(contents) = response["content"].as_object() else {
            return Err(format!("{status} has no documented content"));
        };
        let content = contents
            .get(essence)
            .ok_or_else(|| format!("{status} gives {essence}, not {:?}", contents.keys()))?;
        let body: Value = match essence.ends_with("/json") || essence.ends_with("+json") {
            true => serde_json::from_str(&got.text).map_err(|error| error.to_string())?,
            false => got.text.clone().into(),
        };
        let schema = match self.schemas.entry((template.to_owned(), status)) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let options = jsonschema::draft202012::options().should_validate_formats(true);
                let schema = options.build(&content["schema"]);
                place.insert(schema.map_err(|error| format!("no schema: {error}"))?)
            }
        };
        match schema.iter_errors(&body).next() {
            Some(wrong) => Err(format!("{status}: {}: {wrong}", wrong.instance_path())),
            None => Ok(()),
        }
    }

    #[track_caller]
    pub(super) fn hold(&mut self, route: &Route, uri: &str, got: &Got) {
        if let Err(wrong) = self.check(route.template(), got) {
            let short = |text: &str| text.chars().take(1000).collect::<String>();
            panic!("{uri}: {}\n{}", short(&wrong), short(&got.text));
        }
    }
}

fn refuses_alike(response: &Value, got: &Got) -> Result<(), String> {
    let essence = got.header("content-type").split(';').next().unwrap();
    let is_json = serde_json::from_str::<Value>(&got.text).is_ok();
    match response["content"].get(essence).is_some() && is_json {
        true => Ok(()),
        false => Err("405 is not as the other refusals are".into()),
    }
}

/// Values of which each parameter accepts some.
fn values() -> Vec<String> {
    let words = "newest 1 2 0 true false desc ASC DESC id createdAt POST post 2xx 200 succeeded failed 127.0.0.1 v1 event exchange completed user \
                 project created kebab request path data.x * -90d 5ms 1h ndjson csv har json x";
    let mut values: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let id = sample::id(3);
    values.extend([id.to_string(), id.prefixed("req"), id.prefixed("ual")]);
    values.extend(["", "2020-01-01", "2020-01-01T00:00:00Z", REF].map(str::to_owned));
    values
}

/// The values of a parameter that the document itself tells.
fn words(document: &Value, template: &str, name: &str) -> Vec<String> {
    let parameters = document["paths"][template]["get"]["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    let Some(parameter) = parameters.find(|it| it["name"] == name && it["in"] == "query") else {
        return Vec::new();
    };
    let schema = &parameter["schema"];
    let lists = [
        &schema["enum"],
        &schema["items"]["enum"],
        &schema["examples"],
    ];
    let lists = lists.into_iter().filter_map(Value::as_array).flatten();
    let values = lists.chain([&schema["const"], &schema["default"], &parameter["example"]]);
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    values.filter_map(text).collect()
}

fn tokens() -> BearerTokens {
    let live = Scope::organisation("org_1").unwrap();
    let live = live.environment("production");
    BearerTokens::new([(ALL, Scope::all()), (LIVE, live)]).unwrap()
}

fn api(store: SpyStore) -> LogApi {
    mount(LogApi::new(store).access(tokens())).build().unwrap()
}

fn denying(denial: Denial) -> LogApi {
    let access = access_fn(move |_, _| Err::<Reader, _>(denial));
    let api = LogApi::new(SpyStore::new(Vec::new())).access(access);
    mount(api).build().unwrap()
}

/// Every reply that is to be provoked of a path.
async fn provoked(format: &Served, route: &Route, path: &str) -> Vec<Got> {
    let (there, empty) = (api(SpyStore::new(rich())), api(SpyStore::new(Vec::new())));
    let mut got = Vec::new();
    for token in [ALL, LIVE] {
        for api in [&there, &empty] {
            got.push(format.get(api, token, path).await);
            got.push(
                format
                    .get(api, token, &format!("{path}?no_such_parameter=1"))
                    .await,
            );
            let mut held = format.request("GET", token, path);
            held.headers_mut()
                .insert("if-none-match", "*".parse().unwrap());
            got.push(send(api, held).await);
            for case in ["camel", "snake"] {
                let mut inflected = format.request("GET", token, path);
                let headers = inflected.headers_mut();
                headers.insert("key-inflection", case.parse().unwrap());
                got.push(send(api, inflected).await);
            }
        }
    }
    got.push(format.get(&there, "", path).await);
    got.push(format.get(&there, "nobody-has-this-token", path).await);
    got.push(send(&there, format.request("DELETE", ALL, path)).await);
    for denial in [
        Denial::Forbidden,
        Denial::Unavailable,
        Denial::Unauthenticated,
    ] {
        got.push(format.get(&denying(denial), ALL, path).await);
    }
    let limited = mount(LogApi::new(SpyStore::new(Vec::new())).access(tokens()));
    let limited = limited
        .rate_limit(1, Duration::from_secs(60))
        .build()
        .unwrap();
    for _ in 0..2 {
        got.push(format.get(&limited, LIVE, path).await);
    }
    if !matches!(route.operation(), Operation::Export | Operation::Tail) {
        for kind in [ErrorKind::Unavailable, ErrorKind::Storage] {
            got.push(format.get(&api(SpyStore::failing(kind)), LIVE, path).await);
        }
    }
    got
}

/// The statuses that every route of an operation has to show.
fn wanted(operation: Operation) -> BTreeSet<u16> {
    let all = [200, 400, 401, 403, 405, 429, 503];
    let own: &[u16] = match operation {
        Operation::List | Operation::Stats | Operation::Facets => &[304, 500],
        Operation::Retrieve => &[304, 404, 500],
        Operation::Export | Operation::Tail => &[],
    };
    all.into_iter().chain(own.iter().copied()).collect()
}

#[tokio::test]
async fn every_reply_of_every_status_is_as_the_document_says() {
    let api = api(SpyStore::new(rich()));
    let mut truth = Truth::of(&api).await;
    for format in served() {
        for route in &format.routes {
            let mut seen = BTreeSet::new();
            let mut shown = None;
            for entry in rich() {
                for path in format.paths(route, entry.id) {
                    let got = format.get(&api, LIVE, &path).await;
                    truth.hold(route, &path, &got);
                    shown = shown.or((got.status == 200).then_some(path));
                }
                if route.operation() != Operation::Retrieve {
                    break;
                }
            }
            let unknown = format.paths(route, sample::id(999)).remove(0);
            let paths = [shown.expect("some entry is shown"), unknown];
            for path in paths {
                for got in provoked(&format, route, &path).await {
                    truth.hold(route, &path, &got);
                    seen.insert(got.status.as_u16());
                }
            }
            let missing: Vec<_> = wanted(route.operation())
                .difference(&seen)
                .copied()
                .collect();
            assert!(missing.is_empty(), "{}: {missing:?}", route.template());
        }
    }
}

#[tokio::test]
async fn every_reply_to_every_parameter_is_as_the_document_says() {
    let api = api(SpyStore::new(rich()));
    let mut truth = Truth::of(&api).await;
    for format in served() {
        for route in &format.routes {
            let mut found = 0;
            for path in format.paths(route, rich().last().unwrap().id) {
                for name in parameters(&truth.document, route.template()) {
                    let mut accepted = false;
                    let described = words(&truth.document, route.template(), &name);
                    for value in values().into_iter().chain(described) {
                        let value: String =
                            form_urlencoded::byte_serialize(value.as_bytes()).collect();
                        let uri = format!("{path}?{name}={value}");
                        let got = format.get(&api, LIVE, &uri).await;
                        truth.hold(route, &uri, &got);
                        accepted |= got.status == 200;
                        found += usize::from(got.status == 200);
                    }
                    let lookup = route.operation() == Operation::Retrieve;
                    assert!(accepted || lookup, "{path}: no value of {name} is accepted");
                }
            }
            let listed = route.operation() == Operation::List;
            assert!(found > 3 || !listed, "{}", route.template());
        }
    }
}

#[tokio::test]
async fn every_route_is_described() {
    let document = document(&api(SpyStore::new(Vec::new())), ALL).await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let responses = item["get"]["responses"].as_object().unwrap();
        assert!(!responses.contains_key("default"), "{path}");
    }
}

#[test]
fn reply_that_differs_from_the_document_is_found_out() {
    let schema = serde_json::json!({ "type": "object", "required": ["a"], "properties": { "a": { "format": "date-time" } } });
    let content = serde_json::json!({ "application/json": { "schema": schema } });
    let mut truth = Truth::new(
        serde_json::json!({ "paths": { "/a": { "get": { "responses": {
        "200": { "content": content }, "304": {}, "404": {},
    } } } } }),
    );
    let mut check = |status: u16, content_type: &str, text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        let got = Got {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            text: text.to_owned(),
        };
        truth.check("/a", &got).is_ok()
    };
    let (json, right) = (
        "application/json; charset=utf-8",
        r#"{"a":"2020-01-01T00:00:00Z"}"#,
    );
    assert!(check(200, json, right));
    assert!(check(304, json, ""));
    for (status, content_type, text) in [
        (201, json, right),
        (404, json, right),
        (304, json, right),
        (200, "text/html", right),
        (200, json, "{}"),
        (200, json, r#"{"a":"yesterday"}"#),
        (200, json, "{"),
        (200, json, ""),
    ] {
        assert!(!check(status, content_type, text), "{status} {text}");
    }
}
