//! `name=value` pairs between `&`: queries, fragments and forms.
//!
//! Names are percent-decoded before they are decided on, each part in brackets for itself. A secret value is replaced in place by
//! `%5BMASKED%5D`, or by what shows of a token; every other byte stays. A value reaches up to the next `&`; in one that is not secret, pairs
//! after `;` are looked at as well, since some servers separate by it. `state` is secret beside OAuth's `code`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::names::{RuleId, Shape};
use super::{MASKED, Pass, WITHHELD, inside, token};

/// What stays as it is in a replaced value.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*');
const STATE: &str = "oauth state";

/// Masks pairs. Returns `None` where they stay as they are.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let oauth = text.split('&').any(|pair| pair.starts_with("code="));
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    for pair in text.split('&') {
        let end = start + pair.len();
        for (name, value) in candidates(pair) {
            let from = end - value.len();
            let is_last = cut && end == text.len();
            if let Some(masked) = mask_value(&name, value, oauth, is_last, level, pass) {
                out.push_str(text.get(copied..from).unwrap_or_default());
                out.push_str(&masked);
                copied = end;
                break;
            }
        }
        start = end + 1;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// Returns the pair, and those that begin after its semicolons, each with its value up to the end.
fn candidates(pair: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let starts = std::iter::once(0).chain(pair.match_indices(';').map(|(at, _)| at + 1));
    starts.filter_map(|at| {
        let piece = &pair[at..];
        let (name, value) = piece.split_once('=')?;
        (!value.is_empty() && !name.contains(';')).then(|| (decoded(name), value))
    })
}

fn mask_value(
    name: &str,
    value: &str,
    oauth: bool,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    if let Some(rule) = pass.pairs.decide_bracketed(name) {
        pass.report
            .masked(|| name.to_owned(), pass.pairs.rule_name(rule), value.len());
        return Some(replacement(value, rule, cut, pass));
    }
    if oauth && name == "state" {
        pass.report.masked(|| name.to_owned(), STATE, value.len());
        return Some(encoded(MASKED));
    }
    mask_inside(name, value, cut, level, pass)
}

fn replacement(value: &str, rule: RuleId, cut: bool, pass: &Pass<'_>) -> String {
    let shown = (!cut && pass.pairs.shape(rule) == Shape::Token)
        .then(|| token::shown(&decoded(value)))
        .flatten();
    encoded(shown.as_deref().unwrap_or(MASKED))
}

fn mask_inside(
    name: &str,
    value: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    if !value.contains(['%', '{', '[', '"', '/', '?', '#', '@', '\\']) {
        return None;
    }
    let value = decoded(value);
    // `return_to=account?token=…` is a relative reference.
    let relative = value.contains('?') && !value.contains(|letter: char| letter.is_whitespace());
    let base = pass.report.descend(name);
    let masked = match relative && !value.starts_with(['{', '[', '"']) {
        true if level > 3 => Some(WITHHELD.to_owned()),
        true => super::uri::mask(&value, cut, level + 1, pass),
        false => inside::mask(&value, cut, level, pass),
    };
    pass.report.leave(base);
    masked.as_deref().map(encoded)
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
