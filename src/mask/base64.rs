//! JSON in base64 (RFC 4648, both alphabets), as in JSON Web Tokens, cursors and header fields.

/// Fewer bytes hold no name and secret.
const MIN_BYTES: usize = 16;

/// Tells whether text begins as the base64 of an object or a list does.
pub(super) fn may_be_json(text: &str) -> bool {
    let bytes = text.as_bytes();
    // `{"`, `{ `, `{` and a line end or tab, `[{`, `["`, `[[`.
    let known: [&[u8; 2]; 6] = [b"ey", b"ew", b"e3", b"W3", b"Wy", b"W1"];
    matches!(bytes.first(), Some(b'e' | b'W'))
        && bytes.len() >= MIN_BYTES
        && known.iter().any(|it| bytes.starts_with(*it))
}

/// Returns the words of a text, between spaces and commas, that begin as the base64 of an object or a list does.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at + MIN_BYTES <= bytes.len() {
            if at > 0 && at + LANES < bytes.len() && !begins_any(bytes, at) {
                at += LANES;
                continue;
            }
            let is_first = at.checked_sub(1).is_none_or(|at| is_between(bytes[at]));
            let from = at;
            at += 1;
            // Most words that begin so are no such ones.
            if is_first && let Some(rest) = text.get(from..).filter(|it| may_be_json(it)) {
                let length = rest.bytes().position(is_between);
                let word = rest.get(..length.unwrap_or(rest.len()))?;
                if may_be_json(word) {
                    at = from + word.len();
                    return Some(word);
                }
            }
        }
        None
    })
}

/// How many bytes are looked at together.
const LANES: usize = 16;

/// Tells whether one of the next bytes begins a word as base64 of JSON does, without a branch for each.
#[inline]
fn begins_any(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at - 1..).and_then(|it| it.first_chunk::<LANES>());
    let these = bytes.get(at..).and_then(|it| it.first_chunk::<LANES>());
    let (Some(before), Some(these)) = (before, these) else {
        return true;
    };
    let begins = |(&last, &byte): (&u8, &u8)| {
        let is_between = (last == b' ') | (last == b'\t') | (last == b',');
        u8::from(is_between & ((byte == b'e') | (byte == b'W')))
    };
    let pairs = before.iter().zip(these);
    pairs.fold(0, |any, pair| any | begins(pair)) != 0
}

fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',')
}

/// Decodes text that may be JSON; `None` where it is not base64 of UTF-8. A last letter group that was cut off is left out, and so is everything
/// that is no letter of base64, such as line ends: readers leave it out as well (RFC 2045 section 6.8).
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut bits = 0_u32;
    for (at, letter) in text.bytes().filter_map(value).enumerate() {
        bits = bits << 6 | letter;
        if at % 4 > 0 {
            bytes.push(u8::try_from(bits >> (6 - at % 4 * 2) & 0xff).ok()?);
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            // No more than one character that was cut.
            (bytes.len() - valid < 4).then(|| bytes.truncate(valid))?;
            String::from_utf8(bytes).ok()
        }
    }
}

fn value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_begin_as_json_does_are_found_at_every_place() {
        let word = "eyJhIjoxfQeyJhIjoxfQ";
        for lead in 0..40 {
            for between in [' ', '\t', ','] {
                let text = format!(
                    "{}{between}{word}{between}{word} e {word}x",
                    "a".repeat(lead)
                );
                let found: Vec<_> = words(&text).collect();
                assert_eq!(found, [word, word, &format!("{word}x")], "{text}");
            }
        }
        for none in [
            "",
            "ey",
            "a eyJhIjoxfQ b",
            "xeyJhIjoxfQeyJhIjoxfQ",
            "e e e e e e e e e e e e",
        ] {
            assert_eq!(words(none).count(), 0, "{none}");
        }
    }

    #[test]
    fn base64_is_decoded_in_both_alphabets_with_and_without_padding() {
        for (text, decoded) in [
            ("eyJhIjoxfQ==", "{\"a\":1}"),
            ("eyJhIjoxfQ", "{\"a\":1}"),
            ("eyJhIjoifn5-Pz8_In0", "{\"a\":\"~~~???\"}"),
            ("eyJhIjoifn5+Pz8/In0=", "{\"a\":\"~~~???\"}"),
            ("", ""),
        ] {
            assert_eq!(decode(text).as_deref(), Some(decoded), "{text}");
        }
        assert_eq!(decode("eyJh\r\n IjÿoxfQ").as_deref(), Some("{\"a\":1}"));
        assert_eq!(decode("//////////"), None);
    }
}
