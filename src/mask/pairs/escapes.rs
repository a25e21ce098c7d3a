use percent_encoding::percent_decode_str;

use crate::mask::charset;

/// Decodes `%41`, and `%u0041` as old browsers write it. Bytes that are not UTF-8 are read as Windows-1252, as forms of old pages are sent.
pub(super) fn unescaped(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|&it| charset::windows_1252(it)));
    }
    match text.contains("%u") || text.contains("%U") {
        true => without_units(&out),
        false => out,
    }
}

/// Decodes `%u0041`; halves of surrogate pairs become U+FFFD.
fn without_units(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let unit = after.strip_prefix(['u', 'U']).and_then(|it| it.get(..4));
        let unit = unit.filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match unit.and_then(|it| u32::from_str_radix(it, 16).ok()) {
            Some(unit) => {
                out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = &after[5..];
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_every_kind_are_decoded() {
        for (text, shown) in [
            ("pass%77ord", "password"),
            ("pass%u0077ord", "password"),
            ("%U00e9%u20AC", "é€"),
            ("%ud83d%ude00", "\u{fffd}\u{fffd}"),
            ("contrase%F1a", "contraseña"),
            ("contrase%C3%B1a%FF", "contraseñaÿ"),
            ("100%u", "100%u"),
            ("%u004", "%u004"),
            ("%u+041", "%u+041"),
            ("%u00é", "%u00é"),
            ("%", "%"),
        ] {
            assert_eq!(unescaped(text), shown, "{text}");
        }
    }
}
