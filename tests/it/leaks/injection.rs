use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_api_log::api::BearerTokens;
use tower_api_log::entry::{BodyRecord, WithheldReason};
use tower_api_log::format::Native;
use tower_api_log::layer::{MatchedRoute, RequestBody};
use tower_api_log::sink::{Fanout, Ndjson};
use tower_api_log::testing::{ManualClock, ScriptedBody, sample};
use tower_api_log::{
    Actor, ApiLog, ApiLogLayer, LogApi, LogEntry, LogSink, MemoryStore, Scope, SqliteStore,
    Timestamp,
};

use super::{Body, post, sent};
use crate::canary::entries;
use crate::support::{Log, get};

/// What breaks lines, terminals and documents of readers that do not escape.
const HOSTILE: &str =
    "a\r\n{\"id\":1}\n\u{1b}[2J\u{7}\u{9b}2J\u{2028}\",\"status\":200,\"x\":\"</script>";

async fn read(store: &MemoryStore, uri: &str) -> String {
    let access = BearerTokens::new([("reader-of-this-test", Scope::all())]).unwrap();
    let api = LogApi::new(store.clone()).format(Native).access(access);
    let request = Request::get(uri).header("authorization", "Bearer reader-of-this-test");
    let response = api.build().unwrap().oneshot(request.body(()).unwrap());
    let body = response.await.unwrap().into_body().collect().await;
    String::from_utf8(body.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn t13_line_ends_escapes_and_json_are_stored_as_data_and_count_as_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, path) = (MemoryStore::new(), folder.path().join("lines.ndjson"));
    let sink = Fanout::new()
        .and(memory.clone())
        .and(Ndjson::open(&path).unwrap());
    let layer = ApiLogLayer::new(sink);
    let agent = "x\",\"status\":200,\"x\":\"\u{9b}[2J\u{85}";
    let tell = |request: Request<RequestBody<Body>>| {
        let log = request.extensions().get::<ApiLog>().unwrap();
        log.actor(Actor::user(HOSTILE));
        log.session(HOSTILE);
        log.note(HOSTILE, HOSTILE);
        std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(
            Body::default(),
        )))
    };
    let target = "/a\",\"status\":200,\"x\":\"%0d%0a%1b[2J%e2%80%a8";
    for _ in 0..3 {
        let request = Request::get(target).header("user-agent", agent.as_bytes());
        let request = request.extension(MatchedRoute::new(HOSTILE));
        let service = tower::Layer::layer(&layer, tower::service_fn(tell));
        service
            .oneshot(request.body(Body::default()).unwrap())
            .await
            .unwrap();
    }
    layer.recorder().flush().await.unwrap();

    let stored = entries(&memory).await;
    assert_eq!(stored.len(), 3);
    for entry in &stored {
        let exchange = entry.exchange().unwrap();
        assert_eq!(exchange.request.path, target);
        assert_eq!(exchange.request.route.as_deref(), Some(HOSTILE));
        assert_eq!(entry.context.user_agent.as_deref(), Some(agent));
        assert_eq!(entry.context.actor.as_ref().unwrap().id, HOSTILE);
        assert_eq!(entry.context.session.as_deref(), Some(HOSTILE));
        assert_eq!(exchange.status(), Some(200));
    }
    let is_safe = |letter: char| {
        letter == '\n' || !letter.is_control() && !('\u{2028}'..='\u{2029}').contains(&letter)
    };
    let lines = std::fs::read_to_string(path).unwrap();
    assert!(lines.chars().all(is_safe));
    let read_back = lines
        .lines()
        .map(|it| serde_json::from_str::<LogEntry>(it).unwrap());
    assert!(read_back.eq(stored.iter().rev().cloned()));

    let exported = read(&memory, "/api-log/v1/export.ndjson").await;
    assert_eq!(exported.lines().count(), 3);
    assert!(
        exported
            .lines()
            .all(|it| serde_json::from_str::<serde_json::Value>(it).is_ok())
    );
    let table = read(&memory, "/api-log/v1/export.csv").await;
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(rows.records().filter(|row| row.is_ok()).count(), 3);
    let list = read(&memory, "/api-log/v1/entries").await;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["entries"].as_array().unwrap().len(), 3);
    assert_eq!(list["entries"][0]["response"]["status"], 200);
}

#[tokio::test]
async fn t16_odd_record_neither_blocks_nor_loses_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("log.db")).unwrap();
    let (memory, path) = (MemoryStore::new(), folder.path().join("lines.ndjson"));
    let sink = Fanout::new()
        .and(sqlite.clone())
        .and(memory.clone())
        .and(Ndjson::open(&path).unwrap());
    let clock = ManualClock::new(Timestamp::from_micros(253_402_300_799_999_999));
    let layer = ApiLogLayer::builder(sink).clock(clock).build().unwrap();
    let nul = "a\0b";
    let tell = |request: Request<RequestBody<Body>>| async {
        let log = request.extensions().get::<ApiLog>().unwrap().clone();
        log.actor(Actor::user(nul));
        log.note(nul, nul);
        super::echo(request).await
    };
    let bodies: [&[u8]; 6] = [
        b"{\"a\":1}",
        b"{\"a\":\"\\u0000\"}",
        b"{\"a\":\"\xff\xfe\"}",
        b"{\"a\":\"\\ud800\",\"\\udfff\":1}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\0\0",
    ];
    for body in bodies {
        let mut request = post("application/json", body);
        *request.method_mut() = "PROPFIND".parse().unwrap();
        let service = tower::Layer::layer(&layer, tower::service_fn(tell));
        let response = service.oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    layer.recorder().flush().await.unwrap();
    let stored = entries(&memory).await;
    assert_eq!(stored.len(), bodies.len());
    assert!(entries(&sqlite).await == stored);
    let lines = std::fs::read_to_string(path).unwrap();
    assert_eq!(lines.lines().count(), bodies.len());
    let shown = stored.iter().rev().map(|it| it.exchange().unwrap());
    let kept: Vec<_> = shown.map(|it| it.request_body.text().is_some()).collect();
    assert_eq!(kept, [true, true, false, true, false, false]);
    for entry in &stored {
        assert_eq!(entry.exchange().unwrap().request.method, "PROPFIND");
        assert_eq!(entry.context.actor.as_ref().unwrap().id, nul);
    }
    assert!(matches!(
        stored[3].exchange().unwrap().request_body,
        BodyRecord::Withheld {
            reason: WithheldReason::NotUtf8,
            ..
        }
    ));

    let batch: Vec<_> = (sample::HOSTILE.iter().zip(100..))
        .map(|(text, number)| sample::everywhere(number, text))
        .collect();
    for sink in [&sqlite as &dyn LogSink, &memory] {
        sink.write(&batch).await.unwrap();
    }
    assert_eq!(entries(&sqlite).await.len(), bodies.len() + batch.len());
    assert_eq!(entries(&memory).await.len(), bodies.len() + batch.len());
}

#[tokio::test]
async fn t16_body_of_300_megabytes_is_counted_and_its_beginning_kept() {
    const PIECE: usize = 1 << 20;
    let log = Log::new();
    let piece = bytes::Bytes::from("[1],".repeat(PIECE / 4));
    let mut body = ScriptedBody::new().then_data("[");
    for _ in 0..300 {
        body = body.then_data(piece.clone());
    }
    let response = Response::builder().header("content-type", "application/json");
    let response = log.answer(get("/"), response.body(body).unwrap()).await;
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        assert!(log.recorder.stats().captured_bytes < PIECE);
    }
    drop(body);
    let body = log.only().await.response_body;
    assert_eq!(body.bytes_seen(), 1 + 300 * PIECE as u64);
    assert_eq!(body.text().unwrap().len(), 64 * 1024);
}

#[tokio::test]
async fn t17_forwarded_address_is_believed_from_trusted_networks_alone_and_from_the_right() {
    let trusting = Log::with(|builder| {
        builder
            .trusted_networks(["10.0.0.0/8", "2001:db8::/32"])
            .peer_from(|_| "10.0.0.1:80".parse().ok())
    });
    let wary = Log::with(|builder| builder.peer_from(|_| "192.0.2.1:80".parse().ok()));
    let long = "198.51.100.1, ".repeat(1000) + "10.0.0.2";
    let cases: [(&[&[u8]], &str); 11] = [
        (&[b"198.51.100.7"], "198.51.100.7"),
        (&[b"203.0.113.9, 198.51.100.7, 10.0.0.3"], "198.51.100.7"),
        (
            &[b"203.0.113.9", b"198.51.100.7", b"10.0.0.3"],
            "198.51.100.7",
        ),
        (&[b"198.51.100.7:4711"], "198.51.100.7"),
        (&[b"[2001:db9::7]:4711"], "2001:db9::7"),
        (&[b"<script>alert(1)</script>"], "10.0.0.1"),
        (&[b"198.51.100.7, <b>"], "10.0.0.1"),
        (&[b"fe80::1%eth0"], "fe80::1"),
        (&[b"\xff\xfe"], "10.0.0.1"),
        (&[b"unknown"], "10.0.0.1"),
        (&[long.as_bytes()], "198.51.100.1"),
    ];
    for (values, told) in cases {
        let fields: Vec<_> = values.iter().map(|it| ("x-forwarded-for", *it)).collect();
        let shown = String::from_utf8_lossy(values[0]).into_owned();
        let client = sent(&trusting, &fields).await.context.client_ip;
        assert_eq!(client, told.parse().ok(), "{shown:.60}");
        let context = sent(&wary, &fields).await.context;
        assert_eq!(context.client_ip, "192.0.2.1".parse().ok(), "{shown:.60}");
        assert_eq!(context.client_ip, context.peer_ip);
    }
}

#[tokio::test]
async fn t18_same_request_id_gives_records_of_their_own_to_every_tenant() {
    let log = Log::with(|builder| builder.trust_client_request_ids());
    for tenant in ["a", "b", "a"] {
        let tell = |request: Request<RequestBody<Body>>| {
            let log = request.extensions().get::<ApiLog>().unwrap();
            log.organisation(tenant);
            std::future::ready(Ok(Response::new(Body::default())))
        };
        let mut request = get("/");
        let id = "018f3b8e-0000-7000-8000-000000000001".parse().unwrap();
        request.headers_mut().insert("x-request-id", id);
        log.call(request, tell).await;
    }
    let stored = log.entries().await;
    assert_eq!(stored.len(), 3);
    let mut ids: Vec<_> = stored.iter().map(|it| it.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    for entry in &stored {
        let theirs = entry.context.request_id.as_deref().unwrap();
        assert_eq!(theirs, "018f3b8e-0000-7000-8000-000000000001");
        assert_ne!(entry.id.to_string(), theirs);
    }
    for odd in [
        "x".repeat(129),
        "a b".to_owned(),
        "a<b>".to_owned(),
        "a\u{e9}".to_owned(),
        String::new(),
    ] {
        let entry = sent(&log, &[("x-request-id", odd.as_bytes())]).await;
        assert_eq!(entry.context.request_id, None, "{odd:.20}");
    }
}

#[tokio::test]
async fn t19_no_field_of_the_client_names_the_actor() {
    let log = Log::new();
    let token = "Bearer actor-token-of-this-test";
    let claims: Vec<(&'static str, &[u8])> = [
        "x-actor",
        "x-user",
        "x-user-id",
        "x-forwarded-user",
        "x-remote-user",
        "remote-user",
        "x-auth-user",
        "x-organisation",
        "x-tenant-id",
        "x-session-id",
        "x-impersonator",
        "from",
    ]
    .map(|name| (name, b"admin".as_slice()))
    .into_iter()
    .chain([
        ("authorization", token.as_bytes()),
        ("x-api-key", b"actor-token-of-this-test"),
    ])
    .collect();
    let context = sent(&log, &claims).await.context;
    assert!(context.actor.is_none() && context.impersonator.is_none());
    let told = [
        &context.session,
        &context.api_key,
        &context.organisation,
        &context.project,
        &context.environment,
    ];
    assert!(told.iter().all(|it| it.is_none()));

    // A service that refuses the caller has not said who it is.
    let mut request = get("/");
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    let refusal = Response::builder()
        .status(401)
        .body(Body::default())
        .unwrap();
    log.answer(request, refusal).await;
    let refused = log.entries().await.pop().unwrap();
    assert!(refused.context.actor.is_none());
    let shown = serde_json::to_string(&refused).unwrap();
    assert!(!shown.contains("actor-token"), "{shown}");
}

#[tokio::test]
async fn t19_actor_of_one_exchange_is_not_that_of_the_next() {
    let log = Log::new();
    for actor in [Some("user_1"), None] {
        let tell = |request: Request<RequestBody<Body>>| {
            let log = request.extensions().get::<ApiLog>().unwrap();
            actor.into_iter().for_each(|it| log.actor(Actor::user(it)));
            std::future::ready(Ok(Response::new(Body::default())))
        };
        let request = get("/").map(|_| Body::default());
        log.call(request, tell).now_or_never().unwrap();
    }
    let actors: Vec<_> = log
        .entries()
        .await
        .into_iter()
        .map(|it| it.context.actor.map(|it| it.id))
        .collect();
    assert_eq!(actors, [Some("user_1".to_owned()), None]);
}
