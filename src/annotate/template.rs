use serde_json::Value;

use super::pattern::Pattern;
use crate::error::Error;

/// A text with places that an exchange fills, such as `Project {id} was renamed`.
pub(super) struct Template {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    /// The segment of this name.
    Segment(String),
    /// What stands at this JSON pointer in the response's body.
    Response(String),
}

/// What an exchange fills a template with.
pub(super) struct Values<'p> {
    pub(super) segments: Vec<(&'p str, String)>,
    pub(super) response: Option<Value>,
}

impl Template {
    /// Reads a template for the exchanges of a pattern.
    ///
    /// # Errors
    ///
    /// For odd braces, a name that the pattern does not have and a JSON pointer that is none.
    pub(super) fn parse(text: &str, pattern: &Pattern) -> Result<Self, Error> {
        let mut pieces = Vec::new();
        let mut parts = text.split('{');
        let first = parts.next().unwrap_or_default();
        let wrong = |message| Error::configuration(format!("{message}: {text}"));
        let odd = || wrong("a brace of an audit route's template stands alone");
        let own = |text: &str| match text.contains('}') {
            true => Err(odd()),
            false => Ok(Piece::Text(text.to_owned())),
        };
        pieces.push(own(first)?);
        for part in parts {
            let (inner, after) = part.split_once('}').ok_or_else(odd)?;
            pieces.push(Piece::parse(inner, pattern).map_err(wrong)?);
            pieces.push(own(after)?);
        }
        Ok(Self { pieces })
    }

    pub(super) fn reads_response(&self) -> bool {
        let reads = |piece: &Piece| matches!(piece, Piece::Response(_));
        self.pieces.iter().any(reads)
    }

    /// Fills in what is known; where a part is not there it is what `missing` says, or nothing at all.
    pub(super) fn fill(&self, values: &Values<'_>, missing: Option<&str>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece.value(values) {
                Some(value) => text.push_str(&value),
                None => text.push_str(missing?),
            }
        }
        Some(text)
    }
}

impl Piece {
    fn parse(inner: &str, pattern: &Pattern) -> Result<Self, &'static str> {
        if let Some(pointer) = inner.strip_prefix("response:") {
            return match pointer.starts_with('/') {
                true => Ok(Self::Response(pointer.to_owned())),
                false => Err(
                    "a response's part in an audit route's template is a JSON pointer, as {response:/id}",
                ),
            };
        }
        match pattern.has_name(inner) {
            true => Ok(Self::Segment(inner.to_owned())),
            false => {
                Err("a name in an audit route's template is one of its path's, or {response:/…}")
            }
        }
    }

    fn value(&self, values: &Values<'_>) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Segment(name) => {
                let mut segments = values.segments.iter();
                let (_, value) = segments.find(|(known, _)| known == name)?;
                Some(value.clone())
            }
            Self::Response(pointer) => match values.response.as_ref()?.pointer(pointer)? {
                Value::String(text) => Some(text.clone()),
                value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            },
        }
    }
}
