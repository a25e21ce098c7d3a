use std::time::Duration;

use super::served::{document, mount};
use super::*;
use crate::format::{
    Listing, Operation, Question, Refusal, Reply, Request as Asked, Route, WireFormat,
};

const PATH: &str = "/openapi.json";

fn all() -> LogApi {
    let api = builder(SpyStore::new(Vec::new()));
    mount(api).build().unwrap()
}

/// A format that describes itself as the test has it.
#[derive(Clone)]
struct Described {
    template: &'static str,
    header: &'static str,
    description: Value,
}

fn described(template: &'static str, description: Value) -> Described {
    Described {
        template,
        header: "x-token",
        description,
    }
}

impl WireFormat for Described {
    fn routes(&self) -> Vec<Route> {
        vec![Route::new(self.template, Operation::List)]
    }

    fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        headers.get(self.header)?.to_str().ok()
    }

    fn security(&self) -> Value {
        serde_json::json!({ "type": "apiKey", "in": "header", "name": self.header })
    }

    fn ask(&self, _: &Asked<'_>) -> Result<Question, Refusal> {
        Err(Refusal::NoRoute)
    }

    fn page(&self, _: &Asked<'_>, _: &Listing, _: &Page, _: Option<u64>) -> Result<Reply, Refusal> {
        Err(Refusal::NoRoute)
    }

    fn entry(&self, _: &Asked<'_>, _: &LogEntry) -> Result<Reply, Refusal> {
        Err(Refusal::NoRoute)
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        Reply::json(refusal.status(), self.template)
    }

    fn describe(&self, _: &Route) -> Value {
        self.description.clone()
    }
}

#[tokio::test]
async fn document_lists_every_route_once_with_an_id_and_a_scheme_of_its_own() {
    let document = document(&all(), ALL).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let paths = document["paths"].as_object().unwrap();
    let mut listed: Vec<&str> = paths.keys().map(String::as_str).collect();
    let formats = super::served::served();
    let routes = formats.iter().flat_map(|format| &format.routes);
    let mut served: Vec<&str> = routes.map(Route::template).collect();
    listed.sort_unstable();
    served.sort_unstable();
    assert_eq!(listed, served);

    let mut ids = std::collections::BTreeSet::new();
    for (template, item) in paths {
        let operation = &item["get"];
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is there twice");
        assert!(operation["responses"].is_object());
        let scheme = operation["security"][0].as_object().unwrap();
        let scheme = scheme.keys().next().unwrap();
        assert!(document["components"]["securitySchemes"][scheme].is_object());
        let parameters = operation["parameters"].as_array().unwrap();
        for segment in template.split('/') {
            let Some(name) = segment.strip_prefix('{') else {
                continue;
            };
            let name = name.strip_suffix('}').unwrap();
            let described = |it: &&Value| it["name"] == name && it["in"] == "path";
            let parameter = parameters.iter().find(described).unwrap();
            assert_eq!(parameter["required"], true);
        }
    }
}

#[tokio::test]
async fn document_is_given_to_whom_any_format_knows_and_to_nobody_else() {
    let api = builder(SpyStore::new(Vec::new()));
    let other = described("/other", serde_json::json!({ "responses": {} }));
    let api = api.format(Lago::new()).format(Native).format(other);
    let api = api.build().unwrap();
    let ask = async |method: &str, name: &str, value: &str| {
        let request = Request::builder().method(method).uri(PATH);
        send(&api, request.header(name, value).body(()).unwrap()).await
    };
    for (name, value) in [
        ("authorization", format!("Bearer {ALL}")),
        ("authorization", format!("Bearer {A}")),
        ("authorization", format!("Lago {ALL}")),
        ("x-token", ALL.to_owned()),
    ] {
        let got = ask("GET", name, &value).await;
        assert_eq!(got.status, 200, "{name}: {value}");
        assert_eq!(
            got.header("content-type"),
            "application/json; charset=utf-8"
        );
        assert_eq!(got.header("cache-control"), "no-store");
        let head = ask("HEAD", name, &value).await;
        assert_eq!(head.header("content-length"), got.text.len().to_string());
        assert_eq!((head.status.as_u16(), &*head.text), (200, ""));
    }
    for (name, value) in [
        ("accept", "*/*"),
        ("authorization", "Bearer nobody"),
        ("authorization", ALL),
        ("x-token", "nobody"),
    ] {
        let got = ask("GET", name, value).await;
        assert_eq!(got.status, 401, "{name}: {value}");
        assert_eq!(
            got.json(),
            serde_json::json!({ "status": 401, "error": "Unauthorized" })
        );
    }
    let got = ask("POST", "x-token", ALL).await;
    assert_eq!(
        (got.status.as_u16(), got.header("allow")),
        (405, "GET, HEAD")
    );
}

#[tokio::test]
async fn document_that_the_reader_holds_is_not_sent_again() {
    let api = all();
    let tag = get(&api, PATH).await.header("etag").to_owned();
    let request = Request::builder().uri(PATH).header("if-none-match", &tag);
    let request = request.header("authorization", format!("Bearer {ALL}"));
    let got = send(&api, request.body(()).unwrap()).await;
    assert_eq!((got.status.as_u16(), got.header("etag")), (304, &*tag));
}

#[tokio::test]
async fn denials_of_the_document_are_those_of_the_log() {
    for (denial, status) in [(Denial::Forbidden, 403), (Denial::Unavailable, 503)] {
        let asked = Arc::new(Mutex::new(0));
        let counts = asked.clone();
        let access = access_fn(move |_, _| {
            *counts.lock().unwrap() += 1;
            Err::<Reader, _>(denial)
        });
        let api = mount(LogApi::new(SpyStore::new(Vec::new())).access(access));
        assert_eq!(get(&api.build().unwrap(), PATH).await.status, status);
        assert_eq!(*asked.lock().unwrap(), 1);
    }
}

#[tokio::test]
async fn document_counts_as_a_request_and_as_no_reading() {
    let api = builder(SpyStore::new(Vec::new())).format(Native);
    let api = api.on_read(|read| assert_ne!(read.request.uri.path(), PATH));
    let api = api.rate_limit(1, Duration::from_secs(60)).build().unwrap();
    let got = get(&api, PATH).await;
    assert_eq!(
        (got.status.as_u16(), got.header("ratelimit-remaining")),
        (200, "0")
    );
    assert_eq!(get(&api, PATH).await.status, 429);
    assert_eq!(get(&api, "/api-log/v1/entries").await.status, 429);
}

#[tokio::test]
async fn document_is_where_the_application_wants_it_or_nowhere() {
    let api = || builder(SpyStore::new(Vec::new())).format(Native);
    let moved = api().openapi_at("/docs/log.json").build().unwrap();
    assert_eq!(get(&moved, PATH).await.status, 404);
    get(&moved, "/docs/log.json").await.ok();
    assert_eq!(get_as(&moved, "", "/docs/log.json").await.status, 401);
    let none = api().without_openapi().build().unwrap();
    assert_eq!(get(&none, PATH).await.status, 404);
    for path in [
        "",
        "openapi.json",
        "/",
        "/a//b",
        "/{a}",
        "/api-log/v1/entries",
        "/api-log/v1/entries/openapi.json",
    ] {
        let kind = api().openapi_at(path).build().map_err(|error| error.kind());
        assert_eq!(kind.err(), Some(ErrorKind::Configuration), "{path:?}");
    }
    let list = serde_json::json!([]);
    let kind = api()
        .format(described("/x", list))
        .build()
        .map_err(|error| error.kind());
    assert_eq!(kind.err(), Some(ErrorKind::Configuration));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn router_answers_the_document_and_leaves_the_path_where_there_is_none() {
    let own = || axum::routing::get(|| async { "own" });
    let ask = async |app: axum::Router| {
        let request = Request::builder().uri(PATH);
        let request = request.body(axum::body::Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status().as_u16()
    };
    let api = || builder(SpyStore::new(Vec::new())).format(Native);
    assert_eq!(ask(api().into_router().unwrap()).await, 401);
    let app = axum::Router::new().route(PATH, own());
    let without = api().without_openapi().into_router().unwrap();
    assert_eq!(ask(app.merge(without)).await, 200);
}

#[tokio::test]
async fn names_that_two_formats_share_are_made_unique() {
    let operation = || serde_json::json!({ "operationId": "listLogs", "responses": { "200": {} } });
    let other = Described {
        header: "token",
        ..described("/b/{x-y}", operation())
    };
    let unnamed = described(
        "/c",
        serde_json::json!({ "responses": { "304": { "description": "its own" } } }),
    );
    let api = builder(SpyStore::new(Vec::new())).format(Native);
    let api = api
        .format(described("/a", operation()))
        .format(other)
        .format(unnamed);
    let document = document(&api.build().unwrap(), ALL).await;
    let operation = |template: &str| &document["paths"][template]["get"];
    assert_eq!(operation("/a")["operationId"], "listLogs");
    assert_eq!(operation("/b/{x-y}")["operationId"], "listLogs_b_x_y");
    assert_eq!(operation("/c")["operationId"], "list_c");
    let security = |template: &str| operation(template)["security"].to_string();
    assert_eq!(security("/a"), r#"[{"x_token":[]}]"#);
    assert_eq!(security("/b/{x-y}"), r#"[{"token":[]}]"#);
    assert_eq!(security("/c"), security("/a"));
    assert_eq!(security("/api-log/v1/entries"), r#"[{"bearer":[]}]"#);
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    assert_eq!(schemes.len(), 3);
    assert_eq!(
        operation("/c")["responses"]["304"]["description"],
        "its own"
    );
    assert!(operation("/a")["responses"]["304"]["description"].is_string());
}

#[tokio::test]
async fn header_tokens_are_described_in_place_of_the_formats_own() {
    let access = HeaderTokens::new("X-Api-Key", [(ALL, Scope::all())]).unwrap();
    let api = mount(LogApi::new(SpyStore::new(Vec::new())).access(access));
    let request = Request::builder().uri(PATH).header("x-api-key", ALL);
    let got = send(&api.build().unwrap(), request.body(()).unwrap())
        .await
        .ok();
    let wanted = serde_json::json!({
        "x_api_key": { "type": "apiKey", "in": "header", "name": "x-api-key" }
    });
    assert_eq!(got["components"]["securitySchemes"], wanted);
}

#[tokio::test]
async fn credential_of_the_described_scheme_is_the_one_that_lets_in() {
    let api = all();
    let document = document(&api, ALL).await;
    let schemes = &document["components"]["securitySchemes"];
    for format in super::served::served() {
        for route in &format.routes {
            let operation = &document["paths"][route.template()]["get"];
            let named = operation["security"][0].as_object().unwrap();
            let scheme = &schemes[named.keys().next().unwrap()];
            let (name, value) = match scheme["type"].as_str().unwrap() {
                "http" => ("authorization", format!("Bearer {ALL}")),
                _ => (scheme["name"].as_str().unwrap(), ALL.to_owned()),
            };
            let path = format.paths(route, id(1)).remove(0);
            let request = Request::builder().uri(&path).header(name, value);
            let got = send(&api, request.body(()).unwrap()).await;
            assert_ne!(got.status, 401, "{path} as {scheme}");
        }
    }
}
