use http::StatusCode;
use serde_json::{Value, json};

use super::{CHANGING, Methods, code};
use crate::format::Refusal;
use crate::format::openapi::{nullable, object, operation, path, query, response, responses};

pub(super) fn list(methods: Methods) -> Value {
    let meta = object(json!({
        "current_page": { "type": "integer" },
        "next_page": nullable("integer"),
        "prev_page": nullable("integer"),
        "total_pages": { "type": "integer" },
        "total_count": { "type": "integer" },
    }));
    let logs = json!({ "type": "array", "items": api_log(methods) });
    let page = object(json!({ "api_logs": logs, "meta": meta }));
    let page = response("A page of API logs", "application/json", page);
    operation(
        "lagoListApiLogs",
        "Lists API logs, newest first",
        parameters(),
        responses(page, &[422], error),
    )
}

pub(super) fn retrieve(methods: Methods) -> Value {
    let log = object(json!({ "api_log": api_log(methods) }));
    let log = response("An API log", "application/json", log);
    let id = "The log's UUID, or the request id that the client sent";
    operation(
        "lagoRetrieveApiLog",
        "Retrieves an API log",
        vec![path("request_id", id, json!({ "type": "string" }))],
        responses(log, &[404], error),
    )
}

fn parameters() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    let mut parameters = vec![
        query(
            "page",
            "A page from 1 to 2147483647; anything that is no such number is 1",
            json!({ "type": "string", "default": "1" }),
        ),
        query(
            "per_page",
            "The logs of a page: held at 1000, and 100 for anything that is no positive number",
            json!({ "type": "string", "default": "100" }),
        ),
        query(
            "from_date",
            "Not before a day's first instant in UTC or an ISO 8601 time",
            text(),
        ),
        query(
            "to_date",
            "Not after the second of a day's first instant in UTC or of an ISO 8601 time",
            text(),
        ),
        query("api_version", "An API version, as v1", text()),
    ];
    for (name, description) in [
        ("http_methods", "Methods in lower case"),
        ("http_statuses", "Statuses, or succeeded or failed"),
        ("request_paths", "Paths, exact but for *"),
        ("clients", "User agents, exact"),
    ] {
        let list = || json!({ "type": "array", "items": { "type": "string" } });
        parameters.push(query(&format!("{name}[]"), description, list()));
        parameters.push(query(name, description, list()));
    }
    parameters
}

fn api_log(methods: Methods) -> Value {
    let method = match methods {
        Methods::Changing => json!({ "enum": CHANGING }),
        Methods::All => json!({ "type": "string" }),
    };
    let time = || json!({ "type": "string", "format": "date-time" });
    object(json!({
        "request_id": { "type": "string", "format": "uuid" },
        "client": { "type": "string" },
        "http_method": method,
        "http_status": { "type": "integer" },
        "request_origin": { "type": "string" },
        "request_path": { "type": "string" },
        "request_body": { "type": "object" },
        "request_response": nullable("object"),
        "api_version": { "type": "string" },
        "logged_at": time(),
        "created_at": time(),
    }))
}

fn error(status: StatusCode) -> Value {
    let error = match status {
        StatusCode::BAD_REQUEST => json!({ "type": "string", "pattern": "^BadRequest: " }),
        status => json!({ "const": status.canonical_reason() }),
    };
    let mut members = json!({ "status": { "const": status.as_u16() }, "error": error });
    let refusal = match status {
        StatusCode::FORBIDDEN => Refusal::Forbidden("".into()),
        StatusCode::NOT_FOUND => Refusal::NoEntry,
        StatusCode::UNPROCESSABLE_ENTITY => {
            let codes = json!({ "type": "array", "items": { "type": "string" } });
            members["error_details"] = json!({ "type": "object", "additionalProperties": codes });
            Refusal::Unprocessable {
                name: "".into(),
                code: "".into(),
            }
        }
        _ => Refusal::Internal,
    };
    if let Some(code) = code(&refusal) {
        let mut codes = vec![code];
        if status == StatusCode::NOT_FOUND {
            // Of an id that is no text at all.
            codes.extend(super::code(&Refusal::NoRoute));
        }
        members["code"] = json!({ "enum": codes });
    }
    object(members)
}
