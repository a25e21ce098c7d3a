use http::HeaderName;

use super::fields::Fields;

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The most characters of a client's request id; longer ones are not recorded.
const MAX_REQUEST_ID: usize = 128;

/// Returns the client's request id: the first `X-Request-Id` or `Request-Id`, if it is short and harmless.
pub(crate) fn client_request_id(fields: &Fields) -> Option<&str> {
    let id = fields
        .text("x-request-id")
        .or_else(|| fields.text("request-id"))?;
    is_safe_request_id(id).then_some(id)
}

/// Tells whether an id has 1 to 128 characters of letters, digits and `-_.:/+=`.
pub(super) fn is_safe_request_id(id: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(safe)
}

/// What a valid `traceparent` says (W3C Trace Context, level 1, section 3.2).
pub(super) struct TraceParent<'t> {
    pub(super) trace_id: &'t str,
    /// Whether the caller recorded the trace.
    pub(super) is_sampled: bool,
}

/// Returns the trace id of a valid `traceparent`.
pub(crate) fn trace_id(fields: &Fields) -> Option<&str> {
    let mut parents = fields.all(&TRACEPARENT);
    let (parent, None) = (parents.next()?, parents.next()) else {
        return None;
    };
    let parent = std::str::from_utf8(parent).ok()?;
    TraceParent::read(parent).map(|parent| parent.trace_id)
}

impl<'t> TraceParent<'t> {
    /// Reads a field's value. Version `ff` is invalid, version `00` has exactly four parts, later versions may have more; ids of zeros are invalid.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let (parent, rest) = text.as_bytes().split_first_chunk::<55>()?;
        let is_hex = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let has_shape = [2, 35, 52].iter().all(|&dash: &usize| parent[dash] == b'-')
            && parent.iter().filter(is_hex).count() == 52;
        let (version, trace, span) = (&parent[..2], &parent[3..35], &parent[36..52]);
        let zeros = |bytes: &[u8]| bytes.iter().all(|&byte| byte == b'0');
        let ends = match version {
            b"ff" => false,
            b"00" => rest.is_empty(),
            _ => rest.is_empty() || rest.starts_with(b"-"),
        };
        let is_valid = has_shape && ends && !zeros(trace) && !zeros(span);
        let flags = char::from(parent[54]).to_digit(16).filter(|_| is_valid)?;
        Some(Self {
            trace_id: text.get(3..35)?,
            is_sampled: flags & 1 == 1,
        })
    }
}

/// Returns the API's version: the first of the path's first three segments that is `v` and a number, `v1` or `v2.1`.
pub(crate) fn api_version(path: &str) -> Option<&str> {
    let version = |segment: &&str| {
        let number = segment.strip_prefix('v').unwrap_or_default();
        (1..=8).contains(&number.len())
            && number.starts_with(|it: char| it.is_ascii_digit())
            && number
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    path.split('/').skip(1).take(3).find(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in list {
            fields.push(name, value.as_bytes(), false);
        }
        fields
    }

    #[test]
    fn client_request_id_is_bounded_and_safe() {
        assert_eq!(
            client_request_id(&fields(&[("x-request-id", "req-12345")])),
            Some("req-12345")
        );
        assert_eq!(
            client_request_id(&fields(&[("request-id", "a")])),
            Some("a")
        );
        for odd in ["", "a b", "a\u{1b}[2J", "<script>", "é", &"a".repeat(129)] {
            assert_eq!(
                client_request_id(&fields(&[("x-request-id", odd)])),
                None,
                "{odd}"
            );
        }
    }

    #[test]
    fn only_a_valid_traceparent_gives_a_trace_id() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let read = |text: &str| trace_id(&fields(&[("traceparent", text)])).map(str::to_owned);
        assert_eq!(
            read(&format!("00-{trace}-00f067aa0ba902b7-01")),
            Some(trace.to_owned())
        );
        assert_eq!(
            read(&format!("cc-{trace}-00f067aa0ba902b7-01-what-later")),
            Some(trace.to_owned())
        );
        for wrong in [
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("00-{trace}-00f067aa0ba902b7-01-"),
            format!("cc-{trace}-00f067aa0ba902b7-01more"),
            format!("00-{trace}-00f067aa0ba902b7_01"),
            format!("00-{trace}-00f067aa0ba902b-701"),
            format!("00-{trace}-00f067aa0ba902b7-0"),
            format!("00-{trace}-00f067aa0ba902b7-0é"),
            format!("00-{trace}-0000000000000000-01"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01".to_owned(),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            "00".to_owned(),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        let valid = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(
            trace_id(&fields(&[("traceparent", &valid), ("traceparent", &valid)])),
            None,
            "two parents"
        );
    }

    #[test]
    fn caller_has_recorded_the_trace_where_the_last_flag_says_so() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for flags in 0..=255 {
            let text = format!("00-{trace}-00f067aa0ba902b7-{flags:02x}");
            let parent = TraceParent::read(&text).unwrap();
            assert_eq!(parent.is_sampled, flags & 1 == 1, "{flags:02x}");
        }
    }

    #[test]
    fn api_version_is_a_segment_of_its_own() {
        assert_eq!(api_version("/api/v1/inquiries"), Some("v1"));
        assert_eq!(api_version("/v2.1"), Some("v2.1"));
        for path in ["/", "/vault/1", "/api/version1", "/a/b/c/v1", "/v", "/v.1"] {
            assert_eq!(api_version(path), None, "{path}");
        }
    }
}
