use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::mask::detect::source::Source;

/// The longest text of an address.
const MOST: usize = 45;

/// Looks for an address that begins there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let before = source.before(at);
    let first = source.byte(at)?;
    if before.is_some_and(is_part) || !is_part(first) || matches!(first, b'.') {
        return None;
    }
    let run = source.from(at).iter().take(MOST + 1);
    let length = run.take_while(|&&byte| is_part(byte)).count();
    let end = at + length;
    let text = source.slice(at..end);
    let has_digit = text.iter().any(u8::is_ascii_digit);
    let is_hex = text
        .iter()
        .all(|it| it.is_ascii_hexdigit() || b":.".contains(it));
    if length > MOST || !is_hex {
        return None;
    }
    if source.is_cut_at(end) {
        return source.open(at);
    }
    // The end of a sentence, or a port.
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.trim_end_matches(['.', ':']);
    let host = bare.split_once(':').map_or(bare, |(host, _)| host);
    let length = match (host.parse::<Ipv4Addr>(), bare.parse::<Ipv6Addr>()) {
        // A version, as in `Chrome/124.0.0.0`.
        (Ok(address), _) if before == Some(b'/') && address.octets()[1..] == [0; 3] => return None,
        (Ok(_), _) => host.len(),
        (_, Ok(_)) if has_digit => bare.len(),
        _ => return None,
    };
    Some(at..at + length)
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":.".contains(&byte)
}
