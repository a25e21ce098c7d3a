//! Header and trailer fields.
//!
//! Masked: credentials of every scheme, cookies value by value, fields whose name holds a secret's words, and what was marked
//! by `HeaderValue::set_sensitive`. In every other value, what looks like a URL, a query or JSON is masked inside, so that `Referer`,
//! `Location`, `Link`, `Refresh` and fields that nobody has heard of are treated alike.

use std::borrow::Cow;

use super::names::{RuleId, Shape};
use super::{Pass, STARS, authorization, cookies, inside, presets, uri};
use crate::capture::{Field, Fields};
use crate::entry::{Headers, Place};

/// Subprotocols of WebSocket that may show; others may be a token, for which browsers have no better place.
const SUBPROTOCOLS: &[&str] = &[
    "graphql-ws",
    "graphql-transport-ws",
    "mqtt",
    "mqttv3.1",
    "soap",
    "wamp",
    "wamp.2.json",
    "wamp.2.msgpack",
    "v10.stomp",
    "v11.stomp",
    "v12.stomp",
    "json",
    "chat",
    "xmpp",
    "sip",
    "amqp",
    "ocpp1.6",
    "ocpp2.0",
    "ocpp2.0.1",
    "binary",
    "base64.binary.k8s.io",
    "binary.k8s.io",
    "channel.k8s.io",
    "v4.channel.k8s.io",
    "v5.channel.k8s.io",
    "actioncable-v1-json",
    "access_token",
    "bearer",
    "vite-hmr",
];

/// Masks the fields of a message.
pub(super) fn mask(fields: &Fields, place: Place, pass: &mut Pass<'_>) -> Headers {
    let size = fields.regular().map(|it| it.name.len() + it.value.len());
    let (count, bytes) = size.fold((0, 0), |(count, sum), size| (count + 1, sum + size));
    let mut headers = Headers::with_capacity(count, bytes);
    for field in fields.regular() {
        pass.report.enter(place);
        let value = text(field.value);
        match mask_field(&field, &value, pass) {
            Some(masked) => headers.push(field.name, &masked),
            None => headers.push(field.name, &value),
        }
    }
    headers
}

/// Reads a value as UTF-8, else as ISO-8859-1, in which every byte is a character.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn mask_field(field: &Field<'_>, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    let name = field.name;
    let whole = |pass: &mut Pass<'_>, rule: &str| {
        pass.report.masked(|| name.to_owned(), rule, value.len());
    };
    if field.sensitive {
        whole(pass, "sensitive");
        return Some(STARS.to_owned());
    }
    match name {
        "authorization" | "proxy-authorization" => {
            whole(pass, "authorization");
            return Some(authorization::mask(value));
        }
        "cookie" => return Some(cookies::mask(value, pass)),
        "set-cookie" => return Some(cookies::mask_set(value, pass)),
        "www-authenticate" | "proxy-authenticate" => {
            let masked = authorization::mask_challenge(value)?;
            whole(pass, "authorization");
            return Some(masked);
        }
        "sec-websocket-protocol" => return mask_subprotocols(name, value, pass),
        _ if presets::HARMLESS_HEADERS.contains(&name) => return None,
        _ => {}
    }
    if let Some(rule) = pass.headers.decide(name) {
        let shown = replacement(value, rule, pass);
        pass.report.masked(
            || name.to_owned(),
            pass.headers.rule_name(rule),
            value.len(),
        );
        return Some(shown);
    }
    mask_inside(name, value, pass)
}

fn replacement(value: &str, rule: RuleId, pass: &Pass<'_>) -> String {
    match pass.headers.shape(rule) {
        Shape::Whole if rule_is_credentials(rule, pass) => authorization::mask(value),
        Shape::Whole => STARS.to_owned(),
        Shape::Token => authorization::mask(value),
    }
}

/// Tells whether a field such as `X-Forwarded-Authorization` holds what `Authorization` holds.
fn rule_is_credentials(rule: RuleId, pass: &Pass<'_>) -> bool {
    pass.headers.rule_name(rule) == "authorization"
}

fn mask_subprotocols(name: &str, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    let known = |item: &str| SUBPROTOCOLS.iter().any(|it| it.eq_ignore_ascii_case(item));
    let items: Vec<_> = value.split(',').map(str::trim).collect();
    if items.iter().all(|item| known(item)) {
        return None;
    }
    pass.report
        .masked(|| name.to_owned(), "subprotocol", value.len());
    let shown = items
        .iter()
        .map(|item| if known(item) { item } else { STARS });
    Some(shown.collect::<Vec<_>>().join(", "))
}

/// Masks URLs, queries and JSON in a value.
fn mask_inside(name: &str, value: &str, pass: &mut Pass<'_>) -> Option<String> {
    if !value.contains(['?', '#', '@', '=', ';', '{', '[', '"']) {
        return None;
    }
    let base = pass.report.descend(name);
    let masked = match value.trim_start().starts_with(['{', '[', '"']) {
        true => inside::mask(value, false, 0, pass),
        false => None,
    };
    let masked = masked.or_else(|| mask_words(value, pass));
    pass.report.leave(base);
    masked
}

/// Masks each word of a value as a URL where it looks like one.
fn mask_words(value: &str, pass: &mut Pass<'_>) -> Option<String> {
    const BETWEEN: [char; 8] = [' ', '\t', '<', '>', '"', '\'', '(', ')'];
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    for word in value.split(BETWEEN) {
        let end = start + word.len();
        let is_url = word.contains("://") || word.contains('?') || word.starts_with(['/', '#']);
        if let Some(masked) = is_url.then(|| uri::mask(word, false, 0, pass)).flatten() {
            out.push_str(value.get(copied..start).unwrap_or_default());
            out.push_str(&masked);
            copied = end;
        }
        start = end + 1;
    }
    (copied > 0).then(|| out + value.get(copied..).unwrap_or_default())
}
