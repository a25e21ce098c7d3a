//! The service that is logged: inquiries, a sign-in, settings, an import, and calls that end in odd ways.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Form, Path, Query, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tokio_stream::{Stream, StreamExt};
use tower_api_log::entry::Finding;
use tower_api_log::{Actor, ApiLog, AuditEvent};

use crate::secret;

/// What the service remembers while it runs.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    sessions: Arc<Mutex<HashMap<String, String>>>,
    settings: Arc<Mutex<Map<String, Value>>>,
}

impl Memory {
    /// Begins a session and returns its token.
    pub(crate) fn sign_in(&self) -> String {
        let token = secret("session");
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("uses_{}", sessions.len() + 1);
        sessions.insert(token.clone(), id);
        token
    }

    fn session(&self, headers: &HeaderMap) -> Option<String> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(value.strip_prefix("Bearer ")?).cloned()
    }
}

/// Makes the routes. The layer of the log goes around them.
pub(crate) fn routes(memory: Memory) -> Router {
    Router::new()
        .route("/api/v1/inquiries", get(list).post(create))
        .route("/api/v1/inquiries/{id}", get(show).delete(remove))
        .route("/api/v1/sessions", post(sign_in))
        .route("/api/v1/settings", get(settings).put(change_settings))
        .route("/api/v1/references/{id}/import", post(import))
        .route("/api/v1/events", get(events))
        .route("/api/v1/failure", get(fail).post(fail))
        .route("/api/v1/panic", get(panic))
        .route("/healthz", get(|| async { "ok" }))
        .layer(from_fn_with_state(memory.clone(), know_the_caller))
        .with_state(memory)
}

/// Says who calls, for every route: what only the application knows.
async fn know_the_caller(
    State(memory): State<Memory>,
    log: ApiLog,
    request: Request,
    next: Next,
) -> Response {
    log.environment("production");
    if let Some(session) = memory.session(request.headers()) {
        log.actor(
            Actor::user("user_1")
                .email("jane@example.com")
                .name("Jane", "Doe"),
        );
        log.session(session);
        log.organisation("org_1");
        log.project("prj_1");
        log.project_name("First project");
    }
    next.run(request).await
}

async fn list(Query(params): Query<Value>) -> Json<Value> {
    Json(json!({ "data": [], "asked": params }))
}

async fn create(log: ApiLog, Json(inquiry): Json<Value>) -> (StatusCode, Json<Value>) {
    log.note("plan", "pro");
    (
        StatusCode::CREATED,
        Json(json!({ "id": "inq_1", "inquiry": inquiry, "session_token": "made-up-session-0001" })),
    )
}

async fn show(Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    if id == "missing" {
        Err(StatusCode::NOT_FOUND)
    } else {
        Ok(Json(json!({ "id": id })))
    }
}

/// Is in the audit trail without a word here: see the audit routes in `main.rs`.
async fn remove(Path(_): Path<String>) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn sign_in(
    State(memory): State<Memory>,
    log: ApiLog,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let user = form.get("user");
    log.event(
        AuditEvent::new(AuditEvent::USER, "signedIn")
            .ref_id("user_1")
            .actor(Actor::user("user_1").name("Jane", "Doe")),
    );
    Json(json!({ "user": user, "session_token": memory.sign_in() }))
}

async fn settings(State(memory): State<Memory>) -> Json<Value> {
    let settings = memory.settings.lock();
    Json(Value::Object(
        settings.unwrap_or_else(PoisonError::into_inner).clone(),
    ))
}

/// Changes some settings and tells the audit trail how they were and how they are.
async fn change_settings(
    State(memory): State<Memory>,
    log: ApiLog,
    headers: HeaderMap,
    Json(wanted): Json<Map<String, Value>>,
) -> Result<Json<Value>, StatusCode> {
    memory.session(&headers).ok_or(StatusCode::UNAUTHORIZED)?;
    let (before, after) = {
        let settings = memory.settings.lock();
        let mut settings = settings.unwrap_or_else(PoisonError::into_inner);
        let before = settings.clone();
        settings.extend(wanted);
        (before, settings.clone())
    };
    log.resource("project", "prj_1");
    log.event(
        AuditEvent::new(AuditEvent::PROJECT, "updated")
            .ref_id("prj_1")
            .title("Changed the settings")
            .change(&before, &after),
    );
    Ok(Json(Value::Object(after)))
}

/// Checks an API's description, and leaves what it found in the audit trail.
async fn import(log: ApiLog, Path(id): Path<String>, Json(document): Json<Value>) -> Json<Value> {
    let none = Vec::new();
    let operations = document["operations"].as_array().unwrap_or(&none);
    let mut event = AuditEvent::new("apiReference", "imported").ref_id(id);
    let mut errors = 0;
    for (number, operation) in operations.iter().enumerate() {
        let pointer = format!("/operations/{number}");
        if operation["path"].as_str().is_none() {
            errors += 1;
            event = event.error(Finding::new("The operation has no path").pointer(&*pointer));
        }
        if operation["summary"].as_str().is_none() {
            event = event.alert(Finding::new("The operation has no summary").pointer(&*pointer));
        }
    }
    let title = match errors {
        0 => "Import successful",
        _ => "Import failed",
    };
    log.event(event.title(title));
    Json(json!({ "operations": operations.len(), "errors": errors }))
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
