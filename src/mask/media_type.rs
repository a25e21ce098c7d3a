/// What a body claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Json,
    /// One JSON document a line.
    JsonLines,
    Form,
    Multipart,
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

    pub(super) fn claim(&self) -> Claim {
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
            Claim::Multipart
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
        if self.parameters.is_empty() {
            return true;
        }
        // Readers differ in which of two they take.
        parameters(self.parameters).iter().all(|(name, value)| {
            !name.starts_with("charset")
                || name == "charset" && CHARSETS.iter().any(|it| it.eq_ignore_ascii_case(value))
        })
    }

    /// Returns the boundary; `None` where there is none, or more than one.
    pub(super) fn boundary(&self) -> Option<String> {
        let parameters = parameters(self.parameters);
        let mut all = parameters
            .into_iter()
            .filter(|(name, _)| name.starts_with("boundary"));
        let (name, boundary) = all.next()?;
        (name == "boundary" && all.next().is_none()).then_some(boundary)
    }
}

/// Reads `name="value"; …`, names in lower case, values without quotes and escapes.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_matches([';', ' ', '\t']).to_ascii_lowercase();
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match value.split_once(';') {
                Some((value, after)) => (value.trim().to_owned(), after),
                None => (value.trim().to_owned(), ""),
            },
        };
        parameters.push((name, value));
        rest = after;
    }
    parameters
}

fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            _ => value.push(letter),
        }
    }
    (value, letters.as_str())
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
            Some(Claim::Multipart)
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
    fn boundary_is_read_once_and_with_its_quotes() {
        let boundary = |text| MediaType::parse(text).and_then(|it| it.boundary());
        assert_eq!(
            boundary("a/b; boundary=\"a;b\"; x=1").as_deref(),
            Some("a;b")
        );
        assert_eq!(
            boundary("a/b; x=\"; boundary=a\"; Boundary=b").as_deref(),
            Some("b")
        );
        for none in [
            "a/b",
            "a/b; boundary=a; boundary=a",
            "a/b; boundary*=a; boundary=b",
        ] {
            assert_eq!(boundary(none), None, "{none}");
        }
    }

    #[test]
    fn charset_that_is_not_ascii_below_128_is_not_readable() {
        let readable = |text| MediaType::parse(text).is_some_and(|it| it.is_readable());
        assert!(readable("application/json"));
        assert!(readable("application/json; charset=\"UTF-8\""));
        assert!(!readable("application/json; charset=utf-16le"));
        assert!(!readable("text/plain; charset=utf-7"));
        assert!(!readable("text/plain; charset=utf-8; charset=utf-7"));
        assert!(!readable("text/plain; charset*=utf-7''utf-7"));
    }
}
