use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::entry::EntryId;
use crate::format::Answered;

/// What a header field cannot carry, or not at its ends, and the sign of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Adds the header fields that every reply to a known reader has: whose request it was, and how much they may still ask.
pub(in crate::format) fn sign(answered: &Answered<'_>, headers: &mut HeaderMap) {
    let Some(scope) = answered.scope else { return };
    answered.rate_limit_headers(headers);
    request_id(answered.id, headers);
    for (name, prefix, id) in [
        (
            "persona-organization-id",
            "org_",
            scope.organisation_id().unwrap_or_default(),
        ),
        (
            "persona-environment-id",
            "env_",
            scope.environment_name().unwrap_or_default(),
        ),
    ] {
        if !id.is_empty() {
            insert(headers, name, &prefixed(prefix, id));
        }
    }
}

/// Adds the id of the request, in the form of an API log's id.
pub(super) fn request_id(id: EntryId, headers: &mut HeaderMap) {
    insert(headers, "request-id", &id.prefixed("req"));
}

fn prefixed<'a>(prefix: &str, id: &'a str) -> Cow<'a, str> {
    match id.starts_with(prefix) {
        true => id.into(),
        false => format!("{prefix}{id}").into(),
    }
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value: Cow<'_, str> = utf8_percent_encode(value, ENCODED).into();
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
