//! Bytes as text, by the charset that they say or show.
//!
//! A byte order mark, zero bytes (RFC 4627 section 3) and the charset of the media type must agree. What readers would read differently, and
//! text with a zero character, which is what text in an unknown charset looks like, is refused.

use std::borrow::Cow;

use crate::entry::WithheldReason;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    /// ISO 8859-1 as well, which browsers read so (WHATWG Encoding).
    Windows1252,
    /// In the order that a byte order mark or a zero byte tells.
    Utf16,
    Utf16Le,
    Utf16Be,
}

use Charset::{Ascii, Utf8, Utf16, Utf16Be, Utf16Le, Windows1252};

/// The characters of the bytes 0x80 to 0x9F; those that are none stand for themselves.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Charset {
    fn named(label: &str) -> Option<Self> {
        const LABELS: [(&str, Charset); 13] = [
            ("utf-8", Utf8),
            ("utf8", Utf8),
            ("us-ascii", Ascii),
            ("ascii", Ascii),
            ("iso-8859-1", Windows1252),
            ("iso8859-1", Windows1252),
            ("iso_8859-1", Windows1252),
            ("latin1", Windows1252),
            ("windows-1252", Windows1252),
            ("cp1252", Windows1252),
            ("utf-16", Utf16),
            ("utf-16le", Utf16Le),
            ("utf-16be", Utf16Be),
        ];
        let mut known = LABELS.iter();
        let found = known.find(|(name, _)| name.eq_ignore_ascii_case(label.trim()))?;
        Some(found.1)
    }

    fn is_of_bytes(self) -> bool {
        matches!(self, Utf8 | Ascii | Windows1252)
    }
}

/// Tells whether a charset is read here.
#[cfg(feature = "xml")]
pub(super) fn is_known(label: &str) -> bool {
    Charset::named(label).is_some()
}

/// Reads bytes; of bytes that were cut within a character, without it. A byte order mark is left out.
///
/// # Errors
///
/// `UnknownType` for a charset that is not read here, `NotUtf8` for bytes that are not text in theirs.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    label: Option<&str>,
    cut: bool,
) -> Result<Cow<'b, str>, WithheldReason> {
    let said = match label {
        Some(label) => Some(Charset::named(label).ok_or(WithheldReason::UnknownType)?),
        None => None,
    };
    decode_as(bytes, said, cut).ok_or(WithheldReason::NotUtf8)
}

/// Returns the encoding that an XML declaration says. One of UTF-16 says nothing, since these bytes could be read without it.
pub(super) fn declared(bytes: &[u8]) -> Option<&str> {
    const MAX_BYTES: usize = 200;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let text = bytes.utf8_chunks().next()?.valid();
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let label = value.get(1..)?.split(value.chars().next()?).next()?;
    Some(label).filter(|it| !matches!(Charset::named(it), Some(Utf16 | Utf16Le | Utf16Be)))
}

fn decode_as(bytes: &[u8], said: Option<Charset>, cut: bool) -> Option<Cow<'_, str>> {
    let (seen, content) = seen(bytes)?;
    let charset = match (said, seen) {
        (None, None) => Utf8,
        (None, Some(seen)) => seen,
        (Some(Utf16), None) => return None,
        (Some(said), None) => said,
        (Some(said), Some(Utf8)) if said.is_of_bytes() => Utf8,
        (Some(Utf16), Some(seen)) if !seen.is_of_bytes() => seen,
        (Some(said), Some(seen)) if said == seen => seen,
        _ => return None,
    };
    let text = match (charset, utf8(content, cut)) {
        (Utf16Le, _) => Cow::Owned(utf16(content, u16::from_le_bytes, cut)?),
        (Utf16Be, _) => Cow::Owned(utf16(content, u16::from_be_bytes, cut)?),
        // What is UTF-8 was meant so, whatever was said: letters of ISO 8859-1 hardly ever look like it.
        (_, Some(text)) => Cow::Borrowed(text),
        (Windows1252, None) if !has_utf8(content) => {
            Cow::Owned(content.iter().map(|&it| windows_1252(it)).collect())
        }
        _ => return None,
    };
    (!text.as_bytes().contains(&0)).then_some(text)
}

/// Returns the charset that the first bytes show, if they do, and the bytes after the mark. `None` for UTF-32.
fn seen(bytes: &[u8]) -> Option<(Option<Charset>, &[u8])> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, ..] | [_, 0, 0, 0, ..] => return None,
        [0xef, 0xbb, 0xbf, rest @ ..] => (Some(Utf8), rest),
        [0xff, 0xfe, rest @ ..] => (Some(Utf16Le), rest),
        [0xfe, 0xff, rest @ ..] => (Some(Utf16Be), rest),
        [0, _, ..] => (Some(Utf16Be), bytes),
        [_, 0, ..] => (Some(Utf16Le), bytes),
        _ => (None, bytes),
    })
}

fn utf8(bytes: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

/// Tells whether letters of UTF-8 stand among bytes that are none: a reader that forgives those would read other names.
fn has_utf8(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|it| !it.valid().is_ascii())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, cut: bool) -> Option<String> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    // ASCII in the other order.
    let swapped = |it: &&[u8; 2]| unit(**it) & 0xff == 0;
    if !odd.is_empty() && !cut || pairs.iter().filter(swapped).count() * 2 > pairs.len() {
        return None;
    }
    let mut text = String::with_capacity(pairs.len());
    let mut units = char::decode_utf16(pairs.iter().map(|&it| unit(it)));
    while let Some(letter) = units.next() {
        match letter {
            Ok(letter) => text.push(letter),
            // The first half of a pair.
            Err(_) if cut && units.next().is_none() => break,
            Err(_) => return None,
        }
    }
    Some(text)
}

/// Returns the character of a byte.
pub(super) fn windows_1252(byte: u8) -> char {
    let high = byte.checked_sub(0x80).map(usize::from);
    let high = high.and_then(|at| HIGH.get(at));
    high.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn charset_is_taken_from_the_label_the_mark_and_zero_bytes() {
        let (le, be) = (
            utf16("{\"é😀\":1}", u16::to_le_bytes),
            utf16("{\"é😀\":1}", u16::to_be_bytes),
        );
        let marked = |mark: [u8; 2], bytes: &[u8]| [&mark, bytes].concat();
        for (bytes, label) in [
            (le.clone(), None),
            (be.clone(), None),
            (marked([0xff, 0xfe], &le), None),
            (marked([0xfe, 0xff], &be), Some("UTF-16")),
            (marked([0xfe, 0xff], &be), Some("utf-16be")),
            (le.clone(), Some("utf-16")),
            (le.clone(), Some("utf-16le")),
            ("\u{feff}{\"é😀\":1}".into(), Some("utf-8")),
            ("{\"é😀\":1}".into(), Some("iso-8859-1")),
            ("{\"é😀\":1}".into(), None),
        ] {
            let text = decode(&bytes, label, false);
            assert_eq!(text.as_deref(), Ok("{\"é😀\":1}"), "{label:?} {bytes:?}");
        }
        let latin = decode(b"contrase\xf1a \x80\x9f", Some("Latin1"), false);
        assert_eq!(latin.as_deref(), Ok("contraseña €Ÿ"));
    }

    #[test]
    fn encoding_is_read_from_an_xml_declaration() {
        for (text, label) in [
            ("<?xml version='1.0' encoding='latin1'?>", Some("latin1")),
            ("<?xml encoding = \"utf-7\" ?>", Some("utf-7")),
            ("\u{feff}<?xml encoding=\"a", Some("a")),
            ("<?xml encoding='utf-16'?>", None),
            ("<?xml version='1.0'?><a encoding='b'/>", None),
            ("<?xml encoding=é'", None),
            ("<a encoding='b'/>", None),
        ] {
            assert_eq!(declared(text.as_bytes()), label, "{text}");
        }
    }

    #[test]
    fn bytes_that_readers_read_differently_are_not_text() {
        let swapped = utf16("password=canary", u16::to_be_bytes);
        for (bytes, label) in [
            (&b"\xff\xfe\0\0{\0\0\0"[..], None),
            (b"\0\0\0{", None),
            (b"{\0\0\0", None),
            (b"a\xff", None),
            (b"a\xff", Some("us-ascii")),
            (b"a\0b", None),
            (b"{\0}\0", Some("utf-8")),
            (b"\xff\xfe{\0", Some("utf-16be")),
            (b"{}", Some("utf-16")),
            (b"{\0}", Some("utf-16le")),
            (b"\xe9\xe9\x00\xd8", Some("utf-16le")),
            (b"\xe9\xe9\x00\xd8a\x00", Some("utf-16le")),
            (&swapped, Some("utf-16le")),
            (&swapped[1..], None),
        ] {
            assert_eq!(
                decode(bytes, label, false),
                Err(WithheldReason::NotUtf8),
                "{bytes:?}"
            );
        }
        let unknown = decode(b"{}", Some("utf-7"), false);
        assert_eq!(unknown, Err(WithheldReason::UnknownType));
    }

    #[test]
    fn t28_text_that_was_cut_within_a_character_ends_before_it_in_every_charset() {
        let text = "aé😀";
        for bytes in [
            text.as_bytes().to_vec(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ] {
            for end in 2..=bytes.len() {
                let shown = decode(&bytes[..end], None, true).unwrap();
                assert!(text.starts_with(&*shown), "{end} {shown}");
            }
            assert_eq!(decode(&bytes, None, true).as_deref(), Ok(text));
        }
    }
}
