//! Conditional requests (RFC 9110, section 13): who holds the same reply already is told so and not sent it again.

use std::fmt::Write;

use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// Returns the strong entity tag of a body: its SHA-256.
pub(crate) fn etag(body: &[u8]) -> Option<HeaderValue> {
    let mut tag = String::with_capacity(66);
    tag.push('"');
    for byte in Sha256::digest(body) {
        write!(tag, "{byte:02x}").ok()?;
    }
    tag.push('"');
    HeaderValue::from_str(&tag).ok()
}

/// Tells whether `If-None-Match` names the tag, by weak comparison, or any tag.
pub(crate) fn is_held(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let mut lines = request.get_all(IF_NONE_MATCH).iter();
    lines.any(|line| match line.as_bytes() {
        b"*" => true,
        list => tags(list).any(|tag| tag == etag.as_bytes()),
    })
}

/// Walks the tags of a list, quotes included, without the mark of weak ones; ends at what is no tag.
fn tags(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = list.iter().position(|byte| !b" \t,".contains(byte))?;
        let tag = &list[start..];
        let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
        let inner = tag.strip_prefix(b"\"")?;
        let length = inner.iter().position(|&byte| byte == b'"')?;
        let (tag, rest) = tag.split_at(length + 2);
        list = rest;
        Some(tag)
    })
}
