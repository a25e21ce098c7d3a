use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use super::View;
use crate::entry::{
    BodyRecord, Change, Context, EntryKind, EventRecord, Exchange, Finding, Headers, LogEntry,
    Masked, ResponseRecord,
};
use crate::format::fields::{Field, Object};
use crate::format::json;

pub(super) fn entry(entry: &LogEntry, view: View) -> Object<'_> {
    let object = Object::new()
        .with("id", entry.id.to_string())
        .with("kind", entry.kind().as_str())
        .with("created_at", entry.created_at.rfc3339(6))
        .with("context", context(&entry.context));
    match &entry.kind {
        EntryKind::Exchange(it) => exchange(object, it, view),
        EntryKind::Event(it) => object.with("event", event(it, view)),
    }
}

/// Returns the name of a body's state, and why it is not whole.
pub(super) fn state(body: &BodyRecord) -> (&'static str, Option<String>) {
    match body {
        BodyRecord::Empty => ("empty", None),
        BodyRecord::Whole { .. } => ("whole", None),
        BodyRecord::Truncated { reason, .. } => ("truncated", name(reason)),
        BodyRecord::Skipped { reason, .. } => ("skipped", name(reason)),
        BodyRecord::Withheld { reason, .. } => ("withheld", name(reason)),
    }
}

fn name(reason: &impl Serialize) -> Option<String> {
    match serde_json::to_value(reason) {
        Ok(Value::String(name)) => Some(name),
        _ => None,
    }
}

fn context(context: &Context) -> Object<'_> {
    let address = |ip: &IpAddr| ip.to_string();
    let actor = context.actor.as_ref().map(|actor| {
        Object::new()
            .with("kind", actor.kind.as_str())
            .with("id", &actor.id)
            .with("email", actor.email.as_ref())
            .with("first_name", actor.first_name.as_ref())
            .with("last_name", actor.last_name.as_ref())
    });
    let resource = context.resource.as_ref().map(|resource| {
        Object::new()
            .with("kind", &resource.kind)
            .with("id", &resource.id)
    });
    Object::new()
        .with("actor", actor)
        .with("impersonator", context.impersonator.as_ref())
        .with("session", context.session.as_ref())
        .with("api_key", context.api_key.as_ref())
        .with("organisation", context.organisation.as_ref())
        .with("project", context.project.as_ref())
        .with("project_name", context.project_name.as_ref())
        .with("environment", context.environment.as_ref())
        .with("resource", resource)
        .with("request_id", context.request_id.as_ref())
        .with("client_ip", context.client_ip.as_ref().map(address))
        .with("peer_ip", context.peer_ip.as_ref().map(address))
        .with("user_agent", context.user_agent.as_ref())
        .with("trace_id", context.trace_id.as_ref())
        .with("api_version", context.api_version.as_ref())
}

fn exchange<'a>(object: Object<'a>, exchange: &'a Exchange, view: View) -> Object<'a> {
    let request = request(exchange, view);
    let response = exchange.response.as_ref();
    let response = response.map(|it| self::response(it, exchange, view));
    let timing = Object::new()
        .with("to_headers_micros", exchange.timing.to_headers_micros)
        .with("to_last_byte_micros", exchange.timing.to_last_byte_micros);
    let object = object
        .with("request", request)
        .with("response", response)
        .with("outcome", exchange.outcome.as_str())
        .with("failure", exchange.failure.as_ref())
        .with("timing", timing)
        .with("weight", u64::from(exchange.weight));
    match view {
        View::Summary => object,
        View::Full => object
            .with("notes", Field::data(&exchange.notes))
            .with("masked", masked(exchange.masked_count, &exchange.masked)),
    }
}

fn request(exchange: &Exchange, view: View) -> Object<'_> {
    let request = &exchange.request;
    let object = Object::new()
        .with("method", &request.method)
        .with("scheme", request.scheme.as_ref())
        .with("authority", request.authority.as_ref())
        .with("path", &request.path)
        .with("query", request.query.as_ref())
        .with("route", request.route.as_ref())
        .with("version", &*request.version);
    let object = match view {
        View::Summary => object,
        View::Full => object
            .with("params", Field::data(&request.query_params()))
            .with("headers", headers(&request.headers))
            .with("trailers", headers(&request.trailers)),
    };
    let decoded = exchange.request_decoded_bytes;
    object.with("body", body(&exchange.request_body, decoded, view))
}

fn response<'a>(response: &'a ResponseRecord, exchange: &'a Exchange, view: View) -> Object<'a> {
    let object = Object::new().with("status", u64::from(response.status));
    let object = match view {
        View::Summary => object,
        View::Full => object
            .with("headers", headers(&response.headers))
            .with("headers_left_out", Field::data(&response.headers_left_out))
            .with("trailers", headers(&response.trailers)),
    };
    let decoded = exchange.response_decoded_bytes;
    object.with("body", body(&exchange.response_body, decoded, view))
}

fn headers(headers: &Headers) -> Field<'_> {
    let pair = |(name, value)| vec![Field::from(name), Field::from(value)].into();
    Field::List(headers.iter().map(pair).collect())
}

fn body(body: &BodyRecord, decoded_bytes: Option<u64>, view: View) -> Object<'_> {
    let (state, reason) = state(body);
    let object = Object::new()
        .with("state", state)
        .with("reason", reason)
        .with("bytes_seen", body.bytes_seen())
        .with("decoded_bytes", decoded_bytes);
    let keyed_hash = match body {
        BodyRecord::Withheld { keyed_hash, .. } => Some(keyed_hash),
        _ => None,
    };
    match view {
        View::Summary => object,
        View::Full => object
            .with("text", body.text())
            .with("json", json::whole(body))
            .with("keyed_hash", keyed_hash),
    }
}

fn masked(count: u64, spots: &[Masked]) -> Object<'_> {
    Object::new()
        .with("count", count)
        .with("spots", Field::data(spots))
}

fn event(event: &EventRecord, view: View) -> Object<'_> {
    let object = Object::new()
        .with("category", &event.category)
        .with("action", &event.action)
        .with("ref_id", event.ref_id.as_ref())
        .with("title", event.title.as_ref())
        .with("exchange", event.exchange.map(|id| id.to_string()));
    match view {
        View::Summary => object,
        View::Full => object
            .with("change", event.change.as_deref().map(change))
            .with("errors", findings(&event.errors))
            .with("alerts", findings(&event.alerts))
            .with("data", Field::data(&event.data))
            .with("masked", masked(event.masked_count, &event.masked)),
    }
}

/// Writes a change. In its fields a side without a value is left out, because null is a value.
fn change(change: &Change) -> Object<'_> {
    Object::new()
        .with("before", Field::data(&change.before))
        .with("after", Field::data(&change.after))
        .with("fields", Field::data(&change.fields))
        .with("fields_count", change.fields_count)
}

fn findings(findings: &[Finding]) -> Field<'_> {
    Field::List(findings.iter().map(|it| finding(it).into()).collect())
}

fn finding(finding: &Finding) -> Object<'_> {
    Object::new()
        .with("message", &finding.message)
        .with("pointer", finding.pointer.as_ref())
}
