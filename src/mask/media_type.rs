/// What a body claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Json,
    /// One JSON document a line.
    JsonLines,
    /// JSON documents that each begin with a record separator (RFC 7464).
    JsonSequence,
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// Any other `multipart`.
    Parts,
    Xml,
    /// Server-sent events.
    Events,
    GraphQl,
    Csv,
    /// A token as a whole, such as a JSON Web Token.
    Token,
    /// `text/*` without a grammar that is known here.
    Text,
    Unknown,
}

/// The charset is given twice, or as pieces.
pub(super) struct Unreadable;

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
        const TOKENS: [&str; 3] = ["application/jwt", "application/jose", "application/sd-jwt"];
        let any = |known: &[&str]| known.iter().any(|it| self.is(it));
        if self.begins("application/grpc") || self.begins("application/connect+") {
            // Frames with binary heads, whatever the suffix says.
            Claim::Unknown
        } else if any(&JSON) || self.ends("+json") {
            Claim::Json
        } else if any(&JSON_LINES) {
            Claim::JsonLines
        } else if self.is("application/json-seq") || self.ends("+json-seq") {
            Claim::JsonSequence
        } else if self.is("application/x-www-form-urlencoded") {
            Claim::Form
        } else if self.is("multipart/form-data") {
            Claim::Multipart
        } else if self.begins("multipart/") {
            Claim::Parts
        } else if any(&["application/xml", "text/xml"]) || self.ends("+xml") {
            Claim::Xml
        } else if self.is("text/event-stream") {
            Claim::Events
        } else if self.is("application/graphql") {
            Claim::GraphQl
        } else if any(&["text/csv", "application/csv"]) {
            Claim::Csv
        } else if any(&TOKENS) || self.ends("+jwt") || self.ends("+sd-jwt") {
            Claim::Token
        } else if self.begins("text/") {
            Claim::Text
        } else {
            Claim::Unknown
        }
    }

    fn begins(&self, with: &str) -> bool {
        let start = self.essence.get(..with.len());
        start.is_some_and(|it| it.eq_ignore_ascii_case(with))
    }

    fn ends(&self, with: &str) -> bool {
        let tail = self.essence.len().saturating_sub(with.len());
        let end = self.essence.get(tail..);
        end.is_some_and(|it| it.eq_ignore_ascii_case(with))
    }

    /// Returns the charset, if one is given.
    pub(super) fn charset(&self) -> Result<Option<String>, Unreadable> {
        if self.parameters.is_empty() {
            return Ok(None);
        }
        let parameters = parameters(self.parameters).into_iter();
        let mut all = parameters.filter(|(name, _)| name.starts_with("charset"));
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some((name, charset)), None) if name == "charset" => Ok(Some(charset)),
            // Readers differ in which of two they take.
            _ => Err(Unreadable),
        }
    }

    /// Returns the value of a parameter that is given once.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let parameters = parameters(self.parameters).into_iter();
        let mut all = parameters.filter(|(known, _)| known == name);
        let (_, value) = all.next()?;
        all.next().is_none().then_some(value)
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
        for (text, expected) in [
            ("application/json-seq", Claim::JsonSequence),
            ("application/geo+json-seq", Claim::JsonSequence),
            ("text/XML", Claim::Xml),
            ("application/soap+xml", Claim::Xml),
            ("text/event-stream", Claim::Events),
            ("application/graphql", Claim::GraphQl),
            ("text/csv; header=present", Claim::Csv),
            ("multipart/related; boundary=b", Claim::Parts),
            ("application/jose", Claim::Token),
            ("application/at+jwt", Claim::Token),
            ("application/grpc+json", Claim::Unknown),
            ("application/connect+json", Claim::Unknown),
            ("application/yaml", Claim::Unknown),
        ] {
            assert_eq!(claim(text), Some(expected), "{text}");
        }
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
    fn charset_is_read_once() {
        let charset = |text| MediaType::parse(text).and_then(|it| it.charset().ok());
        assert_eq!(charset("application/json"), Some(None));
        assert_eq!(
            charset("application/json; Charset=\"UTF-8\""),
            Some(Some("UTF-8".to_owned()))
        );
        for odd in [
            "text/plain; charset=utf-8; charset=utf-7",
            "text/plain; charset*=utf-7''utf-7",
            "text/plain; charset*0=utf-; charset*1=7",
        ] {
            assert_eq!(charset(odd), None, "{odd}");
        }
    }
}
