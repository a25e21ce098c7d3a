//! What holds for masking whatever the document: it is idempotent, a cut shows no more than the whole, and pieces make no difference.
//!
//! Documents are those of the canary test, made of the bytes that proptest chooses, so that a failure shrinks.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tower_api_log::entry::{BodyRecord, Exchange, LogEntry};
use tower_api_log::layer::RequestBody;
use tower_api_log::mask::{Masker, Rules};
use tower_api_log::testing::ScriptedBody;

use crate::canary::{BODIES, Body, MEMBERS, PAIRS, Plant, Seen, fields};
use crate::support::{Log, get};

/// `PROPERTY_TIMES=100` tries a hundred times as many documents.
fn config(cases: u32) -> ProptestConfig {
    let times = std::env::var("PROPERTY_TIMES").map_or(1, |it| it.parse().expect("a number"));
    ProptestConfig {
        cases: cases * times,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Makes a body of one of the kinds.
fn body(choices: &[u8]) -> (&'static str, Body) {
    let mut plant = Plant::of_bytes(choices);
    let (kind, make) = plant.one_of(BODIES);
    (kind, make(&mut plant))
}

/// Replaces the facts of files and what hides a part, which are not those of a file or part that was replaced by them.
fn without_facts(text: &str) -> String {
    let mut pieces = text.split("[FILE ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces
        .fold(first, |out, piece| {
            out + "[FILE]" + piece.split_once(']').map_or(piece, |(_, rest)| rest)
        })
        .replace("\r\n\r\n[WITHHELD]\r\n", "\r\n\r\n[MASKED]\r\n")
}

/// Sends a request of which the handler answers with its pieces, and the body's failure at its end if it `fails`.
async fn send(log: &Log, body: &Body, pieces: &[&[u8]], fails: bool) {
    let scripted = || {
        let all = pieces.iter().fold(ScriptedBody::new(), |script, piece| {
            script.then_data(Bytes::copy_from_slice(piece))
        });
        if fails { all.then_error() } else { all }
    };
    let mut response = Response::new(scripted());
    let mut request = Request::post("/a").body(scripted()).unwrap();
    for headers in [request.headers_mut(), response.headers_mut()] {
        let described = [
            ("content-type", body.content_type.as_deref()),
            ("content-encoding", body.coding),
        ];
        for (name, value) in described {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
    }
    let mut held = Some(response);
    let handle = move |request: Request<RequestBody<ScriptedBody>>| {
        let response = held.take().unwrap();
        async move {
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(response)
        }
    };
    let response = log.call(request, handle).await;
    let _ = response.into_body().collect().await;
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Asserts that no entry shows as much as the beginning of a canary.
fn hidden(entries: &[LogEntry]) -> Result<(), TestCaseError> {
    let mut seen = Seen::new();
    entries.iter().for_each(|entry| seen.entry("entry", entry));
    prop_assert_eq!(seen.leaks, [""; 0]);
    Ok(())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn masking_what_was_masked_changes_nothing(choices in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut masker = Masker::new(&Rules::default().hash_key([7; 32])).unwrap();
        let (kind, body) = body(&choices);
        let content_type = body.content_type.as_deref();
        if let BodyRecord::Whole { text: once, .. } = masker.body(content_type, &body.bytes) {
            // What is stored is UTF-8, whatever was sent.
            let content_type = content_type.and_then(|it| it.split("; charset").next());
            let twice = masker.body(content_type, once.as_bytes());
            let twice = twice.text().map(without_facts);
            prop_assert_eq!(twice, Some(without_facts(&once)), "{}", kind);
        }
    }

    #[test]
    fn masking_plain_text_that_was_masked_changes_nothing(choices in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut masker = Masker::new(&Rules::default().plain_text("text/plain").hash_key([7; 32])).unwrap();
        let (_, body) = body(&choices);
        if let BodyRecord::Whole { text: once, .. } = masker.body(Some("text/plain"), &body.bytes) {
            let twice = masker.body(Some("text/plain"), once.as_bytes());
            prop_assert_eq!(twice.text(), Some(once.as_str()));
        }
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn masking_fields_that_were_masked_changes_nothing(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let log = Log::new();
        let mut plant = Plant::of_bytes(&choices);
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in fields(&mut plant, 6) {
            all.push((name.trim_end_matches('!').to_owned(), value));
        }
        let mut shown = Vec::new();
        for _ in 0..2 {
            let mut request = get("/");
            for (name, value) in &all {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
            }
            let entries = runtime().block_on(async {
                log.answer(request, Response::new(String::new())).await;
                log.entries().await
            });
            let headers = &exchange(entries.last().unwrap()).request.headers;
            all = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            shown.push(all.clone());
        }
        prop_assert_eq!(&shown[0], &shown[1]);
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn t3_no_cut_of_a_document_shows_the_beginning_of_a_secret(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, body) = body(&choices);
        let log = Log::new();
        let entries = runtime().block_on(async {
            for end in 0..=body.bytes.len() {
                send(&log, &body, &[&body.bytes[..end]], true).await;
            }
            log.entries().await
        });
        prop_assert_eq!(entries.len(), body.bytes.len() + 1);
        hidden(&entries)?;
    }

    #[test]
    fn pieces_of_a_body_make_no_difference(choices in prop::collection::vec(any::<u8>(), 0..300), fails in any::<bool>()) {
        let (_, body) = body(&choices);
        let log = Log::with(|builder| builder.mask(Rules::default().hash_key([7; 32])));
        let bytes = body.bytes.as_slice();
        let entries = runtime().block_on(async {
            send(&log, &body, &[bytes], fails).await;
            for at in 0..=bytes.len() {
                let (first, second) = bytes.split_at(at);
                send(&log, &body, &[first, second], fails).await;
            }
            send(&log, &body, &bytes.chunks(1).collect::<Vec<_>>(), fails).await;
            log.entries().await
        });
        let first = exchange(&entries[0]);
        for entry in &entries {
            let it = exchange(entry);
            prop_assert!(it.request_body == first.request_body);
            prop_assert!(it.response_body == first.response_body);
            prop_assert!(it.masked == first.masked);
        }
    }
}

/// Makes a document of each kind of secret alone.
fn kinds(number: u32) -> Vec<(&'static str, Body)> {
    let of_type = |content_type: &str, text: String| Body {
        content_type: Some(content_type.to_owned()),
        bytes: text.into(),
        ..Body::default()
    };
    let mut plant = Plant::new(0x7e57, number);
    let mut all = Vec::new();
    for (kind, make) in MEMBERS {
        let member = make(&mut plant);
        let text = format!("{{\"a\":1,{member}}}");
        all.push((*kind, of_type("application/json", text)));
    }
    for (kind, make) in PAIRS {
        let text = format!("a=1&{}", make(&mut plant));
        all.push((*kind, of_type("application/x-www-form-urlencoded", text)));
    }
    for (kind, make) in BODIES {
        let mut plant = Plant::new(0x7e57, number);
        all.push((*kind, make(&mut plant)));
    }
    all
}

#[test]
fn t3_no_cut_of_any_kind_of_secret_shows_its_beginning() {
    let (mut seen, mut leaks) = (Seen::new(), Vec::new());
    for (kind, body) in kinds(0).into_iter().chain(kinds(1)) {
        let log = Log::new();
        let entries = runtime().block_on(async {
            for end in 0..=body.bytes.len() {
                send(&log, &body, &[&body.bytes[..end]], true).await;
            }
            log.entries().await
        });
        for entry in entries {
            let known = seen.leaks.len();
            seen.entry("entry", &entry);
            if seen.leaks.len() > known {
                leaks.push(format!(
                    "{kind}: {:?}",
                    exchange(&entry).request_body.text()
                ));
                break;
            }
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
