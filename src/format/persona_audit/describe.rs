use serde_json::{Value, json};

use super::{AUDIT_LOGS, USER};
use crate::format::jsonapi::{Described, identified, narrowed, text};
use crate::format::openapi::{nullable, object};

pub(super) fn described() -> Described {
    let others = json!({
        "attributes": narrowed(attributes()),
        "relationships": object(json!({
            "user": relationship("user"),
            "user-session": relationship("user-session"),
        })),
    });
    let user = narrowed(json!({
        "email-address": nullable("string"),
        "name-first": nullable("string"),
        "name-last": nullable("string"),
    }));
    let user_id = json!({ "type": "string" });
    Described {
        list: (
            "personaListUserAuditLogs",
            "Lists user audit logs, newest first",
        ),
        retrieve: ("personaRetrieveUserAuditLog", "Retrieves a user audit log"),
        resource: identified(AUDIT_LOGS.own.name, text("^ual_[0-9A-Za-z]{22}$"), others),
        included: Some(identified(
            USER.name,
            user_id,
            json!({ "attributes": user }),
        )),
    }
}

fn attributes() -> Value {
    json!({
        "path": { "type": "string" },
        "method": { "type": "string" },
        "get-params": params(),
        "post-params": params(),
        "ip-address": nullable("string"),
        "user-agent": nullable("string"),
        "response-status": { "type": "integer" },
        "created-at": { "type": "string", "format": "date-time" },
        "impersonator-email-address": nullable("string"),
        "context": { "type": "object" },
    })
}

/// Describes parameters, or the mark in their place.
fn params() -> Value {
    json!({ "oneOf": [{ "type": "object" }, { "const": "[FILTERED]" }] })
}

fn relationship(type_name: &str) -> Value {
    let id = json!({ "type": "string" });
    let data = identified(type_name, id, json!({}));
    object(json!({ "data": { "oneOf": [data, { "type": "null" }] } }))
}
