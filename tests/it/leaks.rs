//! One test, by its identifier, for each class of real defect of logs that leak, that can be forged or that fall over.
//!
//! T1 to T9, of the masker's own parts, stand beside its files in `src/mask`.

mod diagnostics;
mod exhaustion;
mod injection;

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_api_log::layer::RequestBody;
use tower_api_log::mask::Rules;
use tower_api_log::sink::{Fanout, Ndjson};
use tower_api_log::{ApiLogLayer, LogEntry, MemoryStore, SqliteStore};

use crate::canary::{Seen, entries};
use crate::support::{Log, get};

const CANARY: &str = "VqzxKwABVqzxKwCD";

type Body = Full<Bytes>;

/// Answers with the request's own body and type.
async fn echo<B: http_body::Body>(request: Request<B>) -> Result<Response<Body>, Infallible>
where
    B::Error: std::fmt::Debug,
{
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut response = Response::new(Full::new(body));
    if let Some(content_type) = parts.headers.get("content-type") {
        response
            .headers_mut()
            .insert("content-type", content_type.clone());
    }
    Ok(response)
}

fn post(content_type: &str, body: impl Into<Bytes>) -> Request<Body> {
    let request = Request::post("/a").header("content-type", content_type);
    request.body(Full::new(body.into())).unwrap()
}

/// Sends requests that are answered with themselves, and returns their entries, oldest first.
async fn echoed(log: &Log, requests: impl IntoIterator<Item = Request<Body>>) -> Vec<LogEntry> {
    for request in requests {
        let response = log.call(request, echo).await;
        response.into_body().collect().await.unwrap();
    }
    log.entries().await
}

/// Asserts that no entry shows the canary, in itself or in what `Debug` says of it.
#[track_caller]
fn hidden(entries: &[LogEntry]) {
    let mut seen = Seen::new();
    entries.iter().for_each(|entry| seen.entry("entry", entry));
    assert_eq!(seen.leaks, [""; 0]);
}

#[tokio::test]
async fn t10_body_that_cannot_be_parsed_and_masked_is_not_stored() {
    let log = Log::new();
    let requests = [
        ("text/plain", format!("the word is {CANARY}")),
        ("text/html", format!("<p>{CANARY}</p>")),
        (
            "application/xml",
            format!("<a><password>{CANARY}</password"),
        ),
        ("application/grpc", format!("\0\0\0\0\x10\x0a\x10{CANARY}")),
        ("application/x-protobuf", format!("\x0a\x10{CANARY}")),
        ("application/msgpack", format!("\u{81}{CANARY}")),
        ("application/octet-stream", CANARY.to_owned()),
        ("application/json; charset=utf-16", format!("\"{CANARY}\"")),
        (
            "multipart/mixed; boundary=b",
            format!("--b\r\n\r\n{CANARY}\r\n--b--"),
        ),
        ("?", CANARY.to_owned()),
    ];
    let count = requests.len();
    let requests = requests.map(|(content_type, body)| post(content_type, body));
    let entries = echoed(&log, requests).await;
    assert_eq!(entries.len(), count);
    hidden(&entries);
    for entry in &entries {
        let bodies = serde_json::to_value(entry.exchange().unwrap()).unwrap();
        for body in ["request_body", "response_body"] {
            let (body, state) = (&bodies[body], bodies[body]["state"].as_str().unwrap());
            // Of a body of several parts each is withheld for itself.
            let is_told = match state {
                "withheld" | "skipped" => body["reason"].is_string(),
                _ => body["text"]
                    .as_str()
                    .unwrap()
                    .contains("\r\n\r\n[WITHHELD]\r\n"),
            };
            assert!(is_told && body["bytes_seen"].as_u64() > Some(0), "{body}");
        }
    }
}

#[tokio::test]
async fn t11_policy_of_one_sink_shows_nothing_in_another() {
    let (open, strict) = (MemoryStore::new(), MemoryStore::new());
    let rules = Rules::default().plain_text("text/plain");
    let layer = |store: &MemoryStore, rules| {
        let builder = ApiLogLayer::builder(store.clone()).mask(rules);
        builder.build().unwrap()
    };
    let layers = [
        layer(&open, rules),
        layer(&strict, Rules::default().field("inner")),
    ];
    // Both record every exchange, whichever stands inside.
    for (outer, inner) in [(0, 1), (1, 0)] {
        let service = layers[inner].layer(service_fn(echo::<RequestBody<RequestBody<Body>>>));
        let mut service = layers[outer].layer(service);
        for request in [
            post("text/plain", CANARY),
            post("application/json", r#"{"inner":"decoy"}"#),
        ] {
            let response = service.call(request).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
    }
    let mut shown = Vec::new();
    for (layer, store) in layers.iter().zip([&open, &strict]) {
        layer.recorder().flush().await.unwrap();
        let text = format!(
            "{:?}",
            entries(store).await.iter().map(to_json).collect::<Vec<_>>()
        );
        shown.push((text.matches(CANARY).count(), text.matches("decoy").count()));
    }
    assert_eq!(shown, [(4, 4), (0, 0)]);
}

#[tokio::test]
async fn t11_every_sink_behind_a_fanout_holds_masked_entries_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, lines) = (MemoryStore::new(), folder.path().join("lines.ndjson"));
    let sqlite = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let sink = Fanout::new()
        .and(memory.clone())
        .and(sqlite.clone())
        .and(Ndjson::open(&lines).unwrap());
    let layer = ApiLogLayer::new(sink);
    let body = format!(r#"{{"password":"{CANARY}","title":"decoy"}}"#);
    let request = post("application/json", body);
    let response = layer.layer(service_fn(echo)).call(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    layer.recorder().flush().await.unwrap();
    let mut seen = Seen::new();
    seen.files("while open", folder.path());
    assert_eq!(seen.leaks, [""; 0]);
    let stored = entries(&memory).await;
    assert_eq!(stored, entries(&sqlite).await);
    hidden(&stored);
    let line = std::fs::read_to_string(lines).unwrap();
    assert_eq!(serde_json::from_str::<LogEntry>(&line).unwrap(), stored[0]);
    assert!(line.contains("decoy"));
}

fn to_json(entry: &LogEntry) -> String {
    serde_json::to_string(entry).unwrap()
}

/// Sends one request with these fields, and returns its entry.
async fn sent(log: &Log, fields: &[(&'static str, &[u8])]) -> LogEntry {
    let mut request = get("/a");
    for (name, value) in fields {
        let value = http::HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(*name, value);
    }
    let known = log.entries().await.len();
    log.call(request, |_| ready(Ok(Response::new(Body::default()))))
        .await;
    log.entries().await.remove(known)
}
