//! Comparisons of a secret's name with a literal, as in filters of OData, SCIM and SQL: `password eq 'x'`, `contains(token,'x')`.
//!
//! A literal is in quotes, or a number that ends the comparison: sentences have the same words. The bytes at which one may begin or end are found
//! sixteen at a time.

use super::{Before, Names, is_secret, word_start};

const OPERATORS: [&[u8]; 12] = [
    b"eq", b"ne", b"gt", b"ge", b"lt", b"le", b"is", b"in", b"like", b"ilike", b"rlike", b"regexp",
];
const MAX_OPERATOR: usize = 6;
const SIGNS: [&str; 2] = ["<>", "!="];
const QUOTES: [char; 2] = ['\'', '"'];
/// How many bytes are looked at together.
const LANES: usize = 16;
/// Nothing shorter compares a secret or gives one to a command.
const SHORTEST: usize = 7;

/// Tells whether text without a sign may say a secret: by an option of a command, or by a comparison. It errs on the side of yes.
pub(in crate::mask) fn may_say(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= SHORTEST
        && (bytes.first() == Some(&b'-')
            || Places::of(bytes).any(|at| begins_option(bytes, at) || joint(bytes, at).is_some()))
}

/// Tells whether text compares a secret with a literal.
pub(super) fn compares_a_secret(text: &str, fields: &mut Names) -> bool {
    let bytes = text.as_bytes();
    let mut signs = memchr::memchr2_iter(b'<', b'!', bytes);
    signs.any(|at| {
        let is_sign = SIGNS
            .iter()
            .any(|it| bytes[at..].starts_with(it.as_bytes()));
        is_sign && compares(text, at, at + 2, fields)
    }) || Places::of(bytes).any(|at| match joint(bytes, at) {
        Some(Joint::Operator(start, end)) => compares(text, start, end, fields),
        Some(Joint::Comma(at)) => takes_a_secret(text, at, fields),
        None => false,
    })
}

/// What stands beside a literal.
enum Joint {
    /// An operator, from here to there.
    Operator(usize, usize),
    Comma(usize),
}

/// The places at which a literal or an option may begin, or a literal has ended.
struct Places<'t> {
    bytes: &'t [u8],
    /// The first byte of the present lanes, and a bit for each of them.
    block: usize,
    bits: u16,
}

impl<'t> Places<'t> {
    fn of(bytes: &'t [u8]) -> Self {
        let bits = begins(bytes, 1);
        Self {
            bytes,
            block: 1,
            bits,
        }
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.block += LANES;
            // What ends the text has ended there.
            if self.block > self.bytes.len() {
                return None;
            }
            self.bits = begins(self.bytes, self.block);
        }
        let at = self.block + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(at)
    }
}

/// Sets a bit for each of the next bytes that may begin a literal or an option, or stands after a literal.
#[inline]
fn begins(bytes: &[u8], at: usize) -> u16 {
    let before = bytes.get(at - 1..).and_then(|it| it.first_chunk());
    let these = bytes.get(at..).and_then(|it| it.first_chunk());
    match (before, these) {
        (Some(before), Some(these)) => begins_of(before, these),
        _ => begins_at_end(bytes, at),
    }
}

/// As [`begins_of`], of less bytes, one after another.
fn begins_at_end(bytes: &[u8], at: usize) -> u16 {
    let rest = bytes.get(at - 1..).unwrap_or_default();
    let [first, rest @ ..] = rest else {
        return 0;
    };
    let (mut bits, mut last) = (0, *first);
    for (lane, &byte) in rest.iter().take(LANES).enumerate() {
        let kinds = KINDS[usize::from(byte)];
        let fits = KINDS[usize::from(last)] >> 4 & kinds;
        bits |= u16::from((kinds & QUOTE) | fits != 0) << lane;
        last = byte;
    }
    bits
}

/// A quote, wherever it stands.
const QUOTE: u8 = 1;
/// What begins something behind a byte that has this bit four higher.
const BEGUN: u8 = 2;
/// What ends a literal, likewise.
const ENDED: u8 = 4;

const KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'\'' | b'"' => QUOTE | ENDED << 4,
            b'-' | b'0'..=b'9' => BEGUN,
            b',' | b' ' | b'+' | b'\t' | b'\n' | b'\r' => BEGUN << 4 | ENDED,
            b'(' => BEGUN << 4,
            _ => 0,
        };
        at += 1;
    }
    table
};

#[inline]
fn begins_of(before: &[u8; LANES], these: &[u8; LANES]) -> u16 {
    let mut begins = [0_u8; LANES];
    for ((to, &last), &byte) in begins.iter_mut().zip(before).zip(these) {
        let is_apart = is_between(last) | (last == b',') | (last == b'(');
        let is_begun = (byte == b'-') | byte.is_ascii_digit();
        let is_ended = is_quote(last) & (is_between(byte) | (byte == b','));
        *to = u8::from(is_quote(byte) | is_apart & is_begun | is_ended);
    }
    // Most have none.
    if u128::from_le_bytes(begins) == 0 {
        return 0;
    }
    let bits = begins.iter().enumerate();
    bits.fold(0, |all, (at, bit)| all | u16::from(*bit) << at)
}

#[inline]
fn is_quote(byte: u8) -> bool {
    (byte == b'\'') | (byte == b'"')
}

/// Tells what stands between words, of forms too.
#[inline]
fn is_between(byte: u8) -> bool {
    (byte == b' ') | (byte == b'+') | (byte == b'\t') | (byte == b'\n') | (byte == b'\r')
}

fn begins_option(bytes: &[u8], at: usize) -> bool {
    let next = bytes.get(at + 1).copied().unwrap_or_default();
    bytes.get(at) == Some(&b'-') && (next == b'-' || next.is_ascii_alphanumeric())
}

/// Returns what stands before the literal that begins at a place, or after the one that ends there.
fn joint(bytes: &[u8], at: usize) -> Option<Joint> {
    let (last, byte) = (*bytes.get(at - 1)?, bytes.get(at).copied()?);
    if is_quote(last) {
        if byte == b',' {
            return Some(Joint::Comma(at));
        }
        let rest = bytes.get(at + 1..)?;
        let length = rest.iter().take(MAX_OPERATOR + 1);
        let length = length.take_while(|it| it.is_ascii_alphabetic()).count();
        let after = rest.get(length).copied().unwrap_or_default();
        if is_between(byte) && is_between(after) && is_operator(rest.get(..length)?) {
            return Some(Joint::Operator(at + 1, at + 1 + length));
        }
    }
    let before = bytes.get(..at)?;
    let is_open = |it: &u8| is_between(*it) || *it == b'(';
    let end = before.iter().rposition(|it| !is_open(it))? + 1;
    let before = before.get(..end)?;
    if is_quote(byte) && before.last() == Some(&b',') {
        return Some(Joint::Comma(end - 1));
    }
    let letters = before.iter().rev().take(MAX_OPERATOR + 1);
    let start = end - letters.take_while(|it| it.is_ascii_alphabetic()).count();
    is_operator(bytes.get(start..end)?).then_some(Joint::Operator(start, end))
}

fn is_operator(word: &[u8]) -> bool {
    let is_known = |it: &&[u8]| it.eq_ignore_ascii_case(word);
    match word.first() {
        Some(first) if matches!(first | 0x20, b'e' | b'n' | b'g' | b'l' | b'i' | b'r') => {
            word.len() <= MAX_OPERATOR && OPERATORS.iter().any(is_known)
        }
        _ => false,
    }
}

/// Tells whether a secret's name and a literal stand on the two sides of an operator.
fn compares(text: &str, start: usize, end: usize, fields: &mut Names) -> bool {
    let before = text[..start].trim_end_matches(is_space);
    let after = text[end..].trim_start_matches(is_space);
    is_literal(after) && ends_in_a_secret(before, fields)
        || before.ends_with(QUOTES) && begins_with_a_secret(after, fields)
}

/// Tells whether a call takes a secret and a literal, in either order.
fn takes_a_secret(text: &str, comma: usize, fields: &mut Names) -> bool {
    let before = text[..comma].trim_end_matches(is_space);
    let after = text[comma + 1..].trim_start_matches(is_space);
    after.starts_with(QUOTES) && {
        let name = before.trim_end_matches(')');
        name[..word_start(name)].ends_with('(') && ends_in_a_secret(before, fields)
    } || before.ends_with(QUOTES) && {
        after[word_end(after)..].starts_with(')') && begins_with_a_secret(after, fields)
    }
}

fn ends_in_a_secret(text: &str, fields: &mut Names) -> bool {
    // `tolower(password)`
    let text = text.trim_end_matches([')', ' ']);
    Before::read(text).is_secret(fields)
}

fn begins_with_a_secret(text: &str, fields: &mut Names) -> bool {
    let name = &text[..word_end(text)];
    !name.is_empty() && is_secret(name, fields)
}

fn word_end(text: &str) -> usize {
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    text.find(|letter| !part(letter)).unwrap_or(text.len())
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '+'
}

/// Tells whether text begins with a literal, or with a list of them.
fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches(['(', ' ', '[']);
    if let Some(rest) = text.strip_prefix(QUOTES) {
        return !rest.starts_with(QUOTES) && !rest.is_empty();
    }
    let is_number = text.starts_with(|it: char| it.is_ascii_digit() || it == '-');
    let after = text[word_end(text)..].trim_start();
    let joins = ["and", "or", "AND", "OR", ")", "]", ",", ";", "&"];
    is_number && (after.is_empty() || joins.iter().any(|it| after.starts_with(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_by_lanes_and_one_after_another() {
        let mut random = 0x5eed_u64;
        let letters = b"'\"-7,( +\t\n\rae)";
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let bytes: Vec<u8> = (0..LANES + 1)
                .map(|at| letters[(random >> (at * 3)) as usize % letters.len()])
                .collect();
            let before = bytes.first_chunk().unwrap();
            let these = bytes.last_chunk().unwrap();
            assert_eq!(
                begins_of(before, these),
                begins_at_end(&bytes, 1),
                "{bytes:?}"
            );
        }
    }
}
