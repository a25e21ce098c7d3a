use http::StatusCode;
use serde_json::{Value, json};

use super::{
    DEFAULT_RESULTS_PER_PAGE, LIST, LIST_AS_WELL, MAX_PAGE, MAX_RESULTS_PER_PAGE, RETRIEVE,
};
use crate::format::Route;
use crate::format::openapi::{nullable, object, operation, path, query, response, responses};

pub(super) fn route(route: &Route) -> Value {
    match route.template() {
        LIST => list("document360ListLogs"),
        LIST_AS_WELL => list("document360ListLogsAsWell"),
        RETRIEVE => retrieve("document360RetrieveLog"),
        _ => retrieve("document360RetrieveLogAsWell"),
    }
}

fn list(id: &str) -> Value {
    let text = || nullable("string");
    let count = || json!({ "type": "integer", "format": "int32", "minimum": 0 });
    let log = object(json!({
        "logs_id": { "type": "string", "format": "uuid" },
        "user_name": text(),
        "user_id": text(),
        "title": { "type": "string" },
        "modified_at": { "type": "string", "format": "date-time" },
        "error_count": count(),
        "alerts_count": count(),
    }));
    let page = enveloped(json!({ "data": { "type": "array", "items": log } }), None);
    let page = response("A page of logs", "application/json", page);
    let number = |most: u64, default: u32| json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": most, "default": default });
    let size = number(MAX_RESULTS_PER_PAGE.into(), DEFAULT_RESULTS_PER_PAGE);
    let parameters = vec![
        reference(),
        query("page", "The number of the page", number(MAX_PAGE, 1)),
        query("resultsPerPage", "The logs of a page", size),
    ];
    operation(
        id,
        "Lists the logs of an API reference, newest first",
        parameters,
        responses(page, &[], error),
    )
}

fn retrieve(id: &str) -> Value {
    let finding = object(json!({ "message": { "type": "string" }, "pointer": nullable("string") }));
    let findings = json!({ "type": "array", "items": finding });
    let members = json!({ "api_reference_errors": findings, "api_reference_alerts": findings });
    let log = enveloped(members, None);
    let log = response("The errors and alerts of a log", "application/json", log);
    let log_id = json!({ "type": "string", "format": "uuid" });
    operation(
        id,
        "Retrieves a log of an API reference",
        vec![reference(), path("logId", "The log's UUID", log_id)],
        responses(log, &[404], error),
    )
}

fn reference() -> Value {
    let id = "The id of the API reference";
    path("apiReferenceId", id, json!({ "type": "string" }))
}

fn error(_: StatusCode) -> Value {
    let error = object(json!({
        "extension_data": { "type": "null" },
        "stack_trace": { "type": "null" },
        "description": { "type": "string" },
        "error_code": { "type": "null" },
        "custom_data": { "type": "null" },
    }));
    enveloped(json!({}), Some(error))
}

/// Describes the members of a reply and the envelope, which holds one error or none.
fn enveloped(mut members: Value, error: Option<Value>) -> Value {
    let none = || json!({ "type": "array", "maxItems": 0 });
    members["extension_data"] = json!({ "type": "null" });
    members["success"] = json!({ "const": error.is_none() });
    members["errors"] = match error {
        Some(error) => json!({ "type": "array", "minItems": 1, "maxItems": 1, "items": error }),
        None => none(),
    };
    members["warnings"] = none();
    members["information"] = none();
    object(members)
}
