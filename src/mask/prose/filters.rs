//! Comparisons of a secret's name with a literal, as in filters of OData, SCIM and SQL: `password eq 'x'`, `contains(token,'x')`.
//!
//! A literal is in quotes, or a number that ends the comparison: sentences have the same words.

use super::{Before, Names, is_secret, word_start};

const OPERATORS: [&str; 12] = [
    "eq", "ne", "gt", "ge", "lt", "le", "is", "in", "like", "ilike", "rlike", "regexp",
];
const MAX_OPERATOR: usize = 6;
const SIGNS: [&str; 2] = ["<>", "!="];
const SIGN: usize = 2;
const QUOTES: [char; 2] = ['\'', '"'];

/// How many bytes are looked at together.
const LANES: usize = 16;
/// Nothing shorter compares a secret or gives one to a command.
const SHORTEST: usize = 7;

/// Tells whether text without a sign may say a secret: by an option of a command, or by an operator or a comma beside a literal. It errs on the side
/// of yes.
pub(in crate::mask) fn may_say(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < SHORTEST {
        return false;
    }
    let mut at = 1;
    while at < bytes.len() {
        let next = at + LANES;
        let may_be_here = next > bytes.len() || any_begins(bytes, at);
        if may_be_here && (at..next.min(bytes.len())).any(|at| is_said(bytes, at)) {
            return true;
        }
        at = next;
    }
    bytes.first() == Some(&b'-')
}

/// Tells whether one of the next bytes may begin or end a literal or begin an option, without a branch for each.
#[inline]
fn any_begins(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at - 1..).and_then(|it| it.first_chunk::<LANES>());
    let these = bytes.get(at..).and_then(|it| it.first_chunk::<LANES>());
    let (Some(before), Some(these)) = (before, these) else {
        return true;
    };
    let begins = |(&last, &byte): (&u8, &u8)| u8::from(begins(last, byte));
    let pairs = before.iter().zip(these);
    pairs.fold(0, |any, pair| any | begins(pair)) != 0
}

/// Tells whether a byte after another may begin a literal or an option, or the other ends a literal.
#[inline]
fn begins(last: u8, byte: u8) -> bool {
    let is_apart = is_between(last) | (last == b',') | (last == b'(');
    let is_begun = is_quote(byte) | (byte == b'-') | byte.is_ascii_digit();
    let is_ended = is_between(byte) | (byte == b',');
    is_apart & is_begun | is_quote(last) & is_ended
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

fn is_said(bytes: &[u8], at: usize) -> bool {
    let (Some(&last), Some(&byte)) = (bytes.get(at - 1), bytes.get(at)) else {
        return false;
    };
    if !begins(last, byte) {
        return false;
    }
    if is_quote(last)
        && (byte == b',' || operator(bytes.get(at + 1..).unwrap_or_default()).is_some())
    {
        return true;
    }
    let next = bytes.get(at + 1).copied().unwrap_or_default();
    if byte == b'-' {
        return next == b'-' || next.is_ascii_alphanumeric();
    }
    (is_quote(byte) || byte.is_ascii_digit()) && follows_operator(bytes, at, is_quote(byte))
}

/// Tells whether a literal stands after an operator, or, in quotes, after a comma or bracket.
fn follows_operator(bytes: &[u8], at: usize, is_quoted: bool) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let is_open = |it: &u8| is_between(*it) || *it == b'(';
    let end = before.iter().rposition(|it| !is_open(it));
    let before = before.get(..end.map_or(0, |it| it + 1)).unwrap_or_default();
    let has_bracket = bytes.get(at - 1) == Some(&b'(');
    let letters = before.iter().rev().take(MAX_OPERATOR + 1);
    let length = letters.take_while(|it| it.is_ascii_alphabetic()).count();
    let word = before.get(before.len() - length..).unwrap_or_default();
    is_quoted && (has_bracket || before.last() == Some(&b',')) || is_operator(word)
}

/// Returns the length of the operator at the beginning.
#[inline]
fn operator(bytes: &[u8]) -> Option<usize> {
    let letters = bytes.iter().take(MAX_OPERATOR + 1);
    let length = letters.take_while(|it| it.is_ascii_alphabetic()).count();
    let ends = |it: &u8| is_between(*it) || is_quote(*it) || *it == b'(';
    let word = bytes.get(..length)?;
    (bytes.get(length).is_some_and(ends) && is_operator(word)).then_some(length)
}

fn is_operator(word: &[u8]) -> bool {
    let mut operators = OPERATORS.iter();
    (2..=MAX_OPERATOR).contains(&word.len())
        && operators.any(|it| it.as_bytes().eq_ignore_ascii_case(word))
}

/// Tells whether text compares a secret with a literal.
pub(super) fn compares_a_secret(text: &str, fields: &mut Names) -> bool {
    let bytes = text.as_bytes();
    let compares = |start: usize, end: usize, fields: &mut Names| {
        let (before, after) = (text[..start].trim_end(), text[end..].trim_start());
        is_literal(after) && ends_in_a_secret(before, fields)
            || before.ends_with(QUOTES) && begins_with_a_secret(after, fields)
    };
    let mut signs = memchr::memchr2_iter(b'<', b'!', bytes);
    let by_sign = signs.any(|at| {
        let is_sign = SIGNS
            .iter()
            .any(|it| bytes[at..].starts_with(it.as_bytes()));
        is_sign && compares(at, at + SIGN, fields)
    });
    if by_sign || !may_say(text) {
        return by_sign;
    }
    let mut places = bytes.iter().enumerate();
    let by_word = places.any(|(at, &byte)| {
        let rest = match is_between(byte) || is_quote(byte) || byte == b')' {
            true => bytes.get(at + 1..).unwrap_or_default(),
            false => return false,
        };
        operator(rest).is_some_and(|length| compares(at + 1, at + 1 + length, fields))
    });
    by_word || takes_a_secret(text, fields)
}

/// Tells whether a call takes a secret and a literal, in either order.
fn takes_a_secret(text: &str, fields: &mut Names) -> bool {
    memchr::memchr_iter(b',', text.as_bytes()).any(|at| {
        let (before, after) = (text[..at].trim_end(), text[at + 1..].trim_start());
        after.starts_with(QUOTES) && {
            let name = before.trim_end_matches(')');
            let start = word_start(name);
            name[..start].ends_with('(') && ends_in_a_secret(before, fields)
        } || before.ends_with(QUOTES) && {
            let end = word_end(after);
            after[end..].starts_with(')') && begins_with_a_secret(after, fields)
        }
    })
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
