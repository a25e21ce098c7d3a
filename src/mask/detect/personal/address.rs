use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::mask::detect::source::Source;

/// The longest text of an address.
const MOST: usize = 45;

/// Looks for an address that begins there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let before = source.before(at);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b":.".contains(&byte);
    if before.is_some_and(is_part) {
        return None;
    }
    version_4(source, at).or_else(|| version_6(source, at))
}

fn version_4(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let text = text(source, at, |byte| byte.is_ascii_digit() || byte == b'.')?;
    if source.is_cut_at(at + text.len()) && !text.is_empty() {
        return source.open(at);
    }
    // The end of a sentence.
    let bare = text.trim_end_matches('.');
    let address: Ipv4Addr = bare.parse().ok()?;
    let end = at + bare.len();
    // A version, as in `Chrome/124.0.0.0`.
    let is_version = source.before(at) == Some(b'/') && address.octets()[1..] == [0; 3];
    (!is_version && !source.is_word(end)).then_some(at..end)
}

fn version_6(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    let text = text(source, at, is_part)?;
    if source.is_cut_at(at + text.len()) && !text.is_empty() {
        return source.open(at);
    }
    let bare = text.trim_end_matches(['.', ':']);
    // Paths in code have colons too.
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    let is_address = has_digit && bare.parse::<Ipv6Addr>().is_ok();
    let end = at + bare.len();
    (is_address && !source.is_word(end)).then_some(at..end)
}

/// Returns the bytes of a kind that stand there; `None` where they are too many.
fn text(source: Source<'_>, at: usize, is_part: impl Fn(u8) -> bool) -> Option<&str> {
    let run = source.from(at).iter().take(MOST + 1);
    let length = run.take_while(|&&byte| is_part(byte)).count();
    let text = std::str::from_utf8(source.slice(at..at + length)).ok()?;
    (length <= MOST).then_some(text)
}
