use std::{fmt, io};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::elided::Elided;

/// What a format sends back. The endpoint adds the headers that keep every reply out of caches and away from browsers' guesses.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The header fields, the content type among them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// Makes a reply of `application/json`, with `<`, `>`, `&`, U+2028 and U+2029 escaped, so that no logged text reads as markup.
    ///
    /// A value that does not serialise gives a reply of status 500 without a body.
    pub fn json(status: StatusCode, value: &(impl Serialize + ?Sized)) -> Self {
        let mut body = Vec::with_capacity(1024);
        let status = match append_json(&mut body, value) {
            true => status,
            false => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let headers = HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        )]);
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// Sets a header field. A value that HTTP cannot carry is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// Prints the status, the names of the fields and the length of the body.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &Elided::of(&self.body))
            .finish()
    }
}

/// Appends JSON as [`Reply::json`] writes it. Tells whether the value serialised; if not, nothing is appended.
#[must_use]
pub(super) fn append_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> bool {
    let start = out.len();
    let written = value.serialize(&mut Serializer::with_formatter(&mut *out, NoMarkup));
    if written.is_err() {
        out.truncate(start);
    }
    written.is_ok()
}

/// Compact JSON in which the characters that HTML and old JavaScript read as syntax are escaped. They can only stand in strings.
struct NoMarkup;

impl Formatter for NoMarkup {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape(writer, fragment)
    }

    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape(writer, fragment)
    }
}

fn escape<W: io::Write + ?Sized>(writer: &mut W, mut text: &str) -> io::Result<()> {
    let markup = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    while let Some((at, c)) = text.char_indices().find(|&(_, c)| markup(c)) {
        writer.write_all(&text.as_bytes()[..at])?;
        write!(writer, "\\u{:04x}", u32::from(c))?;
        text = &text[at + c.len_utf8()..];
    }
    writer.write_all(text.as_bytes())
}
