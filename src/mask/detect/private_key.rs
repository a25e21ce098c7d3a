//! Private keys.
//!
//! - PEM (RFC 7468), OpenSSH's, PGP's (RFC 9580 section 6.2) and SSH2's (RFC 4716) armour: from `-----BEGIN ... PRIVATE KEY` to the end of the
//!   `-----END` that follows, or to the end of the text. Lines may be spelled `\n` or be missing. A mention of the first line alone stays.
//! - The lines after `Private-Lines:` of a key file of PuTTY.
//! - Both in base64: PEM once more, as Kubernetes has it, and the bytes alone that PEM wraps (PKCS#1, PKCS#8).

use std::ops::Range;

use memchr::memmem;

use super::source::{BASE64, BLANK, LETTER, Source};

const BEGIN: &[u8] = b"BEGIN ";
/// The longer one first.
const FIRST_LINES: [&[u8]; 2] = [b"-----BEGIN ", b"---- BEGIN "];
const END: &[u8] = b"-----END ";
const PRIVATE: [&[u8]; 3] = [b"PRIVATE KEY", b"SECRET KEY", b"STATIC KEY"];
/// What public labels begin with.
const PUBLIC: [&[u8]; 3] = [b"CERT", b"PUBLIC", b"X509"];
const MOST_OF_LABEL: usize = 64;
/// More escapes, quotes and spaces do not stand between a head and what it is the head of.
const MOST_BETWEEN: usize = 64;
const LEAST_BODY: usize = 12;
const HEADERS: [&[u8]; 8] = [
    b"Proc-Type",
    b"DEK-Info",
    b"Version",
    b"Comment",
    b"Hash",
    b"Charset",
    b"MessageID",
    b"Subject",
];
const PUTTY: &[u8] = b"Private-Lines:";
const PUTTY_END: &[u8] = b"Private-MAC";

/// `-----BEGIN ` in base64, as far as it does not depend on what follows.
const BEGIN_IN_BASE64: &[u8] = b"LS0tLS1CRUdJTi";
/// `PRIVATE KEY` in base64, as it stands at each of three places.
const PRIVATE_IN_BASE64: [&[u8]; 3] = [b"UFJJVkFURSBLRV", b"BSSVZBVEUgS0VZ", b"QUklWQVRFIEtFW"];
/// The kinds of keys in the ASN.1 that PEM wraps: PKCS#8 with RSA, with a curve and with Ed25519 or X25519, and PKCS#1.
const KINDS: [&[u8]; 5] = [
    b"IBADANBgkqhkiG9w0BAQEFAAS",
    b"AgEAMBMGByqGSM49AgEG",
    b"AgEAMBAGByqGSM49AgEG",
    b"CAQAwBQYDK2V",
    b"IBAAKC",
];
const MOST_BEFORE_KIND: usize = 10;
/// What is looked at of base64 to tell what it is of.
const PROBE: usize = 96;

/// Looks for what begins with the word there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    match source.byte(at)? {
        b'B' => armour(source, at),
        b'P' => putty(source, at),
        b'L' | b'M' => in_base64(source, at),
        _ => None,
    }
}

/// Returns the beginning of a first line at the end of a text that was cut.
pub(super) fn last(source: Source<'_>) -> Option<Range<usize>> {
    FIRST_LINES.iter().find_map(|line| {
        let mut lengths = (1..line.len()).rev();
        let length = lengths.find(|&it| source.bytes.ends_with(&line[..it]))?;
        source.open(source.len() - length)
    })
}

fn armour(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    // SSH2 writes four dashes and a space.
    let spaces = usize::from(source.before(at) == Some(b' '));
    let before = source.slice(at.saturating_sub(5 + spaces)..at - spaces);
    let dashes = before.iter().rev().take_while(|&&it| it == b'-').count();
    if dashes < 4 {
        return None;
    }
    let start = at - spaces - dashes;
    if source.begins(at, BEGIN) {
        return source.open(start);
    }
    if !source.starts_with(at, BEGIN) {
        return None;
    }
    let label = at + BEGIN.len();
    let rest = source.slice(label..source.len().min(label + MOST_OF_LABEL));
    let Some(length) = memmem::find(rest, b"----") else {
        let is_label = rest
            .iter()
            .all(|&it| it.is_ascii_uppercase() || it.is_ascii_digit() || b" -".contains(&it));
        let is_public = PUBLIC.iter().any(|it| rest.starts_with(it));
        return (is_label && !is_public && source.is_cut_at(label + rest.len()))
            .then(|| source.open(start))
            .flatten();
    };
    let text = rest.get(..length)?;
    if !PRIVATE.iter().any(|it| memmem::find(text, it).is_some()) {
        return None;
    }
    let dashes = source
        .from(label + length)
        .iter()
        .take(5)
        .take_while(|&&it| it == b'-');
    let head = label + length + dashes.count();
    let body = skip_between(source, head);
    let is_in_escape = source.cut && matches!(source.from(body), [b'%'] | [b'%', _]);
    if source.is_cut_at(body) || is_in_escape {
        return source.open(start);
    }
    is_body(source, body).then(|| start..end_of_armour(source, body))
}

/// Tells whether a key or a header of one stands there, as far as the text goes.
fn is_body(source: Source<'_>, at: usize) -> bool {
    let end = source.run(at, BASE64, LEAST_BODY);
    let is_header = |it: &&[u8]| source.starts_with(at, it) || source.begins(at, it);
    end - at >= LEAST_BODY || source.is_cut_at(end) || HEADERS.iter().any(is_header)
}

fn end_of_armour(source: Source<'_>, body: usize) -> usize {
    let Some(end) = memmem::find(source.from(body), END) else {
        return source.len();
    };
    let label = body + end + END.len();
    let rest = source.slice(label..source.len().min(label + MOST_OF_LABEL));
    if let Some(length) = memmem::find(rest, b"----") {
        let dashes = source.from(label + length).iter().take(5);
        return label + length + dashes.take_while(|&&it| it == b'-').count();
    }
    match source.is_cut_at(label + rest.len()) {
        true => source.len(),
        false => {
            label
                + rest
                    .iter()
                    .take_while(|&&it| LETTER.has(it) || it == b' ')
                    .count()
        }
    }
}

/// Skips spaces, quotes, and escapes of lines, in JSON, in code or percent-encoded.
fn skip_between(source: Source<'_>, from: usize) -> usize {
    let mut at = from;
    while at < from + MOST_BETWEEN {
        at += match source.from(at) {
            [b'\\', b'n' | b'r' | b't', ..] => 2,
            [b'%', b'0', b'A' | b'D' | b'a' | b'd', ..] | [b'%', b'2', b'0', ..] => 3,
            [b'\\' | b'"' | b'\'' | b'+' | b',' | b'|' | b'>', ..] => 1,
            [byte, ..] if BLANK.has(*byte) => 1,
            _ => break,
        };
    }
    at
}

fn putty(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    if !source.starts_with(at, PUTTY) {
        return None;
    }
    let lines = source.run(at + PUTTY.len(), BLANK, 4);
    let start = lines
        + source
            .from(lines)
            .iter()
            .take(4)
            .take_while(|it| it.is_ascii_digit())
            .count();
    let start = skip_between(source, start);
    let body = source.run(start, BASE64, LEAST_BODY);
    if source.is_cut_at(body) {
        return source.open(start);
    }
    let end = || memmem::find(source.from(start), PUTTY_END);
    (body - start >= LEAST_BODY).then(|| start..end().map_or(source.len(), |end| start + end))
}

fn in_base64(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let end = source.run(at, BASE64, PROBE);
    let text = source.slice(at..end);
    let is_private = match source.byte(at) {
        Some(b'L') => {
            if source.begins(at, BEGIN_IN_BASE64) {
                return source.open(at);
            }
            text.starts_with(BEGIN_IN_BASE64)
                && (source.is_cut_at(end)
                    || PRIVATE_IN_BASE64
                        .iter()
                        .any(|it| memmem::find(text, it).is_some()))
        }
        _ => {
            let is_early =
                |it: &&[u8]| memmem::find(text, it).is_some_and(|at| at <= MOST_BEFORE_KIND);
            let begun = text.len() < MOST_BEFORE_KIND + 32
                && text.starts_with(b"MI")
                && source.is_cut_at(end);
            begun || KINDS.iter().any(is_early)
        }
    };
    is_private.then(|| at..source.run(end, BASE64, usize::MAX))
}
