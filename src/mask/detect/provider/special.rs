//! Keys that no mark at their beginning tells, but their parts.

use std::ops::Range;

use crate::mask::base64;
use crate::mask::detect::source::{
    ALNUM, DIGIT, DOT, HEX, LOWER, SLASHED, Set, Source, UPPER, URL64, any,
};

/// Looks for what begins with the word there, a digit or one of the [`LEADS`].
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    match source.byte(at)? {
        b'0'..=b'9' => telegram(source, at),
        b'b' if source.starts_with(at, b"bot") && source.is_digit(at + 3) => {
            telegram(source, at + 3)
        }
        b'M' | b'N' | b'O' => discord(source, at),
        b'p' => airtable(source, at),
        b'u' => mailchimp(source, at),
        _ => None,
    }
}

/// What they begin with, digits aside. The three in the end begin names of schemes, and are ids in base64 only where a text was cut within them.
pub(super) const LEADS: &[&str] = &[
    "bot0", "bot1", "bot2", "bot3", "bot4", "bot5", "bot6", "bot7", "bot8", "bot9", "pat", "us0",
    "us1", "us2", "us3", "us4", "us5", "us6", "us7", "us8", "us9", "MD", "MT", "Mj", "Mz", "ND",
    "NT", "Nj", "Nz", "OD", "OT", "Ne", "Nt", "Oa",
];

/// The token of a bot after its id, as in `110201543:AAHdqTcv...`.
fn telegram(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let colon = source.run(at, DIGIT, 17);
    let start = colon + 1;
    if !(6..=16).contains(&(colon - at)) || source.byte(colon)? != b':' {
        return None;
    }
    let begins = source.byte(start).is_none_or(|byte| byte == b'A');
    let most = if begins { usize::MAX } else { 0 };
    let end = source.run(start, URL64, most);
    if source.is_cut_at(end) {
        return source.open(start);
    }
    let is_token = end - start >= 32 && any(source.slice(start..end), DIGIT);
    is_token.then_some(start..end)
}

/// The token of a bot: its id in base64, a time and a signature with dots between.
fn discord(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let id = source.run(at, ALNUM, 32);
    let is_id = |end: usize| {
        let text = std::str::from_utf8(source.slice(at..end)).unwrap_or_default();
        let id = base64::decode(text);
        id.is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if source.is_cut_at(id) {
        return (id - at < 32 && is_id(id))
            .then(|| source.open(at))
            .flatten();
    }
    if !(20..=30).contains(&(id - at)) || source.byte(id)? != b'.' || !is_id(id) {
        return None;
    }
    let time = source.run(id + 1, URL64, 8);
    if source.is_cut_at(time) {
        return source.open(at);
    }
    if !(5..8).contains(&(time - id - 1)) || source.byte(time)? != b'.' {
        return None;
    }
    let end = source.run(time + 1, URL64, usize::MAX);
    if source.is_cut_at(end) {
        return source.open(at);
    }
    (end - time > 24).then_some(at..end)
}

/// A personal access token: `pat`, an id, a dot and 64 hexadecimal digits.
fn airtable(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    const ID: usize = 17;
    if !source.starts_with(at, b"pat") {
        return None;
    }
    let end = source.run(at, ALNUM, ID + 1);
    if source.is_cut_at(end) && end - at <= ID {
        return source.open(at);
    }
    if end - at != ID || source.byte(end)? != b'.' {
        return None;
    }
    let last = source.run(end + 1, HEX, 65);
    if source.is_cut_at(last) {
        return source.open(at);
    }
    (last - end == 65 && !source.is_word(last)).then_some(at..last)
}

/// A key that ends with its data center: 32 hexadecimal digits and `-us12`.
fn mailchimp(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    const DIGITS: usize = 32;
    let end = source.run(at + 2, DIGIT, 3);
    let start = at.checked_sub(DIGITS + 1)?;
    let key = source.slice(start..at - 1);
    let is_key = source.starts_with(at, b"us")
        && source.before(at) == Some(b'-')
        && key.iter().all(|&byte| HEX.has(byte))
        && !source.before(start).is_some_and(|byte| ALNUM.has(byte));
    (is_key && end > at + 2 && !source.is_word(end)).then_some(start..end)
}

/// Returns what may be the beginning of a key of Mailchimp at the end of a text that was cut.
pub(in crate::mask::detect) fn last(source: Source<'_>) -> Option<Range<usize>> {
    let bytes = source.bytes;
    let bare = [&b"-us"[..], b"-u", b"-"];
    let bare = bare.iter().find_map(|it| bytes.strip_suffix(*it));
    let bare = bare.unwrap_or(bytes);
    let tail = bare.iter().rev().take(33);
    let digits = tail.take_while(|&&byte| HEX.has(byte)).count();
    let start = bare.len() - digits;
    let is_part = source.before(start).is_some_and(|byte| ALNUM.has(byte));
    (digits > 0 && digits < 33 && !is_part)
        .then(|| source.open(start))
        .flatten()
}

/// How far from an access key's id its secret is looked for.
const NEAR: usize = 96;
const SECRET: usize = 40;
/// What such secrets are made of.
const OF_AMAZON: Set = ALNUM.and(SLASHED);

/// Tells whether a key is the id of an access key of Amazon, of which the secret may stand near.
pub(in crate::mask::detect) fn is_id_of_amazon(key: &[u8]) -> bool {
    key.len() == 20 && (key.starts_with(b"AKIA") || key.starts_with(b"ASIA"))
}

/// Looks for the secret of an access key of Amazon after its id.
pub(in crate::mask::detect) fn secret_of_amazon(
    source: Source<'_>,
    id: usize,
) -> Option<Range<usize>> {
    let mut at = id;
    while at <= id + NEAR && at < source.len() {
        let run = Run::after(source, at);
        if source.is_cut_at(run.end) {
            return source.open(run.start);
        }
        if let Some(secret) = run.secret(source) {
            return Some(secret);
        }
        at = source.run(run.end, OF_AMAZON, usize::MAX) + 1;
    }
    None
}

/// Looks for the secret of an access key of Amazon before its id.
pub(in crate::mask::detect) fn secret_before_amazon(
    source: Source<'_>,
    id: usize,
) -> Option<Range<usize>> {
    secrets_before(source, id, NEAR).next()
}

/// Returns what may be secrets of Amazon at the end of a text that was cut before their ids.
pub(in crate::mask::detect) fn last_for_amazon(
    source: Source<'_>,
) -> impl Iterator<Item = Range<usize>> {
    /// Shorter words of letters alone are words.
    const WORD: usize = 12;
    const ID: usize = 20;
    let run = Run::before(source, source.len());
    let text = source.slice(run.start..run.end);
    let is_plain = || {
        let rest = text.get(1..).unwrap_or_default();
        let is_of = |set: Set| rest.iter().all(|&it| set.has(it));
        [DIGIT, LOWER, UPPER].into_iter().any(is_of) && (!is_of(DIGIT) || any(text, DIGIT))
    };
    let is_part = text.len() <= SECRET && (text.len() >= WORD || !is_plain());
    let part = source.open(run.start).filter(|_| is_part);
    let whole = secrets_before(source, source.len(), NEAR + ID);
    whole.chain(part).filter(move |_| source.cut)
}

/// A run of what secrets of Amazon are made of.
struct Run {
    /// Where it begins, with what may be of an escape.
    first: usize,
    /// Where it begins after that.
    start: usize,
    end: usize,
}

impl Run {
    /// The most bytes of an escape after its mark.
    const ESCAPE: usize = 5;
    /// How far back one is followed: farther than it may be long, and than secrets are looked for.
    const FAR: usize = 2 * NEAR;

    fn new(source: Source<'_>, first: usize, end: usize) -> Self {
        let start = source.after_escape(first).unwrap_or(first).min(end);
        Self { first, start, end }
    }

    /// Returns the one from there on, or its beginning if it is too long.
    fn after(source: Source<'_>, at: usize) -> Self {
        Self::new(
            source,
            at,
            source.run(at, OF_AMAZON, Self::ESCAPE + SECRET + 1),
        )
    }

    /// Returns the one up to there, or its end if it is too long.
    fn before(source: Source<'_>, end: usize) -> Self {
        let before = source.slice(end.saturating_sub(Self::FAR)..end);
        let run = before.iter().rev().take_while(|&&it| OF_AMAZON.has(it));
        Self::new(source, end - run.count(), end)
    }

    /// Returns the secret that it may be. What follows a `%` is not always an escape.
    fn secret(&self, source: Source<'_>) -> Option<Range<usize>> {
        let literal = source.before(self.first) == Some(b'%');
        let starts = [Some(self.start), literal.then_some(self.first)];
        let mut all = starts.into_iter().flatten().map(|it| it..self.end);
        all.find(|it| it.len() == SECRET && is_mix(source.slice(it.clone())))
    }
}

/// Returns what may be secrets of Amazon and ends at most so far before a place, the last first.
fn secrets_before(
    source: Source<'_>,
    at: usize,
    near: usize,
) -> impl Iterator<Item = Range<usize>> {
    let mut end = at;
    std::iter::from_fn(move || {
        while at - end <= near && end > 0 {
            let run = Run::before(source, end);
            end = run.first.min(end - 1);
            if let Some(secret) = run.secret(source) {
                return Some(secret);
            }
        }
        None
    })
}

fn is_mix(secret: &[u8]) -> bool {
    [DIGIT, LOWER, UPPER].iter().all(|&it| any(secret, it))
}

/// What stands before the `Q~` of a secret of Azure, the last of which is a digit.
const BEFORE_TILDE: usize = 4;

/// Looks for the secret of an application of Azure around the `~` there, as in `abc8Q~...`.
pub(in crate::mask::detect) fn secret_of_azure(
    source: Source<'_>,
    at: usize,
) -> Option<Range<usize>> {
    if source.before(at)? != b'Q' {
        return None;
    }
    let start = begin_for_azure(source, at.checked_sub(BEFORE_TILDE + 1)?)?;
    let rest = source.from(at + 1).iter().take(34);
    let last = at + 1 + rest.take_while(|&&byte| is_for_azure(byte)).count();
    if source.is_cut_at(last) {
        return source.open(start);
    }
    let end = (at + 32..=last).rev().find(|&end| !source.is_word(end))?;
    let secret = source.slice(at + 1..end);
    let is_mix = [LOWER, UPPER].iter().all(|&it| any(secret, it));
    is_mix.then_some(start..end)
}

/// Returns what may be the beginning of a secret of Azure at the end of a text that was cut before its `~`.
pub(in crate::mask::detect) fn last_for_azure(source: Source<'_>) -> Option<Range<usize>> {
    let bare = source.bytes.strip_suffix(b"Q").unwrap_or(source.bytes);
    let start = begin_for_azure(source, bare.len().checked_sub(BEFORE_TILDE)?)?;
    source.open(start)
}

/// Returns where what may be before the `~` begins, without an escape.
fn begin_for_azure(source: Source<'_>, start: usize) -> Option<usize> {
    let of_azure = |byte: u8| byte != b'-' && is_for_azure(byte);
    let begun = source.slice(start..start + BEFORE_TILDE);
    let is_part = source.before(start).is_some_and(of_azure) && !source.is_after_escape(start);
    let fits = source.is_digit(start + BEFORE_TILDE - 1) && begun.iter().all(|&it| of_azure(it));
    (fits && !is_part).then(|| source.escape_around(start).unwrap_or(start))
}

fn is_for_azure(byte: u8) -> bool {
    byte == b'~' || URL64.and(DOT).has(byte)
}
