use std::borrow::Cow;
use std::net::Ipv6Addr;

use http::uri::Authority;
use http::{HeaderMap, StatusCode};

use super::document;
use crate::entry::{BodyRecord, Exchange, Headers, LogEntry, RequestRecord, Timing};
use crate::format::ExportWriter;
use crate::format::export::file;
use crate::format::fields::{Case, Field, Object};
use crate::format::posted::is_form;
use crate::format::reply::append_json;

/// What stands for a content type where a message names none, as browsers write it.
const UNKNOWN_TYPE: &str = "x-unknown";

/// A HAR 1.2 document of the exchanges (<http://www.softwareishard.com/blog/har-12-spec/>). Names here are the standard's own.
#[derive(Default)]
pub(super) struct Har {
    has_entries: bool,
}

impl ExportWriter for Har {
    fn headers(&self) -> HeaderMap {
        file(
            "application/json; charset=utf-8",
            "attachment; filename=\"api-log.har\"",
        )
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            concat!(
                r#"{"log":{"version":"1.2","creator":{"name":"tower-api-log","version":""#,
                env!("CARGO_PKG_VERSION"),
                r#""},"entries":["#
            )
            .as_bytes(),
        );
    }

    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        let Some(exchange) = entry.exchange() else {
            return;
        };
        out.extend_from_slice(if self.has_entries { b",\n" } else { b"\n" });
        let object = self::entry(entry, exchange);
        self.has_entries |= append_json(out, &object.cased(Case::Snake));
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n]}}\n");
    }
}

fn entry<'a>(entry: &LogEntry, exchange: &'a Exchange) -> Object<'a> {
    let (wait, receive) = spans(&exchange.timing);
    let timings = Object::new()
        .with("send", 0)
        .with("wait", millis(wait))
        .with("receive", millis(receive));
    Object::new()
        .with("startedDateTime", entry.created_at.rfc3339(6))
        .with("time", millis(wait.saturating_add(receive)))
        .with("request", request(exchange))
        .with("response", response(exchange))
        .with("cache", Object::new())
        .with("timings", timings)
        .with("_id", entry.id.to_string())
        .with("_outcome", exchange.outcome.as_str())
}

/// Returns the microseconds until the response's head, and from there to the end.
fn spans(timing: &Timing) -> (u64, u64) {
    let wait = timing.to_headers_micros;
    let wait = wait.unwrap_or(timing.to_last_byte_micros);
    (wait, timing.to_last_byte_micros.saturating_sub(wait))
}

fn millis<'a>(micros: u64) -> Field<'a> {
    Field::data(&(micros as f64 / 1000.0))
}

fn request(exchange: &Exchange) -> Object<'_> {
    let (request, body) = (&exchange.request, &exchange.request_body);
    let query = form_urlencoded::parse(request.query.as_deref().unwrap_or_default().as_bytes());
    let object = Object::new()
        .with("method", &request.method)
        .with("url", url(request))
        .with("httpVersion", version(request))
        .with("cookies", cookies(&request.headers, "cookie"))
        .with("headers", pairs(request.headers.iter()))
        .with("queryString", pairs(query))
        .with("headersSize", Field::data(&-1))
        .with("bodySize", body.bytes_seen());
    match body {
        BodyRecord::Empty => object,
        body => object.with("postData", posted(content_type(&request.headers), body)),
    }
}

fn posted<'a>(content_type: &'a str, body: &'a BodyRecord) -> Object<'a> {
    let text = body.text().unwrap_or_default();
    let form = if is_form(content_type) { text } else { "" };
    let object = Object::new()
        .with("mimeType", content_type)
        .with("text", text)
        .with("params", pairs(form_urlencoded::parse(form.as_bytes())));
    commented(object, body)
}

fn response(exchange: &Exchange) -> Object<'_> {
    let (response, body) = (exchange.response.as_ref(), &exchange.response_body);
    let status = exchange.status().unwrap_or(0);
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason.and_then(|it| it.canonical_reason());
    let headers = response.map(|it| &it.headers);
    let location = headers.and_then(|it| it.get("location"));
    let decoded = exchange.response_decoded_bytes;
    let mut content = Object::new()
        .with("size", decoded.unwrap_or(body.bytes_seen()))
        .with("mimeType", headers.map_or(UNKNOWN_TYPE, content_type));
    if let Some(decoded) = decoded {
        let [decoded, seen] =
            [decoded, body.bytes_seen()].map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        content = content.with("compression", Field::data(&(decoded - seen)));
    }
    if let Some(text) = body.text() {
        content = content.with("text", text);
    }
    Object::new()
        .with("status", u64::from(status))
        .with("statusText", reason.unwrap_or_default())
        .with("httpVersion", version(&exchange.request))
        .with(
            "cookies",
            headers.map_or(Field::List(Vec::new()), |it| cookies(it, "set-cookie")),
        )
        .with(
            "headers",
            pairs(headers.into_iter().flat_map(Headers::iter)),
        )
        .with("content", commented(content, body))
        .with("redirectURL", location.unwrap_or_default())
        .with("headersSize", Field::data(&-1))
        .with("bodySize", body.bytes_seen())
}

/// Says why a body is not there, or not whole.
fn commented<'a>(object: Object<'a>, body: &BodyRecord) -> Object<'a> {
    match document::state(body) {
        (state, Some(reason)) => object.with("comment", format!("{state}: {reason}")),
        _ => object,
    }
}

fn content_type(headers: &Headers) -> &str {
    headers.get("content-type").unwrap_or(UNKNOWN_TYPE)
}

fn version(request: &RequestRecord) -> String {
    match &*request.version {
        "" => "unknown".to_owned(),
        version => format!("HTTP/{version}"),
    }
}

/// Writes a list of names and values.
fn pairs<'a, T: Into<Cow<'a, str>>>(pairs: impl Iterator<Item = (T, T)>) -> Field<'a> {
    let pair = |(name, value): (T, T)| {
        Object::new()
            .with("name", Field::Text(name.into()))
            .with("value", Field::Text(value.into()))
            .into()
    };
    Field::List(pairs.map(pair).collect())
}

/// Writes the cookies of `cookie` or `set-cookie`; their attributes stand in the headers.
fn cookies<'a>(headers: &'a Headers, field: &'a str) -> Field<'a> {
    let most = if field == "cookie" { usize::MAX } else { 1 };
    let crumbs = headers
        .get_all(field)
        .flat_map(|value| value.split(';').take(most));
    pairs(crumbs.filter_map(|crumb| {
        let (name, value) = crumb.trim().split_once('=')?;
        Some((name, value))
    }))
}

/// Puts the absolute URL together. Where the entry does not tell the scheme it is `http`, where it does not tell the host `unknown.invalid`
/// (RFC 2606); bytes that a URI cannot hold are percent-encoded.
fn url(request: &RequestRecord) -> String {
    let scheme = match request.scheme.as_deref() {
        Some("https") => "https",
        _ => "http",
    };
    let authority = request.authority.as_deref().and_then(authority);
    let authority = authority.as_deref().unwrap_or("unknown.invalid");
    let mut url = format!("{scheme}://{authority}");
    if !request.path.starts_with('/') {
        url.push('/');
    }
    encode(&request.path, "@/", &mut url);
    if let Some(query) = &request.query {
        url.push('?');
        encode(query, "@/?", &mut url);
    }
    url
}

/// Returns the host and the port, if they are ones.
fn authority(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !host.is_empty() && host.bytes().all(plain)
        }
    };
    let port = authority.port_u16();
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    is_host.then(|| format!("{host}{port}"))
}

/// Appends a part of a URI (RFC 3986), its unreserved characters, its escapes and those that may stand there as they are.
fn encode(text: &str, plain: &str, url: &mut String) {
    let is_hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    for (at, byte) in text.bytes().enumerate() {
        let stays = match byte {
            b'%' => is_hex(at + 1) && is_hex(at + 2),
            byte if byte.is_ascii_alphanumeric() => true,
            byte => b"-._~!$&'()*+,;=:".contains(&byte) || plain.as_bytes().contains(&byte),
        };
        match stays {
            true => url.push(char::from(byte)),
            false => url.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
}
