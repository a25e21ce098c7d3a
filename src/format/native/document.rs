use std::net::IpAddr;

use serde::Serialize;

use crate::entry::{
    BodyRecord, Context, EntryKind, EventRecord, Exchange, Headers, LogEntry, RequestRecord,
    ResponseRecord,
};
use crate::format::fields::{Field, Object};
use crate::format::json;

pub(super) fn entry(entry: &LogEntry) -> Object<'_> {
    let object = Object::new()
        .with("id", entry.id.to_string())
        .with("kind", entry.kind().as_str())
        .with("created_at", entry.created_at.rfc3339(6))
        .with("context", context(&entry.context));
    match &entry.kind {
        EntryKind::Exchange(exchange) => exchange_fields(object, exchange),
        EntryKind::Event(it) => object.with("event", event(it)),
    }
}

fn context(context: &Context) -> Object<'_> {
    let address = |ip: &IpAddr| ip.to_string();
    let actor = context.actor.as_ref().map(|actor| {
        Object::new()
            .with("kind", Field::data(&actor.kind))
            .with("id", &actor.id)
            .with("email", actor.email.as_ref())
            .with("first_name", actor.first_name.as_ref())
            .with("last_name", actor.last_name.as_ref())
    });
    Object::new()
        .with("actor", actor)
        .with("session", context.session.as_ref())
        .with("api_key", context.api_key.as_ref())
        .with("organisation", context.organisation.as_ref())
        .with("project", context.project.as_ref())
        .with("environment", context.environment.as_ref())
        .with("request_id", context.request_id.as_ref())
        .with("client_ip", context.client_ip.as_ref().map(address))
        .with("peer_ip", context.peer_ip.as_ref().map(address))
        .with("user_agent", context.user_agent.as_ref())
        .with("trace_id", context.trace_id.as_ref())
        .with("api_version", context.api_version.as_ref())
}

fn exchange_fields<'a>(object: Object<'a>, exchange: &'a Exchange) -> Object<'a> {
    let response = exchange.response.as_ref();
    let timing = Object::new()
        .with("to_headers_micros", exchange.timing.to_headers_micros)
        .with("to_last_byte_micros", exchange.timing.to_last_byte_micros);
    let masked = Object::new()
        .with("count", exchange.masked_count)
        .with("spots", Field::data(&exchange.masked));
    object
        .with(
            "request",
            request(&exchange.request, &exchange.request_body),
        )
        .with(
            "response",
            response.map(|it| self::response(it, &exchange.response_body)),
        )
        .with("outcome", exchange.outcome.as_str())
        .with("timing", timing)
        .with("masked", masked)
}

fn request<'a>(request: &'a RequestRecord, body: &'a BodyRecord) -> Object<'a> {
    Object::new()
        .with("method", &request.method)
        .with("scheme", request.scheme.as_ref())
        .with("authority", request.authority.as_ref())
        .with("path", &request.path)
        .with("query", request.query.as_ref())
        .with("params", Field::data(&request.query_params()))
        .with("route", request.route.as_ref())
        .with("version", &*request.version)
        .with("headers", headers(&request.headers))
        .with("trailers", headers(&request.trailers))
        .with("body", self::body(body))
}

fn response<'a>(response: &'a ResponseRecord, body: &'a BodyRecord) -> Object<'a> {
    Object::new()
        .with("status", u64::from(response.status))
        .with("headers", headers(&response.headers))
        .with("headers_left_out", Field::data(&response.headers_left_out))
        .with("trailers", headers(&response.trailers))
        .with("body", self::body(body))
}

fn headers(headers: &Headers) -> Field<'_> {
    let pair = |(name, value)| vec![Field::from(name), Field::from(value)].into();
    Field::List(headers.iter().map(pair).collect())
}

fn body(body: &BodyRecord) -> Object<'_> {
    let (state, reason, keyed_hash) = match body {
        BodyRecord::Empty => ("empty", Field::Null, None),
        BodyRecord::Whole { .. } => ("whole", Field::Null, None),
        BodyRecord::Truncated { reason, .. } => ("truncated", name(reason), None),
        BodyRecord::Skipped { reason, .. } => ("skipped", name(reason), None),
        BodyRecord::Withheld {
            reason, keyed_hash, ..
        } => ("withheld", name(reason), Some(keyed_hash)),
    };
    Object::new()
        .with("state", state)
        .with("reason", reason)
        .with("bytes_seen", body.bytes_seen())
        .with("text", body.text())
        .with("json", json::whole(body))
        .with("keyed_hash", keyed_hash)
}

fn name<'a>(reason: &impl Serialize) -> Field<'a> {
    Field::data(reason)
}

fn event(event: &EventRecord) -> Object<'_> {
    Object::new()
        .with("category", &event.category)
        .with("action", &event.action)
        .with("ref_id", event.ref_id.as_ref())
        .with("title", event.title.as_ref())
        .with("data", Field::data(&event.data))
        .with("exchange", event.exchange.map(|id| id.to_string()))
}
