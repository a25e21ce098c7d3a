use std::borrow::Cow;
use std::fmt::Write;

/// Decodes the content of a string that the scanner has passed. Lone surrogates become U+FFFD.
pub(in crate::mask) fn decoded(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (letter, after) = one_escape(escape);
        text.push(letter);
        let plain = after.find('\\').unwrap_or(after.len());
        text.push_str(&after[..plain]);
        rest = &after[plain..];
    }
    Cow::Owned(text)
}

/// Reads an escape without its backslash. Returns its character and what comes after.
fn one_escape(escape: &str) -> (char, &str) {
    let mut rest = escape.chars();
    let letter = match rest.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return unicode(rest.as_str()),
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
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
    for letter in text.chars() {
        match letter {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '\0'..='\u{1f}' => {
                // Writing to a string does not fail.
                let _ = write!(into, "\\u{:04x}", u32::from(letter));
            }
            _ => into.push(letter),
        }
    }
}
