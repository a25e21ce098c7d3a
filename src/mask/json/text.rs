use std::borrow::Cow;
use std::fmt::Write;

/// Decodes the content of a string that the scanner has passed. Lone surrogates become U+FFFD.
pub(in crate::mask) fn decoded(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (letter, after) = one_escape(escape);
        text.push(letter);
        // Escapes are dense where there are any.
        let is_escape = |byte: &u8| *byte == b'\\';
        let plain = after.as_bytes().iter().position(is_escape);
        let plain = plain.unwrap_or(after.len());
        text.push_str(&after[..plain]);
        rest = &after[plain..];
    }
    Cow::Owned(text)
}

/// Reads an escape without its backslash. Returns its character and what comes after.
fn one_escape(escape: &str) -> (char, &str) {
    let letter = match escape.as_bytes().first() {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(&escape[1..]),
        Some(&other) if other.is_ascii() => char::from(other),
        _ => {
            let mut rest = escape.chars();
            let letter = rest.next().unwrap_or(char::REPLACEMENT_CHARACTER);
            return (letter, rest.as_str());
        }
    };
    (letter, &escape[1..])
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
