/// What a body claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim<'a> {
    Json,
    /// One JSON document a line.
    JsonLines,
    Form,
    /// With its boundary, if it has one.
    Multipart(Option<&'a str>),
    /// `text/*` without a grammar that is known here.
    Text,
    Unknown,
}

/// A media type such as `text/plain; charset=utf-8`.
#[derive(Clone, Copy)]
pub(super) struct MediaType<'a> {
    /// `type/subtype`, as sent.
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    /// Reads a media type (RFC 9110 section 8.3.1); its parameters are not checked.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim();
        let (kind, subtype) = essence.split_once('/')?;
        let is_name = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
        };
        (is_name(kind) && is_name(subtype)).then_some(Self {
            essence,
            parameters,
        })
    }

    pub(super) fn essence(&self) -> &'a str {
        self.essence
    }

    pub(super) fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    pub(super) fn claim(&self) -> Claim<'a> {
        const JSON: [&str; 3] = ["application/json", "text/json", "text/x-json"];
        const JSON_LINES: [&str; 7] = [
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/x-jsonl",
            "application/jsonlines",
            "application/x-jsonlines",
            "application/json-lines",
        ];
        let any = |known: &[&str]| known.iter().any(|it| self.is(it));
        let begins = |with: &str| {
            self.essence
                .get(..with.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(with))
        };
        let tail = self.essence.len().saturating_sub("+json".len());
        let json_suffix = self
            .essence
            .get(tail..)
            .is_some_and(|it| it.eq_ignore_ascii_case("+json"));
        if any(&JSON) || json_suffix {
            Claim::Json
        } else if any(&JSON_LINES) {
            Claim::JsonLines
        } else if self.is("application/x-www-form-urlencoded") {
            Claim::Form
        } else if self.is("multipart/form-data") {
            Claim::Multipart(self.parameter("boundary"))
        } else if begins("text/") {
            Claim::Text
        } else {
            Claim::Unknown
        }
    }

    /// Tells whether the text can be read as UTF-8: in the other charsets named here ASCII means the same and the rest is not UTF-8.
    pub(super) fn is_readable(&self) -> bool {
        const CHARSETS: [&str; 6] = [
            "utf-8",
            "utf8",
            "us-ascii",
            "ascii",
            "iso-8859-1",
            "windows-1252",
        ];
        self.parameter("charset")
            .is_none_or(|charset| CHARSETS.iter().any(|it| it.eq_ignore_ascii_case(charset)))
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.split(';').find_map(|parameter| {
            let (known, value) = parameter.split_once('=')?;
            let value = value.trim();
            let bare = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            known
                .trim()
                .eq_ignore_ascii_case(name)
                .then_some(bare.unwrap_or(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_told_by_the_type_in_any_case() {
        let claim = |text| MediaType::parse(text).map(|it| it.claim());
        assert_eq!(claim("Application/JSON; charset=utf-8"), Some(Claim::Json));
        assert_eq!(claim("application/vnd.api+json"), Some(Claim::Json));
        assert_eq!(claim("application/x-ndjson"), Some(Claim::JsonLines));
        assert_eq!(
            claim("application/x-www-form-urlencoded"),
            Some(Claim::Form)
        );
        assert_eq!(
            claim("multipart/form-data; boundary=\"a b\""),
            Some(Claim::Multipart(Some("a b")))
        );
        assert_eq!(claim("text/html"), Some(Claim::Text));
        assert_eq!(claim("application/json-seq"), Some(Claim::Unknown));
        for wrong in [
            "",
            "text",
            "text/",
            "/plain",
            "te xt/plain",
            "*/*",
            "é/a",
            "text/*",
        ] {
            assert!(MediaType::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn charset_that_is_not_ascii_below_128_is_not_readable() {
        let readable = |text| MediaType::parse(text).is_some_and(|it| it.is_readable());
        assert!(readable("application/json"));
        assert!(readable("application/json; charset=\"UTF-8\""));
        assert!(!readable("application/json; charset=utf-16le"));
        assert!(!readable("text/plain; charset=utf-7"));
    }
}
