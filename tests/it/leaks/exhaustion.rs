use std::time::Instant;

use http::{Request, Response};
use http_body_util::BodyExt;
use tower_api_log::Policy;
use tower_api_log::entry::{BodyRecord, SkipReason};

use super::{Body, CANARY, echoed, hidden, post};
use crate::support::{Log, is_alone};

const MIB: usize = 1 << 20;

fn large() -> Log {
    Log::with(|builder| builder.policy(Policy::default().max_body_bytes(16 * MIB)))
}

#[tokio::test]
async fn t24_body_with_a_content_coding_shows_no_more_than_the_limit_and_no_secret() {
    let log = Log::with(|builder| builder.policy(Policy::default().max_body_bytes(100)));
    for coding in [
        "gzip",
        "br",
        "zstd",
        "deflate",
        "x-gzip",
        "gzip, gzip",
        "GZIP",
        "aws-chunked",
    ] {
        let body = format!("{{\"password\":\"{CANARY}\"}}");
        let mut request = post("application/json", body);
        let coding = coding.parse().unwrap();
        request.headers_mut().insert("content-encoding", coding);
        echoed(&log, [request]).await;
    }
    let entries = log.entries().await;
    assert_eq!(entries.len(), 8);
    hidden(&entries);
    for entry in &entries {
        let body = &entry.exchange().unwrap().request_body;
        assert!(
            body.text().is_none(),
            "what is not of the coding is not shown as if it were"
        );
        assert_eq!(body.bytes_seen(), 15 + CANARY.len() as u64);
        let is_told = matches!(
            body,
            BodyRecord::Skipped {
                reason: SkipReason::ContentCoding,
                ..
            } | BodyRecord::Withheld { .. }
        );
        assert!(is_told, "{body:?}");
    }
}

/// Bodies that cost readers of trees many times their length.
fn fat() -> Vec<String> {
    let keys: Vec<_> = (0..1_000_000).map(|it| format!("\"{it}\":1")).collect();
    vec![
        "[".repeat(100_000),
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        format!("[{}[]]", "[],".repeat(MIB / 3)),
        format!("[{}{{}}]", "{\"a\":{}},".repeat(MIB / 9)),
        format!("{{{}}}", keys.join(",")),
    ]
}

#[test]
fn t25_deep_and_fat_json_takes_a_small_multiple_of_its_length() {
    let test = "leaks::exhaustion::t25_deep_and_fat_json_takes_a_small_multiple_of_its_length";
    if is_alone(test) {
        masks_fat_json();
    }
}

/// Returns the most bytes that the process has ever held, where the system tells.
fn peak_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    let kilobytes = line.split_whitespace().nth(1)?;
    Some(kilobytes.parse::<usize>().ok()? * 1024)
}

fn masks_fat_json() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (log, bodies) = (large(), fat());
    let longest = bodies.iter().map(String::len).max().unwrap();
    let before = peak_bytes();
    for body in bodies {
        let is_whole = !body.ends_with('[');
        let length = body.len();
        let entries = runtime.block_on(async {
            let (mut request, known) = (post("application/json", body), log.entries().await.len());
            *request.uri_mut() = "/a".parse().unwrap();
            // The answer is not the body again, so that one body is held at a time.
            let handle = async |request: Request<tower_api_log::layer::RequestBody<Body>>| {
                request.into_body().collect().await.unwrap();
                Ok(Response::new(Body::default()))
            };
            log.call(request, handle).await;
            log.entries().await.split_off(known)
        });
        let body = &entries[0].exchange().unwrap().request_body;
        assert_eq!(body.text().map(str::len), is_whole.then_some(length));
    }
    if let (Some(before), Some(after)) = (before, peak_bytes()) {
        let grown = after - before;
        assert!(grown < 12 * longest, "{grown} bytes for {longest}");
    }
}

#[tokio::test]
async fn t26_crafted_keys_of_every_kind_take_linear_time() {
    let log = large();
    let bodies = |count: usize| {
        let join = |make: fn(usize) -> String, between: &str| {
            (0..count).map(make).collect::<Vec<_>>().join(between)
        };
        [
            // As integers, as the multiples that collide in tables of a power of two, and with one beginning.
            (
                "application/json",
                format!("{{{}}}", join(|it| format!("\"{it}\":1"), ",")),
            ),
            (
                "application/json",
                format!("{{{}}}", join(|it| format!("\"{}\":1", it << 16), ",")),
            ),
            (
                "application/json",
                format!(
                    "{{{}}}",
                    join(|it| format!("\"password_{it}_policy\":1"), ",")
                ),
            ),
            (
                "application/x-www-form-urlencoded",
                join(|it| format!("{it}={it}"), "&"),
            ),
            (
                "application/x-www-form-urlencoded",
                join(|it| format!("a[{it}][b]={it}"), "&"),
            ),
        ]
    };
    let mut took = [0.0; 2];
    for (count, took) in [10_000, 100_000].into_iter().zip(&mut took) {
        let requests = bodies(count).map(|(content_type, body)| post(content_type, body));
        let begun = Instant::now();
        echoed(&log, requests).await;
        *took = begun.elapsed().as_secs_f64();
    }
    // Ten times as many; a quadratic walk takes a hundred times as long.
    assert!(took[1] < 50.0 * took[0].max(0.02), "{took:?}");
}

#[tokio::test]
async fn t28_cut_at_every_byte_leaves_whole_characters() {
    let documents = [
        ("application/json", r#"["é😀","é😀"]"#),
        (
            "application/json",
            r#"{"é😀":"é😀\u00e9\ud83d\ude00","password":"é😀"}"#,
        ),
        ("application/x-ndjson", "\"é😀\"\n\"é😀\"\n"),
        (
            "application/x-www-form-urlencoded",
            "é😀=é😀&password=é😀&é=%F0%9F%98%80",
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"é😀\"\r\n\r\né😀\r\n--b--\r\n",
        ),
        ("text/plain", "é😀"),
    ];
    for cap in 0..100 {
        let log = Log::with(|builder| builder.policy(Policy::default().max_body_bytes(cap)));
        let requests = documents.map(|(content_type, body)| post(content_type, body));
        for (entry, (content_type, document)) in echoed(&log, requests).await.iter().zip(documents)
        {
            let exchange = entry.exchange().unwrap();
            assert_eq!(exchange.request_body.bytes_seen(), document.len() as u64);
            let shown = exchange.request_body.text().unwrap_or_default();
            assert!(
                !shown.contains('\u{fffd}'),
                "{content_type}, {cap}: {shown}"
            );
            assert_eq!(exchange.request_body, exchange.response_body);
            // But for the secrets, what is shown is the document's own beginning.
            let is_beginning = document.starts_with(shown) || shown.contains("MASKED");
            assert!(is_beginning, "{content_type}, {cap}: {shown}");
        }
    }
}
