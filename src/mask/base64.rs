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
    let is_between = |byte: u8| matches!(byte, b' ' | b'\t' | b',');
    let mut last = b' ';
    let begins = text.bytes().enumerate().filter_map(move |(at, byte)| {
        let begins = matches!(byte, b'e' | b'W') && is_between(last);
        last = byte;
        begins.then_some(at)
    });
    begins.filter_map(|at| {
        // Most words that begin so are no such ones.
        let rest = text.get(at..).filter(|it| may_be_json(it))?;
        let word = rest.split([' ', '\t', ',']).next()?;
        may_be_json(word).then_some(word)
    })
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
