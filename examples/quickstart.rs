//! An axum service with its API log: captured, masked, stored in SQLite and served back in three formats.
//!
//! ```text
//! cargo run --example quickstart            # on 127.0.0.1:3000
//! cargo run --example quickstart -- 8080    # on another port; 0 takes a free one
//! ```
//!
//! It prints `curl` lines to paste: one that makes traffic, and one for each format that reads it back.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tower_api_log::api::BearerTokens;
use tower_api_log::format::{Lago, Native, Persona};
use tower_api_log::recorder::Delivery;
use tower_api_log::{Actor, ApiLog, ApiLogLayer, LogApi, Policy, Scope, SqliteStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args()
        .nth(1)
        .map_or(Ok(3000), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let base = format!("http://{}", listener.local_addr()?);

    let folder = std::env::temp_dir().join(format!("tower-api-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("api-log.db");
    let store = SqliteStore::open(&file)?;
    let token = format!("reader-{:016x}{:016x}", random(), random());

    let layer = ApiLogLayer::builder(store.clone())
        .policy(Policy::default().without_health_checks())
        // So that a line pasted right after another finds what the first one did.
        .delivery(Delivery::default().batch_age(Duration::from_millis(10)))
        .build()?;
    let recorder = layer.recorder();

    let app = Router::new()
        .route("/api/v1/inquiries", get(list).post(create))
        .route("/api/v1/inquiries/{id}", get(show))
        .route("/api/v1/sessions", post(log_in))
        .route("/api/v1/events", get(events))
        .route("/api/v1/failure", get(fail))
        .route("/api/v1/panic", get(panic))
        .route("/healthz", get(|| async { "ok" }))
        .layer(layer)
        .merge(
            LogApi::new(store)
                .format(Native)
                .format(Persona::new())
                .format(Lago::new())
                .access(BearerTokens::new([(&token, Scope::all())])?)
                .into_router()?,
        );

    print_help(&base, &token, &file.display().to_string());
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(interrupted())
    .await?;

    let report = recorder.shutdown(Duration::from_secs(5)).await;
    println!(
        "\n{} calls logged, {} lost",
        report.balance.stored(),
        report.lost()
    );
    Ok(())
}

async fn list(Query(params): Query<Value>) -> Json<Value> {
    Json(json!({ "data": [], "asked": params }))
}

/// Says who calls: what only the application knows.
async fn create(log: ApiLog, Json(inquiry): Json<Value>) -> (StatusCode, Json<Value>) {
    log.actor(
        Actor::user("user_1")
            .email("jane@example.com")
            .name("Jane", "Doe"),
    );
    log.organisation("org_1");
    (
        StatusCode::CREATED,
        Json(json!({ "inquiry": inquiry, "session_token": "made-up-session-0001" })),
    )
}

async fn show(Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    if id == "missing" {
        Err(StatusCode::NOT_FOUND)
    } else {
        Ok(Json(json!({ "id": id })))
    }
}

async fn log_in(Form(form): Form<Vec<(String, String)>>) -> Json<Value> {
    let user = form
        .iter()
        .find(|(name, _)| name == "user")
        .map(|(_, user)| user);
    Json(json!({ "user": user }))
}

async fn events() -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let ticks = tokio_stream::iter(1..=3).throttle(Duration::from_millis(50));
    Sse::new(ticks.map(|tick| Event::default().json_data(json!({ "tick": tick }))))
}

async fn fail() -> (StatusCode, Json<Value>) {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "the database is away" })),
    )
}

async fn panic() -> Json<Value> {
    panic!("this handler panics")
}

async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Enough for a token that lives as long as an example.
fn random() -> u64 {
    RandomState::new().hash_one("token")
}

fn print_help(base: &str, token: &str, file: &str) {
    println!("The service listens on {base}; its log is in {file}\n");
    println!("Make traffic:\n");
    println!(
        "  curl -s -X POST '{base}/api/v1/inquiries?filter%5Breference_id%5D=random-id' \
         -H 'Authorization: Bearer persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab' \
         -H 'Content-Type: application/json' -d '{{\"name\":\"Jane\",\"password\":\"made-up-password\"}}'\n"
    );
    println!("Read it back, as Persona, as Lago and in our own format:\n");
    for path in [
        "/api/v1/api-logs",
        "/api/v1/api_logs",
        "/api-log/v1/entries",
    ] {
        println!("  curl -s '{base}{path}' -H 'Authorization: Bearer {token}'");
    }
    println!(
        "\nMore to try: GET /api/v1/inquiries/missing, POST /api/v1/sessions (a form), GET /api/v1/events (a stream),"
    );
    println!("GET /api/v1/failure, GET /api/v1/panic. Ctrl-C ends it.");
}
