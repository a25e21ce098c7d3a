//! Pieces of Operation Objects (OpenAPI 3.1), for the formats to describe themselves with.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::question::Route;

/// Describes a route of which nothing is known but its template.
pub(super) fn undescribed(route: &Route) -> Value {
    let names = route.template().split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(path(
            name,
            "A part of the path",
            json!({ "type": "string" }),
        ))
    });
    json!({
        "parameters": names.collect::<Vec<Value>>(),
        "responses": { "default": { "description": "What the format gives" } },
    })
}

/// Describes an operation: its id is unique in the document.
pub(super) fn operation(
    id: &str,
    summary: &str,
    parameters: Vec<Value>,
    responses: impl IntoIterator<Item = (u16, Value)>,
) -> Value {
    let responses = responses.into_iter();
    let responses: Map<String, Value> = responses
        .map(|(status, response)| (status.to_string(), response))
        .collect();
    json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": responses })
}

/// Describes a parameter of the path.
pub(super) fn path(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// Describes a parameter of the query.
pub(super) fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

/// Describes a header field of the request.
pub(super) fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "description": description, "schema": schema })
}

/// Describes a response of one media type.
pub(super) fn response(description: &str, media_type: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { media_type: { "schema": schema } } })
}

/// Describes an object whose members are all there, and no other.
pub(super) fn object(members: Value) -> Value {
    let names: Vec<&String> = members
        .as_object()
        .map_or_else(Vec::new, |it| it.keys().collect());
    json!({ "type": "object", "required": names, "additionalProperties": false, "properties": members })
}

/// Describes the responses of an operation: what it gives, and its refusals, each status by its reason with the schema of its body. Those of every
/// operation need no mention.
pub(super) fn responses(
    found: Value,
    refusals: &[u16],
    schema: impl Fn(StatusCode) -> Value,
) -> impl Iterator<Item = (u16, Value)> {
    let always = [400, 401, 403, 429, 500, 503];
    let statuses = [&always, refusals].concat();
    let statuses = statuses.into_iter();
    let refused = statuses.filter_map(|status| StatusCode::from_u16(status).ok());
    let refused = refused.map(move |status| {
        let reason = status.canonical_reason().unwrap_or_default();
        let refusal = response(reason, "application/json", schema(status));
        (status.as_u16(), refusal)
    });
    std::iter::once((200, found)).chain(refused)
}

/// Describes a value that is of a type or null.
pub(super) fn nullable(type_name: &str) -> Value {
    json!({ "type": [type_name, "null"] })
}

/// Describes a value that is of a schema or null.
pub(super) fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// Adds members to those of an object.
pub(super) fn and(mut members: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
        members.extend(more);
    }
    members
}
