//! Bodies with a content coding: decoded for the log, untouched on the wire.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower_api_log::annotate::AuditRoutes;
use tower_api_log::entry::{BodyRecord, CutReason, Exchange, Outcome, SkipReason, WithheldReason};
use tower_api_log::layer::RequestBody;
use tower_api_log::testing::ScriptedBody;
use tower_api_log::{AuditEvent, Policy};

#[path = "../../src/mask/decode/tests/encode.rs"]
mod encode;

use crate::support::{Log, get};
use encode::{WAYS, Way, brotli, gzip, zstd};

const CANARY: &str = "canary-4e7d20b6";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Every one alone, by another name, and two of them.
fn ways() -> impl Iterator<Item = Way> {
    let more: [Way; 2] = [("x-gzip", gzip), ("gzip, br", |it| brotli(&gzip(it)))];
    WAYS.into_iter().chain(more)
}

fn document() -> String {
    let row = |number: u32| format!(r#"{{"id":{number},"name":"Jane","pin":"{CANARY}"}}"#);
    let rows: Vec<_> = (0..20).map(row).collect();
    format!("[{}]", rows.join(","))
}

fn masked() -> String {
    document().replace(CANARY, "[MASKED]")
}

fn response<B>(coding: &str, content_type: &str, body: B) -> Response<B> {
    Response::builder()
        .header("content-type", content_type)
        .header("content-encoding", coding)
        .body(body)
        .unwrap()
}

fn request(coding: &str, content_type: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    Request::post("/")
        .header("content-type", content_type)
        .header("content-encoding", coding)
        .body(Full::from(body))
        .unwrap()
}

/// A body of frames of one byte each.
fn dripping(bytes: &[u8]) -> ScriptedBody {
    let drip = |body: ScriptedBody, byte: &u8| body.then_data(vec![*byte]);
    bytes.iter().fold(ScriptedBody::new(), drip)
}

/// Sends a coded body through the layer and returns its record.
async fn recorded(log: &Log, coding: &str, content_type: &str, bytes: Vec<u8>) -> BodyRecord {
    let body = Full::<Bytes>::from(bytes.clone());
    let answer = log
        .answer(get("/"), response(coding, content_type, body))
        .await;
    assert_eq!(answer.headers()["content-encoding"], coding);
    let passed = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(passed, bytes, "the wire is untouched");
    last(log).await.response_body
}

async fn last(log: &Log) -> Exchange {
    let entries = log.entries().await;
    let exchange = entries.last().unwrap().exchange().unwrap();
    exchange.clone()
}

fn withheld(record: &BodyRecord) -> Option<WithheldReason> {
    match record {
        BodyRecord::Withheld { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[tokio::test]
async fn t10_coded_bodies_of_both_directions_are_masked_and_pass_as_they_are() {
    for (coding, code) in ways() {
        let log = Log::new();
        let coded = code(document().as_bytes());
        let (sent, seen) = (coded.clone(), Arc::new(Mutex::new(Bytes::new())));
        let read = seen.clone();
        let handle = move |request: Request<RequestBody<Full<Bytes>>>| {
            let (coded, read) = (coded.clone(), read.clone());
            async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                *read.lock().unwrap() = body;
                Ok(response(coding, JSON, dripping(&coded)))
            }
        };
        let answer = log.call(request(coding, JSON, sent.clone()), handle).await;
        let passed = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            (&passed, &*seen.lock().unwrap()),
            (&Bytes::from(sent), &passed)
        );
        let exchange = log.only().await;
        let whole = BodyRecord::Whole {
            text: masked(),
            bytes_seen: passed.len() as u64,
        };
        assert_eq!(exchange.request_body, whole, "{coding}");
        assert_eq!(exchange.response_body, whole, "{coding}");
        assert_eq!(exchange.masked_count, 40, "{coding}");
        let length = Some(document().len() as u64);
        assert_eq!(exchange.request_decoded_bytes, length, "{coding}");
        assert_eq!(exchange.response_decoded_bytes, length, "{coding}");
    }
}

#[tokio::test]
async fn t10_coded_forms_are_masked() {
    let log = Log::new();
    let form = format!("name=Jane&password={CANARY}");
    for (coding, code) in ways() {
        let record = recorded(&log, coding, FORM, code(form.as_bytes())).await;
        let text = record.text().unwrap();
        assert!(
            text.starts_with("name=Jane&") && !text.contains(CANARY),
            "{text}"
        );
    }
}

#[tokio::test]
async fn t10_coded_body_that_ends_at_any_byte_shows_nothing_that_the_whole_masks() {
    for (coding, code) in ways() {
        let log = Log::new();
        let coded = code(document().as_bytes());
        for end in 0..coded.len() {
            // The client leaves, or the service's body fails.
            let body = dripping(&coded[..end]).then_error();
            let mut body = log
                .answer(get("/"), response(coding, JSON, body))
                .await
                .into_body();
            while let Some(Ok(_)) = body.frame().await {}
        }
        let entries = log.entries().await;
        assert_eq!(entries.len(), coded.len());
        let mut longest = 0;
        for entry in &entries {
            let exchange = entry.exchange().unwrap();
            assert_eq!(exchange.outcome, Outcome::BodyError);
            let BodyRecord::Truncated { reason, text, .. } = &exchange.response_body else {
                panic!("{coding} {:?}", exchange.response_body)
            };
            assert_eq!(*reason, CutReason::Unfinished);
            assert!(masked().starts_with(text.as_str()), "{coding} {text}");
            longest = longest.max(text.len());
        }
        let stored = serde_json::to_string(&entries).unwrap();
        assert!(!stored.contains(&CANARY[..10]), "{coding}");
        let needed = if coding == "zstd" { 0 } else { 200 };
        assert!(longest >= needed, "{coding} gives {longest}");
    }
}

#[tokio::test]
async fn coded_body_past_the_limit_is_cut_as_one_without_a_coding() {
    let log = Log::with(|builder| builder.policy(Policy::default().max_body_bytes(400)));
    for (coding, code) in ways() {
        let record = recorded(&log, coding, JSON, code(document().as_bytes())).await;
        let BodyRecord::Truncated { reason, text, .. } = record else {
            panic!("{coding} {record:?}")
        };
        assert_eq!(reason, CutReason::Limit);
        assert!(masked().starts_with(&text) && text.len() > 300, "{text}");
    }
}

#[tokio::test]
async fn t10_what_is_not_what_its_coding_says_is_withheld() {
    let log = Log::new();
    let plain = document().into_bytes();
    let with_garbage = [gzip(&plain), CANARY.as_bytes().to_vec()].concat();
    let mut false_sum = gzip(&plain);
    let sum = false_sum.len() - 8;
    false_sum[sum] ^= 1;
    for (coding, bytes) in [
        ("gzip", plain.clone()),
        ("deflate", plain.clone()),
        ("br", plain.clone()),
        ("zstd", plain.clone()),
        ("br", gzip(&plain)),
        ("gzip, br", gzip(&brotli(&plain))),
        ("gzip", with_garbage),
        ("gzip", false_sum),
        ("gzip", gzip(&plain)[..100].to_vec()),
    ] {
        let record = recorded(&log, coding, JSON, bytes).await;
        assert_eq!(
            withheld(&record),
            Some(WithheldReason::Malformed),
            "{coding}"
        );
    }
    for coding in ["compress", "gzip, aws-chunked", "gzip, gzip, gzip, gzip"] {
        let skipped = BodyRecord::Skipped {
            reason: SkipReason::ContentCoding,
            bytes_seen: 2,
        };
        let record = recorded(&log, coding, JSON, b"{}".to_vec()).await;
        assert_eq!(record, skipped, "{coding}");
    }
    let stored = serde_json::to_string(&log.entries().await).unwrap();
    assert!(!stored.contains(CANARY));
    // What it decodes to is held to its type as well.
    let record = recorded(&log, "gzip", JSON, gzip(b"{\"pin\":1,}")).await;
    assert_eq!(withheld(&record), Some(WithheldReason::Malformed));
}

#[tokio::test]
async fn t10_members_in_a_row_are_one_document() {
    let log = Log::new();
    let document = document();
    let (first, second) = document.split_at(200);
    let members = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    let record = recorded(&log, "gzip", JSON, members).await;
    assert_eq!(record.text(), Some(masked().as_str()));
}

#[tokio::test]
async fn messages_without_a_body_have_none_whatever_their_coding() {
    let log = Log::new();
    for (method, status) in [
        (Method::HEAD, StatusCode::OK),
        (Method::GET, StatusCode::NO_CONTENT),
        (Method::GET, StatusCode::NOT_MODIFIED),
        (Method::GET, StatusCode::OK),
    ] {
        let mut request = get("/");
        *request.method_mut() = method;
        let mut response = response("gzip", JSON, Full::<Bytes>::default());
        *response.status_mut() = status;
        let answer = log.answer(request, response).await;
        answer.into_body().collect().await.unwrap();
        assert_eq!(last(&log).await.response_body, BodyRecord::Empty);
    }
    let record = recorded(&log, "gzip", JSON, gzip(b"")).await;
    let nothing = BodyRecord::Whole {
        text: String::new(),
        bytes_seen: 20,
    };
    assert_eq!(record, nothing, "a coded body of no bytes");
}

#[tokio::test]
async fn t24_bombs_are_withheld_and_counted() {
    let log = Log::new();
    let zeros = vec![0; 4 << 20];
    let mut sent = 0;
    for (coding, code) in ways() {
        let bomb = code(&zeros);
        if bomb.len() < 64 * 1024 {
            let record = recorded(&log, coding, JSON, bomb).await;
            assert_eq!(withheld(&record), Some(WithheldReason::Expands), "{coding}");
            sent += 1;
        }
    }
    assert!(sent >= 6);
    assert_eq!(log.recorder.stats().expanding_bodies, sent);
    // A long secret that compresses to nothing is one as well, and does not show.
    let secret = format!("{{\"pin\":\"{}\"}}", "4711".repeat(1 << 20));
    let record = recorded(&log, "br", JSON, brotli(secret.as_bytes())).await;
    assert_eq!(withheld(&record), Some(WithheldReason::Expands));
    let balance = log.recorder.stats().balance;
    assert_eq!((balance.stored(), balance.dropped_total()), (sent + 1, 0));
}

#[tokio::test]
async fn audit_route_reads_a_coded_response() {
    let created = AuditEvent::new("document", "created").ref_id("{response:/id}");
    let routes = AuditRoutes::new().on(Method::GET, "/", created);
    let log = Log::with(|builder| {
        builder
            .audit(routes)
            .policy(Policy::default().without_bodies())
    });
    let body = Full::<Bytes>::from(zstd(br#"{"id":"doc_1"}"#));
    let answer = log.answer(get("/"), response("zstd", JSON, body)).await;
    answer.into_body().collect().await.unwrap();
    let entries = log.entries().await;
    let exchange = entries.iter().find_map(|it| it.exchange()).unwrap();
    assert_eq!(exchange.response_decoded_bytes, None, "it is hidden");
    let event = entries.iter().find_map(|it| it.event()).unwrap();
    assert_eq!(event.ref_id.as_deref(), Some("doc_1"));
}
