//! What an entry tells of an exchange that went through axum's own router and server.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_api_log::entry::{BodyRecord, CutReason, Exchange, Outcome, OwnEndpoint, SkipReason};
use tower_api_log::layer::{MatchedRoute, PeerAddr, RequestBody, RequestIdFormat};
use tower_api_log::testing::ManualClock;
use tower_api_log::{Actor, ApiLog, LogEntry, Policy, Timestamp};

use crate::support::{Log, get as get_request, post_json, soon};

fn app(log: &Log) -> Router {
    Router::new()
        .route(
            "/api/v1/users/{id}",
            get(|| async { Json(json!({ "id": 1 })) }),
        )
        .route(
            "/api/v1/users",
            post(|Json(user): Json<Value>| async move { (StatusCode::CREATED, Json(user)) }),
        )
        .route("/told", get(told))
        .route("/hidden", get(|log: ApiLog| async move { log.exclude() }))
        .route("/healthz", get(|| async { "ok" }).post(|| async { "ok" }))
        .layer(log.layer.clone())
}

async fn told(log: ApiLog) {
    log.actor(Actor::user("user_1").email("jane@example.com"));
    log.organisation("org_1");
    log.project("project_1");
    log.environment("production");
    log.session("session_1");
    log.api_key("key_1");
    log.api_version("2026-01-01");
}

/// Serves the app as axum does, sends one request as text and returns the entries and the answer.
async fn over_axum(log: &Log, request: &str) -> (Vec<LogEntry>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app(log).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection
        .write_all(request.replace('\n', "\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    soon(connection.read_to_string(&mut answer)).await.unwrap();
    server.abort();
    (log.entries().await, answer)
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

#[tokio::test]
async fn entry_tells_all_that_the_wire_told() {
    let log = Log::with(|builder| builder.trusted_networks(["127.0.0.0/8"]));
    let request = "POST /api/v1/users?filter[reference_id]=x&ids[]=1&ids[]=2 HTTP/1.1\nHost: api.example.com\n\
        User-Agent: client/1.0\nX-Twice: a\nX-Twice: b\nForwarded: for=198.51.100.7;proto=https\nX-Request-Id: theirs-1\n\
        traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\nContent-Type: application/json\n\
        Content-Length: 14\nConnection: close\n\n{\"name\":\"Jane\"}".replace("14\n", "15\n");
    let (entries, answer) = over_axum(&log, &request).await;
    let (entry, told) = (&entries[0], exchange(&entries[0]));
    let request = &told.request;
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/api/v1/users")
    );
    assert_eq!(request.route.as_deref(), Some("/api/v1/users"));
    assert_eq!(
        request.query.as_deref(),
        Some("filter[reference_id]=x&ids[]=1&ids[]=2")
    );
    let params = serde_json::to_value(request.query_params()).unwrap();
    assert_eq!(
        params,
        json!({ "filter": { "reference_id": "x" }, "ids": ["1", "2"] })
    );
    assert_eq!(request.authority.as_deref(), Some("api.example.com"));
    assert_eq!(
        request.scheme.as_deref(),
        Some("https"),
        "as the trusted proxy tells"
    );
    assert_eq!(request.version, "1.1");
    assert_eq!(
        request.headers.get_all("x-twice").collect::<Vec<_>>(),
        ["a", "b"]
    );
    let context = &entry.context;
    assert_eq!(context.client_ip, Some("198.51.100.7".parse().unwrap()));
    assert_eq!(context.peer_ip, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(context.user_agent.as_deref(), Some("client/1.0"));
    assert_eq!(context.request_id.as_deref(), Some("theirs-1"));
    assert_eq!(
        context.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(context.api_version.as_deref(), Some("v1"));
    let body = BodyRecord::Whole {
        text: r#"{"name":"Jane"}"#.into(),
        bytes_seen: 15,
    };
    assert_eq!((&told.request_body, &told.response_body), (&body, &body));
    assert_eq!(
        (told.status(), told.outcome),
        (Some(201), Outcome::Completed)
    );
    assert!(told.timing.to_headers_micros.unwrap() <= told.timing.to_last_byte_micros);
    assert!(
        answer.contains(&format!("request-id: {}\r\n", entry.id)),
        "{answer}"
    );
    let recorded = told.response.as_ref().unwrap().headers.get("request-id");
    assert_eq!(recorded, Some(entry.id.to_string().as_str()));
}

#[tokio::test]
async fn forwarded_address_and_scheme_are_not_believed_by_default() {
    let log = Log::new();
    let request = "GET /api/v1/users/1 HTTP/1.1\nHost: x\nX-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https\n\
        Connection: close\n\n";
    let (entries, _) = over_axum(&log, request).await;
    assert_eq!(
        entries[0].context.client_ip,
        Some("127.0.0.1".parse().unwrap())
    );
    assert_eq!(exchange(&entries[0]).request.scheme, None);
    assert_eq!(
        exchange(&entries[0]).request.route.as_deref(),
        Some("/api/v1/users/{id}")
    );
}

#[tokio::test]
async fn handler_tells_what_only_it_knows_and_may_leave_its_exchange_out() {
    let log = Log::new();
    let (entries, _) = over_axum(&log, "GET /told HTTP/1.1\nHost: x\nConnection: close\n\n").await;
    let context = &entries[0].context;
    assert_eq!(context.actor.as_ref().unwrap().id, "user_1");
    let told = [
        &context.organisation,
        &context.project,
        &context.environment,
        &context.session,
        &context.api_key,
        &context.api_version,
    ];
    let told: Vec<_> = told.iter().map(|it| it.as_deref().unwrap()).collect();
    assert_eq!(
        told,
        [
            "org_1",
            "project_1",
            "production",
            "session_1",
            "key_1",
            "2026-01-01"
        ]
    );

    let (entries, answer) =
        over_axum(&log, "GET /hidden HTTP/1.1\nHost: x\nConnection: close\n\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"));
    assert_eq!(entries.len(), 1, "nothing new");
    assert_eq!(log.recorder.stats().balance.filtered(), 1);
}

#[tokio::test]
async fn excluded_exchanges_are_counted_as_filtered_and_their_handlers_still_work() {
    let policy = Policy::default()
        .without_health_checks()
        .without_path("/told");
    let log = Log::with(|builder| builder.policy(policy));
    for path in ["/healthz", "/told"] {
        let request = format!("GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n");
        let (entries, answer) = over_axum(&log, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(entries.is_empty());
    }
    let balance = log.recorder.stats().balance;
    assert_eq!((balance.seen(), balance.filtered()), (2, 2));
}

#[tokio::test]
async fn client_cannot_hide_its_calls_as_health_checks() {
    let log = Log::with(|builder| builder.policy(Policy::default().without_health_checks()));
    for request in [
        "GET /told HTTP/1.1\nHost: x\nUser-Agent: kube-probe/1.30\nConnection: close\n\n",
        "POST /healthz HTTP/1.1\nHost: x\nConnection: close\n\n",
    ] {
        over_axum(&log, request).await;
    }
    assert_eq!(log.entries().await.len(), 2);
}

#[tokio::test]
async fn nested_router_is_recorded_and_decided_on_by_the_path_that_the_client_sent() {
    let log = Log::with(|builder| builder.policy(Policy::default().without_path("/hidden")));
    let inner = Router::new()
        .route("/users/{id}", get(|| async {}))
        .route("/hidden", get(|| async {}))
        .layer(log.layer.clone());
    let app = Router::new().nest("/api", inner);
    for path in ["/api/users/1?a=b", "/api/hidden"] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(app.clone(), request)
            .await
            .unwrap();
    }
    let entries = log.entries().await;
    let paths: Vec<_> = entries
        .iter()
        .map(|entry| exchange(entry).request.path.as_str())
        .collect();
    assert_eq!(paths, ["/api/users/1", "/api/hidden"]);
    assert_eq!(
        exchange(&entries[0]).request.route.as_deref(),
        Some("/api/users/{id}")
    );
}

#[tokio::test]
async fn websocket_works_through_the_layer_and_ends_its_exchange_at_the_upgrade() {
    let log = Log::new();
    let echo = |upgrade: axum::extract::WebSocketUpgrade| async {
        upgrade.on_upgrade(|mut socket| async move {
            let message = socket.recv().await.unwrap().unwrap();
            socket.send(message).await.unwrap();
        })
    };
    let app = Router::new()
        .route("/ws", get(echo))
        .layer(log.layer.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut connection = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let handshake = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    connection.write_all(handshake.as_bytes()).await.unwrap();
    // A text frame of two letters, masked with zeros (RFC 6455 section 5.2).
    connection
        .write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(&[0x81, 0x02, b'h', b'i']) {
        assert!(
            soon(connection.read_buf(&mut answer)).await.unwrap() > 0,
            "{answer:?}"
        );
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    server.abort();
    let exchange = log.only().await;
    assert_eq!(
        (exchange.outcome, exchange.status()),
        (Outcome::Upgraded, Some(101))
    );
}

#[tokio::test]
async fn failed_grpc_call_is_an_error() {
    let log = Log::with(|builder| builder.policy(Policy::default().only_errors()));
    for status in ["0", "13"] {
        let trailers =
            http::HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
        let body = tower_api_log::testing::ScriptedBody::new()
            .then_data("1")
            .then_trailers(trailers);
        let response = log
            .answer(get_request("/"), http::Response::new(body))
            .await;
        http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap();
    }
    let entries = log.entries().await;
    assert_eq!(entries.len(), 1);
    assert!(exchange(&entries[0]).has_failed());
}

#[tokio::test]
async fn policy_of_a_route_that_only_the_response_tells_holds_as_well() {
    let policy = Policy::default()
        .route("/secret/{id}", Policy::default().without_bodies())
        .route(
            "/hidden",
            Policy::default().without_method(http::Method::POST),
        );
    let log = Log::with(|builder| builder.policy(policy));
    for route in ["/secret/{id}", "/hidden"] {
        let handle = move |request: Request<RequestBody<Full<Bytes>>>| async move {
            let body = http_body_util::BodyExt::collect(request.into_body())
                .await
                .unwrap()
                .to_bytes();
            let mut response = http::Response::new(http_body_util::Full::new(body));
            response.extensions_mut().insert(MatchedRoute::new(route));
            Ok(response)
        };
        let response = log.call(post_json("/x", "[1]"), handle).await;
        http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap();
    }
    let entries = log.entries().await;
    assert_eq!(entries.len(), 1);
    let skipped = BodyRecord::Skipped {
        reason: SkipReason::Policy,
        bytes_seen: 3,
    };
    assert_eq!(
        (
            &exchange(&entries[0]).request_body,
            &exchange(&entries[0]).response_body
        ),
        (&skipped, &skipped)
    );
}

#[tokio::test]
async fn extractor_without_the_layer_says_what_is_missing() {
    let app = Router::new().route("/", get(told));
    let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(app, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("ApiLogLayer::new"));
}

#[tokio::test]
async fn client_request_id_is_answered_only_where_it_is_trusted_and_safe() {
    let answered = async |log: &Log, id: &'static str| {
        let mut request = get_request("/");
        request
            .headers_mut()
            .insert("x-request-id", http::HeaderValue::from_static(id));
        let response = log
            .answer(request, http::Response::new(String::new()))
            .await;
        let headers = response.headers().clone();
        drop(response);
        (
            headers["request-id"].to_str().unwrap().to_owned(),
            log.entries().await.pop().unwrap(),
        )
    };
    let ours = Log::new();
    let (id, entry) = answered(&ours, "theirs").await;
    assert_eq!(
        (id, entry.context.request_id.as_deref()),
        (entry.id.to_string(), Some("theirs"))
    );

    let theirs = Log::with(|builder| builder.trust_client_request_ids());
    assert_eq!(answered(&theirs, "theirs").await.0, "theirs");
    let (id, entry) = answered(&theirs, "not safe <b>").await;
    assert_eq!((id, entry.context.request_id), (entry.id.to_string(), None));

    let prefixed = Log::with(|builder| builder.request_id_format(RequestIdFormat::Prefixed));
    let (id, entry) = answered(&prefixed, "theirs").await;
    assert_eq!(id, entry.id.prefixed("req"));
}

#[tokio::test]
async fn request_id_that_the_service_set_stays() {
    let log = Log::new();
    let response = http::Response::builder()
        .header("request-id", "of the service")
        .body(String::new())
        .unwrap();
    let response = log.answer(get_request("/"), response).await;
    let ids: Vec<_> = response.headers().get_all("request-id").iter().collect();
    assert_eq!(ids, ["of the service"]);
}

#[tokio::test]
async fn route_and_peer_are_found_without_axum() {
    let log = Log::with(|builder| {
        builder
            .route_from(|extensions| {
                extensions
                    .get::<u8>()
                    .map(|number| Cow::Owned(format!("/hook/{number}")))
            })
            .peer_from(|extensions| extensions.get::<SocketAddr>().copied())
    });
    let mut request = get_request("/");
    request.extensions_mut().insert(7_u8);
    request
        .extensions_mut()
        .insert("192.0.2.1:80".parse::<SocketAddr>().unwrap());
    log.answer(request, http::Response::new(String::new()))
        .await;

    let mut request = get_request("/");
    request
        .extensions_mut()
        .insert(MatchedRoute::new("/before"));
    request
        .extensions_mut()
        .insert(PeerAddr("192.0.2.2:80".parse().unwrap()));
    log.answer(request, http::Response::new(String::new()))
        .await;

    let mut response = http::Response::new(String::new());
    response
        .extensions_mut()
        .insert(MatchedRoute::new("/behind"));
    log.answer(get_request("/"), response).await;

    let entries = log.entries().await;
    let routes: Vec<_> = entries
        .iter()
        .map(|entry| exchange(entry).request.route.clone().unwrap())
        .collect();
    assert_eq!(routes, ["/hook/7", "/before", "/behind"]);
    let peers: Vec<_> = entries
        .iter()
        .map(|entry| entry.context.client_ip.map(|ip| ip.to_string()))
        .collect();
    assert_eq!(
        peers,
        [Some("192.0.2.1".into()), Some("192.0.2.2".into()), None]
    );
}

#[tokio::test]
async fn responses_of_the_logs_own_endpoints_are_left_out() {
    let log = Log::new();
    let mut response = http::Response::new(String::new());
    response.extensions_mut().insert(OwnEndpoint);
    log.answer(get_request("/"), response).await;
    assert!(log.entries().await.is_empty());
    assert_eq!(log.recorder.stats().balance.filtered(), 1);
}

#[tokio::test]
async fn times_are_told_from_the_clock_that_was_given() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(
        1_700_000_000_000_000,
    )));
    let log = Log::with(|builder| builder.clock(clock.clone()));
    let ticks = clock.clone();
    let handle = move |_| {
        ticks.advance(Duration::from_millis(30));
        std::future::ready(Ok(http::Response::new(http_body_util::Full::new(
            bytes::Bytes::from("12"),
        ))))
    };
    let response = log.call(get_request("/"), handle).await;
    clock.advance(Duration::from_millis(70));
    http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    let entry = &log.entries().await[0];
    assert_eq!(
        entry.created_at,
        Timestamp::from_micros(1_700_000_000_000_000)
    );
    let timing = exchange(entry).timing;
    assert_eq!(
        (timing.to_headers_micros, timing.to_last_byte_micros),
        (Some(30_000), 100_000)
    );
}

#[tokio::test]
async fn bodies_are_kept_as_the_policy_says() {
    let policy = Policy::default()
        .max_body_bytes(8)
        .route("/none", Policy::default().without_bodies())
        .route(
            "/slow",
            Policy::default().only_slower_than(Duration::from_secs(3600)),
        );
    let log = Log::with(|builder| builder.policy(policy));
    let call = async |path: &'static str, kind: &'static str, body: &'static str| {
        let response = http::Response::builder()
            .header("content-type", kind)
            .body(http_body_util::Full::new(bytes::Bytes::from(body)));
        let response = log.answer(get_request(path), response.unwrap()).await;
        http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap();
        log.entries()
            .await
            .last()
            .map(|entry| exchange(entry).response_body.clone())
    };
    let cut = call("/", "application/json", r#"["é","😀"]"#)
        .await
        .unwrap();
    let BodyRecord::Truncated {
        reason,
        text,
        bytes_seen,
    } = cut
    else {
        panic!("it is cut")
    };
    assert_eq!((reason, bytes_seen), (CutReason::Limit, 13));
    assert!(
        r#"["é","😀"]"#.starts_with(&text),
        "cut between characters: {text}"
    );
    let png = BodyRecord::Skipped {
        reason: SkipReason::ContentType,
        bytes_seen: 3,
    };
    assert_eq!(call("/", "image/png", "png").await, Some(png));
    let none = BodyRecord::Skipped {
        reason: SkipReason::Policy,
        bytes_seen: 2,
    };
    assert_eq!(call("/none", "application/json", "12").await, Some(none));
    let before = log.entries().await.len();
    call("/slow", "application/json", "12").await;
    assert_eq!(log.entries().await.len(), before, "it was quick");
    assert_eq!(log.recorder.stats().balance.filtered(), 1);
}

#[tokio::test]
async fn secrets_are_masked_on_the_way() {
    let log = Log::new();
    let body = r#"{"name":"Jane","password":"canary-8d1f"}"#;
    let handle = async |request: Request<
        tower_api_log::layer::RequestBody<http_body_util::Full<bytes::Bytes>>,
    >| {
        let body = http_body_util::BodyExt::collect(request.into_body())
            .await
            .unwrap()
            .to_bytes();
        assert_eq!(
            body, r#"{"name":"Jane","password":"canary-8d1f"}"#,
            "the service reads what was sent"
        );
        Ok(http::Response::new(String::new()))
    };
    log.call(post_json("/?token=canary-8d1f&page=2", body), handle)
        .await;
    let stored = serde_json::to_string(&log.entries().await).unwrap();
    assert!(!stored.contains("canary"), "{stored}");
    assert!(
        stored.contains("Jane") && stored.contains("page=2"),
        "{stored}"
    );
}
