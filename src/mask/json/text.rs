use std::borrow::Cow;
use std::fmt::Write;

use super::eight;

/// Decodes the content of a string that the scanner has passed. Lone surrogates become U+FFFD.
pub(in crate::mask) fn decoded(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let after = match escape.as_bytes().first().copied().map(simple) {
            Some(Some(letter)) => {
                text.push(char::from(letter));
                &escape[1..]
            }
            _ => {
                let (letter, after) = one_escape(escape);
                text.push(letter);
                after
            }
        };
        // Escapes are dense where there are any.
        let plain = eight::plain(after.as_bytes(), b'\\');
        text.push_str(&after[..plain]);
        rest = &after[plain..];
    }
    Cow::Owned(text)
}

/// Returns the character of an escape of one letter.
#[inline]
fn simple(letter: u8) -> Option<u8> {
    Some(match letter {
        b'b' => 0x8,
        b'f' => 0xc,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' | 0x80.. => return None,
        other => other,
    })
}

/// Reads any other escape without its backslash. Returns its character and what comes after.
fn one_escape(escape: &str) -> (char, &str) {
    if let Some(digits) = escape.strip_prefix('u') {
        return unicode(digits);
    }
    let mut rest = escape.chars();
    let letter = rest.next().unwrap_or(char::REPLACEMENT_CHARACTER);
    (letter, rest.as_str())
}

fn unicode(digits: &str) -> (char, &str) {
    let Some((unit, rest)) = hex(digits) else {
        return (char::REPLACEMENT_CHARACTER, "");
    };
    if let Some(letter) = char::from_u32(unit) {
        return (letter, rest);
    }
    let pair = rest
        .strip_prefix("\\u")
        .and_then(hex)
        .filter(|&(low, _)| unit < 0xdc00 && (0xdc00..0xe000).contains(&low));
    match pair {
        Some((low, after)) => {
            let letter = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            (letter.unwrap_or(char::REPLACEMENT_CHARACTER), after)
        }
        None => (char::REPLACEMENT_CHARACTER, rest),
    }
}

fn hex(digits: &str) -> Option<(u32, &str)> {
    let (four, rest) = digits.split_at_checked(4)?;
    Some((u32::from_str_radix(four, 16).ok()?, rest))
}

/// Appends text as the content of a string.
pub(in crate::mask) fn encode(text: &str, into: &mut String) {
    let is_special = |byte: &u8| *byte < 0x20 || matches!(*byte, b'"' | b'\\');
    let mut rest = text;
    while let Some(at) = rest.as_bytes().iter().position(is_special) {
        into.push_str(&rest[..at]);
        match rest.as_bytes().get(at) {
            Some(b'"') => into.push_str("\\\""),
            Some(b'\\') => into.push_str("\\\\"),
            Some(b'\n') => into.push_str("\\n"),
            Some(b'\r') => into.push_str("\\r"),
            Some(b'\t') => into.push_str("\\t"),
            control => {
                // Writing to a string does not fail.
                let _ = write!(into, "\\u{:04x}", control.copied().unwrap_or_default());
            }
        }
        rest = &rest[at + 1..];
    }
    into.push_str(rest);
}
