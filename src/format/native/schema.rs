//! What the replies hold, in JSON Schema: beside `document` and `har`, which write it.

use serde_json::{Value, json};

use super::View;
use super::sums::{CLASSES, QUANTILES};
use crate::entry::{ActorKind, Change, Exchange, Outcome};
use crate::format::openapi::{and, nullable, object, or_null};

/// Describes a page of a listing.
pub(super) fn list() -> Value {
    let any = [View::Full, View::Summary].map(|view| [exchange(view), event(view)]);
    object(json!({
        "entries": { "type": "array", "items": { "anyOf": any.as_flattened() } },
        "page": object(json!({
            "after": or_null(uuid()),
            "before": or_null(uuid()),
            "limit": { "type": "integer", "minimum": 1, "maximum": 1000 },
            "total": or_null(whole()),
            "searched_to": or_null(uuid()),
        })),
        "links": object(json!({ "next": text_or_null(), "prev": text_or_null() })),
    }))
}

/// Describes sums.
pub(super) fn stats() -> Value {
    object(json!({
        "by": text(),
        "width_micros": or_null(whole()),
        "groups": { "type": "array", "items": group() },
        "has_more": { "type": "boolean" },
    }))
}

/// Describes the sums of a group.
pub(super) fn group() -> Value {
    let classes = CLASSES.map(|name| (name.to_owned(), whole()));
    let quantiles = QUANTILES.map(|(name, _)| (name.to_owned(), or_null(whole())));
    let named =
        |members: Vec<(String, Value)>| object(Value::Object(members.into_iter().collect()));
    object(json!({
        "value": text_or_null(),
        "entries": whole(),
        "calls": whole(),
        "failed": whole(),
        "classes": named(classes.into()),
        "latency": named(quantiles.into()),
    }))
}

/// Describes an entry in full.
pub(super) fn entry() -> Value {
    json!({ "oneOf": [exchange(View::Full), event(View::Full)] })
}

fn exchange(view: View) -> Value {
    let members = common("exchange");
    let response = or_null(response(view));
    let timing = object(json!({
        "to_headers_micros": or_null(whole()),
        "to_last_byte_micros": whole(),
    }));
    let members = and(
        members,
        json!({
            "request": request(view),
            "response": response,
            "outcome": { "enum": Outcome::ALL.map(Outcome::as_str) },
            "failure": text_or_null(),
            "timing": timing,
            "weight": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
        }),
    );
    let notes = object(json!({ "name": text(), "value": text() }));
    let full = json!({ "notes": { "type": "array", "items": notes }, "masked": masked() });
    object(in_full(view, members, full))
}

fn event(view: View) -> Value {
    let members = json!({
        "category": text(),
        "action": text(),
        "ref_id": text_or_null(),
        "title": text_or_null(),
        "exchange": or_null(uuid()),
    });
    let findings = object(json!({ "message": text(), "pointer": text_or_null() }));
    let findings = json!({ "type": "array", "items": findings });
    let full = json!({
        "change": or_null(change()),
        "errors": findings,
        "alerts": findings,
        "data": true,
        "masked": masked(),
    });
    let event = object(in_full(view, members, full));
    object(and(common("event"), json!({ "event": event })))
}

fn common(kind: &str) -> Value {
    json!({
        "id": uuid(),
        "kind": { "const": kind },
        "created_at": { "type": "string", "format": "date-time" },
        "context": context(),
    })
}

fn context() -> Value {
    let actor = object(json!({
        "kind": { "enum": ActorKind::ALL.map(ActorKind::as_str) },
        "id": text(),
        "email": text_or_null(),
        "first_name": text_or_null(),
        "last_name": text_or_null(),
    }));
    let address = or_null(json!({ "anyOf": [
        { "type": "string", "format": "ipv4" },
        { "type": "string", "format": "ipv6" },
    ] }));
    object(json!({
        "actor": or_null(actor),
        "impersonator": text_or_null(),
        "session": text_or_null(),
        "api_key": text_or_null(),
        "organisation": text_or_null(),
        "project": text_or_null(),
        "project_name": text_or_null(),
        "environment": text_or_null(),
        "resource": or_null(object(json!({ "kind": text(), "id": text() }))),
        "request_id": text_or_null(),
        "client_ip": address,
        "peer_ip": address,
        "user_agent": text_or_null(),
        "trace_id": text_or_null(),
        "api_version": text_or_null(),
    }))
}

fn request(view: View) -> Value {
    let members = json!({
        "method": text(),
        "scheme": text_or_null(),
        "authority": text_or_null(),
        "path": text(),
        "query": text_or_null(),
        "route": text_or_null(),
        "version": text(),
        "body": body(view),
    });
    let full =
        json!({ "params": { "type": "object" }, "headers": headers(), "trailers": headers() });
    object(in_full(view, members, full))
}

fn response(view: View) -> Value {
    let members = json!({ "status": status(), "body": body(view) });
    let full = json!({
        "headers": headers(),
        "headers_left_out": { "type": "boolean" },
        "trailers": headers(),
    });
    object(in_full(view, members, full))
}

fn headers() -> Value {
    let pair = json!({ "type": "array", "items": text(), "minItems": 2, "maxItems": 2 });
    json!({ "type": "array", "items": pair })
}

fn body(view: View) -> Value {
    let members = json!({
        "state": { "enum": ["empty", "whole", "truncated", "skipped", "withheld"] },
        "reason": text_or_null(),
        "bytes_seen": whole(),
        "decoded_bytes": or_null(whole()),
    });
    let full = json!({ "text": text_or_null(), "json": true, "keyed_hash": text_or_null() });
    object(in_full(view, members, full))
}

fn masked() -> Value {
    let spot =
        object(json!({ "place": text(), "pointer": text(), "rule": text(), "bytes": whole() }));
    let spots = json!({ "type": "array", "items": spot, "maxItems": Exchange::MAX_MASKED });
    object(json!({ "count": whole(), "spots": spots }))
}

fn change() -> Value {
    let mut field = object(json!({ "pointer": text() }));
    for side in ["before", "after"] {
        field["properties"][side] = true.into();
    }
    object(json!({
        "before": true,
        "after": true,
        "fields": { "type": "array", "items": field, "maxItems": Change::MAX_FIELDS },
        "fields_count": whole(),
    }))
}

/// Describes a HAR document as it is written here: narrower than the standard.
pub(super) fn har() -> Value {
    let creator = object(json!({ "name": { "const": "tower-api-log" }, "version": text() }));
    let log = object(json!({
        "version": { "const": "1.2" },
        "creator": creator,
        "entries": { "type": "array", "items": har_entry() },
    }));
    object(json!({ "log": log }))
}

fn har_entry() -> Value {
    let millis = || json!({ "type": "number", "minimum": 0 });
    let list = || {
        let pair = object(json!({ "name": text(), "value": text() }));
        json!({ "type": "array", "items": pair })
    };
    let message = || {
        json!({
            "httpVersion": text(),
            "cookies": list(),
            "headers": list(),
            "headersSize": { "const": -1 },
            "bodySize": whole(),
        })
    };
    let posted = object(json!({ "mimeType": text(), "text": text(), "params": list() }));
    let request = json!({
        "method": text(),
        "url": { "type": "string", "format": "uri" },
        "queryString": list(),
    });
    let request = optional(
        object(and(message(), request)),
        "postData",
        optional(posted, "comment", text()),
    );
    let content = object(json!({ "size": whole(), "mimeType": text() }));
    let compression = json!({ "type": "integer" });
    let content = optional(content, "compression", compression);
    let content = optional(optional(content, "text", text()), "comment", text());
    let response = json!({
        "status": status(),
        "statusText": text(),
        "content": content,
        "redirectURL": text(),
    });
    object(json!({
        "startedDateTime": { "type": "string", "format": "date-time" },
        "time": millis(),
        "request": request,
        "response": object(and(message(), response)),
        "cache": object(json!({})),
        "timings": object(json!({ "send": millis(), "wait": millis(), "receive": millis() })),
        "_id": uuid(),
        "_outcome": { "enum": Outcome::ALL.map(Outcome::as_str) },
    }))
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_or_null() -> Value {
    nullable("string")
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn status() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

/// Adds the members that a summary leaves out.
fn in_full(view: View, members: Value, full: Value) -> Value {
    match view {
        View::Summary => members,
        View::Full => and(members, full),
    }
}

/// Adds a member that may be absent.
fn optional(mut object: Value, name: &str, schema: Value) -> Value {
    object["properties"][name] = schema;
    object
}
