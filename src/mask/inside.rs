//! Text that holds more: JSON inside a string, a URL inside a field.
//!
//! - Text that begins, after spaces, with `{`, `[` or `"` and is JSON, or the beginning of it, is masked as JSON. Down to [`MAX_LEVEL`]
//!   strings in strings; deeper ones that begin so are withheld.
//! - Text that begins so and is not JSON stays, as `[draft] title` does, unless a secret's name stands in it before a `:` or `=`: then it is
//!   withheld as a whole, because nobody can tell where the secret ends. So is text with quotes in it where a quoted secret name is
//!   followed by `:`, or a secret name by `:` or `=` and a quote: a sentence around JSON, a literal in a query language.
//! - Text that begins with a scheme and `://`, or as a path with a query, is masked as a URL.
//! - Everything else stays.

use super::names::Names;
use super::{Pass, WITHHELD, json, uri};

/// The most strings in strings that are looked into.
const MAX_LEVEL: u8 = 3;
/// The longest scheme that is looked for.
const MAX_SCHEME_BYTES: usize = 24;
const RULE: &str = "embedded text";

/// Tells whether raw text, escapes and all, may hold more. It errs on the side of yes.
pub(super) fn may_hold(raw: &str) -> bool {
    match raw.as_bytes().first() {
        None => false,
        Some(b'{' | b'[' | b' ' | b'\\' | b'"' | b'\t' | b'\n' | b'\r') => true,
        Some(b'/') => raw.contains('\\') || uri::has_marks(raw),
        Some(0x80..) => raw.chars().next().is_some_and(is_space),
        Some(_) => has_scheme(raw),
    }
}

/// Masks decoded text that may hold more. Returns `None` where it stays as it is.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let content = text.trim_start_matches(is_space);
    if content.starts_with(['{', '[', '"']) {
        if level >= MAX_LEVEL {
            return withhold(text, pass);
        }
        let mark = pass.report.mark();
        let before = pass.report.count();
        return match json::mask_cut(content, level + 1, pass) {
            Ok(document) => (pass.report.count() > before).then(|| {
                let lead = text.strip_suffix(content).unwrap_or_default();
                format!("{lead}{}", document.text.as_deref().unwrap_or(content))
            }),
            Err(_) => {
                pass.report.forget(&mark);
                match names_a_secret(content, false, pass.fields) {
                    true => withhold(text, pass),
                    false => None,
                }
            }
        };
    }
    if has_scheme(content) || content.starts_with('/') {
        return mask_reference(text, cut, level, pass);
    }
    if content.contains(['"', '\'', '`']) && names_a_secret(content, true, pass.fields) {
        return withhold(text, pass);
    }
    None
}

/// Masks decoded text that is a URL or a relative reference.
pub(super) fn mask_reference(
    text: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    match level >= MAX_LEVEL {
        true if uri::has_marks(text) => withhold(text, pass),
        true => None,
        false => uri::mask(text, cut, level + 1, pass),
    }
}

fn withhold(text: &str, pass: &mut Pass<'_>) -> Option<String> {
    pass.report.masked(String::new, RULE, text.len());
    Some(WITHHELD.to_owned())
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}')
}

fn has_scheme(text: &str) -> bool {
    let bytes = text.as_bytes();
    let scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let length = bytes
        .iter()
        .take(MAX_SCHEME_BYTES)
        .take_while(scheme)
        .count();
    length > 0
        && bytes
            .get(length..)
            .is_some_and(|rest| rest.starts_with(b"://"))
}

/// Tells whether a secret's name is followed by `:` or `=`; with `quoted`, only where the name or what follows is in quotes.
fn names_a_secret(text: &str, quoted: bool, fields: &mut Names) -> bool {
    const QUOTES: [char; 4] = ['"', '\'', '`', '\\'];
    // Escapes can spell any name.
    let is_escape = |(at, _): (usize, &str)| {
        let digits = text.as_bytes().get(at + 2..at + 6);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if text.match_indices("\\u").any(is_escape) {
        return true;
    }
    text.match_indices([':', '=']).any(|(at, _)| {
        let before = text[..at].trim_end();
        let bare = before.trim_end_matches(QUOTES);
        let after = text[at + 1..].trim_start();
        let in_quotes = bare.len() < before.len() || after.starts_with(QUOTES);
        if after.is_empty() || quoted && !in_quotes {
            return false;
        }
        let start = bare
            .rfind(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-' | '.'))
            .map_or(0, |at| {
                at + bare[at..].chars().next().map_or(1, char::len_utf8)
            });
        !bare[start..].is_empty() && fields.decide(&bare[start..]).is_some()
    })
}
