//! The credentials after the name of a scheme in running text, as errors and logs repeat them.
//!
//! Only the credentials are hidden, and the scheme stays. The word after `Bearer` counts from eight characters on if it has a digit, or is a mix
//! of letters that no word is; after schemes that are words of every day, such as `Token`, it takes a longer part with letters and digits; after
//! `Basic`, it must be base64 of a name, a colon and a password (RFC 7617). Names of variables and challenges (`Bearer realm="x"`) stay.

use std::ops::Range;

use super::leads::Leads;
use super::source::{ALNUM, DIGIT, LETTER, SEEN, Source, any};
use crate::mask::base64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// Hardly ever said of anything but credentials.
    Plain,
    /// A word of every day too.
    Word,
    Basic,
}

const SCHEMES: [(&[u8], Scheme); 11] = [
    (b"bearer", Scheme::Plain),
    (b"basic", Scheme::Basic),
    (b"token", Scheme::Word),
    (b"apikey", Scheme::Word),
    (b"api-key", Scheme::Word),
    (b"oauth", Scheme::Word),
    (b"jwt", Scheme::Word),
    (b"ssws", Scheme::Plain),
    (b"geniekey", Scheme::Plain),
    (b"negotiate", Scheme::Word),
    (b"ntlm", Scheme::Word),
];

const LEAST: usize = 8;
const LEAST_OF_BASIC: usize = 6;
/// Parts of words of every day do not have so many letters and digits mixed.
const LEAST_MIXED: usize = 12;
/// Letters alone are taken for random from here on where their cases are mixed, and from there on anyway.
const LEAST_OF_MIXED_CASE: usize = 16;
const LONGER_THAN_WORDS: usize = 32;
/// The most of quotes and spaces before credentials.
const MOST_BETWEEN: usize = 8;
/// What is looked at of credentials.
const PROBE: usize = 512;

/// Adds the names of the schemes.
pub(super) const fn lead(mut leads: Leads) -> Leads {
    let mut at = 0;
    while at < SCHEMES.len() {
        leads = leads.with_any_case(SCHEMES[at].0);
        at += 1;
    }
    leads
}

/// Looks for credentials after a scheme that begins there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let first = source.byte(at)?;
    let is_there = |name: &[u8]| {
        let there = source.slice(at..at + name.len());
        first.eq_ignore_ascii_case(&name[0]) && there.eq_ignore_ascii_case(name)
    };
    let &(name, scheme) = SCHEMES.iter().find(|(name, _)| is_there(name))?;
    let start = skip_between(source, at + name.len())?;
    let end = source.run(start, SEEN, usize::MAX);
    if source.is_cut_at(end) {
        return source.open(start);
    }
    // What a sentence goes on with.
    let value = source.slice(start..end);
    let after = value.iter().rev();
    let after = after.take_while(|it| b".:!?*".contains(it)).count();
    let end = end - after;
    looks_like_credentials(source.slice(start..end), scheme).then_some(start..end)
}

/// Skips a space and quotes; `None` where there is no space.
fn skip_between(source: Source<'_>, from: usize) -> Option<usize> {
    let mut at = match source.from(from) {
        [b' ' | b'\t' | b'+', ..] => from + 1,
        [b':', b' ' | b'\t', ..] => from + 2,
        [b'%', b'2', b'0', ..] => from + 3,
        _ => return None,
    };
    while at < from + MOST_BETWEEN
        && let Some(b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\') = source.byte(at)
    {
        at += 1;
    }
    Some(at)
}

fn looks_like_credentials(value: &[u8], scheme: Scheme) -> bool {
    let probe = value.get(..PROBE).unwrap_or(value);
    // What the masker put there, or the name of a variable.
    if probe.starts_with(b"%5B") {
        return false;
    }
    if let [b'$' | b'%', second, ..] = probe
        && LETTER.has(*second)
    {
        return false;
    }
    match scheme {
        Scheme::Basic => is_basic(probe),
        Scheme::Plain => value.len() >= LEAST && (any(probe, DIGIT) || has_random_letters(probe)),
        Scheme::Word => {
            parts(probe)
                .any(|part| part.len() >= LEAST_MIXED && any(part, DIGIT) && any(part, LETTER))
                || is_uuid(probe)
        }
    }
}

fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| !ALNUM.has(byte))
}

fn has_random_letters(value: &[u8]) -> bool {
    parts(value).any(|part| {
        let upper = part.iter().filter(|it| it.is_ascii_uppercase()).count();
        let is_mixed = upper * 10 >= part.len() * 3 && upper * 10 <= part.len() * 7;
        part.len() >= LONGER_THAN_WORDS || part.len() >= LEAST_OF_MIXED_CASE && is_mixed
    })
}

fn is_uuid(value: &[u8]) -> bool {
    let sizes = value.split(|&byte| byte == b'-').map(<[u8]>::len);
    sizes.eq([8, 4, 4, 4, 12]) && value.iter().all(|it| it.is_ascii_hexdigit() || *it == b'-')
}

fn is_basic(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    value.len() >= LEAST_OF_BASIC
        && base64::decode(text)
            .is_some_and(|decoded| decoded.contains(':') && !decoded.chars().any(char::is_control))
}
