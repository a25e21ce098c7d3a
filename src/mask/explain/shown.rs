//! What stands at a spot of a report.

use serde::Serialize;
use serde_json::Value;

use crate::entry::{BodyRecord, Exchange, Headers, Place};
use crate::mask::pairs;

/// Looks up what stands at a spot now.
pub(super) fn at(exchange: &Exchange, place: Place, pointer: &str) -> Option<String> {
    let request = &exchange.request;
    let response = exchange.response.as_ref();
    match place {
        Place::Authority => request.authority.clone(),
        Place::Path => Some(request.path.clone()),
        Place::Query => parameter(request.query.as_deref()?, pointer),
        Place::RequestHeader => header(&request.headers, pointer),
        Place::RequestTrailer => header(&request.trailers, pointer),
        Place::ResponseHeader => header(&response?.headers, pointer),
        Place::ResponseTrailer => header(&response?.trailers, pointer),
        Place::RequestBody => body(&exchange.request_body, pointer),
        Place::ResponseBody => body(&exchange.response_body, pointer),
        _ => None,
    }
}

/// Returns the name that serialises a fact.
pub(super) fn serialised(fact: &impl Serialize) -> String {
    let value = serde_json::to_value(fact).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A pointer goes on within the value: `cookie theme`, `referer token`.
fn header(headers: &Headers, pointer: &str) -> Option<String> {
    let name = pointer.split(' ').next()?;
    headers.get(name).map(str::to_owned)
}

fn parameter(pairs: &str, pointer: &str) -> Option<String> {
    let all = pairs.split('&').filter_map(|pair| pair.split_once('='));
    let mut named = all.filter(|(name, _)| pointer.starts_with(&*pairs::decoded(name)));
    named.next().map(|(_, value)| value.to_owned())
}

fn body(body: &BodyRecord, pointer: &str) -> Option<String> {
    let text = body.text()?;
    if !pointer.starts_with('/') {
        return part(text, pointer).or_else(|| parameter(text, pointer));
    }
    if let Ok(document) = serde_json::from_str(text) {
        return member(&document, pointer);
    }
    let (number, rest) = pointer[1..].split_once('/')?;
    let line = text.lines().nth(number.parse().ok()?)?;
    member(&serde_json::from_str(line).ok()?, &format!("/{rest}"))
}

/// Goes down as far as the pointer leads, which may go on within a text.
fn member(document: &Value, pointer: &str) -> Option<String> {
    let ends = pointer.match_indices(['/', ' ']).map(|(at, _)| at);
    let ends = ends.chain([pointer.len()]).collect::<Vec<_>>();
    let found = ends
        .iter()
        .rev()
        .find_map(|&end| document.pointer(pointer.get(..end)?))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) | Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}

/// Returns the content of a part of a multipart body.
fn part(text: &str, pointer: &str) -> Option<String> {
    let boundary = text.starts_with("--").then(|| text.lines().next())??;
    let mut parts = text.split(boundary).filter_map(|it| {
        let (head, content) = it.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split('"').next()?;
        pointer.starts_with(name).then_some(content)
    });
    let content = parts.next()?;
    Some(content.strip_suffix("\r\n").unwrap_or(content).to_owned())
}
