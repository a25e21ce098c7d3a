//! A shop whose calls are logged, with the read side and the page beside it, on a port of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tower_api_log::api::{Access, Denial, Reader, access_fn};
use tower_api_log::entry::EntryId;
use tower_api_log::explorer::{Explorer, Replay};
use tower_api_log::format::Native;
use tower_api_log::recorder::Delivery;
use tower_api_log::{
    Actor, ApiLog, ApiLogLayer, AuditEvent, LogApi, LogEntry, LogQuery, LogSink, LogStore,
    MemoryStore, Recorder, Scope, Timestamp,
};

pub(crate) const OPERATOR: &str = "operator-0123456789abcdef";
pub(crate) const TENANT: &str = "tenant-0123456789abcdef";
pub(crate) const STRANGER: &str = "stranger-0123456789abcdef";

pub(crate) struct App {
    pub(crate) base: String,
    pub(crate) store: MemoryStore,
    pub(crate) recorder: Recorder,
}

/// Lets everyone read everything.
pub(crate) fn everyone() -> impl Access {
    access_fn(|_, _| Ok(Reader::new(Scope::all())))
}

/// Lets an operator read everything, a tenant its own, and a stranger, who is known, nothing.
pub(crate) fn by_token() -> impl Access {
    access_fn(|_, credential| match credential {
        Some(OPERATOR) => Ok(Scope::all()),
        Some(TENANT) => Scope::organisation("org_1").map_err(|_| Denial::Forbidden),
        Some(STRANGER) => Err(Denial::Forbidden),
        _ => Err(Denial::Unauthenticated),
    })
}

impl App {
    /// Starts it with a log that everyone may read.
    pub(crate) async fn start() -> Self {
        Self::with(everyone()).await
    }

    /// Starts it for some readers, of whom those who read everything may send calls again.
    pub(crate) async fn with(access: impl Access) -> Self {
        Self::serve(access, true).await
    }

    pub(crate) async fn without_replay(access: impl Access) -> Self {
        Self::serve(access, false).await
    }

    async fn serve(access: impl Access, replays: bool) -> Self {
        let store = MemoryStore::with_capacity(20_000);
        let layer = ApiLogLayer::builder(store.clone())
            .delivery(Delivery::default().batch_age(Duration::from_millis(5)))
            .trusted_networks(["127.0.0.0/8"]);
        let layer = layer.build().unwrap();
        let recorder = layer.recorder();
        let told = recorder.clone();
        let read_side = LogApi::new(store.clone())
            .format(Native)
            .access(access)
            .ledger(move || told.stats())
            .build()
            .unwrap();
        let app = shop().layer(layer);
        let mut page =
            Explorer::new(read_side.clone()).trace_link("https://traces.example.com/{trace_id}");
        if replays {
            let replay = Replay::new(app.clone()).allow_methods([Method::POST, Method::PUT]);
            page = page.replay(replay);
        }
        let page = page.into_router().unwrap();
        let app = app.merge(page).merge(read_side.into_router());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base,
            store,
            recorder,
        }
    }

    /// The address of the page, with what it shall show.
    pub(crate) fn page(&self, shown: &str) -> String {
        format!("{}/api-log/{shown}", self.base)
    }

    /// Calls the shop with curl, and returns when the call is in the log.
    pub(crate) async fn call(&self, path: &str, more: &[&str]) -> String {
        let url = format!("{}{path}", self.base);
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--globoff", "--path-as-is", &url])
            .args(more);
        let output = curl.output().await.unwrap();
        self.recorder.flush().await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Reads an address as it is.
    pub(crate) async fn read(&self, path: &str) -> Vec<u8> {
        let url = format!("{}{path}", self.base);
        let output = Command::new("curl").args(["-sS", &url]).output().await;
        output.unwrap().stdout
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value, more: &[&str]) -> String {
        let body = body.to_string();
        let given = ["-H", "content-type: application/json", "--data-raw", &body];
        self.call(path, &[&given, more].concat()).await
    }

    /// Puts an entry into the log as it is, but for its time, which is `millis` ago.
    pub(crate) async fn put(&self, mut entry: LogEntry, millis: u64) -> EntryId {
        let ago = Duration::from_millis(millis);
        let now = Timestamp::from(SystemTime::now()).minus(ago);
        (entry.id, entry.created_at) = (EntryId::first_at(now), now);
        self.store
            .write(std::slice::from_ref(&entry))
            .await
            .unwrap();
        entry.id
    }

    /// Returns what is in the log, the newest first.
    pub(crate) async fn entries(&self) -> Vec<LogEntry> {
        self.recorder.flush().await.unwrap();
        let query = LogQuery::new(Scope::all()).limit(1000);
        self.store.list(&query).await.unwrap().entries
    }

    /// Makes a morning's calls: most go well, and one of each kind does not.
    pub(crate) async fn traffic(&self) {
        let jane = ["-H", "x-user: user_1", "-H", "x-org: org_1"];
        let otto = ["-H", "x-user: user_2", "-H", "x-org: org_2"];
        self.call("/shop/orders/7?expand[]=lines&currency=EUR", &jane)
            .await;
        self.post("/shop/orders", &json!({ "sku": "tea", "amount": 2 }), &jane)
            .await;
        self.post(
            "/shop/orders",
            &json!({ "sku": "tea", "amount": "two" }),
            &jane,
        )
        .await;
        self.call("/shop/orders/8", &otto).await;
        self.call("/shop/orders/broken", &otto).await;
        self.call("/shop/panic", &otto).await;
        let address =
            json!({ "status": "sent", "address": { "city": "Lyon" }, "password": "made-up" });
        self.post(
            "/shop/orders/7",
            &address,
            &[&jane[..], &["-X", "PUT"]].concat(),
        )
        .await;
        self.call("/nowhere", &[]).await;
    }
}

fn shop() -> Router {
    Router::new()
        .route("/shop/orders/{id}", get(order).put(change))
        .route("/shop/orders", post(place))
        .route("/shop/panic", get(jam))
        .route(
            "/bare",
            get(async || Html("<!doctype html><title>bare</title><p>bare")),
        )
        .route("/echo/{*rest}", any(echo))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn(know_the_caller))
        .with_state(Status::new(Mutex::new("open".into())))
}

async fn know_the_caller(
    log: ApiLog,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let named = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    if let Some(user) = named("x-user") {
        log.actor(Actor::user(user).email(format!("{user}@example.com")));
    }
    if let Some(org) = named("x-org") {
        log.organisation(org);
    }
    next.run(request).await
}

/// The status of every order.
type Status = Arc<Mutex<Value>>;

async fn order(State(status): State<Status>, Path(id): Path<String>) -> (StatusCode, Json<Value>) {
    if id == "broken" {
        let told = json!({ "error": "the warehouse does not answer", "order": null });
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(told));
    }
    let status = status.lock().unwrap();
    let lines = json!([{ "sku": "tea", "amount": 2 }, { "sku": "cup", "amount": 1 }]);
    (
        StatusCode::OK,
        Json(json!({ "id": id, "status": *status, "lines": lines })),
    )
}

async fn place(log: ApiLog, Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    if !order["amount"].is_number() {
        let told = json!({ "error": "amount must be a number", "pointer": "/amount" });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(told));
    }
    log.event(
        AuditEvent::new("order", "placed")
            .ref_id("7")
            .created(&order),
    );
    (
        StatusCode::CREATED,
        Json(json!({ "id": "7", "order": order })),
    )
}

async fn change(
    State(status): State<Status>,
    log: ApiLog,
    Path(id): Path<String>,
    Json(after): Json<Value>,
) -> Json<Value> {
    *status.lock().unwrap() = after["status"].clone();
    let before =
        json!({ "status": "open", "address": { "city": "Paris" }, "password": "made-up-too" });
    let event = AuditEvent::new("order", "changed").ref_id(id);
    log.event(event.title("Changed an order").change(&before, &after));
    Json(after)
}

async fn jam() -> StatusCode {
    panic!("the till is jammed")
}

async fn echo(body: Bytes) -> Json<Value> {
    Json(json!({ "bytes": body.len() }))
}
