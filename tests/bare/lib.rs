//! What the crate does without any of its features: what it then cannot understand is withheld.
//!
//! A package of its own, because the crate's own tests turn features on for whatever is built with them.

#![cfg(test)]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower_api_log::entry::{BodyRecord, SkipReason, WithheldReason};
use tower_api_log::mask::{Masker, Rules};
use tower_api_log::{ApiLogLayer, LogEntry, LogQuery, LogStore, MemoryStore, Scope};
use tower_layer::Layer;
use tower_service::Service;

const CANARY: &str = "canary7f3a";
/// `{"pin":"canary7f3a"}` with gzip.
const CODED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0xc8, 0xcc, 0x53,
    0xb2, 0x52, 0x4a, 0x4e, 0xcc, 0x4b, 0x2c, 0xaa, 0x34, 0x4f, 0x33, 0x4e, 0x54, 0xaa, 0x05, 0x00,
    0x31, 0xa5, 0x88, 0x18, 0x14, 0x00, 0x00, 0x00,
];

fn shown(content_type: &str, body: &[u8]) -> BodyRecord {
    let mut masker = Masker::new(&Rules::default().plain_text("text/plain")).unwrap();
    masker.body(Some(content_type), body)
}

fn withheld(record: &BodyRecord) -> Option<WithheldReason> {
    match record {
        BodyRecord::Withheld { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[test]
fn t10_xml_is_withheld_and_json_under_its_type_is_masked() {
    for content_type in ["application/xml", "text/xml", "application/soap+xml"] {
        let record = shown(content_type, b"<a><pin>canary7f3a</pin></a>");
        assert_eq!(withheld(&record), Some(WithheldReason::UnknownType));
        let record = shown(content_type, br#"{"pin":"canary7f3a"}"#);
        assert_eq!(record.text(), Some(r#"{"pin":"[MASKED]"}"#));
    }
    let mut masker = Masker::new(&Rules::default()).unwrap();
    let record = masker.body(None, b"<?xml version='1.0'?><a><pin>canary7f3a</pin></a>");
    assert_eq!(withheld(&record), Some(WithheldReason::UnknownType));
}

#[test]
fn t6_xml_inside_of_other_kinds_that_says_a_secret_is_withheld() {
    let json = |text: &str| format!("{{\"a\":\"{text}\",\"b\":\"decoy\"}}");
    let xml = "<u><x:Password Type='x'>canary7f3a</x:Password></u>";
    let record = shown("application/json", json(xml).as_bytes());
    assert_eq!(record.text(), Some(&*json("[WITHHELD]")));
    let harmless = "<p class='x'>decoy</p>";
    let record = shown("application/json", json(harmless).as_bytes());
    assert_eq!(record.text(), Some(&*json(harmless)));
    let record = shown("text/plain", format!("decoy\n{xml}\n").as_bytes());
    assert_eq!(record.text(), Some("decoy\n[WITHHELD]\n"));
    let form = |content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/xml\r\n\r\n{content}\r\n--b--\r\n"
        )
    };
    let record = shown("multipart/form-data; boundary=b", form(xml).as_bytes());
    assert_eq!(record.text(), Some(&*form("[WITHHELD]")));
}

#[test]
fn every_other_kind_is_masked_as_with_all_features() {
    for (content_type, body, masked) in [
        (
            "application/x-www-form-urlencoded",
            "a=decoy&pin=canary7f3a",
            "a=decoy&pin=%5BMASKED%5D",
        ),
        (
            "text/csv; header=present",
            "a,pin\ndecoy,canary7f3a\n",
            "a,pin\ndecoy,[MASKED]\n",
        ),
        (
            "application/graphql",
            "{ a(b: \"decoy\", pin: \"canary7f3a\") { c } }",
            "{ a(b: \"decoy\", pin: \"[MASKED]\") { c } }",
        ),
        (
            "text/event-stream",
            "data: {\"a\":\"decoy\",\"pin\":\"canary7f3a\"}\n\n",
            "data: {\"a\":\"decoy\",\"pin\":\"[MASKED]\"}\n\n",
        ),
        (
            "application/json",
            r#"{"a":"decoy","note":"paid by 4111 1111 1111 1111"}"#,
            r#"{"a":"decoy","note":"paid by [MASKED]"}"#,
        ),
    ] {
        assert_eq!(shown(content_type, body.as_bytes()).text(), Some(masked));
    }
}

/// Answers with a body of this coding.
#[derive(Clone)]
struct Answers(&'static str, Vec<u8>);

impl<B> Service<Request<B>> for Answers {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("content-encoding", self.0);
        ready(Ok(response.body(Full::from(self.1.clone())).unwrap()))
    }
}

/// Sends a request through the layer and returns what is stored of it.
async fn stored(coding: &'static str, body: &[u8]) -> LogEntry {
    let store = MemoryStore::new();
    let layer = ApiLogLayer::builder(store.clone()).build().unwrap();
    let recorder = layer.recorder();
    let mut service = layer.layer(Answers(coding, body.to_vec()));
    let request = Request::get("/").body(Full::<Bytes>::default()).unwrap();
    let response = service.call(request).await.unwrap();
    let passed = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(passed, body, "the wire is untouched");
    recorder.shutdown(Duration::from_secs(20)).await;
    let page = store.list(&LogQuery::new(Scope::all())).await.unwrap();
    page.entries.into_iter().next().unwrap()
}

#[tokio::test]
async fn t24_body_with_a_coding_is_not_kept() {
    let plain = format!("{{\"pin\":\"{CANARY}\"}}");
    for (coding, body) in [("gzip", CODED), ("br", CODED), ("gzip", plain.as_bytes())] {
        let entry = stored(coding, body).await;
        let record = &entry.exchange().unwrap().response_body;
        let reason = matches!(
            record,
            BodyRecord::Skipped {
                reason: SkipReason::ContentCoding,
                ..
            }
        );
        assert!(reason, "{record:?}");
        let text = serde_json::to_string(&entry).unwrap();
        assert!(!text.contains(CANARY), "{text}");
    }
    let entry = stored("identity", plain.as_bytes()).await;
    let record = &entry.exchange().unwrap().response_body;
    assert_eq!(record.text(), Some(r#"{"pin":"[MASKED]"}"#));
}
