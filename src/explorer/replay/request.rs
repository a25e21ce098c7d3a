//! The request that is sent: what was recorded and nothing that was masked, and what the reader puts in its place.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};

use super::ReplayBody;
use super::posted::Posted;
use crate::entry::{BodyRecord, Exchange, Place};
use crate::format::Refusal;

/// What belongs to a connection or is said anew of each message.
const NEVER: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-api-log-replay",
];
/// What proxies say of the client: the replay has another one.
const OF_PROXIES: [&str; 7] = [
    "forwarded",
    "via",
    "x-client-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];
/// What may stay where nobody knows which fields were masked.
const HARMLESS: [&str; 6] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "content-encoding",
    "content-type",
    "host",
];
/// What stands where something was masked, wherever it was reported.
const MARKS: [&str; 3] = ["[MASKED]", "[WITHHELD]", "****"];

/// Returns the request, without its extensions.
pub(super) fn build(
    exchange: &Exchange,
    posted: &Posted,
    allowed: &[Method],
) -> Result<Request<ReplayBody>, Refusal> {
    let method = Method::from_bytes(exchange.request.method.as_bytes()).ok();
    let Some(method) = method.filter(|it| allowed.contains(it)) else {
        return Err(Refusal::Forbidden(
            "the service does not allow this method to be sent again".into(),
        ));
    };
    let uri = target(exchange, posted)?;
    let body = body(exchange, posted)?;
    let headers = headers(exchange, posted, &body)?;
    let mut request = Request::new(ReplayBody::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn target(exchange: &Exchange, posted: &Posted) -> Result<Uri, Refusal> {
    let request = &exchange.request;
    let text = match &posted.path_and_query {
        Some(text) => text.clone(),
        None if is_masked(exchange, &[Place::Path, Place::Query]) => {
            return Err(Refusal::parameter(
                "path_and_query",
                "must be given: parts of the recorded one were masked",
            ));
        }
        None => match &request.query {
            Some(query) => format!("{}?{query}", request.path),
            None => request.path.clone(),
        },
    };
    let wrong = || Refusal::parameter("path_and_query", "must be a path from / on, with its query");
    let path: PathAndQuery = text.parse().map_err(|_| wrong())?;
    match path.path().starts_with('/') && !text.contains('#') {
        true => Ok(Uri::from(path)),
        false => Err(wrong()),
    }
}

fn body(exchange: &Exchange, posted: &Posted) -> Result<Bytes, Refusal> {
    if let Some(body) = &posted.body {
        return Ok(body.clone().into());
    }
    let is_masked = is_masked(exchange, &[Place::RequestBody]);
    match &exchange.request_body {
        BodyRecord::Empty => Ok(Bytes::new()),
        // In another charset than UTF-8 it was of another length.
        BodyRecord::Whole { text, bytes_seen }
            if !is_masked
                && exchange.request_decoded_bytes.unwrap_or(*bytes_seen) == text.len() as u64 =>
        {
            Ok(text.clone().into())
        }
        _ => Err(Refusal::parameter(
            "body",
            "must be given: the recorded one was masked or is not known byte by byte",
        )),
    }
}

fn headers(exchange: &Exchange, posted: &Posted, body: &Bytes) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    let is_given = |name: &str| {
        let mut given = posted.headers.iter();
        given.any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let wrong = |_| Refusal::parameter("headers", "must be pairs of a name and a value");
    for (name, value) in exchange.request.headers.iter() {
        if !NEVER.contains(&name)
            && !OF_PROXIES.contains(&name)
            && !is_given(name)
            && !is_header_masked(exchange, name, value)
            && let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
        {
            append(&mut headers, name, value)?;
        }
    }
    for (name, value) in &posted.headers {
        let name: HeaderName = name.parse().map_err(|_| wrong(()))?;
        if let Some(value) = value
            && !NEVER.contains(&name.as_str())
        {
            let value = HeaderValue::from_str(value).map_err(|_| wrong(()))?;
            append(&mut headers, name, value)?;
        }
    }
    // The text was recorded as it is decoded.
    headers.remove(CONTENT_ENCODING);
    if !body.is_empty() {
        headers.insert(CONTENT_LENGTH, body.len().into());
    }
    Ok(headers)
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), Refusal> {
    let appended = headers.try_append(name, value);
    appended
        .map(drop)
        .map_err(|_| Refusal::parameter("headers", "must not be more than a message can hold"))
}

/// Tells whether something was masked in one of the places, or nobody knows.
fn is_masked(exchange: &Exchange, places: &[Place]) -> bool {
    !is_all_told(exchange) || exchange.masked.iter().any(|it| places.contains(&it.place))
}

/// Tells whether every spot that was masked is told: only the first hundred are.
fn is_all_told(exchange: &Exchange) -> bool {
    exchange.masked_count <= exchange.masked.len() as u64
}

fn is_header_masked(exchange: &Exchange, name: &str, value: &str) -> bool {
    let told = exchange.masked.iter().any(|it| {
        let rest = it.pointer.get(..name.len());
        it.place == Place::RequestHeader && rest.is_some_and(|it| it.eq_ignore_ascii_case(name))
    });
    told || MARKS.iter().any(|mark| value.contains(mark))
        || (!is_all_told(exchange) && !HARMLESS.contains(&name))
}
