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

use crate::{accounts, secret};

/// Who may sign in: one to an organisation.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    id: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    email: &'static str,
    organisation: &'static str,
    project: (&'static str, &'static str),
}

const fn person(
    id: &'static str,
    (first_name, last_name, email): (&'static str, &'static str, &'static str),
    organisation: &'static str,
    project: (&'static str, &'static str),
) -> Person {
    Person {
        id,
        first_name,
        last_name,
        email,
        organisation,
        project,
    }
}

pub(crate) const JANE: Person = person(
    "user_1",
    ("Jane", "Doe", "jane@example.com"),
    "org_1",
    ("prj_1", "First project"),
);
pub(crate) const PEOPLE: [Person; 4] = [
    JANE,
    person(
        "user_2",
        ("Otto", "Novak", "otto@example.com"),
        "org_1",
        ("prj_1", "First project"),
    ),
    person(
        "user_3",
        ("Mei", "Tan", "mei@example.net"),
        "org_2",
        ("prj_2", "Onboarding"),
    ),
    person(
        "user_4",
        ("Luis", "Prado", "luis@example.org"),
        "org_3",
        ("prj_3", "Payouts"),
    ),
];

/// A session, or an application's key.
#[derive(Clone)]
struct Known {
    session: Option<String>,
    api_key: Option<String>,
    person: Person,
}

/// What the service remembers while it runs.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    known: Arc<Mutex<HashMap<String, Known>>>,
    settings: Arc<Mutex<Map<String, Value>>>,
    accounts: Arc<Mutex<HashMap<String, Value>>>,
}

impl Memory {
    /// Begins a session and returns its token.
    pub(crate) fn sign_in(&self, person: Person) -> String {
        self.know(secret("session"), |number| Known {
            session: Some(format!("uses_{number}")),
            api_key: None,
            person,
        })
    }

    /// Makes a key for an organisation's own programs.
    pub(crate) fn make_key(&self, person: Person) -> String {
        self.know(secret("persona_production"), |number| Known {
            session: None,
            api_key: Some(format!("key_{number}")),
            person,
        })
    }

    fn know(&self, token: String, known: impl FnOnce(usize) -> Known) -> String {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known(all.len() + 1);
        all.insert(token.clone(), known);
        token
    }

    fn caller(&self, headers: &HeaderMap) -> Option<Known> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(value.strip_prefix("Bearer ")?).cloned()
    }

    pub(crate) fn account(&self, id: &str) -> Option<Value> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get(id).cloned().or_else(|| accounts::account(id))
    }

    /// Changes an account and returns how it was and how it is.
    pub(crate) fn change_account(
        &self,
        id: &str,
        to: Map<String, Value>,
    ) -> Option<(Value, Value)> {
        let before = self.account(id)?;
        let mut after = before.clone();
        after.as_object_mut()?.extend(to);
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(id.to_owned(), after.clone());
        Some((before, after))
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
        .merge(accounts::routes())
        .fallback(|| async { StatusCode::NOT_FOUND })
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
    if let Some(known) = memory.caller(request.headers()) {
        let person = known.person;
        if let Some(session) = known.session {
            log.actor(actor(person));
            log.session(session);
        }
        if let Some(key) = known.api_key {
            log.api_key(key);
        }
        log.organisation(person.organisation);
        log.project(person.project.0);
        log.project_name(person.project.1);
    }
    next.run(request).await
}

fn actor(person: Person) -> Actor {
    Actor::user(person.id)
        .email(person.email)
        .name(person.first_name, person.last_name)
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
            .ref_id(JANE.id)
            .actor(actor(JANE)),
    );
    Json(json!({ "user": user, "session_token": memory.sign_in(JANE) }))
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
    memory.caller(&headers).ok_or(StatusCode::UNAUTHORIZED)?;
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
