//! Audit events: from a handler, a job or a route to the stored entry.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_api_log::annotate::AuditRoutes;
use tower_api_log::entry::{Context, EventRecord, Exchange, Finding, Kind, Outcome};
use tower_api_log::layer::ApiLogLayerBuilder;
use tower_api_log::recorder::{Balance, Delivery, DropReason};
use tower_api_log::{
    Actor, ApiLog, ApiLogLayer, AuditEvent, LogEntry, LogQuery, LogStore, MemoryStore, Policy,
    Recorder, Scope,
};

use crate::support::soon;

/// A service with its log.
/// The category of the entries that tell of gaps in the log.
const GAP: &str = "api_log";

struct Stand {
    store: MemoryStore,
    recorder: Recorder,
    app: Router,
}

impl Stand {
    fn new(app: Router) -> Self {
        Self::with(app, |builder| builder)
    }

    fn with(app: Router, configure: impl FnOnce(ApiLogLayerBuilder) -> ApiLogLayerBuilder) -> Self {
        let store = MemoryStore::new();
        let layer = configure(ApiLogLayer::builder(store.clone()))
            .build()
            .unwrap();
        Self {
            recorder: layer.recorder(),
            app: app.layer(layer),
            store,
        }
    }

    async fn call(&self, method: Method, uri: &str, body: &str) -> StatusCode {
        let request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", "application/json")
            .header("user-agent", "decoy/1")
            .header("x-request-id", "req-1");
        let request = request
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }

    async fn entries(&self) -> Vec<LogEntry> {
        self.recorder.flush().await.unwrap();
        let page = self.store.list(&LogQuery::new(Scope::all())).await.unwrap();
        page.entries
    }

    /// Returns the events in the order in which they were told.
    async fn events(&self) -> Vec<LogEntry> {
        let mut entries = self.entries().await;
        entries.retain(|it| it.event().is_some_and(|event| event.category != GAP));
        entries.reverse();
        entries
    }

    async fn exchanges(&self) -> Vec<LogEntry> {
        let mut entries = self.entries().await;
        entries.retain(|it| it.kind() == Kind::Exchange);
        entries
    }

    fn balance(&self) -> Balance {
        self.recorder.stats().balance
    }
}

fn event(entry: &LogEntry) -> &EventRecord {
    entry.event().unwrap()
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

fn actor(entry: &LogEntry) -> Option<&str> {
    entry.context.actor.as_ref().map(|it| it.id.as_str())
}

fn updated() -> AuditEvent {
    AuditEvent::new(AuditEvent::PROJECT, "updated")
}

async fn rename(log: ApiLog, Path(id): Path<String>) {
    let told = log.event(
        updated()
            .ref_id(&id)
            .title("Renamed")
            .change(&json!({ "name": "Old" }), &json!({ "name": "New" }))
            .data(&json!({ "by": "form" }))
            .error(Finding::new("too short").pointer("/name"))
            .alert("watch this"),
    );
    assert!(told.is_some());
    log.event(AuditEvent::new(AuditEvent::RELEASE, "invalidated").actor(Actor::service("cache")));
    // Said after the events, and before they are handed over.
    log.actor(Actor::user("user_1"));
    log.organisation("org_1");
}

#[tokio::test]
async fn events_of_a_call_are_entries_of_their_own_beside_the_exchange() {
    let stand = Stand::new(Router::new().route("/api/v1/projects/{id}", put(rename)));
    stand.call(Method::PUT, "/api/v1/projects/p1", "").await;
    let exchanges = stand.exchanges().await;
    let [first, second] = &stand.events().await[..] else {
        panic!("two events")
    };
    let it = event(first);
    assert_eq!(
        (it.category.as_str(), it.action.as_str()),
        ("project", "updated")
    );
    assert_eq!(
        (it.ref_id.as_deref(), it.title.as_deref()),
        (Some("p1"), Some("Renamed"))
    );
    let change = it.change.as_ref().unwrap();
    assert_eq!(
        (&change.before, &change.after),
        (&json!({ "name": "Old" }), &json!({ "name": "New" }))
    );
    assert_eq!(it.data, json!({ "by": "form" }));
    assert_eq!(it.errors, [Finding::new("too short").pointer("/name")]);
    assert_eq!(it.alerts, [Finding::new("watch this")]);
    assert_eq!(it.masked_count, 0);
    for entry in [first, second] {
        assert_eq!(event(entry).exchange, Some(exchanges[0].id));
        assert!(entry.id > exchanges[0].id && entry.created_at >= exchanges[0].created_at);
        let Context {
            organisation,
            user_agent,
            request_id,
            api_version,
            ..
        } = &entry.context;
        assert_eq!(organisation.as_deref(), Some("org_1"));
        assert_eq!(user_agent.as_deref(), Some("decoy/1"));
        assert_eq!(request_id.as_deref(), Some("req-1"));
        assert_eq!(api_version.as_deref(), Some("v1"));
    }
    assert_eq!(
        (actor(first), actor(second)),
        (Some("user_1"), Some("cache")),
        "the event's own word wins"
    );
    let balance = stand.balance();
    assert_eq!(
        (balance.seen(), balance.stored(), balance.in_flight()),
        (3, 3, 0)
    );
}

#[tokio::test]
async fn events_are_recorded_where_their_exchange_is_left_out() {
    let tell = |log: ApiLog| async move {
        log.organisation("org_1");
        log.event(updated()).is_some().to_string()
    };
    let exclude = |log: ApiLog| async move {
        log.exclude();
        log.event(updated());
    };
    let app = Router::new()
        .route("/by-path", get(tell))
        .route("/by-status", get(tell))
        .route("/by-handler", get(exclude));
    let policy = Policy::default()
        .without_path("/by-path")
        .route("/by-status", Policy::default().only_errors());
    let stand = Stand::with(app, |builder| builder.policy(policy));
    for path in ["/by-path", "/by-status", "/by-handler"] {
        stand.call(Method::GET, path, "").await;
    }
    let events = stand.events().await;
    assert_eq!((events.len(), stand.exchanges().await.len()), (3, 0));
    assert!(
        event(&events[0]).exchange.is_none(),
        "it has no id to be recorded under"
    );
    assert!(event(&events[1]).exchange.is_some());
    for entry in &events[..2] {
        assert_eq!(entry.context.organisation.as_deref(), Some("org_1"));
        assert_eq!(entry.context.user_agent.as_deref(), Some("decoy/1"));
    }
    let balance = stand.balance();
    assert_eq!(
        (balance.seen(), balance.stored(), balance.filtered()),
        (6, 3, 3)
    );
    assert_eq!(balance.in_flight(), 0);
}

#[tokio::test]
async fn events_in_a_stream_are_stored_before_it_ends() {
    let (frames, mut told) = tokio::sync::mpsc::channel::<()>(1);
    let (gate, opened) = tokio::sync::oneshot::channel::<()>();
    let opened = Arc::new(std::sync::Mutex::new(Some(opened)));
    let handle = move |log: ApiLog| {
        let (frames, opened) = (frames.clone(), opened.lock().unwrap().take().unwrap());
        log.event(updated().ref_id("head"));
        let frame = move |step: u8| {
            let log = log.clone();
            log.event(updated().ref_id(format!("frame {step}")));
            Ok::<_, Infallible>(Bytes::from_static(b"x"))
        };
        let later = frame.clone();
        let body = stream::once(async move { frame(1) });
        let rest = stream::once(async move {
            frames.send(()).await.unwrap();
            opened.await.unwrap();
            later(2)
        });
        std::future::ready(Response::new(axum::body::Body::from_stream(
            futures_util::StreamExt::chain(body, rest),
        )))
    };
    let stand = Stand::new(Router::new().route("/", get(handle)));
    let request = http::Request::get("/")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = stand.app.clone().oneshot(request).await.unwrap();
    let reader = tokio::spawn(response.into_body().collect());
    soon(told.recv()).await.unwrap();
    let ids = |events: &[LogEntry]| {
        let ids = events.iter().map(|it| event(it).ref_id.clone().unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&stand.events().await), ["head", "frame 1"]);
    assert_eq!(
        (stand.balance().seen(), stand.balance().in_flight()),
        (3, 1)
    );
    gate.send(()).unwrap();
    soon(reader).await.unwrap().unwrap();
    assert_eq!(ids(&stand.events().await), ["head", "frame 1", "frame 2"]);
    assert_eq!(
        (stand.balance().seen(), stand.balance().in_flight()),
        (4, 0)
    );
}

#[tokio::test]
async fn event_after_the_end_is_refused_and_counted() {
    let (sender, mut logs) = tokio::sync::mpsc::unbounded_channel();
    let keep = move |log: ApiLog| {
        sender.send(log).unwrap();
        std::future::ready(())
    };
    let stand = Stand::new(Router::new().route("/", get(keep)));
    stand.call(Method::GET, "/", "").await;
    let log = logs.recv().await.unwrap();
    assert_eq!(log.event(updated()), None);
    assert!(stand.events().await.is_empty());
    assert_eq!(stand.recorder.stats().late_notes, 1);
    let balance = stand.balance();
    assert_eq!(
        (balance.seen(), balance.dropped(DropReason::Refused)),
        (3, 1),
        "with the entry that tells of the gap"
    );
    assert_eq!((balance.stored(), balance.in_flight()), (2, 0));
    let own = stand
        .recorder
        .event(updated().exchange(log.exchange_id().unwrap()));
    let events = stand.events().await;
    assert_eq!(Some(events[0].id), own, "the recorder's handle takes it");
    assert_eq!(event(&events[0]).exchange, log.exchange_id());
}

#[tokio::test]
async fn panic_of_the_handler_does_not_lose_the_events_told_before() {
    let handle = |log: ApiLog| async move {
        log.event(updated());
        assert!(log.exchange_id().is_none(), "it panics");
    };
    let stand = Stand::new(Router::new().route("/", get(handle)));
    let task = tokio::spawn({
        let app = stand.app.clone();
        let request = http::Request::get("/")
            .body(axum::body::Body::empty())
            .unwrap();
        async move { app.oneshot(request).await.map(|_| ()) }
    });
    assert!(task.await.is_err());
    assert_eq!(stand.events().await.len(), 1);
    assert_eq!(
        exchange(&stand.exchanges().await[0]).outcome,
        Outcome::Panic
    );
}

#[tokio::test]
async fn job_outside_of_any_request_tells_events() {
    let stand = Stand::new(Router::new());
    let job = updated()
        .actor(Actor::service("nightly"))
        .organisation("org_1")
        .data(&json!({ "password": "canary", "n": 1 }));
    let id = stand.recorder.event(job.clone()).unwrap();
    let events = stand.events().await;
    assert_eq!((events[0].id, actor(&events[0])), (id, Some("nightly")));
    assert_eq!(
        event(&events[0]).data,
        json!({ "password": "[MASKED]", "n": 1 })
    );
    assert!(event(&events[0]).exchange.is_none());
    assert!(
        stand
            .recorder
            .shutdown(Duration::from_secs(10))
            .await
            .is_complete()
    );
    assert_eq!(stand.recorder.event(job), None);
    let balance = stand.balance();
    assert_eq!(
        (
            balance.seen(),
            balance.stored(),
            balance.dropped(DropReason::Closed)
        ),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn budget_that_events_use_up_refuses_the_next_and_is_given_back() {
    const EACH: usize = 40_000;
    let handle = |log: ApiLog| async move {
        let event = || updated().data(&"a".repeat(EACH));
        (0..20)
            .filter(|_| log.event(event()).is_some())
            .count()
            .to_string()
    };
    let stand = Stand::with(Router::new().route("/", get(handle)), |builder| {
        builder.max_captured_bytes(256 * 1024)
    });
    stand.call(Method::GET, "/", "").await;
    let told = stand.events().await.len();
    assert!((4..=6).contains(&told), "{told}");
    let balance = stand.balance();
    assert_eq!(balance.dropped(DropReason::OverBudget), 20 - told as u64);
    // With the one that tells of the gap.
    assert_eq!((balance.seen(), balance.in_flight()), (22, 0));
    assert_eq!(stand.recorder.stats().captured_bytes, 0);
    assert_eq!(
        balance.stored(),
        told as u64 + 2,
        "the exchange itself is stored, and what tells of the gap"
    );
}

/// What a middleware of the application knows of the caller.
#[derive(Clone)]
struct CurrentUser(&'static str);

async fn authenticate(mut request: Request, next: Next) -> axum::response::Response {
    request
        .extensions_mut()
        .insert(Actor::user("by middleware"));
    let mut context = Context::default();
    context.organisation = Some("o".repeat(2_000));
    context.session = Some("session_1".to_owned());
    request.extensions_mut().insert(context);
    request.extensions_mut().insert(CurrentUser("mapped"));
    next.run(request).await
}

#[tokio::test]
async fn actor_is_known_from_middleware_outside_inside_and_from_the_handler() {
    let silent = |log: ApiLog| async move { log.event(updated()).is_some().to_string() };
    let inside = |log: ApiLog, request: Request, next: Next| async move {
        log.actor(Actor::user("by inner middleware"));
        next.run(request).await
    };
    let says = |log: ApiLog| async move { log.actor(Actor::user("by handler")) };
    let app = || {
        Router::new()
            .route("/inside", get(silent))
            .layer(from_fn(inside))
            .route("/silent", get(silent))
            .route("/says", get(says))
    };
    let outside = |stand: Stand| Stand {
        app: stand.app.layer(from_fn(authenticate)),
        ..stand
    };
    let stand = outside(Stand::new(app()));
    for path in ["/says", "/inside", "/silent"] {
        stand.call(Method::GET, path, "").await;
    }
    let exchanges = stand.exchanges().await;
    let actors: Vec<_> = exchanges.iter().map(|it| actor(it).unwrap()).collect();
    assert_eq!(
        actors,
        ["by middleware", "by inner middleware", "by handler"]
    );
    for entry in stand.entries().await {
        assert_eq!(
            entry.context.organisation.map(|it| it.len()),
            Some(1024),
            "cut as any text"
        );
        assert_eq!(entry.context.session.as_deref(), Some("session_1"));
    }
    assert_eq!(actor(&stand.events().await[1]), Some("by middleware"));

    let mapped = outside(Stand::with(app(), |builder| {
        builder.context_from(|extensions| {
            let mut context = Context::default();
            context.actor = Some(Actor::user(extensions.get::<CurrentUser>()?.0));
            Some(context)
        })
    }));
    mapped.call(Method::GET, "/silent", "").await;
    let entry = &mapped.exchanges().await[0];
    assert_eq!(
        (actor(entry), entry.context.session.as_deref()),
        (Some("mapped"), Some("session_1"))
    );

    let panics = outside(Stand::with(app(), |builder| {
        builder.context_from(|_| panic!("told to"))
    }));
    assert_eq!(
        panics.call(Method::GET, "/silent", "").await,
        StatusCode::OK
    );
    assert_eq!(panics.recorder.stats().callback_panics, 1);
    assert_eq!(actor(&panics.exchanges().await[0]), Some("by middleware"));
}

#[tokio::test]
async fn handler_notes_names_the_resource_and_leaves_bodies_out() {
    let handle = |log: ApiLog, _: Json<Value>| async move {
        log.resource("project", "p1");
        log.impersonator("support@example.com");
        log.project("p1");
        log.project_name("Pricing");
        log.note("plan", "gold");
        log.note("password", "canary-1");
        log.note("callback", "https://u:canary-2@x.test/?token=canary-3&a=b");
        for _ in 0..ApiLog::MAX_NOTES {
            log.note("again", "and again");
        }
        log.leave_out_request_body();
        log.leave_out_response_body();
        Json(json!({ "big": "decoy-body" }))
    };
    let stand = Stand::new(Router::new().route("/", post(handle)));
    stand
        .call(Method::POST, "/", r#"{"big":"decoy-body"}"#)
        .await;
    let entry = &stand.exchanges().await[0];
    let it = exchange(entry);
    for body in [&it.request_body, &it.response_body] {
        let body = serde_json::to_value(body).unwrap();
        assert_eq!(
            body,
            json!({ "state": "skipped", "reason": "application", "bytes_seen": 20 })
        );
    }
    let notes: Vec<_> = it
        .notes
        .iter()
        .map(|it| (it.name.as_str(), it.value.as_str()))
        .collect();
    assert_eq!(
        notes[..3],
        [
            ("plan", "gold"),
            ("password", "[MASKED]"),
            ("callback", "https://****@x.test/?token=%5BMASKED%5D&a=b"),
        ]
    );
    assert_eq!(
        (notes.len(), stand.recorder.stats().refused_notes),
        (ApiLog::MAX_NOTES, 3)
    );
    let context = serde_json::to_value(&entry.context).unwrap();
    assert_eq!(
        context["resource"],
        json!({ "kind": "project", "id": "p1" })
    );
    assert_eq!(
        (&context["impersonator"], &context["project_name"]),
        (&json!("support@example.com"), &json!("Pricing"))
    );
    let text = serde_json::to_string(entry).unwrap();
    assert!(
        !text.contains("canary") && !text.contains("decoy-body"),
        "{text}"
    );
}

#[tokio::test]
async fn secrets_in_any_part_of_an_event_are_not_in_its_entry() {
    let secret = "canary7f3a91c5d2e8b64f0a1d";
    let object = move |name: &str| {
        let url = format!("https://u:{secret}@x.test/decoy");
        let deep = json!([{ "pin": { "canary-key": secret } }]);
        json!({ "name": name, "api_key": secret, "deep": deep, "url": url })
    };
    let url = format!("https://x.test/decoy?token={secret}");
    let handle = {
        let url = url.clone();
        move |log: ApiLog| {
            let finding = || Finding::new(format!("decoy, but password={secret}")).pointer(&url);
            log.event(
                AuditEvent::new(&url, &url)
                    .ref_id(&url)
                    .title(&url)
                    .change(&object("decoy before"), &object("decoy after"))
                    .data(&json!({ "inner": object("decoy data").to_string() }))
                    .error(finding())
                    .alert(finding()),
            );
            log.note(&url, &url);
            std::future::ready(())
        }
    };
    let stand = Stand::new(Router::new().route("/", get(handle)));
    stand.call(Method::GET, "/", "").await;
    for entry in stand.entries().await {
        let text = format!("{}{entry:?}", serde_json::to_string(&entry).unwrap());
        assert!(!text.contains("canary"), "{text}");
        let decoys = text.matches("decoy").count();
        let least = if entry.event().is_some() { 10 } else { 2 };
        assert!(decoys >= least, "{decoys}: {text}");
    }
    let events = stand.events().await;
    let masked = &event(&events[0]).masked;
    let places = [
        "event_title",
        "event_data",
        "event_before",
        "event_after",
        "event_error",
        "event_alert",
    ];
    for place in places {
        let is_there = |it: &tower_api_log::entry::Masked| json!(it.place) == place;
        assert!(masked.iter().any(is_there), "{place}");
    }
}

#[tokio::test]
async fn value_that_is_too_large_or_does_not_serialise_is_withheld_and_says_so() {
    struct Fails;
    impl serde::Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("the application's own code panics")
        }
    }
    let stand = Stand::new(Router::new());
    let large = "a".repeat(AuditEvent::MAX_JSON_BYTES);
    stand
        .recorder
        .event(updated().change(&json!({ "a": 1 }), &large).data(&Fails));
    let deep = (0..120).fold(json!("decoy"), |inner, _| json!([inner]));
    stand.recorder.event(updated().data(&deep)).unwrap();
    let events = stand.events().await;
    let it = event(&events[0]);
    let change = it.change.as_ref().unwrap();
    assert_eq!(
        (&change.before, &change.after, &it.data),
        (
            &json!({ "a": 1 }),
            &json!("[WITHHELD]"),
            &json!("[WITHHELD]")
        )
    );
    assert!(
        change.fields.is_empty() && change.fields_count == 0,
        "what changed is not known"
    );
    let spots: Vec<_> = it
        .masked
        .iter()
        .map(|it| (it.rule.as_str(), it.bytes))
        .collect();
    assert_eq!(
        spots,
        [
            ("too_large", AuditEvent::MAX_JSON_BYTES as u64 + 2),
            ("unserializable", 0)
        ]
    );
    let data = &event(&events[1]).data;
    assert!(
        data.as_str().is_some_and(|it| it.contains("decoy")),
        "text that any parser reads back"
    );
}

#[tokio::test]
async fn change_lists_where_the_object_changed_and_no_secret() {
    let handle = |log: ApiLog| async move {
        let object = |name: &str, key: &str| json!({ "name": name, "tags": ["a", "b"], "api_key": key, "same": 1 });
        let (before, after) = (object("Old", "canary-1"), object("New", "canary-2"));
        log.event(updated().change(&before, &after));
        log.event(updated().created(&json!({ "id": "p1" })));
        log.event(updated().deleted(&json!({ "id": "p1" })));
    };
    let stand = Stand::new(Router::new().route("/", get(handle)));
    stand.call(Method::GET, "/", "").await;
    let events = stand.events().await;
    let fields = |at: usize| {
        let change = event(&events[at]).change.as_ref().unwrap();
        assert_eq!(change.fields.len() as u64, change.fields_count);
        serde_json::to_value(&change.fields).unwrap()
    };
    assert_eq!(
        fields(0),
        json!([
            { "pointer": "/api_key", "before": "[MASKED]", "after": "[MASKED]" },
            { "pointer": "/name", "before": "Old", "after": "New" },
        ])
    );
    assert_eq!(fields(1), json!([{ "pointer": "/id", "after": "p1" }]));
    assert_eq!(fields(2), json!([{ "pointer": "/id", "before": "p1" }]));
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains("canary"), "{text}");
}

/// A service that knows nothing of the log, and its audit trail.
fn audited(configure: impl FnOnce(ApiLogLayerBuilder) -> ApiLogLayerBuilder) -> Stand {
    let create = |Json(project): Json<Value>| async move {
        match project["name"].as_str() {
            Some(name) => Ok((
                StatusCode::CREATED,
                Json(json!({ "data": { "id": 7, "name": name }, "token": "canary" })),
            )),
            None => Err(StatusCode::UNPROCESSABLE_ENTITY),
        }
    };
    let app = Router::new()
        .route("/v1/projects", post(create).get(|| async { "[]" }))
        .route(
            "/v1/projects/{id}",
            put(|| async {}).delete(|| async { StatusCode::NOT_FOUND }),
        )
        .route("/v1/projects/settings", put(|| async {}));
    let rule = |action| AuditEvent::new(AuditEvent::PROJECT, action);
    let created = rule("created")
        .ref_id("{response:/data/id}")
        .title("{response:/data/name}, with {response:/token}")
        .actor(Actor::service("api"));
    let routes = AuditRoutes::new()
        .on(Method::POST, "/v1/projects", created)
        .on(
            Method::PUT,
            "/v1/projects/{id}",
            rule("updated").ref_id("{id}"),
        )
        .on_any_outcome(
            Method::DELETE,
            "/v1/projects/{id}",
            rule("deletion asked for"),
        );
    Stand::with(app, |builder| configure(builder.audit(routes)))
}

/// Makes one call of each kind.
async fn use_projects(stand: &Stand) {
    stand
        .call(Method::POST, "/v1/projects", r#"{"name":"A"}"#)
        .await;
    stand.call(Method::POST, "/v1/projects", "{}").await;
    stand.call(Method::GET, "/v1/projects", "").await;
    stand.call(Method::PUT, "/v1/projects/p%201", "").await;
    stand.call(Method::PUT, "/v1/projects/settings", "").await;
    stand.call(Method::DELETE, "/v1/projects/p1", "").await;
}

/// What the audit trail then holds.
fn trail(events: &[LogEntry]) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let it = events.iter().map(event);
    it.map(|it| {
        (
            it.action.as_str(),
            it.ref_id.as_deref(),
            it.title.as_deref(),
        )
    })
    .collect()
}

const TRAIL: [(&str, Option<&str>, Option<&str>); 3] = [
    ("created", Some("7"), Some("A, with [MASKED]")),
    ("updated", Some("p 1"), None),
    ("deletion asked for", None, None),
];

#[tokio::test]
async fn routes_make_an_audit_trail_of_calls_whose_handlers_say_nothing() {
    let stand = audited(|builder| builder);
    use_projects(&stand).await;
    let (events, exchanges) = (stand.events().await, stand.exchanges().await);
    assert_eq!(trail(&events), TRAIL);
    assert_eq!((events.len(), exchanges.len()), (3, 6));
    for entry in &events {
        let own = exchanges
            .iter()
            .find(|it| Some(it.id) == event(entry).exchange);
        let own = own.expect("the event names its exchange");
        assert!(entry.id > own.id && entry.created_at >= own.created_at);
        assert_eq!(entry.context.user_agent.as_deref(), Some("decoy/1"));
        assert_eq!(entry.context.api_version.as_deref(), Some("v1"));
    }
    assert_eq!(actor(&events[0]), Some("api"));
    let balance = stand.balance();
    assert_eq!(
        (balance.seen(), balance.stored(), balance.in_flight()),
        (9, 9, 0)
    );
    assert_eq!(stand.recorder.stats().captured_bytes, 0);
}

#[tokio::test]
async fn routes_make_their_trail_where_exchanges_or_bodies_are_left_out() {
    let left_out = [
        Policy::default().without_path("*"),
        Policy::default().only_slower_than(Duration::from_secs(3600)),
    ];
    for policy in left_out {
        let stand = audited(|builder| builder.policy(policy));
        use_projects(&stand).await;
        let events = stand.events().await;
        assert_eq!(trail(&events), TRAIL);
        assert!(events.iter().all(|it| event(it).exchange.is_none()));
        assert_eq!(events[0].context.user_agent.as_deref(), Some("decoy/1"));
        let balance = stand.balance();
        assert_eq!(
            (balance.seen(), balance.stored(), balance.filtered()),
            (9, 3, 6)
        );
        assert_eq!((balance.in_flight(), stand.exchanges().await.len()), (0, 0));
    }
    let stand = audited(|builder| builder.policy(Policy::default().without_bodies()));
    use_projects(&stand).await;
    assert_eq!(trail(&stand.events().await), TRAIL);
    for entry in stand.exchanges().await {
        let it = exchange(&entry);
        for body in [&it.request_body, &it.response_body] {
            let body = serde_json::to_value(body).unwrap();
            let is_left_out = body["state"] == "empty" || body["reason"] == "policy";
            assert!(is_left_out, "{body}");
        }
        assert_eq!(
            it.masked_count, 0,
            "nothing is told of a body that does not show"
        );
    }
}

#[tokio::test]
async fn audit_route_that_cannot_be_meant_is_an_error_when_the_layer_is_built() {
    let routes = AuditRoutes::new().on(Method::PUT, "/a/{id}", updated().ref_id("{name}"));
    let built = ApiLogLayer::builder(MemoryStore::new())
        .audit(routes)
        .build();
    assert!(built.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledger_balances_at_every_moment_with_events_of_every_road() {
    let (started, mut tasks) = tokio::sync::mpsc::unbounded_channel();
    let handle = move |log: ApiLog| async move {
        log.event(updated().data(&"a".repeat(2_000)));
        let spawned = log.clone();
        let task = tokio::spawn(async move { spawned.event(updated()) });
        started.send(task).unwrap();
        log.event(updated());
    };
    let app = Router::new()
        .route("/told", get(handle.clone()))
        .route("/out", get(handle));
    let routes = AuditRoutes::new().on_any_outcome(Method::GET, "/{any}", updated());
    let delivery = Delivery::default()
        .batch_age(Duration::from_millis(1))
        .queue_entries(64)
        .batch_entries(16);
    let stand = Stand::with(app, |builder| {
        builder
            .delivery(delivery)
            .audit(routes)
            .policy(Policy::default().without_path("/out"))
            .max_captured_bytes(64 * 1024)
    });
    let done = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let (recorder, done) = (stand.recorder.clone(), done.clone());
        move || {
            while !done.load(Ordering::SeqCst) {
                let it = recorder.stats().balance;
                let settled = it.stored() + it.filtered() + it.dropped_total();
                assert_eq!(it.seen(), settled + it.in_flight(), "{it:?}");
            }
        }
    });
    let stand = Arc::new(stand);
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let stand = stand.clone();
            tokio::spawn(async move {
                for number in 0..200 {
                    let path = if (number + caller) % 2 == 0 {
                        "/told"
                    } else {
                        "/out"
                    };
                    stand.call(Method::GET, path, "").await;
                    stand.recorder.event(updated());
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    while let Ok(task) = tasks.try_recv() {
        task.await.unwrap();
    }
    let report = stand.recorder.shutdown(Duration::from_secs(20)).await;
    done.store(true, Ordering::SeqCst);
    watcher.join().unwrap();
    let (it, told) = (report.balance, 800 * 5);
    assert!((told..=told + 800).contains(&it.seen()), "{it:?}");
    assert_eq!(it.in_flight(), 0);
    assert_eq!(it.stored(), stand.store.len() as u64);
    assert_eq!(stand.recorder.stats().captured_bytes, 0);
}

#[tokio::test]
async fn events_of_an_exchange_without_room_are_recorded_on_their_own() {
    let handle = |log: ApiLog| async move {
        log.organisation("org_1");
        log.event(updated()).is_some().to_string()
    };
    let stand = Stand::with(Router::new().route("/", get(handle)), |builder| {
        builder.max_captured_bytes(64 * 1024)
    });
    let request = http::Request::get("/").header("x-large", "a".repeat(70_000));
    let request = request.body(axum::body::Body::empty()).unwrap();
    stand.app.clone().oneshot(request).await.unwrap();
    let events = stand.events().await;
    assert_eq!(events[0].context.organisation.as_deref(), Some("org_1"));
    assert!(event(&events[0]).exchange.is_none() && events.len() == 1);
    let balance = stand.balance();
    assert_eq!(
        (balance.seen(), balance.dropped(DropReason::OverBudget)),
        (3, 1),
        "with the entry that tells of the gap"
    );
    assert_eq!((balance.stored(), balance.in_flight()), (2, 0));
}

#[tokio::test]
async fn two_clones_of_the_layer_record_an_event_once() {
    let store = MemoryStore::new();
    let layer = ApiLogLayer::new(store.clone());
    let inner = Router::new()
        .route("/{id}", put(rename))
        .layer(layer.clone());
    let stand = Stand {
        recorder: layer.recorder(),
        app: Router::new().nest("/projects", inner).layer(layer),
        store,
    };
    stand.call(Method::PUT, "/projects/p1", "").await;
    assert_eq!(
        (stand.events().await.len(), stand.exchanges().await.len()),
        (2, 1)
    );
}

#[tokio::test]
async fn header_of_a_client_does_not_grow_with_the_number_of_events() {
    let handle = |log: ApiLog| async move {
        (0..50).for_each(|_| assert!(log.event(updated()).is_some()));
    };
    let stand = Stand::with(Router::new().route("/", get(handle)), |builder| {
        builder.max_captured_bytes(512 * 1024)
    });
    let request = http::Request::get("/").header("user-agent", "a".repeat(60_000));
    let request = request.body(axum::body::Body::empty()).unwrap();
    stand.app.clone().oneshot(request).await.unwrap();
    assert!(stand.recorder.stats().captured_bytes < 512 * 1024);
    let events = stand.events().await;
    assert_eq!(events.len(), 50);
    let agents = events
        .iter()
        .map(|it| it.context.user_agent.as_ref().map(String::len));
    assert!(agents.into_iter().all(|length| length == Some(1024)));
}

#[tokio::test]
async fn no_segment_of_a_path_hides_a_call_from_the_trail_of_routes() {
    for segment in [
        "p%2F1",
        "https:%2F%2Fu:p@h",
        "https:u:p@h",
        "a;jsessionid=1",
        "token=abc",
        "a=b;password=d",
        "%7B%22password%22:%22x%22%7D",
        "password:x",
        "x%3Fpassword=1",
        "..",
        "%2e%2e",
        "%ff",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ":x@y",
        "a:%5C%5Cu:p@h",
        "http:%2Fu:p@h%2Fx",
        "Bearer%20abcdefghijkl",
        "https%3A%2F%2Fu%3Ap%40h%2Fsecret%3Ftoken%3Dx",
        "a%0Ab",
        "token=a%2Fb",
        "x,https:u:p@h",
        "ws:a@b@c",
    ] {
        let stand = audited(|builder| builder);
        let status = stand
            .call(Method::PUT, &format!("/v1/projects/{segment}"), "")
            .await;
        let events = stand.events().await;
        assert_eq!(status, 200, "{segment}");
        assert_eq!(events.len(), 1, "{segment}");
    }
}

#[tokio::test]
async fn client_that_leaves_in_the_body_is_in_the_trail_of_routes() {
    let app = Router::new()
        .route("/p/{id}", put(|| async { "deleted" }))
        .route("/no/{id}", put(|| async { (StatusCode::CONFLICT, "no") }));
    let rule = |action| AuditEvent::new(AuditEvent::PROJECT, action);
    let routes = AuditRoutes::new()
        .on(Method::PUT, "/p/{id}", rule("updated").ref_id("{id}"))
        .on(Method::PUT, "/no/{id}", rule("never"));
    let stand = Stand::with(app, |builder| builder.audit(routes));
    for uri in ["/p/1", "/no/1"] {
        let request = Request::put(uri).body(axum::body::Body::empty()).unwrap();
        let response = stand.app.clone().oneshot(request).await.unwrap();
        drop(response);
    }
    let outcomes = stand.exchanges().await;
    let left = |it: &LogEntry| exchange(it).outcome == Outcome::LeftInBody;
    assert!(outcomes.len() == 2 && outcomes.iter().all(left));
    assert_eq!(trail(&stand.events().await), [("updated", Some("1"), None)]);
}
