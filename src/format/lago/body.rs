use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

use crate::entry::{Exchange, Param, RequestRecord};
use crate::format::fields::Field;
use crate::format::json;
use crate::format::posted::{Posted, posted};

/// Writes `scheme://host[:port]`, with `http` where the scheme is not known.
pub(super) fn origin(request: &RequestRecord) -> String {
    let scheme = request.scheme.as_deref().unwrap_or("http");
    match request.authority.as_deref() {
        None | Some("") => String::new(),
        Some(authority) => format!("{scheme}://{authority}"),
    }
}

/// Writes the parameters of the query, of the route and of the body as one object.
pub(super) fn request(exchange: &Exchange) -> Field<'_> {
    let request = &exchange.request;
    let query = request.query_params();
    let route = route_params(request);
    let form;
    let mut body: Vec<(String, Value<'_>)> = Vec::new();
    match posted(&request.headers, &exchange.request_body) {
        Posted::Object(json) if query.is_empty() && route.is_empty() => return json.into(),
        Posted::Object(json) => {
            let members = json::members(json).unwrap_or_default();
            body.extend(
                members
                    .into_iter()
                    .map(|(name, value)| (name, Value::Json(value))),
            );
        }
        Posted::Other(json) => body.push(("_json".to_owned(), Value::Json(json))),
        Posted::Form(params) => {
            form = params;
            body.extend(
                form.iter()
                    .map(|(name, value)| (name.to_owned(), Value::Param(value))),
            );
        }
        Posted::Nothing => {}
    }
    let known: HashSet<&str> = body.iter().map(|(name, _)| name.as_str()).collect();
    let mut merged: Vec<(String, Value<'_>)> = Vec::new();
    let query = query
        .iter()
        .map(|(name, value)| (name.to_owned(), Value::Param(value)));
    let route = route
        .iter()
        .map(|(name, text)| (name.clone(), Value::Text(text)));
    for (name, value) in query.chain(route) {
        if !known.contains(name.as_str()) {
            merged.retain(|(known, _)| *known != name);
            merged.push((name, value));
        }
    }
    merged.extend(body);
    Field::verbatim(merged)
}

/// Writes the body of the response, which must be an object for Lago's clients.
pub(super) fn response(exchange: &Exchange) -> Field<'_> {
    match json::whole(&exchange.response_body) {
        Some(json) if json::is_object(json) => json.into(),
        Some(json) => Field::verbatim(vec![("_json", json)]),
        None => Field::Null,
    }
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Json(&'a RawValue),
    Param(&'a Param),
    Text(&'a str),
}

/// Reads the parameters of the path by the route's template: `{name}`, `:name` and, for the rest of the path, `{*name}`.
fn route_params(request: &RequestRecord) -> Vec<(String, String)> {
    let Some(route) = &request.route else {
        return Vec::new();
    };
    let mut params = Vec::new();
    let mut rest = request.path.as_str();
    for segment in route.split('/') {
        let (given, after) = rest.split_once('/').unwrap_or((rest, ""));
        let braced = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        let (name, text) = match braced.or_else(|| segment.strip_prefix(':')) {
            None => (None, given),
            Some(name) => match name.strip_prefix('*') {
                Some(name) => (Some(name), rest),
                None => (Some(name), given),
            },
        };
        if let Some(name) = name {
            let text = percent_decode_str(text).decode_utf8_lossy();
            params.push((name.to_owned(), text.into_owned()));
        }
        rest = after;
    }
    params
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::entry::{BodyRecord, Outcome, Timing};

    #[test]
    fn many_names_in_query_and_body_take_no_time_for_each_pair_of_them() {
        let names = |letter: char, count: u32| (0..count).map(move |at| format!("{letter}{at:06}"));
        let members: Vec<_> = names('b', 300_000).map(|it| format!("{it:?}:0")).collect();
        let text = format!("{{{}}}", members.join(","));
        let took = |count: u32| {
            let record = RequestRecord {
                query: Some(names('q', count).collect::<Vec<_>>().join("&")),
                ..RequestRecord::default()
            };
            let mut exchange = Exchange::new(record, Outcome::Completed, Timing::default());
            exchange.request_body = BodyRecord::Whole {
                text: text.clone(),
                bytes_seen: text.len() as u64,
            };
            let begun = Instant::now();
            drop(request(&exchange));
            begun.elapsed()
        };
        let (one, many) = (took(1), took(1_000));
        assert!(many < one * 2 + Duration::from_secs(1), "{one:?} {many:?}");
    }
}
