//! A recorded request sent once more through an axum service with its layer, from the explorer's side.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_api_log::api::{BearerTokens, Reader};
use tower_api_log::entry::{Exchange, Replayed};
use tower_api_log::explorer::{Explorer, Replay};
use tower_api_log::format::Native;
use tower_api_log::recorder::Delivery;
use tower_api_log::{
    ApiLog, ApiLogLayer, LogApi, LogEntry, LogQuery, LogStore, MemoryStore, Recorder, Scope,
};

const ALL: &str = "token-of-everything-1";
const OWN: &str = "token-of-tenant-a-0001";

async fn panics() -> &'static str {
    panic!("made to panic")
}

type Seen = Arc<Mutex<Vec<(Method, Uri, HeaderMap, String, bool)>>>;
type Told = Arc<Mutex<Vec<(u16, Option<String>, Option<String>)>>>;

struct App {
    router: Router,
    store: MemoryStore,
    recorder: Recorder,
    seen: Seen,
    told: Told,
}

impl App {
    fn new() -> Self {
        Self::with(|replay| replay)
    }

    fn with(change: impl FnOnce(Replay) -> Replay) -> Self {
        let store = MemoryStore::new();
        let delivery = Delivery::default().batch_age(Duration::from_millis(5));
        let layer = ApiLogLayer::builder(store.clone()).delivery(delivery);
        let layer = layer.build().unwrap();
        let recorder = layer.recorder();
        let seen = Seen::default();
        let sees = seen.clone();
        let echo = async move |request: Request<Body>| {
            let (parts, body) = request.into_parts();
            parts
                .extensions
                .get::<ApiLog>()
                .unwrap()
                .organisation("org_a");
            let is_replay = parts.extensions.get::<Replayed>().is_some();
            let body = body.collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            let seen = (parts.method, parts.uri, parts.headers, body, is_replay);
            sees.lock().unwrap().push(seen);
            (
                [("x-secret-token", "made-up-secret-1")],
                axum::Json(json!({ "done": true })),
            )
        };
        let routes = Router::new()
            .route("/echo", get(echo.clone()).options(echo.clone()))
            .route("/change", post(echo.clone()).put(echo))
            .route("/panic", get(panics))
            .route("/other", get(async || "other"))
            .layer(layer);
        let readers = BearerTokens::new([
            (ALL, Reader::new(Scope::all()).id("operator_1")),
            (OWN, Scope::organisation("org_a").unwrap().into()),
        ]);
        let told = Told::default();
        let hears = told.clone();
        let api = LogApi::new(store.clone()).format(Native);
        let api = api.access(readers.unwrap()).on_read(move |read| {
            let reader = read.reader.as_ref().and_then(|reader| reader.id.clone());
            let entry = read.entry.map(|id| id.to_string());
            if read.route.template() == "/api-log/replay" {
                hears
                    .lock()
                    .unwrap()
                    .push((read.status.as_u16(), reader, entry));
            }
        });
        let api = api.build().unwrap();
        let replay = change(Replay::new(routes.clone()));
        let explorer = Explorer::new(api.clone()).replay(replay);
        let router = routes
            .merge(api.into_router())
            .merge(explorer.into_router().unwrap());
        Self {
            router,
            store,
            recorder,
            seen,
            told,
        }
    }

    async fn send(&self, request: Request<Body>) -> (u16, HeaderMap, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        (parts.status.as_u16(), parts.headers, json)
    }

    /// Makes a call as a client, and returns its entry.
    async fn call(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> LogEntry {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await;
        self.newest().await
    }

    async fn newest(&self) -> LogEntry {
        self.recorder.flush().await.unwrap();
        self.entries().await.remove(0)
    }

    async fn entries(&self) -> Vec<LogEntry> {
        let query = LogQuery::new(Scope::all());
        self.store.list(&query).await.unwrap().entries
    }

    async fn replay(&self, asked: Value) -> (u16, Value) {
        let (status, _, json) = self.send(ask(ALL, &asked)).await;
        (status, json)
    }

    fn last_seen(&self) -> (Method, Uri, HeaderMap, String, bool) {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

fn ask(token: &str, asked: &Value) -> Request<Body> {
    let request = Request::builder().method("POST").uri("/api-log/replay");
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("x-api-log-replay", "1");
    request.body(Body::from(asked.to_string())).unwrap()
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

fn note<'e>(entry: &'e LogEntry, name: &str) -> Option<&'e str> {
    let notes = &exchange(entry).notes;
    let note = notes.iter().find(|note| note.name == name);
    note.map(|note| &*note.value)
}

#[tokio::test]
async fn recorded_request_is_sent_once_more_and_recorded_as_what_it_is() {
    let app = App::new();
    let headers = [("x-plain", "a"), ("x-plain", "b"), ("accept", "text/plain")];
    let first = app.call("GET", "/echo?a=1&b=%20", &headers, "").await;
    let (status, answer) = app.replay(json!({ "id": first.id.to_string() })).await;
    assert_eq!(status, 200, "{answer}");
    let (method, uri, headers, body, is_replay) = app.last_seen();
    assert_eq!(
        (method, &*uri.to_string(), &*body, is_replay),
        (Method::GET, "/echo?a=1&b=%20", "", true)
    );
    let plain: Vec<_> = headers.get_all("x-plain").iter().collect();
    assert_eq!(plain, ["a", "b"]);
    assert!(!headers.contains_key("x-api-log-replay") && !headers.contains_key("authorization"));

    let second = app.newest().await;
    assert_ne!(second.id, first.id);
    assert_eq!(answer["entry_id"], second.id.to_string());
    assert_eq!(
        (&answer["status"], &answer["outcome"]),
        (&json!(200), &json!("answered"))
    );
    assert!(answer["took_micros"].as_u64().unwrap() > 0);
    assert_eq!(
        answer["body"],
        json!({ "state": "whole", "text": "{\"done\":true}" })
    );
    assert_eq!(note(&second, "replay_of"), Some(&*first.id.to_string()));
    assert_eq!(note(&second, "replayed_by"), Some("operator_1"));
    assert_eq!(note(&first, "replay_of"), None);
    assert_eq!(app.entries().await.len(), 2, "the asking is not logged");
    let told = (
        200,
        Some("operator_1".to_owned()),
        Some(first.id.to_string()),
    );
    assert_eq!(*app.told.lock().unwrap(), [told]);
}

#[tokio::test]
async fn reader_sees_of_the_answer_what_the_layer_has_masked() {
    let app = App::new();
    let first = app.call("GET", "/echo", &[], "").await;
    let (_, answer) = app.replay(json!({ "id": first.id.to_string() })).await;
    let text = answer.to_string();
    assert!(
        text.contains("x-secret-token") && !text.contains("made-up-secret"),
        "{text}"
    );
}

#[tokio::test]
async fn nothing_masked_is_sent_and_the_reader_puts_it_in() {
    let app = App::with(|replay| replay.allow_methods([Method::POST]));
    let secret = "made-up-password-1";
    let headers = [
        ("authorization", "Bearer made-up-token-0001"),
        ("cookie", "session=made-up-session"),
        ("content-type", "application/json"),
        ("x-forwarded-for", "203.0.113.7"),
        ("te", "trailers"),
    ];
    let body = json!({ "name": "Jane", "password": secret }).to_string();
    let first = app
        .call("POST", "/change?token=made-up-query", &headers, &body)
        .await;
    let id = first.id.to_string();
    for (asked, wrong) in [
        (json!({ "id": id }), "path_and_query"),
        (json!({ "id": id, "path_and_query": "/change" }), "body"),
        (
            json!({ "id": id, "path_and_query": "change", "body": "" }),
            "path_and_query",
        ),
        (
            json!({ "id": id, "path_and_query": "http://other.example.com/", "body": "" }),
            "path_and_query",
        ),
        (
            json!({ "id": id, "path_and_query": "/change", "body": "", "headers": [["a b", "c"]] }),
            "headers",
        ),
        (
            json!({ "id": id, "path_and_query": "/change", "body": "", "headers": [["a", "b\r\nc: d"]] }),
            "headers",
        ),
    ] {
        let (status, answer) = app.replay(asked).await;
        assert_eq!(
            (status, answer["parameter"].as_str()),
            (400, Some(wrong)),
            "{answer}"
        );
    }
    assert_eq!(app.seen.lock().unwrap().len(), 1, "nothing was sent");
    let asked = json!({
        "id": id, "path_and_query": "/change?token=another", "body": "{\"name\":\"Joe\"}",
        "headers": [["Authorization", "Bearer mine-00001"], ["transfer-encoding", "chunked"], ["content-type", null]],
    });
    assert_eq!(app.replay(asked).await.0, 200);
    let (_, uri, headers, body, _) = app.last_seen();
    assert_eq!(
        (&*uri.to_string(), &*body),
        ("/change?token=another", "{\"name\":\"Joe\"}")
    );
    assert_eq!(headers["authorization"], "Bearer mine-00001");
    assert_eq!(headers["content-length"], "14");
    for name in [
        "cookie",
        "content-type",
        "x-forwarded-for",
        "te",
        "transfer-encoding",
    ] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn body_with_nothing_masked_is_sent_as_it_was() {
    let app = App::with(|replay| replay.allow_methods([Method::PUT]));
    let body = "{\"name\":\"J\u{e4}ne\", \"n\": 1}";
    let headers = [("content-type", "application/json")];
    let first = app.call("PUT", "/change", &headers, body).await;
    let (status, answer) = app.replay(json!({ "id": first.id.to_string() })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(app.last_seen().3, body);
}

#[tokio::test]
async fn methods_that_change_something_are_refused_unless_they_are_allowed() {
    let app = App::new();
    let first = app.call("POST", "/change", &[], "").await;
    let (status, answer) = app.replay(json!({ "id": first.id.to_string() })).await;
    assert_eq!(status, 403, "{answer}");
    let app = App::with(|replay| replay.allow_methods([Method::POST]));
    let first = app.call("POST", "/change", &[], "").await;
    assert_eq!(
        app.replay(json!({ "id": first.id.to_string() })).await.0,
        200
    );
    let first = app.call("PUT", "/change", &[], "").await;
    assert_eq!(
        app.replay(json!({ "id": first.id.to_string() })).await.0,
        403
    );
}

#[tokio::test]
async fn reader_is_admitted_as_by_the_api_and_sees_the_entry_or_there_is_none() {
    for (is_allowed, statuses) in [(false, [200, 403, 401, 401]), (true, [200, 200, 401, 401])] {
        let app = App::with(|replay| match is_allowed {
            true => replay.for_scoped_readers(),
            false => replay,
        });
        let first = app.call("GET", "/echo", &[], "").await;
        let asked = json!({ "id": first.id.to_string() });
        for (token, status) in [ALL, OWN, "nobody", ""].into_iter().zip(statuses) {
            assert_eq!(app.send(ask(token, &asked)).await.0, status, "{token}");
        }
        let other = app.call("GET", "/other", &[], "").await;
        let asked = json!({ "id": other.id.to_string() });
        let status = if is_allowed { 404 } else { 403 };
        assert_eq!(app.send(ask(OWN, &asked)).await.0, status);
        let none = json!({ "id": tower_api_log::EntryId::MAX.to_string() });
        assert_eq!(app.replay(none).await.0, 404);
    }
}

#[tokio::test]
async fn browser_that_another_site_steers_sends_nothing() {
    let app = App::new();
    let first = app.call("GET", "/echo", &[], "").await;
    let asked = json!({ "id": first.id.to_string() });
    for (name, value, status) in [
        ("x-api-log-replay", "", 403),
        ("x-api-log-replay", "0", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
    ] {
        let mut request = ask(ALL, &asked);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(app.send(request).await.0, status, "{name}: {value}");
    }
    let mut request = ask(ALL, &asked);
    request.headers_mut().remove("x-api-log-replay");
    let (status, headers, _) = app.send(request).await;
    assert_eq!(status, 403);
    assert_eq!(headers["content-type"], "application/problem+json");
    let mut request = ask(ALL, &asked);
    *request.method_mut() = Method::GET;
    let (status, headers, _) = app.send(request).await;
    assert_eq!((status, headers["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(app.seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn replay_starts_no_other_one_and_asks_not_the_log() {
    let app = App::new();
    let first = app.call("GET", "/echo", &[], "").await;
    let id = first.id.to_string();
    for path in [
        "/api-log/v1/entries",
        "/api-log/v1/entries/",
        "/api-log",
        "/api-log/",
        "/api-log/replay",
        "/openapi.json",
    ] {
        let (status, answer) = app
            .replay(json!({ "id": id, "path_and_query": path }))
            .await;
        assert_eq!(status, 403, "{path}: {answer}");
    }
    // Where the whole application is replayed, its log included, below another prefix.
    let store = app.store.clone();
    let readers = || BearerTokens::new([(ALL, Scope::all())]).unwrap();
    let api = || {
        LogApi::new(store.clone())
            .format(Native)
            .access(readers())
            .build()
    };
    let inner = Explorer::new(api().unwrap()).replay(Replay::new(app.router.clone()));
    let inner = inner
        .into_router()
        .unwrap()
        .merge(api().unwrap().into_router());
    let whole = Router::new()
        .nest("/admin", inner)
        .merge(app.router.clone());
    let outer = Explorer::new(api().unwrap());
    let outer = outer
        .replay(Replay::new(whole).allow_methods([Method::POST]))
        .build()
        .unwrap();
    let asked = json!({ "id": id, "path_and_query": "/admin/api-log/v1/entries", "headers": [["authorization", format!("Bearer {ALL}")]] });
    let response = outer.oneshot(ask(ALL, &asked)).await.unwrap();
    assert_eq!(response.status(), 403);
    let mut nested = ask(ALL, &json!({ "id": id }));
    nested.extensions_mut().insert(mark(&app, &id).await);
    assert_eq!(app.send(nested).await.0, 403);
}

/// Returns the mark that a replayed request carries.
async fn mark(app: &App, id: &str) -> Replayed {
    let marks = Arc::new(Mutex::new(Vec::new()));
    let takes = marks.clone();
    let service = tower::service_fn(move |request: Request<_>| {
        let _: &Request<tower_api_log::explorer::ReplayBody> = &request;
        let mark = request.extensions().get::<Replayed>().unwrap().clone();
        takes.lock().unwrap().push(mark);
        let response = http::Response::new(String::new());
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let readers = BearerTokens::new([(ALL, Scope::all())]).unwrap();
    let api = LogApi::new(app.store.clone())
        .format(Native)
        .access(readers);
    let explorer = Explorer::new(api.build().unwrap()).replay(Replay::new(service));
    let explorer = explorer.build().unwrap();
    let response = explorer
        .oneshot(ask(ALL, &json!({ "id": id })))
        .await
        .unwrap();
    assert_eq!(
        response.status(),
        200,
        "it is not recorded, and so no entry is told"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&answer["entry_id"], &answer["status"]),
        (&Value::Null, &json!(200))
    );
    marks.lock().unwrap().pop().unwrap()
}

#[tokio::test]
async fn panic_in_a_replay_is_told_and_harms_nobody() {
    let app = App::new();
    let first = app.call("GET", "/echo", &[], "").await;
    let asked = json!({ "id": first.id.to_string(), "path_and_query": "/panic" });
    let (status, answer) = app.replay(asked).await;
    assert_eq!(
        (status, &answer["outcome"], &answer["status"]),
        (200, &json!("failed"), &Value::Null)
    );
    let second = app.newest().await;
    assert_eq!(answer["entry_id"], second.id.to_string());
    assert_eq!(exchange(&second).outcome.as_str(), "panic");
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let app = App::new();
    for (body, parameter) in [
        ("", None),
        ("[]", None),
        ("{\"id\":1}", None),
        ("{\"id\":\"x\"}", Some("id")),
        ("{\"id\":\"x\",\"more\":1}", None),
    ] {
        let mut request = ask(ALL, &Value::Null);
        *request.body_mut() = Body::from(body);
        let (status, _, answer) = app.send(request).await;
        assert_eq!(
            (status, answer["parameter"].as_str()),
            (400, parameter),
            "{body}"
        );
    }
    let mut request = ask(ALL, &Value::Null);
    *request.body_mut() = Body::from(vec![b' '; 3 * 1024 * 1024]);
    assert_eq!(app.send(request).await.0, 400);
}

#[tokio::test]
async fn page_is_told_what_is_replayed() {
    for (methods, told) in [
        (vec![], "safe"),
        (vec![Method::GET], "safe"),
        (vec![Method::POST], "all"),
    ] {
        let app = App::with(|replay| replay.allow_methods(methods));
        let request = Request::builder()
            .uri("/api-log/")
            .body(Body::empty())
            .unwrap();
        let response = app.router.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert!(page.contains(&format!(
            "<meta name=\"api-log:replay\" content=\"{told}\">"
        )));
    }
}
