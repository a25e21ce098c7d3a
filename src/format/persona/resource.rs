use super::headers::{all, allowed_in_request, allowed_in_response};
use super::{REFERENCE, Shape};
use crate::entry::{BodyRecord, Exchange, Headers, LogEntry};
use crate::format::fields::{Field, Object};
use crate::format::json;
use crate::format::jsonapi::View;
use crate::format::posted::posted;

/// Writes an exchange as a resource; `None` for an entry of another kind.
pub(super) fn api_log<'a>(entry: &'a LogEntry, shape: Shape, view: &View) -> Option<Object<'a>> {
    let exchange = entry.exchange()?;
    let mut attributes = Object::new()
        .with("request", request(entry, exchange, shape))
        .with("response", response(exchange, shape))
        .with("created_at", created_at(entry));
    if shape == Shape::Strict {
        attributes = attributes.with("redacted_at", Field::Null);
    }
    let id = entry.id.prefixed(REFERENCE.prefix);
    Some(view.resource(REFERENCE.own.name, id, attributes))
}

fn request<'a>(entry: &LogEntry, exchange: &'a Exchange, shape: Shape) -> Object<'a> {
    let request = &exchange.request;
    let headers = match shape {
        Shape::Reference => all(&request.headers),
        Shape::Strict => allowed_in_request(&request.headers),
    };
    let post_params = posted(&request.headers, &exchange.request_body).field();
    let client_ip = entry.context.client_ip;
    Object::new()
        .with("method", &request.method)
        .with("path", &request.path)
        .with("headers", headers)
        .with("get_params", Field::data(&request.query_params()))
        .with("post_params", post_params.unwrap_or(Object::new().into()))
        .with("ip_address", client_ip.map(|ip| ip.to_string()))
}

fn response(exchange: &Exchange, shape: Shape) -> Object<'_> {
    let none = Headers::default();
    let headers = exchange.response.as_ref().map_or(&none, |it| &it.headers);
    let status = exchange.status().map_or(0, u64::from);
    let response = Object::new().with("status", status);
    match shape {
        Shape::Reference => response
            .with("headers", all(headers))
            .with("body", body(&exchange.response_body)),
        Shape::Strict => response.with("headers", allowed_in_response(headers)),
    }
}

fn body(body: &BodyRecord) -> Field<'_> {
    match json::whole(body) {
        Some(json) => json.into(),
        None => body.text().into(),
    }
}

/// Persona writes UTC as `+00:00` here, and as `Z` in its user audit logs.
fn created_at(entry: &LogEntry) -> String {
    let time = entry.created_at.rfc3339(3);
    format!("{}+00:00", time.trim_end_matches('Z'))
}
