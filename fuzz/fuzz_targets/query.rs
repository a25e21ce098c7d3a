//! Any path, query and header fields, from a reader who may see everything: no panic, no status of ours from 500 on, and every reply of JSON is JSON.
//!
//! An input is text: on its first line the path and query, on each line after it a header field, `name: value`.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::BodyExt;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use tower_api_log::api::{BearerTokens, LogApi};
use tower_api_log::format::{Document360, GoRules, Lago, Native, Persona, PersonaAudit};
use tower_api_log::testing::{ManualClock, Random, sample};
use tower_api_log::{LogSink, MemoryStore, Scope};
use tower_service::Service;

const TOKEN: &str = "token-of-the-fuzzer";

static API: LazyLock<LogApi> = LazyLock::new(|| {
    let mut entries = sample::variants(0);
    for text in sample::HOSTILE {
        let number = u32::try_from(entries.len()).expect("a small number");
        entries.push(sample::everywhere(number, text));
    }
    let first = u32::try_from(entries.len()).expect("a small number");
    entries.extend(Random::new(1).entries(first, 40));
    let store = MemoryStore::new();
    let written = store.write(&entries).now_or_never();
    written
        .expect("memory does not wait")
        .expect("it is written");
    LogApi::new(store)
        .format(Native)
        .format(Persona::new())
        .format(PersonaAudit::new().all_environments())
        .format(Lago::new())
        .format(GoRules::new().all_categories())
        .format(Document360::new())
        .access(BearerTokens::new([(TOKEN, Scope::all())]).expect("a long token"))
        .clock(ManualClock::new(sample::time(1000)))
        .build()
        .expect("formats that go together")
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(request) = request(input) else {
        return Corpus::Reject;
    };
    let answer = API.clone().call(request).now_or_never();
    let Ok(response) = answer.expect("memory does not wait");
    let (parts, body) = response.into_parts();
    assert!(parts.status.as_u16() < 500, "{}", parts.status);
    let body = body.collect().now_or_never().expect("memory does not wait");
    let body = body.expect("no export fails").to_bytes();
    holds(parts.headers.get(CONTENT_TYPE), &body);
    Corpus::Keep
});

fn request(input: &[u8]) -> Option<Request<()>> {
    let mut lines = input.split(|&byte| byte == b'\n');
    let uri = Uri::from_maybe_shared(Bytes::copy_from_slice(lines.next()?)).ok()?;
    let mut request = Request::builder().uri(uri).body(()).ok()?;
    let headers = request.headers_mut();
    for line in lines.take(20) {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        headers.append(name, value);
    }
    let token = HeaderValue::from_static(TOKEN);
    if !headers.contains_key("api_token") {
        headers.insert("api_token", token);
    }
    if !headers.contains_key(AUTHORIZATION) {
        let bearer = HeaderValue::from_str(&format!("Bearer {TOKEN}")).ok()?;
        headers.insert(AUTHORIZATION, bearer);
    }
    Some(request)
}

fn holds(content_type: Option<&HeaderValue>, body: &[u8]) {
    let Some(content_type) = content_type else {
        assert!(body.is_empty(), "a body without a type");
        return;
    };
    let content_type = content_type.to_str().expect("a type of ASCII");
    let essence = content_type.split(';').next().unwrap_or_default();
    let is_json = |text: &[u8]| serde_json::from_slice::<Value>(text).is_ok();
    match essence {
        "application/x-ndjson" => {
            let mut lines = body.split(|&byte| byte == b'\n');
            assert!(
                lines.all(|line| line.is_empty() || is_json(line)),
                "a line that is no JSON"
            );
        }
        json if json.ends_with("/json") || json.ends_with("+json") => {
            assert!(is_json(body), "no JSON: {}", String::from_utf8_lossy(body));
        }
        _ => assert!(
            std::str::from_utf8(body).is_ok(),
            "a text that is not UTF-8"
        ),
    }
}
