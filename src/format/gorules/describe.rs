use http::StatusCode;
use serde_json::{Value, json};

use super::params::{COLUMNS, DEFAULT_PER_PAGE, MAX_PAGE, MAX_PER_PAGE};
use super::{Categories, TYPES};
use crate::format::openapi::{
    nullable, object, operation, or_null, path, query, response, responses,
};

pub(super) fn list(categories: Categories) -> Value {
    let number = || json!({ "type": "integer", "minimum": 0 });
    let results = json!({ "type": "array", "items": object(listed(categories)) });
    let paginate = object(json!({
        "current": number(),
        "from": number(),
        "to": number(),
        "total": number(),
        "pageSize": number(),
    }));
    let page = object(json!({ "results": results, "paginate": paginate }));
    let page = response("A page of audit logs", "application/json", page);
    let mut parameters = filters(categories);
    parameters.extend(paging());
    operation(
        "gorulesListAuditLogs",
        "Lists audit logs",
        parameters,
        responses(page, &[], error),
    )
}

pub(super) fn retrieve(categories: Categories) -> Value {
    let mut members = listed(categories);
    members["organisationId"] = nullable("string");
    members["data"] = data();
    let log = response("An audit log", "application/json", object(members));
    let id = json!({ "type": "string", "format": "uuid" });
    operation(
        "gorulesRetrieveAuditLog",
        "Retrieves an audit log with what changed",
        vec![path("auditLogId", "The log's UUID", id)],
        responses(log, &[404], error),
    )
}

pub(super) fn export(categories: Categories) -> Value {
    let file = "A row of column names, and a row for each audit log, newest first";
    let file = response(file, "text/csv", json!({ "type": "string" }));
    operation(
        "gorulesExportAuditLogs",
        "Exports audit logs as CSV",
        filters(categories),
        responses(file, &[], error),
    )
}

fn filters(categories: Categories) -> Vec<Value> {
    let text = || json!({ "type": "string", "minLength": 1 });
    let day = |which| format!("Not {which} a day in UTC or an ISO 8601 time; inclusive");
    vec![
        query("projectId", "The id of a project", text()),
        query("userId", "The id of an actor", text()),
        query("fromDate", &day("before"), text()),
        query("toDate", &day("after"), text()),
        query("type", "The kind of object", kind(categories)),
        query("action", "What was done, exact", text()),
    ]
}

fn paging() -> [Value; 4] {
    let page = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1 });
    let size = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE });
    let column = json!({ "enum": COLUMNS, "default": COLUMNS[0] });
    let sort = json!({ "enum": ["ASC", "DESC"], "default": "DESC" });
    [
        query("orderBy", "What the list is in order of", column),
        query("sort", "Newest first or oldest first", sort),
        query("page", "The number of the page", page),
        query("perPage", "The results of a page", size),
    ]
}

fn kind(categories: Categories) -> Value {
    match categories {
        Categories::Known => json!({ "type": "string", "enum": TYPES }),
        Categories::All => json!({ "type": "string" }),
    }
}

fn listed(categories: Categories) -> Value {
    let text = || nullable("string");
    let user = json!({ "id": { "type": "string" }, "email": text(), "firstName": text(), "lastName": text() });
    let project = json!({ "id": { "type": "string" }, "name": text() });
    json!({
        "id": { "type": "string", "format": "uuid" },
        "createdAt": { "type": "string", "format": "date-time" },
        "type": kind(categories),
        "action": { "type": "string" },
        "ipAddress": text(),
        "userAgent": text(),
        "refId": text(),
        "user": or_null(object(user)),
        "project": or_null(object(project)),
    })
}

fn data() -> Value {
    let text = json!({ "type": "string" });
    let change = json!({ "pointer": text, "before": {}, "after": {} });
    let changes = json!({ "type": "array", "items": some_of(&["pointer"], change) });
    let finding = json!({ "message": text, "pointer": text });
    let findings = json!({ "type": "array", "items": some_of(&["message"], finding) });
    let data = json!({
        "title": text,
        "before": {},
        "after": {},
        "changes": changes,
        "changesCount": { "type": "integer", "minimum": 0 },
        "errors": findings,
        "alerts": findings,
        "details": {},
    });
    or_null(some_of(&[], data))
}

/// Describes an object of which some members are always there, and no other than these.
fn some_of(required: &[&str], members: Value) -> Value {
    let mut object = object(members);
    object["required"] = json!(required);
    object
}

fn error(status: StatusCode) -> Value {
    object(json!({
        "statusCode": { "const": status.as_u16() },
        "message": { "type": "string" },
        "error": { "const": status.canonical_reason() },
    }))
}
