use std::ops::Range;

use crate::mask::detect::source::{ALNUM, Source, URL64};

/// The most of a local part (RFC 5321 section 4.5.3.1.1) and of a domain.
const MOST_OF_LOCAL: usize = 64;
const MOST_OF_DOMAIN: usize = 255;
/// What ends the names of packages and of pictures at twice their size.
const NO_DOMAINS: [&[u8]; 5] = [b"png", b"jpg", b"jpeg", b"webp", b"svg"];

/// Looks for an address whose local part begins there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let before = source.before(at);
    if !is_local(source.byte(at)?) || before.is_some_and(is_local) {
        return None;
    }
    let local = source.from(at).iter().take(MOST_OF_LOCAL + 1);
    let sign = at + local.take_while(|&&byte| is_local(byte)).count();
    if sign - at > MOST_OF_LOCAL {
        return None;
    }
    if source.is_cut_at(sign) {
        return source.open(at);
    }
    if source.byte(sign)? != b'@' {
        return None;
    }
    let domain = source.from(sign + 1).iter().take(MOST_OF_DOMAIN);
    let end = sign + 1 + domain.take_while(|&&byte| is_domain(byte)).count();
    if source.is_cut_at(end) {
        return source.open(at);
    }
    let after = source.slice(sign + 1..end).iter().rev();
    let end = end - after.take_while(|it| b".-".contains(it)).count();
    let domain = source.slice(sign + 1..end);
    let last = domain.rsplit(|&byte| byte == b'.').next()?;
    let is_top = last.len() >= 2
        && last.len() < domain.len()
        && last
            .iter()
            .all(|it| it.is_ascii_alphabetic() || !it.is_ascii())
        && !NO_DOMAINS.contains(&last);
    let is_domain = !domain.starts_with(b".") && !domain.windows(2).any(|it| it == b"..");
    (is_top && is_domain).then_some(at..end)
}

fn is_local(byte: u8) -> bool {
    URL64.has(byte) || b".+'%".contains(&byte) || !byte.is_ascii()
}

fn is_domain(byte: u8) -> bool {
    ALNUM.has(byte) || b"-.".contains(&byte) || !byte.is_ascii()
}
