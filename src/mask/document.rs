//! Values that the application tells, as JSON.

use serde_json::Value;

use super::{Pass, WITHHELD, json};
use crate::capture::Json;
use crate::entry::Place;

/// Values that are nested more deeply become the text of their JSON, which every reader can read.
const MAX_DEPTH: usize = 100;

/// A value as the application told it, and as it may show.
pub(super) struct Document {
    /// `None` where it was withheld.
    pub(super) raw: Option<Value>,
    pub(super) shown: Value,
}

/// Masks a value. What cannot be understood is withheld.
pub(super) fn mask(json: &Json, place: Place, pass: &mut Pass<'_>) -> Document {
    pass.enter(place);
    let (rule, bytes) = match json {
        Json::Text(text) => {
            let mark = pass.report.mark();
            match json::mask(text, 0, pass) {
                Ok(masked) => return document(text, masked.text.as_deref()),
                Err(_) => pass.report.forget(&mark),
            }
            ("unserializable", text.len())
        }
        Json::Unserializable => ("unserializable", 0),
        Json::TooLarge(bytes) => {
            let bytes = bytes.and_then(|it| usize::try_from(it).ok());
            ("too_large", bytes.unwrap_or(0))
        }
    };
    pass.report.masked(String::new, rule, bytes);
    Document {
        raw: None,
        shown: Value::String(WITHHELD.to_owned()),
    }
}

fn document(text: &str, masked: Option<&str>) -> Document {
    let raw = parse(text);
    let shown = masked.map_or_else(|| raw.clone(), parse);
    Document {
        raw: Some(raw),
        shown,
    }
}

/// Reads JSON; what a parser would refuse to read back, for its depth or a number without bounds, stays text.
pub(super) fn parse(text: &str) -> Value {
    let own = || Value::String(text.to_owned());
    match is_deep(text) {
        true => own(),
        false => serde_json::from_str(text).unwrap_or_else(|_| own()),
    }
}

fn is_deep(text: &str) -> bool {
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
