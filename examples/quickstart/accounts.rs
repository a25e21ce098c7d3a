//! What makes a log worth reading: accounts that change, decisions that come twice, checks that refuse their input, reports that take their time and uploads.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tower_api_log::{ApiLog, AuditEvent};

use crate::service::Memory;

/// An answer, or a failure with its body.
type Answer = Result<(StatusCode, Json<Value>), (StatusCode, Json<Value>)>;

pub(crate) fn routes() -> Router<Memory> {
    Router::new()
        .route("/api/v1/accounts/{id}", get(show).patch(change))
        .route("/api/v1/inquiries/{id}/approve", post(approve))
        .route("/api/v1/verifications", post(verify))
        .route("/api/v1/reports/{id}", get(report))
        .route("/api/v1/files", post(upload))
}

/// Makes an account as a fresh service has it; there are forty.
pub(crate) fn account(id: &str) -> Option<Value> {
    const NAMES: [&str; 8] = [
        "Amara", "Bruno", "Chiara", "Dilek", "Emil", "Farah", "Goran", "Hanna",
    ];
    let number: usize = id.strip_prefix("acc_")?.parse().ok()?;
    (1..=40).contains(&number).then(|| {
        let first = NAMES[number % 8];
        let country = ["DE", "FR", "AT", "PT"][number % 4];
        json!({
            "id": id, "name": { "first": first, "last": "Example" },
            "country_code": country,
            "status": "default", "tags": ["imported"],
        })
    })
}

async fn show(State(memory): State<Memory>, Path(id): Path<String>) -> Answer {
    let account = memory.account(&id);
    let missing = || refuse(404, "Record not found", &format!("No account {id}"), None);
    Ok((StatusCode::OK, Json(account.ok_or_else(missing)?)))
}

/// Changes some attributes, and tells the audit trail how the account was and how it is.
async fn change(
    State(memory): State<Memory>,
    log: ApiLog,
    Path(id): Path<String>,
    Json(wanted): Json<Map<String, Value>>,
) -> Answer {
    log.resource("account", &id);
    if wanted.get("country_code").is_some_and(|it| it == "XK") {
        let told =
            "update on table \"accounts\" violates foreign key constraint \"accounts_country_fk\"";
        return Err(refuse(500, "Internal server error", told, None));
    }
    let Some((before, after)) = memory.change_account(&id, wanted) else {
        let told = format!("No account {id}");
        return Err(refuse(404, "Record not found", &told, None));
    };
    log.event(
        AuditEvent::new("account", "updated")
            .ref_id(id)
            .title("Changed an account")
            .change(&before, &after),
    );
    Ok((StatusCode::OK, Json(after)))
}

/// Decides an inquiry, once.
async fn approve(log: ApiLog, Path(id): Path<String>) -> Answer {
    log.resource("inquiry", &id);
    let number = id
        .strip_prefix("inq_")
        .and_then(|it| it.parse::<u32>().ok());
    let Some(number) = number else {
        return Err(refuse(404, "Record not found", "No such inquiry", None));
    };
    if number.is_multiple_of(9) {
        panic!("inquiry {id} refers to the template itmpl_{number}, which was deleted");
    }
    if number.is_multiple_of(4) {
        let told = "The inquiry is approved already";
        return Err(refuse(409, "Invalid state transition", told, None));
    }
    let (before, after) = (
        json!({ "status": "pending" }),
        json!({ "status": "approved" }),
    );
    let event = AuditEvent::new("inquiry", "approved").ref_id(&id);
    log.event(event.title("Approved an inquiry").change(&before, &after));
    Ok((
        StatusCode::OK,
        Json(json!({ "id": id, "status": "approved" })),
    ))
}

/// Checks a document: its country and its kind must be there.
async fn verify(Json(wanted): Json<Value>) -> Answer {
    let attributes = &wanted["data"]["attributes"];
    for name in ["country_code", "document_kind"] {
        if attributes[name].as_str().is_none() {
            let told = format!("{name} must be a string");
            let pointer = format!("/data/attributes/{name}");
            return Err(refuse(422, "Unprocessable entity", &told, Some(&pointer)));
        }
    }
    let checks = json!([{ "name": "expiry", "status": "passed" }, { "name": "portrait", "status": "passed" }]);
    let made = json!({ "id": "ver_1", "attributes": attributes, "checks": checks });
    Ok((StatusCode::CREATED, Json(made)))
}

/// Asks a registry elsewhere, which takes its time and is away now and then.
async fn report(Path(id): Path<String>) -> Answer {
    let number: u64 = id.trim_start_matches("rep_").parse().unwrap_or(1);
    tokio::time::sleep(Duration::from_millis(80 + number * 37 % 700)).await;
    if number.is_multiple_of(6) {
        let told = "The registry of companies did not answer in time";
        return Err(refuse(504, "Upstream timeout", told, None));
    }
    let matches: Vec<_> = (0..number % 5)
        .map(|rank| json!({ "rank": rank, "score": 0.91 - 0.07 * rank as f64 }))
        .collect();
    Ok((
        StatusCode::OK,
        Json(json!({ "id": id, "kind": "watchlist", "matches": matches })),
    ))
}

async fn upload(body: Bytes) -> Answer {
    if body.len() > 256 * 1024 {
        let told = "A file may have 256 KiB";
        return Err(refuse(413, "Payload too large", told, None));
    }
    let made = json!({ "id": "file_1", "byte_size": body.len() });
    Ok((StatusCode::CREATED, Json(made)))
}

/// Makes the body of a failure.
fn refuse(
    status: u16,
    title: &str,
    details: &str,
    pointer: Option<&str>,
) -> (StatusCode, Json<Value>) {
    let mut error = json!({ "title": title, "details": details });
    if let Some(pointer) = pointer {
        error["source"] = json!({ "pointer": pointer });
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({ "errors": [error] })))
}
