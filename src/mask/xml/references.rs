use std::borrow::Cow;

use super::Malformed;

/// Decodes the references of a text or a value.
pub(super) fn decoded(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    if !raw.contains('&') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or(Malformed)?;
        text.push_str(before);
        text.push(character(name).ok_or(Malformed)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// Returns the character of a reference without its `&` and `;`; `None` for an entity that is not declared.
pub(super) fn character(name: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        let is_number = !digits.is_empty() && digits.chars().all(|it| it.is_digit(radix));
        let letter = u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32);
        letter.filter(|&it| is_number && is_character(it))
    };
    match (name, name.strip_prefix('#')) {
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("amp", _) => Some('&'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(digits)) => match digits.strip_prefix('x') {
            Some(digits) => number(digits, 16),
            None => number(digits, 10),
        },
        _ => None,
    }
}

/// Tells whether a character may stand in XML 1.0.
pub(super) fn is_character(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Returns text as it stands in content or between quotes of either kind.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if is_character(letter) => out.push(letter),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}
