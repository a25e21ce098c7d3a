use serde_json::{Value, json};

use super::headers::{INTEGERS, REQUEST, RESPONSE};
use super::{REFERENCE, Shape};
use crate::format::jsonapi::{Described, identified, narrowed, text};
use crate::format::openapi::nullable;

pub(super) fn described(shape: Shape) -> Described {
    let attributes = narrowed(attributes(shape));
    let id = text("^req_[0-9A-Za-z]{22}$");
    Described {
        list: ("personaListApiLogs", "Lists API logs, newest first"),
        retrieve: ("personaRetrieveApiLog", "Retrieves an API log"),
        resource: identified(REFERENCE.own.name, id, json!({ "attributes": attributes })),
        included: None,
    }
}

fn attributes(shape: Shape) -> Value {
    let (request_headers, response_headers) = match shape {
        Shape::Reference => (texts(), texts()),
        Shape::Strict => (allowed(&REQUEST, &[]), allowed(&RESPONSE, &INTEGERS)),
    };
    let request = narrowed(json!({
        "method": { "type": "string" },
        "path": { "type": "string" },
        "headers": request_headers,
        "get-params": { "type": "object" },
        "post-params": { "type": "object" },
        "ip-address": nullable("string"),
    }));
    let mut response = json!({ "status": { "type": "integer" }, "headers": response_headers });
    let created_at = json!({ "type": "string", "format": "date-time" });
    match shape {
        Shape::Reference => {
            response["body"] = json!({ "description": "Any JSON" });
            json!({ "request": request, "response": narrowed(response), "created-at": created_at })
        }
        Shape::Strict => json!({
            "request": request,
            "response": narrowed(response),
            "created-at": created_at,
            "redacted-at": { "type": ["string", "null"], "format": "date-time" },
        }),
    }
}

/// Describes every header field, by name.
fn texts() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

fn allowed(texts: &[&str], integers: &[&str]) -> Value {
    let text = |name: &&str| ((*name).to_owned(), json!({ "type": "string" }));
    let integer = |name: &&str| ((*name).to_owned(), json!({ "type": "integer" }));
    let members = texts.iter().map(text).chain(integers.iter().map(integer));
    narrowed(members.collect())
}
